//! Attention: a contraction, what is computed of its sums elementwise, a softmax over its columns and a contraction of that with values
//! become one step, where each value between them serves the next alone. Scores of all rows then never lie in memory together.

use rustc_hash::FxHashMap;
use tri_ir::{DType, Dim, Function, Inst, Op, TensorType, Value};

use super::affine::{Affine, contiguous};
use super::contract::{Axis, Operand, joined};
use super::nest::{NestBuilder, access};
use super::{Failure, Scheduler};
use crate::{Access, Attention, BufferId, Contraction, ContractionKind, Nest, OuterAxis, StepKind};

/// Where a function has attention.
#[derive(Clone, Debug)]
pub(super) struct Found<'m> {
    scores: &'m Inst,
    softmax: &'m Inst,
    mix: &'m Inst,
    /// For each axis of the scores, which axis of the softmax it is.
    axes: Vec<usize>,
    /// For each axis of the softmax, which axis of the left operand of the last contraction it is.
    mixed: Vec<usize>,
}

impl Found<'_> {
    /// The axis that the softmax goes along: the last one of the scores.
    fn keys(&self) -> usize {
        self.axes[self.axes.len() - 1]
    }
}

/// Attention by the value that it gives, and the values that it takes the place of.
#[derive(Debug, Default)]
pub(super) struct Attentions<'m> {
    by_result: FxHashMap<Value, Found<'m>>,
    replaced: Vec<Value>,
}

impl<'m> Attentions<'m> {
    /// Finds attention in a function, given which values are computed where they are used, and the sole user of each.
    pub(super) fn find(function: &'m Function, inline: &[bool], used_by: &[Option<&'m Inst>]) -> Self {
        let mut found = Attentions::default();
        for scores in function.insts.iter().filter(|inst| matches!(inst.op, Op::Contract { .. })) {
            let Some(attention) = (Path { function, inline, used_by }).attention_of(scores) else { continue };
            let (softmax, mix) = (attention.softmax.results[0], attention.mix.results[0]);
            if found.replaced.contains(&softmax) {
                continue;
            }
            found.replaced.extend([scores.results[0], softmax]);
            found.by_result.insert(mix, attention);
        }
        found
    }

    pub(super) fn giving(&self, value: Value) -> Option<Found<'m>> {
        self.by_result.get(&value).cloned()
    }

    pub(super) fn replaces(&self, value: Value) -> bool {
        self.replaced.contains(&value)
    }
}

/// Follows a value through what is computed where it is used.
struct Path<'p, 'm> {
    function: &'m Function,
    inline: &'p [bool],
    used_by: &'p [Option<&'m Inst>],
}

impl<'m> Path<'_, 'm> {
    fn attention_of(&self, scores: &'m Inst) -> Option<Found<'m>> {
        let rank = self.function.ty(scores.results[0]).rank();
        let float =
            |value: &Value| matches!(self.function.dtype(*value), DType::F32 | DType::Bf16 | DType::F16);
        if !scores.args.iter().all(float) {
            return None;
        }
        let (softmax, from, axes) = self.follow(scores.results[0], true)?;
        let Op::Softmax { axis } = softmax.op else { return None };
        if self.function.dtype(from) != DType::F32 {
            return None;
        }
        let (mix, from, mixed) = self.follow(softmax.results[0], false)?;
        let Op::Contract { contract, .. } = &mix.op else { return None };
        let values = self.function.ty(mix.args[1]);
        let keys = rank.checked_sub(1)?;
        let keys_last = axes[keys] == axis as usize && free(scores, 1, self.function).len() == 1;
        let sums_keys = matches!(contract.as_slice(), [(a, _)] if *a as usize == mixed[axis as usize]);
        let one_column = free(mix, 1, self.function).len() <= 1;
        (mix.args[0] == from && values.dtype == DType::F32 && keys_last && sums_keys && one_column)
            .then_some(Found { scores, softmax, mix, axes, mixed })
    }

    /// The first user of a value that stores what it computes, what of the value it takes, and which axis of that each axis of the value is.
    fn follow(&self, value: Value, computes: bool) -> Option<(&'m Inst, Value, Vec<usize>)> {
        let mut axes: Vec<usize> = (0..self.function.ty(value).rank()).collect();
        let mut at = value;
        loop {
            let user = self.used_by[at.index()]?;
            let [result] = user.results.as_slice() else { return None };
            if !self.inline[result.index()] {
                return Some((user, at, axes));
            }
            match &user.op {
                Op::Permute { perm } => {
                    let to = |axis: &usize| perm.iter().position(|from| *from as usize == *axis);
                    axes = axes.iter().map(to).collect::<Option<_>>()?;
                }
                Op::Unary(_) | Op::Binary(_) | Op::Select | Op::Cast if computes => {}
                _ => return None,
            }
            at = *result;
        }
    }
}

