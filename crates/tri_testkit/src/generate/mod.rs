//! Random well-typed programs.
//!
//! A program is grown forwards: a body holds values with their types, and each step applies an operation to values that fit, or makes
//! what is missing: an input, a parameter, a constant. So every program checks, and a program that does not is a finding. Nothing here
//! knows how programs are compiled.

mod body;
mod entry;
mod layer;
mod literal;
mod ops;
mod program;
mod sizes;

use crate::Case;
use crate::choices::Choices;
use crate::fill::{Fill, Kind};

use body::AWKWARD;
use entry::{Entry, entry};
use program::{Members, Program};

/// Names for dims of the file.
const DIMS: [&str; 4] = ["Width", "Depth", "Inner", "Class"];

/// A program and what to do with it, as the choices say.
pub fn generate(c: &mut Choices) -> Case {
    let mut program = Program::default();
    dims(&mut program, c);
    while program.layers.len() < 3 && c.chance(40) {
        c.group(|c| layer::layer(&mut program, c));
    }
    let mut members = Members::default();
    let mut entries = vec![c.group(|c| entry(&mut program, &mut members, "forward", c))];
    while entries.len() < 3 && c.chance(30) {
        let name = ["second", "third"][entries.len() - 1];
        entries.push(c.group(|c| entry(&mut program, &mut members, name, c)));
    }
    let weights = fill(c);
    let calls = (0..1 + c.below(3)).map(|_| c.group(|c| c.pick_ref(&entries).call(c))).collect();
    Case { text: text(&program, &members, &entries), weights, calls }
}

/// Dims of the file: numbers, and what is computed from others.
fn dims(program: &mut Program, c: &mut Choices) {
    while program.dims.len() < DIMS.len() && c.chance(50) {
        c.group(|c| {
            let name = DIMS[program.dims.len()];
            let size = c.pick(&AWKWARD);
            let (text, size) = match program.dims.last().cloned() {
                Some(last) if c.chance(25) => {
                    let (factor, value) = (1 + c.below(3) as i64, program.sizes.value(&last).unwrap_or(1));
                    (format!("{factor} * {}", program.sizes.text(&last)), factor * value)
                }
                _ => (size.to_string(), size),
            };
            program.items.push(format!("dim {name} = {text}"));
            let dim = program.sizes.fixed(name.to_owned(), size);
            program.dims.push(dim);
        });
    }
}

fn fill(c: &mut Choices) -> Fill {
    let kind = [Kind::Small, Kind::Zeros, Kind::Ordinary, Kind::Sprinkled, Kind::Wild]
        [c.weighted(&[3, 1, 10, 4, 2])];
    Fill { kind, seed: c.below(1000) as u32 }
}

fn text(program: &Program, members: &Members, entries: &[Entry]) -> String {
    let mut text = String::new();
    for import in &program.imports {
        text.push_str(&format!("use std.{import}\n"));
    }
    for item in &program.items {
        text.push_str(item);
        text.push('\n');
    }
    text.push_str("model Main() {\n");
    for line in &members.lines {
        text.push_str(&format!("    {line}\n"));
    }
    for entry in entries {
        text.push_str(&entry.text);
    }
    text.push_str("}\n");
    text
}
