//! Contractions, convolutions and pools against formulations that share nothing with the interpreter's loops: sums in f64 or
//! i64 over explicit positions.

use tri_ir::{Conv2d, DType, Encoding, Op, Pool2d, PoolKind, TensorData, TensorType};

use crate::evaluate::{Numbers, apply, assert_same, bytes, evaluate, f32s};

/// Whether an f32 sum is near the exact one: `4e-6 * sum |a b|`, as numerics.md promises anywhere.
#[track_caller]
fn assert_near(got: f32, exact: f64, magnitude: f64) {
    assert!((f64::from(got) - exact).abs() <= 4e-6 * magnitude, "{got} is not {exact}");
}

#[test]
fn contractions_sum_over_the_listed_axes() {
    let mut random = Numbers(5);
    // b t h d, b s h d -> b h t s
    let [b, t, s, h, d] = [2, 3, 4, 2, 5];
    let (q, k) = (random.floats(b * t * h * d), random.floats(b * s * h * d));
    let op = Op::Contract { batch: vec![(0, 0), (2, 2)], contract: vec![(3, 3)] };
    let got = apply(op, &[f32s(&[b, t, h, d], &q), f32s(&[b, s, h, d], &k)]).remove(0);
    assert_eq!(got.shape, [b, h, t, s]);
    for (i, got) in got.to_f32().unwrap().into_iter().enumerate() {
        let (b, h_, t_, s_) = (i / (h * t * s), i / (t * s) % h, i / s % t, i % s);
        let products = (0..d).map(|d_| {
            let left = q[((b * t + t_) * h + h_) * d + d_];
            f64::from(left) * f64::from(k[((b * s + s_) * h + h_) * d + d_])
        });
        assert_near(got, products.clone().sum(), products.map(f64::abs).sum());
    }
}

#[test]
fn contracted_axes_are_flattened_in_the_listed_order() {
    // 1e8 + 1 - 1e8 depends on the order: [[1e8, 1], [-1e8, 0]] over both axes.
    let (a, one) = (f32s(&[2, 2], &[1e8, 1.0, -1e8, 0.0]), f32s(&[2, 2], &[1.0; 4]));
    let sum = |contract| apply(Op::Contract { batch: vec![], contract }, &[a.clone(), one.clone()]).remove(0);
    assert_same(&sum(vec![(0, 0), (1, 1)]), &[0.0]);
    assert_same(&sum(vec![(1, 1), (0, 0)]), &[1.0]);
}

#[test]
fn integer_contractions_are_exact_at_their_edges() {
    let by = |a: TensorData, b: TensorData| {
        apply(Op::Contract { batch: vec![], contract: vec![(1, 1)] }, &[a, b]).remove(0).to_i32().unwrap()
    };
    for k in [0, 1, 31, 32, 33, 65_537] {
        let (low, ones) = (vec![-128i8; k], vec![-1i8; k]);
        let got = by(bytes(DType::I8, &[1, k], &low), bytes(DType::Trit, &[1, k], &ones));
        assert_eq!(got, [128 * k as i32]);
        let got = by(bytes(DType::I8, &[1, k], &low), bytes(DType::I8, &[1, k], &low));
        assert_eq!(got, [16_384 * k as i32]);
    }
    let mut random = Numbers(9);
    let (q, t) = (random.bytes(7 * 67), random.trits(5 * 67));
    let got = by(bytes(DType::I8, &[7, 67], &q), bytes(DType::Trit, &[5, 67], &t));
    for (i, got) in got.into_iter().enumerate() {
        let (row, column) = (i / 5, i % 5);
        let exact: i64 = (0..67).map(|k| i64::from(q[row * 67 + k]) * i64::from(t[column * 67 + k])).sum();
        assert_eq!(i64::from(got), exact);
    }
}

#[test]
fn no_rows_give_no_rows_and_no_terms_give_plus_zero() {
    let by = |a: TensorData, b: TensorData| {
        apply(Op::Contract { batch: vec![], contract: vec![(1, 1)] }, &[a, b]).remove(0)
    };
    assert_eq!(by(f32s(&[0, 3], &[]), f32s(&[2, 3], &[1.0; 6])).shape, [0, 2]);
    assert_same(&by(f32s(&[2, 0], &[]), f32s(&[1, 0], &[])), &[0.0, 0.0]);
}

#[test]
fn a_trit_of_zero_leaves_even_nan_out() {
    let x = f32s(&[1, 3], &[f32::NAN, 2.0, f32::INFINITY]);
    let t = bytes(DType::Trit, &[3, 3], &[0, 1, 0, 0, -1, 1, 1, 0, 0]);
    let got = apply(Op::Contract { batch: vec![], contract: vec![(1, 1)] }, &[x, t]).remove(0);
    assert_same(&got, &[2.0, f32::INFINITY, f32::NAN]);
}

struct Case {
    n: usize,
    c: usize,
    h: usize,
    w: usize,
    o: usize,
    kernel: [usize; 2],
    attributes: Conv2d,
}