/// The axes of an operand of a contraction that its result has and the other operand has not.
fn free(inst: &Inst, operand: usize, function: &Function) -> Vec<usize> {
    let Op::Contract { batch, contract } = &inst.op else { return Vec::new() };
    let side = |pair: &(u32, u32)| if operand == 0 { pair.0 } else { pair.1 };
    let used = |axis: usize| batch.iter().chain(contract).any(|pair| side(pair) as usize == axis);
    (0..function.ty(inst.args[operand]).rank()).filter(|axis| !used(*axis)).collect()
}

/// The axes that a contraction sums over, of both operands.
fn summed(inst: &Inst) -> Vec<[usize; 2]> {
    let Op::Contract { contract, .. } = &inst.op else { return Vec::new() };
    contract.iter().map(|(a, b)| [*a as usize, *b as usize]).collect()
}

/// Which axes of both operands an axis of a contraction's result is.
fn sources(inst: &Inst, function: &Function) -> Vec<[Option<usize>; 2]> {
    let Op::Contract { batch, .. } = &inst.op else { return Vec::new() };
    let both = batch.iter().map(|(a, b)| [Some(*a as usize), Some(*b as usize)]);
    let left = free(inst, 0, function).into_iter().map(|axis| [Some(axis), None]);
    let right = free(inst, 1, function).into_iter().map(|axis| [None, Some(axis)]);
    both.chain(left).chain(right).collect()
}

/// An axis of the softmax that it does not go along: its size, and which axes it is of queries, keys, values and the result.
#[derive(Clone, Debug)]
struct Point {
    axis: usize,
    size: Dim,
    query: Option<usize>,
    key: Option<usize>,
    value: Option<usize>,
    out: usize,
}

impl Point {
    /// Whether queries differ along it, keys and values do not.
    fn is_row(&self) -> bool {
        self.key.is_none() && self.value.is_none()
    }
}

/// The step of an operand along one of its axes.
fn step(operand: &Operand, axis: Option<usize>) -> Dim {
    axis.map_or(Dim::constant(0), |axis| operand.strides[axis].clone())
}

/// What the parts of attention run over, and the scores of a block of rows.
struct Space {
    outer: Vec<Point>,
    rows: Vec<Point>,
    /// All rows.
    m: Dim,
    /// Keys.
    n: Dim,
    scratch: BufferId,
}

impl Space {
    fn outer_axes(&self, strides: impl Fn(&Point) -> [Dim; 3]) -> Vec<OuterAxis> {
        self.outer.iter().map(|at| OuterAxis { size: at.size.clone(), strides: strides(at) }).collect()
    }

    /// The step of an operand from row to row.
    fn row(&self, operand: &Operand, axis: impl Fn(&Point) -> Option<usize>) -> Dim {
        self.rows.last().map_or(Dim::constant(0), |row| step(operand, axis(row)))
    }
}

impl<'m> Scheduler<'m> {
    pub(super) fn attention(&mut self, found: &Found<'m>) -> Result<(), Failure> {
        let (outer, rows) = self.points(found)?;
        let m = Dim::product(rows.iter().map(|row| &row.size))?;
        let n = self.shape(found.softmax.results[0])[found.keys()].clone();
        let scratch = self.scratch(&m, &n)?;
        let space = Space { outer, rows, m, n, scratch };
        let (scores, mix) = (self.scores(found, &space)?, self.mix(found, &space)?);
        let rows = self.rows_of_scores(found, &space)?;
        let outer = space.outer.len() as u32;
        self.step(StepKind::Attention(Box::new(Attention { outer, scores, rows, mix })));
        Ok(())
    }

