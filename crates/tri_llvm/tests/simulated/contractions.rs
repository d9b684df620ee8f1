//! Contractions and convolutions of every kind.

use tri_ir::{BinaryOp, Conv2d, DType, Encoding, Op, Quantizer, TensorType};

use crate::cases::{Case, Noise, dim, function, n, push, tensor};

/// Operands whose products are made by tiles.
const TILED: [(DType, DType); 5] = [
    (DType::F32, DType::F32),
    (DType::Bf16, DType::Bf16),
    (DType::F16, DType::F16),
    (DType::F32, DType::Trit),
    (DType::I8, DType::I8),
];

/// Kernels whose rows end within a byte, and with one.
const KERNELS: [[u32; 2]; 3] = [[3, 3], [1, 1], [3, 2]];

/// `a[n, k] b[k, 9]` and `a[n, k] b[9, k]`.
fn products(left: DType, right: DType, lengths: &[i64]) {
    for k in lengths {
        let mut f = function();
        let a = f.param(tensor(left, &[n(), dim(*k)]));
        let b = f.param(tensor(right, &[dim(*k), dim(9)]));
        let c = f.param(tensor(right, &[dim(9), dim(*k)]));
        let by = |axis| Op::Contract { batch: Vec::new(), contract: vec![(1, axis)] };
        let results = vec![push(&mut f, by(0), &[a, b]), push(&mut f, by(1), &[a, c])];
        let case = Case::new(f.finish(results));
        let mut noise = Noise(30);
        let k = *k as usize;
        for rows in [0, 1, 5] {
            let shapes = [(left, [rows, k]), (right, [k, 9]), (right, [9, k])];
            let ordinary = shapes.map(|(dtype, shape)| match dtype {
                DType::F32 => noise.f32s(&shape),
                other => noise.tensor(other, &shape),
            });
            case.hold(&[rows as i64], &ordinary, &format!("{left:?} by {right:?}, k = {k}, n = {rows}"));
            let any = shapes.map(|(dtype, shape)| noise.tensor(dtype, &shape));
            case.hold(&[rows as i64], &any, &format!("any {left:?} by {right:?}, k = {k}, n = {rows}"));
        }
    }
}

#[test]
fn contractions_keep_one_chain() {
    for (left, right) in TILED.into_iter().chain([(DType::I8, DType::Trit)]) {
        products(left, right, &[0, 1, 37]);
    }
}

/// Blocks of 64 rows by 64 columns, whole ones and what is left at each end, with neighbours in k, in columns and in rows.
#[test]
fn tiles_keep_one_chain_at_ragged_sizes() {
    for (left, right) in TILED {
        for [columns, k] in [[67, 37], [9, 0]] {
            let mut f = function();
            let a = f.param(tensor(left, &[n(), dim(k)]));
            let turned = f.param(tensor(left, &[dim(k), n()]));
            let b = f.param(tensor(right, &[dim(k), dim(columns)]));
            let c = f.param(tensor(right, &[dim(columns), dim(k)]));
            let by = |left, right| Op::Contract { batch: Vec::new(), contract: vec![(left, right)] };
            let results = [(1, a, 0, b), (1, a, 1, c), (0, turned, 0, b), (0, turned, 1, c)];
            let results = results.map(|(i, x, j, y)| push(&mut f, by(i, j), &[x, y]));
            let case = Case::new(f.finish(results.to_vec()));
            let mut noise = Noise(36);
            let (columns, k) = (columns as usize, k as usize);
            for rows in [16, 70] {
                let shapes =
                    [(left, [rows, k]), (left, [k, rows]), (right, [k, columns]), (right, [columns, k])];
                let arguments = shapes.map(|(dtype, shape)| match dtype {
                    DType::F32 if rows != 16 => noise.f32s(&shape),
                    other => noise.tensor(other, &shape),
                });
                let what = format!("{left:?} by {right:?}, {rows} rows, {columns} columns, k = {k}");
                case.hold(&[rows as i64], &arguments, &what);
            }
        }
    }
}

