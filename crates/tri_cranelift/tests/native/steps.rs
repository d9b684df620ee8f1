//! Schedules: memory, contractions, convolutions, calls, routes, states, and what stops a call.

use tri_cranelift::{Failure, FailureKind, Site};
use tri_ir::{BinaryOp, Conv2d, DType, Dim, Origin, Scalar, Symbol, SymbolInfo, UnaryOp};
use tri_kernel_ir::{
    BufferId, CallStep, Contraction, ContractionKind, Convolution, Expr, Module, Nest, OuterAxis, Place,
    RouteStep, RouteTile, Schedule, ScheduleId, Slot, SlotSize, Stage, StepKind,
};

use crate::build::{
    Exprs, Noise, access, assert_same_f32, buffer, call, dim, f32_bytes, i32_bytes, module, n, nest,
    one_result, schedule, store, to_f32, to_i32,
};
use crate::machine::{Call, run};

/// `to[i] = f(from[i])` for `i < n`.
fn map(
    from: u32,
    to: u32,
    f: impl FnOnce(&mut Exprs, tri_kernel_ir::ExprId) -> tri_kernel_ir::ExprId,
) -> StepKind {
    let mut exprs = Exprs::default();
    let load = exprs.add(Expr::Load(access(from, &[(0, dim(1))])));
    let value = f(&mut exprs, load);
    let stores = vec![store(access(to, &[(0, dim(1))]), value)];
    nest(Vec::new(), exprs, vec![Stage::Map { axes: vec![n()], stores }])
}

fn add(constant: f32) -> impl FnOnce(&mut Exprs, tri_kernel_ir::ExprId) -> tri_kernel_ir::ExprId {
    move |exprs, x| {
        let constant = exprs.add(Expr::Constant(Scalar::f32(constant)));
        exprs.add(Expr::Binary(BinaryOp::Add, x, constant))
    }
}

fn bytes(count: Dim) -> SlotSize {
    SlotSize::Bytes(count.mul(&dim(4)).unwrap())
}

#[test]
fn large_work_goes_through_the_pool_and_small_work_does_not() {
    let buffers =
        vec![buffer(DType::F32, vec![n()], Place::Param(0)), buffer(DType::F32, vec![n()], Place::Result(0))];
    let exp = map(0, 1, |exprs, x| exprs.add(Expr::Unary(UnaryOp::Exp, x)));
    let module = module(schedule(buffers, Vec::new(), vec![exp]));
    let x = Noise(1).f32s(100_003);
    let expected: Vec<f32> = x.iter().map(|x| tri_ir::math::exp(&mut tri_ir::math::Native, *x)).collect();
    for (count, parallel) in [(0, false), (100, false), (100_003, true)] {
        let outcome = call(&module, count as i64, &[&f32_bytes(&x[..count])]);
        assert_same_f32(&to_f32(&outcome.results[0]), &expected[..count], "exp");
        assert_eq!(outcome.ranges > 1, parallel, "{count}: {} ranges", outcome.ranges);
    }
}

#[test]
fn outer_axes_are_walked_in_every_part_of_a_range() {
    // A permuted copy [a, n, c] to [n, c, a], large enough to be cut.
    let (a, c) = (5i64, 7i64);
    let mut exprs = Exprs::default();
    let from = access(0, &[(0, dim(c)), (1, dim(1)), (2, n().mul(&dim(c)).unwrap())]);
    let load = exprs.add(Expr::Load(from));
    let to = access(1, &[(0, dim(c * a)), (1, dim(a)), (2, dim(1))]);
    let stage = Stage::Map { axes: vec![dim(a)], stores: vec![store(to, load)] };
    let buffers = vec![
        buffer(DType::I32, vec![dim(a), n(), dim(c)], Place::Param(0)),
        buffer(DType::I32, vec![n(), dim(c), dim(a)], Place::Result(0)),
    ];
    let module = module(schedule(buffers, Vec::new(), vec![nest(vec![n(), dim(c)], exprs, vec![stage])]));
    for count in [1i64, 3, 5000] {
        let x: Vec<i32> = (0..(a * count * c) as i32).collect();
        let outcome = call(&module, count, &[&i32_bytes(&x)]);
        let at = |i: i64, j: i64, k: i64| x[((i * count + j) * c + k) as usize];
        let expected: Vec<i32> = (0..count)
            .flat_map(|j| (0..c).flat_map(move |k| (0..a).map(move |i| (i, j, k))))
            .map(|(i, j, k)| at(i, j, k))
            .collect();
        assert_eq!(to_i32(&outcome.results[0]), expected);
        assert_eq!(outcome.ranges > 1, count == 5000);
    }
}

