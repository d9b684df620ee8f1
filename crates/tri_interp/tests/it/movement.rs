//! Moving elements: each op against the index arithmetic of its definition.

use tri_interp::{Fault, InterpError, Interpreter};
use tri_ir::{DType, Dim, FunctionId, Op, Scalar, TensorData, parse, verify};

use crate::evaluate::{Numbers, apply, apply_to, assert_same, f32s, i32s, try_evaluate, ty};

/// A tensor that holds each element's own row-major index.
fn counted(shape: &[usize]) -> TensorData {
    let count: usize = shape.iter().product();
    f32s(shape, &(0..count).map(|i| i as f32).collect::<Vec<_>>())
}

/// Row-major index of a position.
fn index(shape: &[usize], position: &[usize]) -> usize {
    shape.iter().zip(position).fold(0, |at, (size, i)| at * size + i)
}

/// All positions of a shape, in order.
fn positions(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![Vec::new()], |positions, size| {
        positions
            .iter()
            .flat_map(|p| (0..*size).map(move |i| p.iter().copied().chain([i]).collect()))
            .collect()
    })
}

/// What a result of `shape` holds if each element comes from a position of the counted operand.
fn expected(from: &[usize], shape: &[usize], source: impl Fn(&[usize]) -> Vec<usize>) -> Vec<f32> {
    positions(shape).iter().map(|position| index(from, &source(position)) as f32).collect()
}

fn dims(sizes: &[usize]) -> Vec<Dim> {
    sizes.iter().map(|n| Dim::constant(*n as i64)).collect()
}

#[test]
fn broadcast_repeats_axes_of_length_one_and_missing_ones() {
    for (from, to) in
        [(vec![3, 1], vec![2, 3, 4]), (vec![], vec![2, 2]), (vec![1, 1], vec![0, 5]), (vec![2], vec![2])]
    {
        let got = apply_to(Op::Broadcast, &[counted(&from)], ty(DType::F32, &to));
        let source = |p: &[usize]| {
            let own = &p[to.len() - from.len()..];
            own.iter().zip(&from).map(|(i, size)| if *size == 1 { 0 } else { *i }).collect()
        };
        assert_same(&got, &expected(&from, &to, source));
    }
}

#[test]
fn permute_slice_and_concat_follow_their_definitions() {
    let mut random = Numbers(11);
    for _ in 0..200 {
        let rank = 1 + random.below(4);
        let shape: Vec<usize> = (0..rank).map(|_| random.below(5)).collect();
        let x = counted(&shape);

        let mut perm: Vec<u32> = (0..rank as u32).collect();
        perm.rotate_left(random.below(rank));
        let to: Vec<usize> = perm.iter().map(|axis| shape[*axis as usize]).collect();
        let got = apply(Op::Permute { perm: perm.clone() }, std::slice::from_ref(&x)).remove(0);
        let source = |p: &[usize]| {
            let mut from = vec![0; rank];
            perm.iter().zip(p).for_each(|(axis, i)| from[*axis as usize] = *i);
            from
        };
        assert_same(&got, &expected(&shape, &to, source));

        let starts: Vec<usize> = shape.iter().map(|size| random.below(size + 1)).collect();
        let steps: Vec<u32> = (0..rank).map(|_| 1 + random.below(3) as u32).collect();
        let to: Vec<usize> = (0..rank)
            .map(|axis| random.below((shape[axis] - starts[axis]).div_ceil(steps[axis] as usize) + 1))
            .collect();
        let op = Op::Slice { starts: dims(&starts), steps: steps.clone() };
        let got = apply_to(op, std::slice::from_ref(&x), ty(DType::F32, &to));
        let source =
            |p: &[usize]| (0..rank).map(|axis| starts[axis] + p[axis] * steps[axis] as usize).collect();
        assert_same(&got, &expected(&shape, &to, source));

        let axis = random.below(rank);
        let joined =
            apply(Op::Concat { axis: axis as u32 }, &[x.clone(), got_like(&shape, axis), x]).remove(0);
        let mut whole = shape.clone();
        whole[axis] = 2 * shape[axis] + 1;
        for (position, value) in positions(&whole).iter().zip(joined.to_f32().unwrap()) {
            let mut from = position.clone();
            if from[axis] == shape[axis] {
                assert_eq!(value, -1.0);
                continue;
            }
            from[axis] -= if from[axis] > shape[axis] { shape[axis] + 1 } else { 0 };
            assert_eq!(value, index(&shape, &from) as f32);
        }
    }
}

/// -1 everywhere, one long on an axis.
fn got_like(shape: &[usize], axis: usize) -> TensorData {
    let mut shape = shape.to_vec();
    shape[axis] = 1;
    f32s(&shape, &vec![-1.0; shape.iter().product()])
}

#[test]
fn pad_surrounds_and_gather_takes_rows() {
    let op = Op::Pad { low: dims(&[1, 0]), value: Scalar::f32(-0.0) };
    let got = apply_to(op, &[counted(&[1, 2])], ty(DType::F32, &[3, 3]));
    assert_same(&got, &[-0.0, -0.0, -0.0, 0.0, 1.0, -0.0, -0.0, -0.0, -0.0]);

    let got = apply(Op::Gather, &[counted(&[3, 2]), i32s(&[2, 2], &[2, 0, 1, 2])]).remove(0);
    assert_eq!(got.shape, [2, 2, 2]);
    assert_same(&got, &[4.0, 5.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    for (index, rows) in [(-1, 3), (3, 3), (i32::MIN, 3)] {
        let args = [counted(&[rows, 2]), i32s(&[1], &[index])];
        let error = try_evaluate(&args, |b, v| b.infer_push(Op::Gather, v.to_vec()).unwrap()).unwrap_err();
        let InterpError::Stopped { function, inst: 0, fault, .. } = error else { panic!("{error}") };
        assert_eq!((function.as_str(), fault), ("main", Fault::Index { index, rows }));
    }
}

#[test]
fn a_slice_that_leaves_its_operand_at_run_time_stops() {
    let text = "module \"m\"\nfn @f<N: 0 up, P: 0 up>(%0: f32[4]) -> (%1) {\n  %1 = slice %0 {starts [P], steps [2]} : f32[N]\n}";
    let module = verify(parse(text).unwrap()).unwrap();
    let run =
        |n, p| Interpreter::new(&module).run_function(FunctionId(0), &[n, p], &[counted(&[4])], &mut []);
    assert_same(&run(2, 1).unwrap()[0], &[1.0, 3.0]);
    assert_same(&run(0, 4).unwrap()[0], &[]);
    let stopped = |result: Result<_, InterpError>| match result {
        Err(InterpError::Stopped { fault, .. }) => fault,
        other => panic!("{other:?}"),
    };
    assert_eq!(stopped(run(2, 2)), Fault::Part { axis: 0, start: 2, end: 5, size: 4 });
    assert_eq!(stopped(run(0, 5)), Fault::Part { axis: 0, start: 5, end: 5, size: 4 });
    assert_eq!(stopped(run(i64::MAX, 0)), Fault::TooLarge);
    assert!(matches!(run(-1, 0), Err(InterpError::Limits { value: -1, .. })));
}
