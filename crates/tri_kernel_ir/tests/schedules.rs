//! Every schedule verifies, and fusion leaves few steps.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tri_ir::{
    BinaryOp, Conv2d, DType, Dim, Encoding, Function, FunctionBuilder, Op, Quantizer, ReduceOp, Scalar,
    Symbol, SymbolInfo, TensorType, UnaryOp,
};
use tri_kernel_ir::{
    ContractionKind, Fusion, Module, ScheduleId, StepKind, attach, kernel_name, schedule, schedule_function,
    slot_offsets, verify, workspace_bytes,
};

fn scheduled(function: Function, fusion: Fusion) -> Module {
    let module =
        tri_ir::Module { name: "test".into(), functions: vec![function], ..tri_ir::Module::default() };
    let module = tri_ir::verify(module).unwrap();
    verify(schedule(&module, fusion).unwrap()).unwrap().into_inner()
}

fn dim(n: i64) -> Dim {
    Dim::constant(n)
}

/// Quantise, ternary product, dequantise, relu, softmax: a layer as in the digits model.
fn layer() -> Function {
    let mut b = FunctionBuilder::new("layer");
    b.symbol(SymbolInfo { name: "B".into(), min: 0, max: None, bound_inside: false });
    let batch = Dim::var(Symbol(0));
    let x = b.param(TensorType::new(DType::F32, vec![batch.clone(), dim(64)]));
    let w = b
        .param(TensorType { encoding: Encoding::T2, ..TensorType::new(DType::Trit, vec![dim(10), dim(64)]) });
    let quantized = b.infer_push(Op::Quantize(Quantizer::QuantizeRows), vec![x]).unwrap();
    let sum =
        b.infer_push1(Op::Contract { batch: vec![], contract: vec![(1, 1)] }, vec![quantized[0], w]).unwrap();
    let wide = TensorType::new(DType::F32, vec![batch.clone(), dim(10)]);
    let sum = b.push1(Op::Cast, vec![sum], wide.clone());
    let column = TensorType::new(DType::F32, vec![batch, dim(1)]);
    let scale = b.push1(Op::Reshape, vec![quantized[1]], column);
    let scale = b.push1(Op::Broadcast, vec![scale], wide.clone());
    let scaled = b.infer_push1(Op::Binary(BinaryOp::Mul), vec![sum, scale]).unwrap();
    let zero = b.push1(Op::Constant(Scalar::f32(0.0)), vec![], wide);
    let relu = b.infer_push1(Op::Binary(BinaryOp::Max), vec![scaled, zero]).unwrap();
    let result = b.infer_push1(Op::Softmax { axis: 1 }, vec![relu]).unwrap();
    b.finish(vec![result])
}

#[test]
fn a_layer_is_three_steps() {
    let module = scheduled(layer(), Fusion::Full);
    let steps: Vec<&str> = module.schedules[0]
        .steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::Nest(nest) => nest.name.as_str(),
            StepKind::Contraction(_) => "contraction",
            StepKind::QuantizeRows(_) => "quantize_rows",
            _ => "other",
        })
        .collect();
    assert_eq!(steps, ["quantize_rows", "contraction", "softmax+max+mul"]);
    // Without fusion all but the reshape, which is another name for memory.
    assert_eq!(scheduled(layer(), Fusion::None).schedules[0].steps.len(), 8);
}

/// A convolution of `channels` channels in `groups` groups.
fn is_depthwise(channels: i64, groups: u32) -> bool {
    let mut b = FunctionBuilder::new("convolution");
    let x = b.param(TensorType::new(DType::F32, vec![dim(2), dim(channels), dim(8), dim(8)]));
    let window = channels / i64::from(groups);
    let w = b.param(TensorType::new(DType::F32, vec![dim(8), dim(window), dim(3), dim(3)]));
    let attributes = Conv2d { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups, kernel: None };
    let y = b.infer_push1(Op::Conv2d(attributes), vec![x, w]).unwrap();
    let module = scheduled(b.finish(vec![y]), Fusion::Full);
    module.schedules[0].steps.iter().any(|step| match &step.kind {
        StepKind::Convolution(convolution) => convolution.depthwise,
        _ => false,
    })
}

#[test]
fn a_convolution_of_each_channel_by_itself_has_a_kernel() {
    assert!(is_depthwise(8, 8));
    assert!(is_depthwise(4, 4), "with two results a channel");
    assert!(!is_depthwise(8, 4));
    assert!(!is_depthwise(8, 1));
}

#[test]
fn packed_weights_of_a_convolution_are_read_as_they_are() {
    let mut b = FunctionBuilder::new("convolution");
    let x = b.param(TensorType::new(DType::I8, vec![dim(2), dim(6), dim(8), dim(8)]));
    let rows = TensorType::new(DType::Trit, vec![dim(4), dim(27)]);
    let w = b.param(TensorType { encoding: Encoding::T2, ..rows });
    let kernel = Some([3, 3]);
    let attributes = Conv2d { stride: [1, 1], padding: [1, 1], dilation: [1, 1], groups: 2, kernel };
    let y = b.infer_push1(Op::Conv2d(attributes), vec![x, w]).unwrap();
    let module = scheduled(b.finish(vec![y]), Fusion::Full);
    let [step] = module.schedules[0].steps.as_slice() else { panic!("one step") };
    let StepKind::Convolution(convolution) = &step.kind else { panic!("a convolution") };
    assert_eq!(convolution.kind, ContractionKind::I8T2);
    assert_eq!(convolution.window, [dim(3), dim(3), dim(3)]);
    assert_eq!(kernel_name(&step.kind), "i8_trit_conv2d");
    let mut damaged = module.clone();
    let StepKind::Convolution(convolution) = &mut damaged.schedules[0].steps[0].kind else { panic!() };
    convolution.window[0] = dim(4);
    let error = verify(damaged).unwrap_err().to_string();
    assert!(error.contains("weight does not fit its window"), "{error}");
}