/// `[o, m, n]` of `[o, m, k]` by `[o, k, n]`, the right operand transposed in memory.
fn contraction(kind: ContractionKind, m: i64, k: i64) -> Contraction {
    let product = |dims: &[Dim]| Dim::product(dims).unwrap();
    let batch =
        OuterAxis { size: dim(3), strides: [dim(m * k), product(&[n(), dim(k)]), product(&[n(), dim(m)])] };
    let packed = matches!(kind, ContractionKind::I8T2 | ContractionKind::F32T2);
    Contraction {
        kind,
        outer: if packed { Vec::new() } else { vec![batch] },
        m: dim(m),
        n: n(),
        k: dim(k),
        lhs: BufferId(0),
        lhs_offset: dim(0),
        lhs_strides: [dim(k), dim(1)],
        rhs: BufferId(1),
        rhs_offset: dim(0),
        rhs_strides: [dim(1), dim(k)],
        out: BufferId(2),
        out_offset: dim(0),
        out_stride: n(),
        scales: None,
    }
}

#[test]
fn contractions_are_cut_into_blocks_of_rows_and_columns() {
    let (m, k) = (70i64, 9i64);
    let batch = || vec![dim(3), dim(m), n()];
    let buffers = vec![
        buffer(DType::F32, vec![dim(3), dim(m), dim(k)], Place::Param(0)),
        buffer(DType::F32, vec![dim(3), n(), dim(k)], Place::Param(1)),
        buffer(DType::F32, batch(), Place::Result(0)),
    ];
    let step = StepKind::Contraction(Box::new(contraction(ContractionKind::F32, m, k)));
    let module = module(schedule(buffers, Vec::new(), vec![step]));
    for columns in [0usize, 1, 255, 256, 300] {
        let (a, b) = (Noise(1).f32s((3 * m * k) as usize), Noise(2).f32s(3 * columns * k as usize));
        let found = one_result(&module, columns as i64, &[&f32_bytes(&a), &f32_bytes(&b)]);
        let mut expected = Vec::new();
        for (o, i, j) in
            (0..3).flat_map(|o| (0..m as usize).flat_map(move |i| (0..columns).map(move |j| (o, i, j))))
        {
            let (k, m) = (k as usize, m as usize);
            let (a, b) = (&a[(o * m + i) * k..][..k], &b[(o * columns + j) * k..][..k]);
            expected.push(a.iter().zip(b).fold(0f32, |acc, (a, b)| tri_ir::math::fma(*a, *b, acc)));
        }
        assert_same_f32(&to_f32(&found), &expected, "contraction");
    }
}

