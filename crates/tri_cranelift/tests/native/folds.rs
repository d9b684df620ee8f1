//! Fold stages against the rules of numerics.md, written out.

use tri_ir::math::rank_above;
use tri_ir::{BinaryOp, DType, ReduceOp, Scalar, UnaryOp};
use tri_kernel_ir::{Expr, ExprId, Fold, Guard, Index, Place, Reg, Stage};

use crate::build::{
    Exprs, Noise, access, assert_same_f32, buffer, dim, f32_bytes, i32_bytes, module, n, nest, one_result,
    schedule, store, to_f32, to_i32,
};

/// Folds rows of `n` elements: `E[rows, n]` to `F[rows]`.
fn fold_rows(
    fold: Fold,
    (from, to): (DType, DType),
    rows: i64,
    columns: usize,
    bytes: &[u8],
    value: impl FnOnce(&mut Exprs, ExprId) -> (ExprId, Option<ExprId>),
) -> Vec<u8> {
    let mut exprs = Exprs::default();
    let load = exprs.add(Expr::Load(access(0, &[(0, n()), (1, dim(1))])));
    let (value, only_if) = value(&mut exprs, load);
    let reg = exprs.add(Expr::Reg(Reg(0)));
    let stages = vec![
        Stage::Fold { axes: vec![n()], fold, value, only_if, into: Reg(0) },
        Stage::Map { axes: Vec::new(), stores: vec![store(access(1, &[(0, dim(1))]), reg)] },
    ];
    let buffers = vec![
        buffer(from, vec![dim(rows), n()], Place::Param(0)),
        buffer(to, vec![dim(rows)], Place::Result(0)),
    ];
    let step = nest(vec![dim(rows)], exprs, stages);
    one_result(&module(schedule(buffers, Vec::new(), vec![step])), columns as i64, &[bytes])
}

/// Rule 5.
fn sum(row: impl IntoIterator<Item = f32>) -> f32 {
    let mut p = [0f32; 16];
    row.into_iter().enumerate().for_each(|(i, x)| p[i % 16] += x);
    for half in [8, 4, 2, 1] {
        (0..half).for_each(|j| p[j] += p[j + half]);
    }
    p[0]
}

/// Lengths around groups of four and sixteen.
const LENGTHS: [usize; 12] = [0, 1, 2, 3, 4, 15, 16, 17, 31, 33, 100, 1027];

#[test]
fn float_sums_have_sixteen_partial_sums() {
    let plain = |_: &mut Exprs, x| (x, None);
    for columns in LENGTHS {
        let x = Noise(1).f32s(3 * columns);
        let rows = |f: &dyn Fn(f32) -> f32| -> Vec<f32> {
            (0..3).map(|r| sum(x[r * columns..(r + 1) * columns].iter().map(|x| f(*x)))).collect()
        };
        let fold = Fold::Reduce(ReduceOp::Sum);
        let types = (DType::F32, DType::F32);
        let found = fold_rows(fold, types, 3, columns, &f32_bytes(&x), plain);
        assert_same_f32(&to_f32(&found), &rows(&|x| x), "four at a time");
        // A logarithm has no four-wide form.
        let found = fold_rows(fold, types, 3, columns, &f32_bytes(&x), |exprs, x| {
            let positive = exprs.add(Expr::Unary(UnaryOp::Abs, x));
            (exprs.add(Expr::Unary(UnaryOp::Log, positive)), None)
        });
        let log = |x: f32| tri_ir::math::log(&mut tri_ir::math::Native, x.abs());
        assert_same_f32(&to_f32(&found), &rows(&log), "one at a time");
    }
}

