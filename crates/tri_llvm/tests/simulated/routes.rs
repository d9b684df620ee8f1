//! Routes and choices through clusters.

use tri_interp::Interpreter;
use tri_ir::{BinaryOp, DType, FunctionBuilder, FunctionId, Module, Op, SymbolInfo, Tile, verify};
use tri_kernel_ir::Fusion;
use tri_llvm::Target;

use crate::cases::{Case, Noise, dim, function, n, push, tensor};
use crate::machine::{Machine, assert_same};

#[test]
fn a_row_has_the_result_of_its_tiles_in_order_of_score() {
    for (top, weighted, by_index) in [(1, false, false), (2, true, false), (3, false, false), (1, true, true)]
    {
        let mut tile = FunctionBuilder::new("tile");
        tile.symbol(SymbolInfo { name: "n".to_owned(), min: 0, max: None, bound_inside: false });
        let rows = tensor(DType::F32, &[n(), dim(4)]);
        let (x, gain) = (tile.param(rows.clone()), tile.param(tensor(DType::F32, &[dim(4)])));
        let gain = tile.push1(Op::Broadcast, vec![gain], rows.clone());
        let scaled = push(&mut tile, Op::Binary(BinaryOp::Mul), &[x, gain]);
        let tile = tile.finish(vec![scaled]);

        let mut f = function();
        let x = f.param(rows);
        let scores = match by_index {
            true => f.param(tensor(DType::I32, &[n()])),
            false => f.param(tensor(DType::F32, &[n(), dim(3)])),
        };
        let gates = f.param(tensor(DType::F32, &[n(), dim(3)]));
        let gains = [(); 3].map(|()| f.param(tensor(DType::F32, &[dim(4)])));
        let tiles = vec![Tile { function: FunctionId(0), symbols: Vec::new(), captures: 1 }; 3];
        let mut arguments = vec![x, scores];
        arguments.extend(weighted.then_some(gates));
        arguments.extend(gains);
        let routed =
            f.push1(Op::Route { top, weighted, tiles }, arguments, tensor(DType::F32, &[n(), dim(4)]));
        let module = Module { functions: vec![tile, f.finish(vec![routed])], ..Module::default() };
        let module = verify(module).unwrap();
        let machine = Machine::new(&module, Fusion::Full, Target::ALL[3]).unwrap();
        for rows in [0, 1, 7, 100] {
            let mut noise = Noise(40);
            let mut data = vec![noise.f32s(&[rows, 4])];
            data.push(match by_index {
                true => noise.tensor(DType::I32, &[rows]),
                false => noise.tensor(DType::F32, &[rows, 3]),
            });
            data.push(noise.f32s(&[rows, 3]));
            data.extend((0..3).map(|_| noise.f32s(&[4])));
            let symbols = [rows as i64];
            let expected =
                Interpreter::new(&module).run_function(FunctionId(1), &symbols, &data, &mut []).unwrap();
            let found = machine.call(1, &symbols, &data, &mut []).unwrap();
            assert_same(DType::F32, &found[0], &expected[0].bytes, &format!("top {top}, n = {rows}"));
        }
    }
}

#[test]
fn the_nearest_tile_of_the_nearest_cluster_is_chosen() {
    let mut f = function();
    let x = f.param(tensor(DType::F32, &[n(), dim(9)]));
    let clusters = f.param(tensor(DType::Trit, &[dim(4), dim(9)]));
    let tiles = f.param(tensor(DType::Trit, &[dim(4), dim(5), dim(9)]));
    let chosen = push(&mut f, Op::ArgMaxClusters, &[x, clusters, tiles]);
    let case = Case::new(f.finish(vec![chosen]));
    let mut noise = Noise(41);
    for rows in [0, 1, 30] {
        let arguments = [
            noise.tensor(DType::F32, &[rows, 9]),
            noise.tensor(DType::Trit, &[4, 9]),
            noise.tensor(DType::Trit, &[4, 5, 9]),
        ];
        case.hold(&[rows as i64], &arguments, &format!("n = {rows}"));
    }
}