#[test]
fn packed_columns_are_rows_of_bytes() {
    let (m, k) = (3i64, 7i64);
    let columns = 600usize;
    let mut noise = Noise(3);
    let a: Vec<i8> = (0..m * k).map(|_| noise.next() as i8).collect();
    let w: Vec<i8> = (0..columns as i64 * k).map(|_| (noise.next() % 3) as i8 - 1).collect();
    let packed: Vec<u8> = w
        .chunks(k as usize)
        .flat_map(|row| {
            let codes =
                |four: &[i8]| (0..4).map(|i| ((four.get(i).unwrap_or(&0) + 1) as u8) << (2 * i)).sum::<u8>();
            row.chunks(4).map(codes).collect::<Vec<u8>>()
        })
        .collect();
    let mut weight = buffer(DType::Trit, vec![n(), dim(k)], Place::Param(1));
    weight.encoding = tri_ir::Encoding::T2;
    let buffers = vec![
        buffer(DType::I8, vec![dim(m), dim(k)], Place::Param(0)),
        weight,
        buffer(DType::I32, vec![dim(m), n()], Place::Result(0)),
    ];
    let step = StepKind::Contraction(Box::new(contraction(ContractionKind::I8T2, m, k)));
    let a_bytes: Vec<u8> = a.iter().map(|x| *x as u8).collect();
    let module = module(schedule(buffers, Vec::new(), vec![step]));
    let found = one_result(&module, columns as i64, &[&a_bytes, &packed]);
    let dot = |i: usize, j: usize| {
        let (a, w) = (&a[i * k as usize..][..k as usize], &w[j * k as usize..][..k as usize]);
        a.iter().zip(w).map(|(a, w)| i32::from(*a) * i32::from(*w)).sum::<i32>()
    };
    let expected: Vec<i32> =
        (0..m as usize).flat_map(|i| (0..columns).map(move |j| (i, j))).map(|(i, j)| dot(i, j)).collect();
    assert_eq!(to_i32(&found), expected);
}

#[test]
fn convolutions_pass_their_attributes() {
    // 4 channels in 2 groups to 6, 3 by 2 windows, stride 2 by 1, padding 1 by 0, dilation 1 by 2.
    let attributes = Conv2d { stride: [2, 1], padding: [1, 0], dilation: [1, 2], groups: 2, kernel: None };
    let (height, width, out_height, out_width) = (5i64, 6i64, 3i64, 4i64);
    let buffers = vec![
        buffer(DType::F32, vec![n(), dim(4), dim(height), dim(width)], Place::Param(0)),
        buffer(DType::F32, vec![dim(6), dim(2), dim(3), dim(2)], Place::Param(1)),
        buffer(DType::F32, vec![n(), dim(6), dim(out_height), dim(out_width)], Place::Result(0)),
    ];
    let step = StepKind::Convolution(Convolution {
        kind: ContractionKind::F32,
        depthwise: false,
        attributes,
        window: [dim(2), dim(3), dim(2)],
        input: BufferId(0),
        weight: BufferId(1),
        out: BufferId(2),
    });
    let (x, w) = (Noise(4).f32s((3 * 4 * height * width) as usize), Noise(5).f32s(6 * 2 * 3 * 2));
    let module = module(schedule(buffers, Vec::new(), vec![step]));
    let found = to_f32(&one_result(&module, 3, &[&f32_bytes(&x), &f32_bytes(&w)]));
    let mut expected = Vec::new();
    for image in 0..3i64 {
        for (o, h, c) in
            (0..6i64).flat_map(|o| (0..out_height).flat_map(move |h| (0..out_width).map(move |c| (o, h, c))))
        {
            let mut sum = 0f32;
            for (i, kh, kw) in
                (0..2i64).flat_map(|i| (0..3i64).flat_map(move |h| (0..2i64).map(move |w| (i, h, w))))
            {
                let (row, column) = (h * 2 + kh - 1, c + kw * 2);
                if (0..height).contains(&row) && (0..width).contains(&column) {
                    let at = ((image * 4 + o / 3 * 2 + i) * height + row) * width + column;
                    sum =
                        tri_ir::math::fma(x[at as usize], w[(((o * 2 + i) * 3 + kh) * 2 + kw) as usize], sum);
                }
            }
            expected.push(sum);
        }
    }
    assert_same_f32(&found, &expected, "convolution");
}