#[test]
fn only_elements_that_take_part_are_counted() {
    for columns in LENGTHS {
        let x = Noise(2).f32s(2 * columns);
        let positive = |exprs: &mut Exprs, x| {
            let zero = exprs.add(Expr::Constant(Scalar::f32(0.0)));
            (x, Some(exprs.add(Expr::Binary(BinaryOp::Gt, x, zero))))
        };
        let rows = || x.chunks(columns.max(1)).map(|row| row.iter().copied().filter(|x| *x > 0.0));
        let types = (DType::F32, DType::F32);
        let found = fold_rows(Fold::Reduce(ReduceOp::Sum), types, 2, columns, &f32_bytes(&x), positive);
        let mut expected: Vec<f32> = rows().map(sum).collect();
        expected.resize(2, 0.0);
        assert_same_f32(&to_f32(&found), &expected, "sum");
        let found = fold_rows(Fold::Count, (DType::F32, DType::I32), 2, columns, &f32_bytes(&x), positive);
        let mut expected: Vec<i32> = rows().map(|row| row.count() as i32).collect();
        expected.resize(2, 0);
        assert_eq!(to_i32(&found), expected);
    }
}

#[test]
fn largest_and_smallest_know_nan_and_signed_zeros() {
    for columns in LENGTHS {
        for (seed, special) in [(3, None), (4, Some(f32::NAN)), (5, Some(-0.0)), (6, Some(f32::NEG_INFINITY))]
        {
            let mut x = Noise(seed).f32s(columns);
            if let Some(special) = special {
                x.iter_mut().step_by(5).for_each(|x| *x = special);
                x.iter_mut().filter(|x| x.abs() < 60.0).for_each(|x| *x = 0.0);
            }
            for (op, f, start) in [
                (ReduceOp::Max, tri_ir::math::max_f32 as fn(f32, f32) -> f32, f32::NEG_INFINITY),
                (ReduceOp::Min, tri_ir::math::min_f32 as fn(f32, f32) -> f32, f32::INFINITY),
            ] {
                let types = (DType::F32, DType::F32);
                let found = fold_rows(Fold::Reduce(op), types, 1, columns, &f32_bytes(&x), |_, x| (x, None));
                let expected = x.iter().copied().reduce(f).unwrap_or(start);
                assert_same_f32(&to_f32(&found), &[expected], "extreme");
            }
        }
    }
}

#[test]
fn integers_and_truth_values_fold() {
    for columns in LENGTHS {
        let x: Vec<i32> = (0..columns).map(|i| Noise(i as u64).next() as i32).collect();
        let bytes = i32_bytes(&x);
        let fold = |op| {
            let types = (DType::I32, DType::I32);
            to_i32(&fold_rows(Fold::Reduce(op), types, 1, columns, &bytes, |_, x| (x, None)))[0]
        };
        assert_eq!(fold(ReduceOp::Sum), x.iter().fold(0i32, |a, b| a.wrapping_add(*b)));
        assert_eq!(fold(ReduceOp::Max), x.iter().copied().max().unwrap_or(i32::MIN));
        assert_eq!(fold(ReduceOp::Min), x.iter().copied().min().unwrap_or(i32::MAX));
        let small: Vec<u8> = x.iter().map(|x| *x as u8).collect();
        let fold = |op| {
            let types = (DType::I8, DType::I8);
            fold_rows(Fold::Reduce(op), types, 1, columns, &small, |_, x| (x, None))[0] as i8
        };
        let small = || small.iter().map(|x| *x as i8);
        assert_eq!(fold(ReduceOp::Sum), small().fold(0i8, i8::wrapping_add));
        assert_eq!(fold(ReduceOp::Max), small().max().unwrap_or(i8::MIN));
        for (op, limit) in
            [(ReduceOp::All, i32::MIN), (ReduceOp::All, 0), (ReduceOp::Any, 0), (ReduceOp::Any, i32::MAX)]
        {
            let types = (DType::I32, DType::Bool);
            let found = fold_rows(Fold::Reduce(op), types, 1, columns, &bytes, |exprs, x| {
                let limit = exprs.add(Expr::Constant(Scalar::int(DType::I32, limit.into())));
                (exprs.add(Expr::Binary(BinaryOp::Ge, x, limit)), None)
            });
            let expected = match op {
                ReduceOp::All => x.iter().all(|x| *x >= limit),
                _ => x.iter().any(|x| *x >= limit),
            };
            assert_eq!(found, [u8::from(expected)]);
        }
    }
}