#[test]
fn packed_weights_are_exact_at_every_length() {
    // Around words, loads of 16 bytes, and what all lanes of a warp load.
    for (left, k) in [(DType::I8, 3), (DType::I8, 64), (DType::I8, 100), (DType::I8, 2560), (DType::F32, 70)]
    {
        for columns in [1, 4, 9] {
            let mut f = function();
            let a = f.param(tensor(left, &[n(), dim(k)]));
            let w = f.param(tensor(DType::Trit, &[dim(columns), dim(k)]));
            let mut packed = tensor(DType::Trit, &[dim(columns), dim(k)]);
            packed.encoding = Encoding::T2;
            let packed = f.push1(Op::Encode, vec![w], packed);
            let product = Op::Contract { batch: Vec::new(), contract: vec![(1, 1)] };
            let result = push(&mut f, product, &[a, packed]);
            let case = Case::new(f.finish(vec![result]));
            let mut noise = Noise(31);
            let (columns, k) = (columns as usize, k as usize);
            // More rows go to tensor cores, where k allows it.
            for rows in [1, 3, 20, 70] {
                let arguments = [noise.tensor(left, &[rows, k]), noise.tensor(DType::Trit, &[columns, k])];
                case.hold(
                    &[rows as i64],
                    &arguments,
                    &format!("{left:?}, k = {k}, {columns} columns, n = {rows}"),
                );
            }
        }
    }
}

#[test]
fn weights_are_ternarized_and_packed_as_in_the_interpreter() {
    use Quantizer::{TernarizeRows, TernarizeTensor};
    for (quantizer, k) in
        [1, 6, 16, 50].map(|k| (TernarizeRows, k)).into_iter().chain([(TernarizeTensor, 16)])
    {
        let mut f = function();
        let x = f.param(tensor(DType::I8, &[n(), dim(k)]));
        let w = f.param(tensor(DType::F32, &[dim(5), dim(k)]));
        let made = f.infer_push(Op::Quantize(quantizer), vec![w]).unwrap();
        let mut packed = tensor(DType::Trit, &[dim(5), dim(k)]);
        packed.encoding = Encoding::T2;
        let packed = f.push1(Op::Encode, vec![made[0]], packed);
        let product = Op::Contract { batch: Vec::new(), contract: vec![(1, 1)] };
        let result = push(&mut f, product, &[x, packed]);
        let case = Case::new(f.finish(vec![result, made[1]]));
        let (mut noise, k) = (Noise(36), k as usize);
        for w in [noise.f32s(&[5, k]), noise.tensor(DType::F32, &[5, k])] {
            case.hold(&[9], &[noise.tensor(DType::I8, &[9, k]), w], &format!("{quantizer:?}, k = {k}"));
        }
    }
}

#[test]
fn sums_are_scaled_by_row_and_column_and_as_a_whole() {
    for k in [5, 64, 200, 320] {
        let mut f = function();
        let x = f.param(tensor(DType::F32, &[n(), dim(k)]));
        let w = f.param(tensor(DType::Trit, &[dim(9), dim(k)]));
        let columns = f.param(tensor(DType::F32, &[dim(9)]));
        let all = f.param(tensor(DType::F32, &[dim(1)]));
        let quantized = f.infer_push(Op::Quantize(Quantizer::QuantizeRows), vec![x]).unwrap();
        let mut packed = tensor(DType::Trit, &[dim(9), dim(k)]);
        packed.encoding = Encoding::T2;
        let packed = f.push1(Op::Encode, vec![w], packed);
        let product = Op::Contract { batch: Vec::new(), contract: vec![(1, 1)] };
        let sums = push(&mut f, product, &[quantized[0], packed]);
        let result = tensor(DType::F32, &[n(), dim(9)]);
        let sums = f.push1(Op::Cast, vec![sums], result.clone());
        let rows = f.push1(Op::Reshape, vec![quantized[1]], tensor(DType::F32, &[n(), dim(1)]));
        let rows = f.push1(Op::Broadcast, vec![rows], result.clone());
        let by_rows = push(&mut f, Op::Binary(BinaryOp::Mul), &[sums, rows]);
        let columns = f.push1(Op::Broadcast, vec![columns], result.clone());
        let scaled = push(&mut f, Op::Binary(BinaryOp::Mul), &[by_rows, columns]);
        let all = f.push1(Op::Broadcast, vec![all], result);
        let scaled = push(&mut f, Op::Binary(BinaryOp::Mul), &[scaled, all]);
        let case = Case::new(f.finish(vec![scaled]));
        let (mut noise, k) = (Noise(35), k as usize);
        for rows in [0, 1, 6, 17] {
            let w = noise.tensor(DType::Trit, &[9, k]);
            let (columns, all) = (noise.f32s(&[9]), noise.f32s(&[1]));
            for x in [noise.f32s(&[rows, k]), noise.tensor(DType::F32, &[rows, k])] {
                case.hold(
                    &[rows as i64],
                    &[x, w.clone(), columns.clone(), all.clone()],
                    &format!("k = {k}, n = {rows}"),
                );
            }
        }
    }
}