/// `y = x + 1 + 2` through a buffer in the workspace.
fn adds_three() -> Schedule {
    let buffers = vec![
        buffer(DType::F32, vec![n()], Place::Param(0)),
        buffer(DType::F32, vec![n()], Place::Slot(0)),
        buffer(DType::F32, vec![n()], Place::Result(0)),
    ];
    schedule(buffers, vec![Slot { sizes: vec![bytes(n())] }], vec![map(0, 1, add(1.0)), map(1, 2, add(2.0))])
}

#[test]
fn a_callee_has_its_own_workspace_frame_and_sizes() {
    // z = adds_three(2n elements of x, reshaped), then its state is what it was plus z.
    let double = n().mul(&dim(2)).unwrap();
    let buffers = vec![
        buffer(DType::F32, vec![n(), dim(2)], Place::Param(0)),
        buffer(DType::F32, vec![double.clone()], Place::Slot(1)),
        buffer(DType::F32, vec![double.clone()], Place::Alias(BufferId(0))),
        buffer(DType::F32, vec![double.clone()], Place::State(0)),
        buffer(DType::F32, vec![double.clone()], Place::Result(0)),
    ];
    let callee = CallStep {
        schedule: ScheduleId(0),
        symbols: vec![double.clone()],
        params: vec![BufferId(2)],
        results: vec![BufferId(1)],
        states: Vec::new(),
        workspace: 0,
    };
    let mut exprs = Exprs::default();
    let here = |buffer| access(buffer, &[(0, dim(1))]);
    let (old, z) = (exprs.add(Expr::Load(here(3))), exprs.add(Expr::Load(here(1))));
    let sum = exprs.add(Expr::Binary(BinaryOp::Add, old, z));
    let stores = vec![store(here(3), sum), store(here(4), sum)];
    let update = nest(Vec::new(), exprs, vec![Stage::Map { axes: vec![double.clone()], stores }]);
    let workspace = SlotSize::Workspace { schedule: ScheduleId(0), symbols: vec![double.clone()] };
    let slots = vec![Slot { sizes: vec![bytes(dim(1)), workspace] }, Slot { sizes: vec![bytes(double)] }];
    let caller = schedule(buffers, slots, vec![StepKind::Call(callee), update]);
    let module = Module { schedules: vec![adds_three(), caller] };
    let x = Noise(6).f32s(2 * 37);
    let state = Noise(7).f32s(2 * 37);
    let params = f32_bytes(&x);
    let call = Call { symbols: &[37], params: &[&params], states: vec![f32_bytes(&state)], threads: 1 };
    let outcome = run(&module, 1, &call);
    let expected: Vec<f32> = x.iter().zip(&state).map(|(x, s)| s + (x + 1.0 + 2.0)).collect();
    assert_same_f32(&to_f32(&outcome.results[0]), &expected, "result");
    assert_same_f32(&to_f32(&outcome.states[0]), &expected, "state");
    assert_eq!(outcome.failure, None);
}

/// Rows of an `f32[rows, 3]` table by `i32[n]`.
fn gather(rows: i64) -> Module {
    let mut exprs = Exprs::default();
    let row = exprs.add(Expr::Load(access(1, &[(0, dim(1))])));
    let value = exprs.add(Expr::GatherLoad {
        access: access(0, &[(1, dim(1))]),
        row,
        rows: dim(rows),
        stride: dim(9),
    });
    let stage =
        Stage::Map { axes: vec![dim(9)], stores: vec![store(access(2, &[(0, dim(9)), (1, dim(1))]), value)] };
    let buffers = vec![
        buffer(DType::F32, vec![dim(rows), dim(9)], Place::Param(0)),
        buffer(DType::I32, vec![n()], Place::Param(1)),
        buffer(DType::F32, vec![n(), dim(9)], Place::Result(0)),
    ];
    let mut schedule = schedule(buffers, Vec::new(), vec![nest(vec![n()], exprs, vec![stage])]);
    schedule.steps[0].origin = Some(Origin(77));
    module(schedule)
}