#[test]
fn argmax_is_the_first_largest_and_nan_comes_last() {
    let nan = f32::NAN;
    let rows: [&[f32]; 7] = [
        &[1.0, 3.0, 3.0, 2.0],
        &[nan, nan, -5.0, nan, -4.0],
        &[nan, nan],
        &[],
        &[-0.0, 0.0],
        &[f32::NEG_INFINITY, f32::NEG_INFINITY],
        &[nan, f32::NEG_INFINITY],
    ];
    for row in rows {
        let types = (DType::F32, DType::I32);
        let found = fold_rows(Fold::ArgMax, types, 1, row.len(), &f32_bytes(row), |_, x| (x, None));
        let mut best = 0;
        for i in 0..row.len() {
            if rank_above(row[i], row[best]) {
                best = i;
            }
        }
        assert_eq!(to_i32(&found), [best as i32], "{row:?}");
    }
    let x = [i32::MIN, i32::MIN, 4, 4];
    let types = (DType::I32, DType::I32);
    let found = fold_rows(Fold::ArgMax, types, 1, 4, &i32_bytes(&x), |_, x| (x, None));
    assert_eq!(to_i32(&found), [2]);
}

#[test]
fn several_axes_are_flattened_and_padding_is_skipped() {
    // Sums of 3 by 5 windows around each of n columns of a [7, n] picture, in order of the elements inside it.
    let (height, width) = (7i64, 29i64);
    let x = Noise(9).f32s((height * width) as usize);
    let mut exprs = Exprs::default();
    let guard = |outer: u32, inner: u32, low: i64, size| Guard {
        offset: dim(-low),
        strides: vec![(Index(outer), dim(1)), (Index(inner), dim(1))],
        size,
    };
    let guards = vec![guard(0, 2, 1, dim(height)), guard(1, 3, 2, n())];
    let holds = exprs.add(Expr::Holds(guards.clone()));
    let mut place = access(0, &[(0, n()), (1, dim(1)), (2, n()), (3, dim(1))]);
    place.offset = n().neg().unwrap().sub(&dim(2)).unwrap();
    let value = exprs.add(Expr::GuardedLoad { access: place, guards, otherwise: Scalar::f32(1e9) });
    let reg = exprs.add(Expr::Reg(Reg(0)));
    let fold = Fold::Reduce(ReduceOp::Sum);
    let stages = vec![
        Stage::Fold { axes: vec![dim(3), dim(5)], fold, value, only_if: Some(holds), into: Reg(0) },
        Stage::Map { axes: Vec::new(), stores: vec![store(access(1, &[(0, n()), (1, dim(1))]), reg)] },
    ];
    let buffers = vec![
        buffer(DType::F32, vec![dim(height), n()], Place::Param(0)),
        buffer(DType::F32, vec![dim(height), n()], Place::Result(0)),
    ];
    let step = nest(vec![dim(height), n()], exprs, stages);
    let found = one_result(&module(schedule(buffers, Vec::new(), vec![step])), width, &[&f32_bytes(&x)]);
    let inside = |r: i64, c: i64| (0..height).contains(&r) && (0..width).contains(&c);
    let window = |r: i64, c: i64| {
        let places = (r - 1..r + 2).flat_map(move |r| (c - 2..c + 3).map(move |c| (r, c)));
        sum(places.filter(|(r, c)| inside(*r, *c)).map(|(r, c)| x[(r * width + c) as usize]))
    };
    let expected: Vec<f32> =
        (0..height).flat_map(|r| (0..width).map(move |c| (r, c))).map(|(r, c)| window(r, c)).collect();
    assert_same_f32(&to_f32(&found), &expected, "windows");
}
