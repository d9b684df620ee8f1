//! Quantisers replaced by their straight-through surrogates: digits times scale are the operand, and its derivative the identity.

use tri_interp::Interpreter;
use tri_ir::{TensorData, Verified};

const LINEAR: &str = r#"module "m"

fn @main(%0: f32[2, 4], %1: f32[3, 4]) -> (%12, %15) {
  %2, %3 = quantize_rows %0 : i8[2, 4], f32[2]
  %4, %5 = ternarize_rows %1 : trit[3, 4], f32[3]
  %6 = contract %2, %4 {batch [], contract [1:1]} : i32[2, 3]
  %7 = cast %6 : f32[2, 3]
  %8 = reshape %3 : f32[2, 1]
  %9 = broadcast %8 : f32[2, 3]
  %10 = mul %7, %9 : f32[2, 3]
  %11 = broadcast %5 : f32[2, 3]
  %12 = mul %10, %11 : f32[2, 3]
  %13 = cast %4 : i32[3, 4]
  %14 = reduce %13 {sum, axes [0]} : i32[4]
  %15 = sign %14 : i32[4]
}

entry "main" = @main {
  input "x" : f32[2, 4] axes ["2", "4"]
  input "w" : f32[3, 4] axes ["3", "4"]
  output f32[2, 3] axes ["2", "3"]
  output i32[4] axes ["4"]
}
"#;

fn call(module: &Verified, surrogates: bool, inputs: &[TensorData]) -> Vec<TensorData> {
    let interpreter = Interpreter::new(module);
    let interpreter = if surrogates { interpreter.with_surrogates() } else { interpreter };
    let weights = interpreter.bind(&[]).unwrap();
    interpreter.call("main", inputs, &weights, &mut []).unwrap()
}

#[test]
fn a_ternary_layer_becomes_the_float_layer_and_its_signature_stays() {
    let module = tri_ir::verify(tri_ir::parse(LINEAR).unwrap()).unwrap();
    let x = [0.5, -1.25, 3.0, 0.75, -2.0, 0.25, 1.0, 4.0f32];
    let w = [0.5, -0.25, 0.125, 1.0, -1.5, 0.75, 0.0, 0.25, 2.0, 0.5, -0.5, 0.75f32];
    let inputs =
        [TensorData::from_f32(vec![2, 4], &x).unwrap(), TensorData::from_f32(vec![3, 4], &w).unwrap()];
    let found = call(&module, true, &inputs);
    let y = found[0].to_f32().unwrap();
    for (row, x) in x.chunks(4).enumerate() {
        for (column, w) in w.chunks(4).enumerate() {
            let expected: f32 = x.iter().zip(w).map(|(x, w)| x * w).sum();
            assert!((y[row * 3 + column] - expected).abs() < 1e-5, "{y:?}");
        }
    }
    let rounded = call(&module, false, &inputs);
    assert_ne!(rounded[0], found[0]);
    // A cast to integers takes the digits that there really are.
    assert_eq!(rounded[1], found[1]);
}