    /// Queries by keys, to the scratch.
    fn scores(&mut self, found: &Found<'m>, space: &Space) -> Result<Contraction, Failure> {
        let [queries, keys] = [found.scores.args[0], found.scores.args[1]];
        let kind = self.contraction_kind(queries, keys)?;
        let sums = summed(found.scores);
        let size = |axis: usize| self.shape(queries)[axis].clone();
        let sizes: Vec<Dim> = sums.iter().map(|[axis, _]| size(*axis)).collect();
        let columns = free(found.scores, 1, self.function);
        let lhs = self.queries(queries, &space.rows, &sums)?;
        let rhs = self.side(keys, columns.clone(), sums.iter().map(|sum| sum[1]))?;
        let zero = || Dim::constant(0);
        let along = |(size, [a, b]): (Dim, &[usize; 2])| Axis {
            size,
            strides: [lhs.strides[*a].clone(), rhs.strides[*b].clone(), zero()],
        };
        let mut sum = joined(sizes.into_iter().zip(&sums).map(along).collect())?.into_iter();
        let one = || Axis { size: Dim::constant(1), strides: [zero(), zero(), zero()] };
        let (k, rest) = (sum.next().unwrap_or_else(one), sum.next());
        if rest.is_some() {
            return Err(Failure::Unsupported("the summed axes are not one"));
        }
        let [lhs_k, rhs_k, _] = k.strides;
        Ok(Contraction {
            kind,
            outer: space.outer_axes(|at| [step(&lhs, at.query), step(&rhs, at.key), zero()]),
            m: space.m.clone(),
            n: space.n.clone(),
            k: k.size,
            lhs_strides: [space.row(&lhs, |row| row.query), lhs_k],
            lhs: lhs.buffer,
            lhs_offset: lhs.offset,
            rhs_strides: [rhs_k, step(&rhs, columns.last().copied())],
            rhs: rhs.buffer,
            rhs_offset: rhs.offset,
            out: space.scratch,
            out_offset: zero(),
            out_stride: space.n.clone(),
            scales: None,
        })
    }

    /// The scratch by values.
    fn mix(&mut self, found: &Found<'m>, space: &Space) -> Result<Contraction, Failure> {
        let (values, result) = (found.mix.args[1], found.mix.results[0]);
        let columns = free(found.mix, 1, self.function);
        let along: Vec<usize> = summed(found.mix).iter().map(|sum| sum[1]).collect();
        let rhs = self.side(values, columns.clone(), along.iter().copied())?;
        let column = columns.last().copied();
        let buffer = self.target(result);
        let out = Operand::row_major(buffer, self.shape(result))?;
        let (zero, one) = (|| Dim::constant(0), Dim::constant(1));
        Ok(Contraction {
            kind: ContractionKind::F32,
            outer: space.outer_axes(|at| [zero(), step(&rhs, at.value), step(&out, Some(at.out))]),
            m: space.m.clone(),
            n: column.map_or(one.clone(), |axis| self.shape(values)[axis].clone()),
            k: space.n.clone(),
            lhs: space.scratch,
            lhs_offset: zero(),
            lhs_strides: [space.n.clone(), one],
            rhs_strides: [step(&rhs, along.last().copied()), step(&rhs, column)],
            rhs: rhs.buffer,
            rhs_offset: rhs.offset,
            out_stride: space.row(&out, |row| Some(row.out)),
            out: out.buffer,
            out_offset: out.offset,
            scales: None,
        })
    }

