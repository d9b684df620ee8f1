//! A function by itself: what it computes, apart from what its surroundings call it and its callees.
//!
//! An edit of one function may number the functions after it anew, and every place in the source. A detached function numbers its
//! callees and places in the order in which it names them first, so it equals its former self as long as it computes the same,
//! and what was made of it serves again. [`Links`] leads back to the module.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use crate::{Function, FunctionId, Op, Origin};

/// What a detached function's numbers stand for in its module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Links {
    /// The function's name.
    pub name: String,
    /// The function of the module for each [`FunctionId`].
    pub callees: Vec<FunctionId>,
    /// The origin in the module for each [`Origin`].
    pub origins: Vec<Origin>,
}

impl Links {
    /// The callee in the module.
    pub fn callee(&self, id: FunctionId) -> Option<FunctionId> {
        self.callees.get(id.index()).copied()
    }

    /// The origin in the module.
    pub fn origin(&self, origin: Origin) -> Option<Origin> {
        self.origins.get(origin.index()).copied()
    }
}

/// Numbers in the order in which they are asked for.
struct Numbers<T> {
    list: Vec<T>,
    known: FxHashMap<T, u32>,
}

impl<T: Copy + Eq + Hash> Numbers<T> {
    fn new() -> Self {
        Numbers { list: Vec::new(), known: FxHashMap::default() }
    }

    fn of(&mut self, value: T) -> u32 {
        *self.known.entry(value).or_insert_with(|| {
            self.list.push(value);
            self.list.len() as u32 - 1
        })
    }
}

/// Detaches a function from its module.
pub fn detach(function: &Function) -> (Function, Links) {
    let (mut callees, mut origins) = (Numbers::new(), Numbers::new());
    let mut detached = function.clone();
    let name = std::mem::take(&mut detached.name);
    for inst in &mut detached.insts {
        inst.origin = inst.origin.map(|origin| Origin(origins.of(origin)));
        match &mut inst.op {
            Op::Call { function, .. } => *function = FunctionId(callees.of(*function)),
            Op::Route { tiles, .. } => {
                tiles.iter_mut().for_each(|tile| tile.function = FunctionId(callees.of(tile.function)));
            }
            _ => {}
        }
    }
    (detached, Links { name, callees: callees.list, origins: origins.list })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLS: &str = r#"module "m"

fn @a(%0: f32[2]) -> (%1) {
  %1 = add %0, %0 : f32[2]
}

fn @b(%0: f32[2]) -> (%1) {
  %1 = mul %0, %0 : f32[2]
}

fn @main(%0: f32[2]) -> (%3) {
  %1 = call %0 {@b, symbols [], states []} : f32[2]
  %2 = call %1 {@a, symbols [], states []} : f32[2]
  %3 = call %2 {@b, symbols [], states []} : f32[2]
}

entry "main" = @main {
  input "x" : f32[2] axes ["2"]
  output f32[2] axes ["2"]
}
"#;

    fn main_of(text: &str) -> (Function, Links) {
        let module = crate::parse(text).unwrap();
        let mut main = module.functions.iter().find(|function| function.name == "main").cloned().unwrap();
        for (at, inst) in (7..).zip(&mut main.insts) {
            inst.origin = Some(Origin(at));
        }
        detach(&main)
    }

    #[test]
    fn a_function_is_equal_wherever_it_stands() {
        let (function, links) = main_of(CALLS);
        assert_eq!(links.name, "main");
        assert_eq!(links.callees, [FunctionId(1), FunctionId(0)]);
        assert_eq!(links.origins, [Origin(7), Origin(8), Origin(9)]);
        assert_eq!(links.callee(FunctionId(0)), Some(FunctionId(1)));
        assert_eq!(links.origin(Origin(3)), None);
        let more = CALLS.replace("fn @a(", "fn @z(%0: f32[2]) -> (%0) {\n}\n\nfn @a(");
        let (moved, moved_links) = main_of(&more);
        assert_eq!(moved, function);
        assert_eq!(moved_links.callees, [FunctionId(2), FunctionId(1)]);
        let (other, _) = main_of(&CALLS.replace("%3 = call %2 {@b", "%3 = call %2 {@a"));
        assert_ne!(other, function);
    }
}
