//! Calls that are not in a model's IR, because instructions of what they call stand in their place: calls of functions of the library.

use std::collections::HashMap;

use tri_ir::Origin;
use tri_lower::{Lowered, Place};

/// The calls that the instructions of a place stand for, with the functions of the module that the calls are in.
#[derive(Debug)]
pub(crate) struct Inlined<'a>(HashMap<Origin, Vec<(&'a str, Place)>>);

impl<'a> Inlined<'a> {
    pub(crate) fn of(lowered: &'a Lowered) -> Inlined<'a> {
        let mut inlined: HashMap<Origin, Vec<(&str, Place)>> = HashMap::new();
        for function in &lowered.module.functions {
            let Some(calls) = lowered.source_map.calls(&function.name) else { continue };
            for (range, callee) in &calls.inlined {
                let insts = function.insts.get(range.start as usize..range.end as usize).unwrap_or_default();
                for origin in insts.iter().filter_map(|inst| inst.origin) {
                    let known = inlined.entry(origin).or_default();
                    if !known.contains(&(function.name.as_str(), callee.place)) {
                        known.push((&function.name, callee.place));
                    }
                }
            }
        }
        Inlined(inlined)
    }

    /// The calls in a function that an instruction of it belongs to. The passes give functions longer names.
    pub(crate) fn around<'s>(
        &'s self,
        function: &'s str,
        origin: Origin,
    ) -> impl Iterator<Item = Place> + 's {
        let is_here = move |caller: &str| {
            function.strip_prefix(caller).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let calls = self.0.get(&origin).into_iter().flatten();
        calls.filter(move |(caller, _)| is_here(caller)).map(|(_, place)| *place)
    }
}