#[test]
fn gathers_read_rows_and_stop_at_rows_that_are_not_there() {
    let table = Noise(8).f32s(5 * 9);
    let bytes = f32_bytes(&table);
    let found = one_result(&gather(5), 4, &[&bytes, &i32_bytes(&[4, 0, 0, 2])]);
    let expected: Vec<f32> =
        [4, 0, 0, 2].iter().flat_map(|row| table[row * 9..(row + 1) * 9].to_vec()).collect();
    assert_same_f32(&to_f32(&found), &expected, "gather");
    let site = Site { schedule: 0, step: 0, origin: Some(Origin(77)) };
    for (rows, index) in [(5, 5), (5, -1), (5, i32::MIN), (0, 0)] {
        let outcome =
            call(&gather(rows), 3, &[&bytes[..rows as usize * 36], &i32_bytes(&[index, index, index])]);
        let expected = Failure { kind: FailureKind::RowOutOfRange, value: index.into(), site };
        assert_eq!(outcome.failure, Some(expected));
    }
}

/// `y[0..m]` is `x[0..m] + 1`, where m is the value of a buffer and at most n. Room for the part after m lies before it.
fn bound() -> Module {
    let m = Dim::var(Symbol(1));
    let rest = n().sub(&m).unwrap();
    let buffers = vec![
        buffer(DType::I32, Vec::new(), Place::Param(0)),
        buffer(DType::F32, vec![n()], Place::Param(1)),
        buffer(DType::F32, vec![m.clone()], Place::Slot(1)),
        buffer(DType::F32, vec![n()], Place::Result(0)),
        buffer(DType::F32, vec![rest.clone()], Place::Slot(0)),
    ];
    let part = |size: &Dim, from: u32, to: u32, constant: f32| {
        let mut step = map(from, to, add(constant));
        if let StepKind::Nest(Nest { stages, .. }) = &mut step {
            stages.iter_mut().for_each(|stage| {
                if let Stage::Map { axes, .. } = stage {
                    *axes = vec![size.clone()];
                }
            });
        }
        step
    };
    let bind = StepKind::BindDim { from: BufferId(0), symbol: Symbol(1), at_most: vec![(m.clone(), n())] };
    // What is written to the part before must not reach the part that is read last.
    let steps =
        vec![map(1, 3, add(0.0)), bind, part(&m, 1, 2, 1.0), part(&rest, 1, 4, 9.0), part(&m, 2, 3, 0.0)];
    let slots = vec![Slot { sizes: vec![bytes(rest.clone())] }, Slot { sizes: vec![bytes(m.clone())] }];
    let mut schedule = schedule(buffers, slots, steps);
    schedule.symbols.push(SymbolInfo { name: "m".to_owned(), min: 0, max: Some(64), bound_inside: true });
    module(schedule)
}

#[test]
fn sizes_bound_inside_are_checked_before_they_are_used() {
    let x = Noise(9).f32s(100);
    let params = f32_bytes(&x);
    for m in [0usize, 1, 33, 64] {
        let found = one_result(&bound(), 100, &[&i32_bytes(&[m as i32]), &params]);
        let expected: Vec<f32> =
            x.iter().enumerate().map(|(i, x)| if i < m { x + 1.0 } else { *x }).collect();
        assert_same_f32(&to_f32(&found), &expected, "bound");
    }
    let kinds = [(100, 65), (50, 51)].map(|(n, m)| (n, m, FailureKind::SizeTooLarge));
    for (n, m, kind) in kinds.into_iter().chain([(100, -3, FailureKind::NegativeSize)]) {
        let outcome = call(&bound(), n, &[&i32_bytes(&[m]), &params]);
        let site = Site { schedule: 0, step: 1, origin: None };
        assert_eq!(outcome.failure, Some(Failure { kind, value: m.into(), site }));
    }
}