/// Exact sum and sum of magnitudes of one output, by the definition of a convolution.
fn convolved(case: &Case, x: &[f64], w: &[f64], at: [usize; 4]) -> (f64, f64) {
    let Conv2d { stride, padding, dilation, groups, .. } = case.attributes;
    let (per_group, [n, o, row, column]) = (case.c / groups as usize, at);
    let group = o / (case.o / groups as usize);
    let (mut sum, mut magnitude) = (0.0, 0.0);
    for c in 0..per_group {
        for i in 0..case.kernel[0] {
            for j in 0..case.kernel[1] {
                let y = (row * stride[0] as usize + i * dilation[0] as usize) as i64 - i64::from(padding[0]);
                let z =
                    (column * stride[1] as usize + j * dilation[1] as usize) as i64 - i64::from(padding[1]);
                if y < 0 || z < 0 || y >= case.h as i64 || z >= case.w as i64 {
                    continue;
                }
                let left =
                    x[((n * case.c + group * per_group + c) * case.h + y as usize) * case.w + z as usize];
                let product = left * w[((o * per_group + c) * case.kernel[0] + i) * case.kernel[1] + j];
                sum += product;
                magnitude += product.abs();
            }
        }
    }
    (sum, magnitude)
}

#[test]
fn convolutions_agree_with_their_definition() {
    let mut random = Numbers(21);
    let mut outputs = 0;
    for _ in 0..60 {
        let groups = 1 + random.below(3);
        let mut two = |low: usize, below: usize| [low + random.below(below), low + random.below(below)];
        let (kernel, stride, padding, dilation) = (two(1, 3), two(1, 3), two(0, 3), two(1, 2));
        let as_u32 = |pair: [usize; 2]| pair.map(|n| n as u32);
        let attributes = Conv2d {
            stride: as_u32(stride),
            padding: as_u32(padding),
            dilation: as_u32(dilation),
            groups: groups as u32,
            kernel: None,
        };
        let case = Case {
            n: random.below(3),
            c: groups * (1 + random.below(3)),
            h: 5 + random.below(4),
            w: 5 + random.below(4),
            o: groups * (1 + random.below(3)),
            kernel,
            attributes,
        };
        let x_shape = [case.n, case.c, case.h, case.w];
        let w_shape = [case.o, case.c / groups, kernel[0], kernel[1]];
        let (x, w) = (random.floats(x_shape.iter().product()), random.floats(w_shape.iter().product()));
        let (q, t) = (random.bytes(x.len()), random.trits(w.len()));
        let float = apply(Op::Conv2d(attributes), &[f32s(&x_shape, &x), f32s(&w_shape, &w)]).remove(0);
        let exact = apply(
            Op::Conv2d(attributes),
            &[bytes(DType::I8, &x_shape, &q), bytes(DType::Trit, &w_shape, &t)],
        );
        let by_rows = Conv2d { kernel: Some(as_u32(kernel)), ..attributes };
        let rows = bytes(DType::Trit, &[case.o, w.len() / case.o], &t);
        let packed = evaluate(&[bytes(DType::I8, &x_shape, &q), rows], |b, values| {
            let ty = TensorType { encoding: Encoding::T2, ..b.ty(values[1]).clone() };
            let rows = b.push1(Op::Encode, vec![values[1]], ty);
            b.infer_push(Op::Conv2d(by_rows), vec![values[0], rows]).unwrap()
        });
        assert_eq!(packed, exact);
        let (float, exact, shape) = (float.to_f32().unwrap(), exact[0].to_i32().unwrap(), float.shape);
        let wide = |v: &[i8]| v.iter().map(|x| f64::from(*x)).collect::<Vec<_>>();
        let (x, w) = (
            x.into_iter().map(f64::from).collect::<Vec<_>>(),
            w.into_iter().map(f64::from).collect::<Vec<_>>(),
        );
        for i in 0..float.len() {
            let [_, o, h, width] = [shape[0], shape[1], shape[2], shape[3]];
            let at = [i / (o * h * width), i / (h * width) % o, i / width % h, i % width];
            let (sum, magnitude) = convolved(&case, &x, &w, at);
            assert_near(float[i], sum, magnitude);
            assert_eq!(f64::from(exact[i]), convolved(&case, &wide(&q), &wide(&t), at).0);
            outputs += 1;
        }
    }
    assert!(outputs > 1_000);
}

#[test]
fn padding_is_skipped_not_multiplied() {
    let attributes = Conv2d { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1, kernel: None };
    let mut w = [f32::INFINITY; 9];
    w[4] = 2.0;
    let got =
        apply(Op::Conv2d(attributes), &[f32s(&[1, 1, 1, 1], &[3.0]), f32s(&[1, 1, 3, 3], &w)]).remove(0);
    assert_same(&got, &[6.0]);
}

#[test]
fn pools_leave_padding_out() {
    let x = f32s(&[1, 1, 2, 3], &[-1.0, -2.0, -3.0, -4.0, -5.0, f32::NAN]);
    let pool = |kind, padding| {
        let op = Op::Pool2d(Pool2d { kind, size: [2, 2], stride: [1, 2], padding });
        apply(op, std::slice::from_ref(&x)).remove(0)
    };
    let max = pool(PoolKind::Max, [1, 1]);
    assert_eq!(max.shape, [1, 1, 3, 2]);
    assert_same(&max, &[-1.0, -2.0, -1.0, f32::NAN, -4.0, f32::NAN]);
    // Counts are of elements that exist: corners 1, edges 2, inside 4.
    let avg = pool(PoolKind::Avg, [1, 1]);
    assert_same(&avg, &[-1.0, -2.5, -2.5, f32::NAN, -4.0, f32::NAN]);
    assert_same(&pool(PoolKind::Avg, [0, 0]), &[-3.0]);
    let q = bytes(DType::I8, &[1, 1, 1, 2], &[-128, 127]);
    let op = Op::Pool2d(Pool2d { kind: PoolKind::Max, size: [1, 2], stride: [1, 1], padding: [0, 1] });
    assert_eq!(apply(op, &[q])[0].bytes, [128, 127, 127]);
}