#[test]
fn a_layer_prints_for_people() {
    insta::assert_snapshot!(scheduled(layer(), Fusion::Full));
}

#[test]
fn slots_hold_their_buffers() {
    let module = scheduled(layer(), Fusion::Full);
    // i8[7, 64], f32[7] and i32[7, 10], which live at once.
    assert_eq!(slot_offsets(&module, ScheduleId(0), &[7]), Ok(vec![0, 448, 512]));
    assert_eq!(workspace_bytes(&module, ScheduleId(0), &[7]), Ok(832));
    assert!(workspace_bytes(&module, ScheduleId(0), &[i64::MAX]).is_err());
}

#[test]
fn empty_and_scalar_tensors_have_schedules() {
    for (shape, axes) in [(vec![], vec![]), (vec![dim(0), dim(3)], vec![0, 1])] {
        let mut b = FunctionBuilder::new("f");
        let x = b.param(TensorType::new(DType::F32, shape));
        let e = b.infer_push1(Op::Unary(UnaryOp::Exp), vec![x]).unwrap();
        let sum = b.infer_push1(Op::Reduce { op: ReduceOp::Sum, axes }, vec![e]).unwrap();
        let function = b.finish(vec![sum, x, sum]);
        scheduled(function.clone(), Fusion::None);
        let module = scheduled(function, Fusion::Full);
        // A result that is a parameter, and one given twice, are copies.
        assert_eq!(module.schedules[0].steps.len(), 3);
    }
}

#[test]
fn damage_is_found() {
    let module = scheduled(layer(), Fusion::Full);
    let mut damaged = module.clone();
    damaged.schedules[0].buffers[0].dtype = DType::I8;
    assert!(verify(damaged).is_err());
    let mut damaged = module;
    damaged.schedules[0].params.clear();
    assert!(verify(damaged).is_err());
}

#[test]
fn a_detached_function_has_the_schedule_that_it_has_in_its_module() {
    let text = r#"module "m"

fn @first<B: 0 up>(%0: f32[B, 4]) -> (%1) {
  %1 = add %0, %0 : f32[B, 4]
}

fn @second<B: 0 up>(%0: f32[B, 4]) -> (%1) {
  %1 = mul %0, %0 : f32[B, 4]
}

fn @main<B: 0 up>(%0: f32[B, 4]) -> (%3) {
  %1 = call %0 {@second, symbols [B], states []} : f32[B, 4]
  %2 = call %1 {@first, symbols [B], states []} : f32[B, 4]
  %3 = call %2 {@second, symbols [B], states []} : f32[B, 4]
}

entry "main" = @main {
  input "x" : f32[B, 4] axes ["B", "4"]
  output f32[B, 4] axes ["B", "4"]
}
"#;
    let mut module = tri_ir::parse(text).unwrap();
    for (at, inst) in (5..).zip(module.functions.iter_mut().flat_map(|function| &mut function.insts)) {
        inst.origin = Some(tri_ir::Origin(at));
    }
    let module = tri_ir::verify(module).unwrap();
    for fusion in [Fusion::None, Fusion::Full] {
        let whole = schedule(&module, fusion).unwrap();
        for (function, expected) in module.functions.iter().zip(&whole.schedules) {
            let (detached, links) = tri_ir::detach(function);
            assert_eq!(attach(&schedule_function(&detached, fusion).unwrap(), &links), *expected);
        }
    }
}

/// What a weight of 6 rows that is ternarized and packed becomes, where its digits are the result too or not.
fn packing(quantizer: Quantizer, width: i64, keeps_digits: bool, fusion: Fusion) -> Vec<String> {
    let mut b = FunctionBuilder::new("pack");
    let w = b.param(TensorType::new(DType::F32, vec![dim(6), dim(width)]));
    let made = b.infer_push(Op::Quantize(quantizer), vec![w]).unwrap();
    let packed = TensorType { encoding: Encoding::T2, ..b.ty(made[0]).clone() };
    let packed = b.push1(Op::Encode, vec![made[0]], packed);
    let results = [vec![packed, made[1]], if keeps_digits { vec![made[0]] } else { vec![] }].concat();
    let module = scheduled(b.finish(results), fusion);
    let name = |step: &tri_kernel_ir::Step| match step.kind {
        StepKind::QuantizeRows(_) => tri_kernel_ir::kernel_name(&step.kind),
        _ => "nest".to_owned(),
    };
    module.schedules[0].steps.iter().map(name).collect()
}

#[test]
fn weights_are_ternarized_and_packed_in_one_step() {
    let groups = |group| Quantizer::TernarizeGroups { group };
    let alone = |quantizer, width| packing(quantizer, width, false, Fusion::Full);
    assert_eq!(alone(Quantizer::TernarizeRows, 15), ["ternarize_rows"]);
    assert_eq!(alone(groups(8), 16), ["ternarize_rows"], "a group begins with a byte");
    assert_eq!(alone(groups(2), 16), ["nest"; 2]);
    assert_eq!(alone(Quantizer::TernarizeTensor, 16), ["ternarize_tensor"], "rows begin with bytes");
    assert_eq!(alone(Quantizer::TernarizeTensor, 15), ["nest"; 2]);
    assert_eq!(alone(Quantizer::TernarizeTwn, 16), ["nest"; 2], "another threshold");
    assert_eq!(packing(Quantizer::TernarizeRows, 16, true, Fusion::Full), ["nest"; 2], "digits are used");
    assert_eq!(packing(Quantizer::TernarizeRows, 16, false, Fusion::None), ["nest"; 2]);
}