#[test]
fn a_failure_in_a_callee_stops_the_caller() {
    let buffers = vec![
        buffer(DType::F32, vec![dim(5), dim(9)], Place::Param(0)),
        buffer(DType::I32, vec![n()], Place::Param(1)),
        buffer(DType::F32, vec![n(), dim(9)], Place::Slot(0)),
        buffer(DType::F32, vec![n()], Place::Result(0)),
    ];
    let callee = CallStep {
        schedule: ScheduleId(0),
        symbols: vec![n()],
        params: vec![BufferId(0), BufferId(1)],
        results: vec![BufferId(2)],
        states: Vec::new(),
        workspace: 1,
    };
    let slots = vec![Slot { sizes: vec![bytes(n().mul(&dim(9)).unwrap())] }, Slot { sizes: Vec::new() }];
    let caller = schedule(buffers, slots, vec![StepKind::Call(callee), map(2, 3, add(1.0))]);
    let module = Module { schedules: vec![gather(5).schedules.remove(0), caller] };
    let table = f32_bytes(&Noise(8).f32s(45));
    let indices = i32_bytes(&[1, 9]);
    let call = Call { symbols: &[2], params: &[&table, &indices], states: Vec::new(), threads: 1 };
    let outcome = run(&module, 1, &call);
    assert_eq!(outcome.failure.map(|failure| (failure.value, failure.site.schedule)), Some((9, 0)));
    assert!(outcome.results[0].iter().all(|byte| *byte == 0xa5), "the step after the call ran");
}

/// A tile: rows of `f32[n, 2]` times a captured factor.
fn scaling_tile() -> Schedule {
    let mut exprs = Exprs::default();
    let x = exprs.add(Expr::Load(access(0, &[(0, dim(2)), (1, dim(1))])));
    let factor = exprs.add(Expr::Load(access(1, &[])));
    let value = exprs.add(Expr::Binary(BinaryOp::Mul, x, factor));
    let stage =
        Stage::Map { axes: vec![dim(2)], stores: vec![store(access(2, &[(0, dim(2)), (1, dim(1))]), value)] };
    let buffers = vec![
        buffer(DType::F32, vec![n(), dim(2)], Place::Param(0)),
        buffer(DType::F32, Vec::new(), Place::Param(1)),
        buffer(DType::F32, vec![n(), dim(2)], Place::Result(0)),
    ];
    schedule(buffers, Vec::new(), vec![nest(vec![n()], exprs, vec![stage])])
}