    /// The axes outside rows, and rows: those along which queries alone differ, as far as they are one in the result.
    fn points(&self, found: &Found<'m>) -> Result<(Vec<Point>, Vec<Point>), Failure> {
        let [of_scores, of_mix] = [found.scores, found.mix].map(|inst| sources(inst, self.function));
        let strides = contiguous(self.shape(found.mix.results[0]))?;
        let mut points = Vec::new();
        for (axis, [left, value]) in of_mix.iter().enumerate() {
            let Some(seen) = left.and_then(|left| found.mixed.iter().position(|at| *at == left)) else {
                continue;
            };
            let Some(score) = found.axes.iter().position(|at| *at == seen) else { continue };
            let size = self.shape(found.softmax.results[0])[seen].clone();
            if size.as_constant() != Some(1) {
                let [query, key] = of_scores[score];
                points.push(Point { axis: seen, size, query, key, value: *value, out: axis });
            }
        }
        let (mut rows, mut outer): (Vec<Point>, Vec<Point>) = points.into_iter().partition(Point::is_row);
        let in_result = |row: &Point| Axis {
            size: row.size.clone(),
            strides: [strides[row.out].clone(), Dim::constant(0), Dim::constant(0)],
        };
        while joined(rows.iter().map(in_result).collect())?.len() > 1 {
            outer.push(rows.remove(0));
        }
        Ok((outer, rows))
    }

    /// Queries where they lie if their rows are one there, else copied.
    fn queries(&mut self, value: Value, rows: &[Point], sums: &[[usize; 2]]) -> Result<Operand, Failure> {
        let along: Vec<usize> = rows.iter().filter_map(|row| row.query).collect();
        let sums: Vec<usize> = sums.iter().map(|sum| sum[0]).collect();
        let operand = self.side(value, along.clone(), sums.iter().copied())?;
        let shape = self.shape(value);
        let row = |axis: &usize| Axis {
            size: shape[*axis].clone(),
            strides: [operand.strides[*axis].clone(), Dim::constant(0), Dim::constant(0)],
        };
        if joined(along.iter().map(row).collect())?.len() <= 1 {
            return Ok(operand);
        }
        let rest = (0..shape.len()).filter(|axis| !along.contains(axis) && !sums.contains(axis));
        self.arranged(value, rest.chain(along.clone()).chain(sums.clone()).collect())
    }

    /// An operand whose summed axes are one.
    fn side(
        &mut self,
        value: Value,
        free: Vec<usize>,
        sums: impl Iterator<Item = usize>,
    ) -> Result<Operand, Failure> {
        let sums: Vec<usize> = sums.collect();
        let other = |axis: &usize| !free.contains(axis) && !sums.contains(axis);
        let batch: Vec<usize> = (0..self.shape(value).len()).filter(other).collect();
        self.operand(value, [&batch, &free, &sums])
    }

    /// Memory for the scores of a block in each lane.
    fn scratch(&mut self, m: &Dim, n: &Dim) -> Result<BufferId, Failure> {
        let most = m.as_constant().map_or(Attention::ROWS, |rows| rows.min(Attention::ROWS));
        let shape = vec![Dim::constant(Attention::LANES), Dim::constant(most), n.clone()];
        Ok(self.workspace(&TensorType::new(DType::F32, shape)))
    }

    /// What becomes of a row of scores, in its place.
    fn rows_of_scores(&self, found: &Found<'m>, space: &Space) -> Result<Nest, Failure> {
        let Space { outer, rows, n, scratch, .. } = space;
        let points = || outer.iter().chain(rows);
        let mut at = vec![Affine::zero(); found.axes.len()];
        for (index, point) in points().enumerate() {
            at[point.axis] = Affine::index(index);
        }
        at[found.keys()] = Affine::index(points().count());
        let sizes: Vec<Dim> = rows.iter().map(|row| row.size.clone()).chain([n.clone()]).collect();
        let place = Affine::row_major(&sizes, &Affine::indices(outer.len(), sizes.len()))?;
        let place: Access = access(*scratch, place);

        let axes = points().map(|point| point.size.clone()).collect();
        let mut nest = NestBuilder::new("softmax", axes, vec![n.clone()]);
        let score = nest.load(place.clone());
        let at_score = found.axes.iter().map(|axis| at[*axis].clone()).collect();
        nest.seen.insert((found.scores.results[0], at_score), score);
        let x = self.element(&mut nest, found.softmax.args[0], &at)?;
        self.softmax_of(&mut nest, x, place);
        Ok(nest.finish_as_is())
    }
}