#[test]
fn batches_are_apart() {
    let mut f = function();
    let a = f.param(tensor(DType::F32, &[dim(3), n(), dim(8)]));
    let b = f.param(tensor(DType::F32, &[dim(3), n(), dim(8)]));
    let scores = push(&mut f, Op::Contract { batch: vec![(0, 0)], contract: vec![(2, 2)] }, &[a, b]);
    let case = Case::new(f.finish(vec![scores]));
    for rows in [0, 1, 6, 66] {
        let arguments = [Noise(32).f32s(&[3, rows, 8]), Noise(33).f32s(&[3, rows, 8])];
        case.hold(&[rows as i64], &arguments, &format!("n = {rows}"));
    }
}

#[test]
fn convolutions_skip_padding() {
    let attributes = [
        Conv2d { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 1, kernel: None },
        Conv2d { stride: [2, 1], padding: [0, 2], dilation: [1, 2], groups: 2, kernel: None },
        Conv2d { stride: [1, 2], padding: [0, 0], dilation: [2, 1], groups: 1, kernel: None },
        Conv2d { stride: [1, 1], padding: [2, 1], dilation: [1, 1], groups: 4, kernel: None },
    ];
    for (left, right) in [(DType::F32, DType::F32), (DType::F32, DType::Trit), (DType::I8, DType::I8)] {
        for conv in attributes {
            let mut f = function();
            let seen = 8 / i64::from(conv.groups);
            let x = f.param(tensor(left, &[n(), dim(8), dim(6), dim(5)]));
            let w = f.param(tensor(right, &[dim(68), dim(seen), dim(3), dim(2)]));
            let y = push(&mut f, Op::Conv2d(conv), &[x, w]);
            let case = Case::new(f.finish(vec![y]));
            let mut noise = Noise(34);
            for images in [0, 1, 5] {
                let arguments =
                    [noise.tensor(left, &[images, 8, 6, 5]), noise.tensor(right, &[68, seen as usize, 3, 2])];
                case.hold(
                    &[images as i64],
                    &arguments,
                    &format!("{left:?} by {right:?}, {conv:?}, n = {images}"),
                );
            }
        }
    }
}

#[test]
fn convolutions_read_packed_rows() {
    let convs = [([1, 1], [1, 1], 1), ([2, 1], [0, 2], 2), ([1, 1], [1, 0], 8)];
    for ((stride, padding, groups), kernel) in
        convs.into_iter().flat_map(|conv| KERNELS.map(|kernel| (conv, kernel)))
    {
        let conv = Conv2d { stride, padding, dilation: [1, 1], groups, kernel: Some(kernel) };
        let row = 8 / i64::from(groups) * i64::from(kernel[0] * kernel[1]);
        let mut f = function();
        let x = f.param(tensor(DType::I8, &[n(), dim(8), dim(6), dim(5)]));
        let w = f.param(tensor(DType::Trit, &[dim(72), dim(row)]));
        let rows = TensorType { encoding: Encoding::T2, ..tensor(DType::Trit, &[dim(72), dim(row)]) };
        let rows = f.push1(Op::Encode, vec![w], rows);
        let y = push(&mut f, Op::Conv2d(conv), &[x, rows]);
        let case = Case::new(f.finish(vec![y]));
        let mut noise = Noise(35);
        for images in [0, 1, 3] {
            let shapes = [(DType::I8, vec![images, 8, 6, 5]), (DType::Trit, vec![72, row as usize])];
            let arguments = shapes.map(|(dtype, shape)| noise.tensor(dtype, &shape));
            case.hold(&[images as i64], &arguments, &format!("{conv:?}, n = {images}"));
        }
    }
}