#[test]
fn rows_go_to_their_tiles_and_come_back_weighted_in_order_of_score() {
    let lanes = RouteStep::LANES as i64;
    let (rows, chunk) = (|| vec![n(), dim(2)], || vec![dim(RouteStep::TOGETHER * lanes), dim(2)]);
    let buffers = vec![
        buffer(DType::F32, rows(), Place::Param(0)),
        buffer(DType::F32, vec![n(), dim(3)], Place::Param(1)),
        buffer(DType::F32, vec![n(), dim(3)], Place::Param(2)),
        buffer(DType::F32, Vec::new(), Place::Param(3)),
        buffer(DType::F32, Vec::new(), Place::Param(4)),
        buffer(DType::F32, rows(), Place::Result(0)),
        buffer(DType::I32, rows(), Place::Slot(0)),
        buffer(DType::I32, vec![n()], Place::Slot(1)),
        buffer(DType::I32, vec![n().add(&dim(1)).unwrap()], Place::Slot(2)),
        buffer(DType::I32, vec![dim(4)], Place::Slot(3)),
        buffer(DType::F32, chunk(), Place::Slot(4)),
        buffer(DType::F32, chunk(), Place::Slot(5)),
    ];
    let tile = |capture| RouteTile {
        schedule: ScheduleId(0),
        symbols: Vec::new(),
        captures: vec![BufferId(capture)],
    };
    let route = |gates| {
        StepKind::Route(RouteStep {
            rows: n(),
            top: 2,
            x: BufferId(0),
            scores: BufferId(1),
            gates,
            out: BufferId(5),
            tiles: vec![tile(3), tile(4), tile(3)],
            scratch: [6, 7, 8, 9, 10, 11].map(BufferId),
            workspaces: [6, 7, 8, 9],
        })
    };
    let two = || bytes(n().mul(&dim(2)).unwrap());
    let (more, room) = (n().add(&dim(1)).unwrap(), || bytes(dim(2 * RouteStep::TOGETHER * lanes)));
    let sizes = [two(), bytes(n()), bytes(more), bytes(dim(4)), room(), room()];
    let mut slots: Vec<Slot> = sizes.into_iter().map(|size| Slot { sizes: vec![size] }).collect();
    let symbols = vec![dim(RouteStep::TOGETHER)];
    let tiles = SlotSize::Workspace { schedule: ScheduleId(0), symbols };
    slots.extend(vec![Slot { sizes: vec![tiles] }; RouteStep::LANES]);
    // Many are shared among threads.
    for (count, threads) in [(0usize, 1), (1, 2), (2, 1), (50, 1), (200, 2), (70_000, 1), (70_000, 3)] {
        let (x, gates) = (Noise(1).f32s(2 * count), Noise(3).f32s(3 * count));
        // Tile 1 is never chosen first, and not at all by an even row.
        let scores: Vec<f32> = (0..count)
            .flat_map(|row| if row % 2 == 0 { [1.0, f32::NAN, 1.0] } else { [0.0, 1.0, 2.0] })
            .collect();
        let factors = [10.0f32, 0.3, 10.0];
        for weighted in [true, false] {
            let step = route(weighted.then_some(BufferId(2)));
            let caller = schedule(buffers.clone(), slots.clone(), vec![step]);
            let module = Module { schedules: vec![scaling_tile(), caller] };
            let (x_bytes, scores, gate_bytes) = (f32_bytes(&x), f32_bytes(&scores), f32_bytes(&gates));
            let (first, second) = (f32_bytes(&factors[..1]), f32_bytes(&factors[1..2]));
            let params = [x_bytes.as_slice(), &scores, &gate_bytes, &first, &second];
            let call = Call { symbols: &[count as i64], params: &params, states: Vec::new(), threads };
            let outcome = run(&module, 1, &call);
            let mut expected = Vec::new();
            for (row, column) in (0..count).flat_map(|row| [(row, 0), (row, 1)]) {
                let output = |tile: usize| {
                    let y = x[2 * row + column] * factors[tile];
                    if weighted { y * gates[3 * row + tile] } else { y }
                };
                let [best, next] = if row % 2 == 0 { [0, 2] } else { [2, 1] };
                expected.push(output(best) + output(next));
            }
            assert_same_f32(&to_f32(&outcome.results[0]), &expected, "route");
        }
    }
}

#[test]
fn bytes_computed_four_at_a_time_are_stored_whole_in_packed_buffers() {
    let mut exprs = Exprs::default();
    let x = exprs.add(Expr::Load(access(0, &[(0, dim(1))])));
    let value = exprs.add(Expr::Cast(DType::U8, x));
    let stores = vec![store(access(1, &[(0, dim(1))]), value)];
    let mut packed = buffer(DType::Trit, vec![n(), dim(4)], Place::Result(0));
    packed.encoding = tri_ir::Encoding::T2;
    let buffers = vec![buffer(DType::I32, vec![n()], Place::Param(0)), packed];
    let step = nest(Vec::new(), exprs, vec![Stage::Map { axes: vec![n()], stores }]);
    let x: Vec<i32> = (0..171).collect();
    let found = one_result(&module(schedule(buffers, Vec::new(), vec![step])), 171, &[&i32_bytes(&x)]);
    assert_eq!(found, (0..171).collect::<Vec<u8>>());
}
