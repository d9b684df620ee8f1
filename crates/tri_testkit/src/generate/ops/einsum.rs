//! `einsum`: letters dealt out to operands.

use tri_ir::DType;

use super::super::body::Body;
use super::super::sizes::{Dim, Type};
use super::product::PRODUCTS;
use crate::choices::Choices;

const LETTERS: [&str; 5] = ["a", "b", "c", "d", "e"];

pub(super) fn einsum(b: &mut Body<'_>, c: &mut Choices) -> Option<()> {
    let (left, right, sum) = c.pick(&PRODUCTS);
    // Letters of the first operand: the axes of a value, or of what is made.
    let (x, ty) = b.find_or(
        c,
        |ty| !ty.pack && ty.dtype == left && (1..=4).contains(&ty.rank()),
        |b, c| {
            let rank = 1 + c.below(3);
            Some(Type::new(left, b.shape(c, rank)))
        },
    )?;
    let mut dims: Vec<Dim> = ty.axes.clone();
    let first: Vec<usize> = (0..dims.len()).collect();
    if dims.len() < LETTERS.len() && c.chance(70) {
        let further = b.dim(c);
        dims.push(further);
    }
    let second = deal(c, dims.len(), 30);
    let used: Vec<usize> = (0..dims.len()).filter(|at| first.contains(at) || second.contains(at)).collect();
    let mut result: Vec<usize> = deal(c, dims.len(), 45).into_iter().filter(|at| used.contains(at)).collect();
    // What is summed over alone is reduced, which not every dtype can be.
    let reduces = |dtype| matches!(dtype, DType::F32 | DType::I8);
    for (letters, others, dtype) in [(&first, &second, left), (&second, &first, right)] {
        let lone = letters.iter().filter(|at| !others.contains(at) && !reduces(dtype));
        let missing: Vec<usize> = lone.filter(|at| !result.contains(at)).copied().collect();
        result.extend(missing);
    }
    let axes = |letters: &[usize]| letters.iter().map(|at| dims[*at].clone()).collect::<Vec<_>>();
    if !b.is_cheap(&axes(&used)) {
        return None;
    }
    let y = b.of_type(c, &Type::new(right, axes(&second)))?;
    let word = |letters: &[usize]| letters.iter().map(|at| LETTERS[*at]).collect::<Vec<_>>().join(" ");
    let mut pattern = format!("{}, {}", word(&first), word(&second));
    let mut operands = format!("{x}, {y}");
    if left == DType::F32 && right == DType::F32 && c.chance(20) {
        let third: Vec<usize> = deal(c, dims.len(), 50).into_iter().filter(|at| used.contains(at)).collect();
        let z = b.of_type(c, &Type::new(DType::F32, axes(&third)))?;
        pattern.push_str(&format!(", {}", word(&third)));
        operands.push_str(&format!(", {z}"));
    }
    let pattern = format!("{pattern} -> {}", word(&result));
    b.emit(&format!("einsum(\"{}\", {operands})", pattern.trim_end()), Type::new(sum, axes(&result)))
}

/// Letters in some order, each left out in `part` of 100 cases.
fn deal(c: &mut Choices, count: usize, part: usize) -> Vec<usize> {
    let mut dealt: Vec<usize> = (0..count).filter(|_| !c.chance(part)).collect();
    for at in (1..dealt.len()).rev() {
        let other = at - c.below(at + 1);
        dealt.swap(at, other);
    }
    dealt
}
