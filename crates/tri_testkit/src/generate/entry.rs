//! Entry points of the model.

use super::body::{Body, Origin};
use super::ops;
use super::program::{Members, Program};
use super::sizes::{Dim, Type};
use crate::Call;
use crate::choices::Choices;

/// An entry point, finished.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) text: String,
    /// Its dims with the least that they may be.
    dims: Vec<(String, i64)>,
}

/// Sizes that calls choose, the simplest first; 0 where the dim has no bounds.
const CALLED: [i64; 10] = [2, 1, 3, 7, 16, 17, 31, 33, 40, 0];

/// Most results.
const RESULTS: usize = 4;

impl Entry {
    /// A call at some sizes.
    pub(super) fn call(&self, c: &mut Choices) -> Call {
        let size = |(name, least): &(String, i64)| (name.clone(), c.pick(&CALLED).max(*least));
        let sizes = self.dims.iter().map(size).collect();
        Call { entry: self.name.to_owned(), sizes, inputs: super::fill(c) }
    }
}

pub(super) fn entry(
    program: &mut Program,
    members: &mut Members,
    name: &'static str,
    c: &mut Choices,
) -> Entry {
    let mut dims = Vec::new();
    let mut open = Vec::new();
    for dim in ["B", "T"].into_iter().take(c.weighted(&[2, 4, 2])) {
        let least = usize::from(c.chance(30)) as i64;
        dims.push((dim.to_owned(), least));
        open.push(program.sizes.open(dim.to_owned(), 17, least));
    }
    let mut body = Body::new(program, members, Origin::Inputs(Vec::new()));
    body.dims = open;
    first_inputs(&mut body, c);
    grow(&mut body, c);
    let results = results(&mut body);
    let text = finish(body, name, &dims, &results);
    Entry { name, text, dims }
}

/// Every dim must be an axis of an input.
fn first_inputs(body: &mut Body<'_>, c: &mut Choices) {
    let mut axes: Vec<Dim> = body.dims.clone();
    for _ in 0..c.below(3) {
        let dim = body.dim(c);
        axes.push(dim);
        if !body.fits(&axes) {
            axes.pop();
        }
    }
    let Origin::Inputs(inputs) = &mut body.origin else { return };
    let ty = Type::new(tri_ir::DType::F32, axes);
    inputs.push(("x0".to_owned(), ty.clone()));
    body.add("x0", ty);
}

/// Operations until it is enough.
pub(super) fn grow(body: &mut Body<'_>, c: &mut Choices) {
    let mut steps = 0;
    while steps < 14 && c.chance(88) {
        c.group(|c| ops::step(body, c));
        steps += 1;
    }
}

/// What nothing read, the last first.
fn results(body: &mut Body<'_>) -> Vec<(String, Type)> {
    let mut results = Vec::new();
    let mut at = body.values.len();
    while at > 0 && results.len() < RESULTS {
        at -= 1;
        if !body.values[at].used || at + 1 == body.values.len() {
            results.push((body.read(at), body.ty(at)));
        }
    }
    results
}

fn finish(body: Body<'_>, name: &str, dims: &[(String, i64)], results: &[(String, Type)]) -> String {
    let Origin::Inputs(inputs) = &body.origin else { return String::new() };
    let bounds = |(name, least): &(String, i64)| match least {
        0 => name.clone(),
        least => format!("{name} in {least}..65"),
    };
    let dims: Vec<String> = dims.iter().map(bounds).collect();
    let dims = if dims.is_empty() { String::new() } else { format!("[{}]", dims.join(", ")) };
    let inputs: Vec<String> = inputs.iter().map(|(name, ty)| format!("{name}: {}", body.show(ty))).collect();
    let types: Vec<String> = results.iter().map(|(_, ty)| body.show(ty)).collect();
    let names: Vec<&str> = results.iter().map(|(name, _)| name.as_str()).collect();
    let tuple = |parts: String| if results.len() == 1 { parts } else { format!("({parts})") };
    let mut text = format!("    fn {name}{dims}({}) -> {} {{\n", inputs.join(", "), tuple(types.join(", ")));
    for line in &body.lines {
        text.push_str(&format!("        {line}\n"));
    }
    text.push_str(&format!("        {}\n    }}\n", tuple(names.join(", "))));
    text
}
