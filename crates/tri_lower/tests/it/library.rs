//! Every layer and function of the standard library, against a formulation in f64.

use crate::support::{Model, assert_close, numbers};
use tri_ir::TensorData;

fn f64s(elements: &[f32]) -> Vec<f64> {
    elements.iter().map(|x| f64::from(*x)).collect()
}

fn tensor(shape: &[usize], elements: &[f32]) -> TensorData {
    TensorData::from_f32(shape.to_vec(), elements).unwrap()
}

/// `x[n, k]` times the rows of `w[m, k]`.
fn rows_times_rows(x: &[f64], w: &[f64], k: usize) -> Vec<f64> {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    x.chunks(k).flat_map(|row| w.chunks(k).map(move |column| dot(row, column))).collect()
}

#[test]
fn linear() {
    let model = Model::new(
        "use std.nn.Linear\n\
         model M() {\n    l = Linear[5, 3]()\n    fn forward[B](x: f32[B, 5]) -> f32[B, 3] { l(x) }\n}",
    );
    let (x, w, b) = (numbers(1, 20), numbers(2, 15), numbers(3, 3));
    let found = model.call_with("forward", &[tensor(&[4, 5], &x)], &[("l.weight", &w), ("l.offset", &b)]);
    let product = rows_times_rows(&f64s(&x), &f64s(&w), 5);
    let expected: Vec<f64> = product.iter().enumerate().map(|(at, y)| y + f64::from(b[at % 3])).collect();
    assert_close(&found, &expected, 1e-6);
}

/// What 8 bits keep of a row.
fn quantized(row: &[f64]) -> Vec<f64> {
    let largest = row.iter().fold(0.0, |a: f64, x| a.max(x.abs()));
    row.iter().map(|x| (x * 127.0 / largest).round_ties_even() * largest / 127.0).collect()
}

/// What trits keep of a row.
fn ternarized(row: &[f64]) -> Vec<f64> {
    let scale = row.iter().map(|x| x.abs()).sum::<f64>() / row.len() as f64;
    row.iter().map(|x| (x / scale).round_ties_even().clamp(-1.0, 1.0) * scale).collect()
}

#[test]
fn ternary_linear() {
    let model = Model::new(
        "use std.nn.TernaryLinear\n\
         model M() {\n    l = TernaryLinear[6, 4](bias = true)\n\
         \x20   fn forward[B](x: f32[B, 6]) -> f32[B, 4] { l(x) }\n}",
    );
    let (x, w, b) = (numbers(4, 18), numbers(5, 24), numbers(6, 4));
    let found = model.call_with("forward", &[tensor(&[3, 6], &x)], &[("l.weight", &w), ("l.offset", &b)]);
    let q: Vec<f64> = f64s(&x).chunks(6).flat_map(quantized).collect();
    let t: Vec<f64> = f64s(&w).chunks(6).flat_map(ternarized).collect();
    let product = rows_times_rows(&q, &t, 6);
    let expected: Vec<f64> = product.iter().enumerate().map(|(at, y)| y + f64::from(b[at % 4])).collect();
    assert_close(&found, &expected, 1e-5);
}

/// Shape of a convolution: channels in and out, height, width, kernel, stride, padding, dilation, groups.
struct Window {
    channels: [usize; 2],
    size: [usize; 2],
    kernel: usize,
    stride: usize,
    padding: usize,
    dilation: usize,
    groups: usize,
}

/// A convolution of one image, straight from the definition.
fn convolved(x: &[f64], w: &[f64], s: &Window) -> Vec<f64> {
    let [inputs, outputs] = s.channels;
    let [height, width] = s.size;
    let extent = s.dilation * (s.kernel - 1) + 1;
    let places = |size: usize| (size + 2 * s.padding - extent) / s.stride + 1;
    let mut y = Vec::new();
    for o in 0..outputs {
        for i in 0..places(height) {
            for j in 0..places(width) {
                let mut sum = 0.0;
                let group = o / (outputs / s.groups);
                for c in 0..inputs / s.groups {
                    for a in 0..s.kernel {
                        for b in 0..s.kernel {
                            let row = (i * s.stride + a * s.dilation).wrapping_sub(s.padding);
                            let column = (j * s.stride + b * s.dilation).wrapping_sub(s.padding);
                            if row < height && column < width {
                                let channel = group * (inputs / s.groups) + c;
                                let weight = ((o * (inputs / s.groups) + c) * s.kernel + a) * s.kernel + b;
                                sum += x[(channel * height + row) * width + column] * w[weight];
                            }
                        }
                    }
                }
                y.push(sum);
            }
        }
    }
    y
}

const GROUPED: Window =
    Window { channels: [4, 6], size: [7, 6], kernel: 3, stride: 2, padding: 1, dilation: 2, groups: 2 };

#[test]
fn conv2d() {
    let model = Model::new(
        "use std.nn.Conv2d\n\
         model M() {\n    c = Conv2d[4, 6, 3](stride = 2, padding = 1, dilation = 2, groups = 2)\n\
         \x20   fn forward[B](x: f32[B, 4, 7, 6]) -> f32[B, 6, 3, 2] { c(x) }\n}",
    );
    let (x, w, b) = (numbers(7, 2 * 4 * 42), numbers(8, 6 * 2 * 9), numbers(9, 6));
    let found =
        model.call_with("forward", &[tensor(&[2, 4, 7, 6], &x)], &[("c.weight", &w), ("c.offset", &b)]);
    let images: Vec<f64> =
        f64s(&x).chunks(4 * 42).flat_map(|image| convolved(image, &f64s(&w), &GROUPED)).collect();
    let expected: Vec<f64> = images.iter().enumerate().map(|(at, y)| y + f64::from(b[at / 6 % 6])).collect();
    assert_close(&found, &expected, 1e-5);
}

#[test]
fn ternary_conv2d() {
    let model = Model::new(
        "use std.nn.TernaryConv2d\n\
         model M() {\n    c = TernaryConv2d[4, 6, 3](stride = 2, padding = 1, dilation = 2, groups = 2)\n\
         \x20   fn forward[B](x: f32[B, 4, 7, 6]) -> f32[B, 6, 3, 2] { c(x) }\n}",
    );
    let (x, w) = (numbers(10, 2 * 4 * 42), numbers(11, 6 * 2 * 9));
    let found = model.call_with("forward", &[tensor(&[2, 4, 7, 6], &x)], &[("c.weight", &w)]);
    let t: Vec<f64> = f64s(&w).chunks(18).flat_map(ternarized).collect();
    let expected: Vec<f64> =
        f64s(&x).chunks(4 * 42).flat_map(|image| convolved(&quantized(image), &t, &GROUPED)).collect();
    assert_close(&found, &expected, 1e-4);
}

#[test]
fn batch_norm_2d() {
    let model = Model::new(
        "use std.nn.BatchNorm2d\n\
         model M() {\n    n = BatchNorm2d[3]()\n    fn forward[B](x: f32[B, 3, 2, 2]) -> f32[B, 3, 2, 2] { n(x) }\n}",
    );
    let x = numbers(12, 24);
    let (gain, offset, mean) = (numbers(13, 3), numbers(14, 3), numbers(15, 3));
    let variance: Vec<f32> = numbers(16, 3).iter().map(|x| x.abs() + 0.5).collect();
    let weights = [
        ("n.gain", gain.as_slice()),
        ("n.offset", offset.as_slice()),
        ("n.mean", mean.as_slice()),
        ("n.variance", variance.as_slice()),
    ];
    let found = model.call_with("forward", &[tensor(&[2, 3, 2, 2], &x)], &weights);
    let expected = f64s(&x).into_iter().enumerate().map(|(at, x)| {
        let c = at / 4 % 3;
        let [gain, offset, mean, variance] = [gain[c], offset[c], mean[c], variance[c]].map(f64::from);
        (x - mean) / (variance + 1e-5).sqrt() * gain + offset
    });
    assert_close(&found, &expected.collect::<Vec<_>>(), 1e-5);
    let buffers = model.module.parameters.iter().filter(|p| p.kind == tri_ir::ParameterKind::Buffer);
    assert_eq!(buffers.map(|p| p.name.as_str()).collect::<Vec<_>>(), ["n.mean", "n.variance"]);
}

#[test]
fn layer_norm_and_rms_norm() {
    let model = Model::new(
        "use std.nn.{LayerNorm, RmsNorm}\n\
         model M() {\n    l = LayerNorm[5]()\n    r = RmsNorm[5]()\n\
         \x20   fn centred[B, T](x: f32[B, T, 5]) -> f32[B, T, 5] { l(x) }\n\
         \x20   fn rms[B](x: f32[B, 5]) -> f32[B, 5] { r(x) }\n}",
    );
    let (x, gain, offset) = (numbers(17, 30), numbers(18, 5), numbers(19, 5));
    let input = tensor(&[2, 3, 5], &x);
    let found = model.call_with("centred", &[input], &[("l.gain", &gain), ("l.offset", &offset)]);
    let mut expected = Vec::new();
    for row in f64s(&x).chunks(5) {
        let mean = row.iter().sum::<f64>() / 5.0;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 5.0;
        let normal = row.iter().map(|x| (x - mean) / (variance + 1e-5).sqrt());
        expected.extend(normal.zip(&gain).zip(&offset).map(|((x, g), o)| x * f64::from(*g) + f64::from(*o)));
    }
    assert_close(&found, &expected, 1e-5);
    let found = model.call_with("rms", &[tensor(&[6, 5], &x)], &[("r.gain", &gain)]);
    let mut expected = Vec::new();
    for row in f64s(&x).chunks(5) {
        let square = row.iter().map(|x| x * x).sum::<f64>() / 5.0;
        expected.extend(row.iter().zip(&gain).map(|(x, g)| x / (square + 1e-6).sqrt() * f64::from(*g)));
    }
    assert_close(&found, &expected, 1e-5);
}

#[test]
fn embedding_and_dropout() {
    let model = Model::new(
        "use std.nn.{Dropout, Embedding}\n\
         model M() {\n    e = Embedding[7, 2]()\n    d = Dropout(rate = 0.5)\n\
         \x20   fn forward[B, T](ids: i32[B, T]) -> f32[B, T, 2] { d(e(ids)) }\n}",
    );
    let table: Vec<f32> = (0..14).map(|x| x as f32).collect();
    let ids = TensorData::from_i32(vec![1, 3], &[6, 0, 2]).unwrap();
    assert_eq!(model.call_with("forward", &[ids], &[("e.table", &table)]), [12.0, 13.0, 0.0, 1.0, 4.0, 5.0]);
}

/// The error function by its series, exact to f64 for |x| < 4.
fn erf(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    for n in 1..200 {
        term *= -x * x / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

#[test]
fn activations() {
    let names = ["relu", "relu2", "leaky_relu", "silu", "gelu", "gelu_tanh", "softplus"];
    let functions =
        names.map(|name| format!("    fn run_{name}[B](x: f32[B]) -> f32[B] {{ act.{name}(x) }}\n"));
    // Names of the library's modules come from the prelude; activations themselves are imported.
    let text = format!(
        "use std.act.{{relu, relu2, leaky_relu, silu, gelu, gelu_tanh, softplus}}\nmodel M() {{\n{}}}",
        functions.concat().replace("act.", "")
    );
    let model = Model::new(&text);
    let x: Vec<f32> = numbers(20, 64).iter().map(|x| x * 3.0).collect();
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let formula = |name: &str, x: f64| match name {
        "relu" => x.max(0.0),
        "relu2" => x.max(0.0).powi(2),
        "leaky_relu" => {
            if x > 0.0 {
                x
            } else {
                0.01 * x
            }
        }
        "silu" => x * sigmoid(x),
        "gelu" => 0.5 * x * (1.0 + erf(x / 2f64.sqrt())),
        "gelu_tanh" => {
            0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
        }
        _ => (1.0 + x.exp()).ln(),
    };
    for name in names {
        let found = model.call_with(&format!("run_{name}"), &[tensor(&[64], &x)], &[]);
        let expected: Vec<f64> = f64s(&x).into_iter().map(|x| formula(name, x)).collect();
        assert_close(&found, &expected, 2e-6);
    }
}

#[test]
fn losses() {
    let model = Model::new(
        "use std.loss.{cross_entropy, mse, log_softmax}\n\
         model M() {\n\
         \x20   fn ce[B](x: f32[B, 4], label: i32[B]) -> f32 { cross_entropy(x, label) }\n\
         \x20   fn squared[B](x: f32[B, 4], y: f32[B, 4]) -> f32 { mse(x, y) }\n\
         \x20   fn logs[B](x: f32[B, 4]) -> f32[B, 4] { log_softmax(x) }\n}",
    );
    let (x, y) = (numbers(21, 12), numbers(22, 12));
    let labels = [3, 0, 2];
    let logs: Vec<f64> = f64s(&x)
        .chunks(4)
        .flat_map(|row| {
            let sum = row.iter().map(|x| x.exp()).sum::<f64>().ln();
            row.iter().map(move |x| x - sum).collect::<Vec<_>>()
        })
        .collect();
    let found = model.call_with("logs", &[tensor(&[3, 4], &x)], &[]);
    assert_close(&found, &logs, 1e-6);
    let ids = TensorData::from_i32(vec![3], &labels).unwrap();
    let found = model.call_with("ce", &[tensor(&[3, 4], &x), ids], &[]);
    let expected =
        -labels.iter().enumerate().map(|(row, label)| logs[row * 4 + *label as usize]).sum::<f64>() / 3.0;
    assert_close(&found, &[expected], 1e-6);
    let found = model.call_with("squared", &[tensor(&[3, 4], &x), tensor(&[3, 4], &y)], &[]);
    let expected = f64s(&x).iter().zip(f64s(&y)).map(|(a, b)| (a - b).powi(2)).sum::<f64>() / 12.0;
    assert_close(&found, &[expected], 1e-6);
    // Large scores do not overflow.
    let found = model.call_with("logs", &[tensor(&[1, 4], &[1000.0, 0.0, -1000.0, 1000.0])], &[]);
    assert!(found.iter().all(|x| x.is_finite()));
}

#[test]
fn initial_values() {
    let model = Model::new(
        "model M() {\n    param a: f32[64, 64] = init.normal(std = 0.5)\n\
         \x20   param b: f32[64, 64] = init.normal(std = 0.5)\n\
         \x20   param c: f32[4096] = init.kaiming_uniform(fan_in = 16)\n\
         \x20   param d: f32[4096] = init.xavier_uniform(fan_in = 4, fan_out = 2)\n\
         \x20   param e: f32[3] = init.constant(0.25)\n\
         \x20   param f: f32[4096] = init.truncated_normal(std = 0.1)\n\
         \x20   param g: f32[3] = init.ones\n\
         \x20   fn forward[B](x: f32[B]) -> f32[B] { x }\n}",
    );
    let interpreter = tri_interp::Interpreter::new(&model.module);
    let values = interpreter.initial_parameters().unwrap();
    assert_eq!(values, interpreter.initial_parameters().unwrap());
    let [a, b, c, d, e, f, g] =
        values.iter().map(|v| v.to_f32().unwrap()).collect::<Vec<_>>().try_into().unwrap();
    let moments = |x: &[f32]| {
        let n = x.len() as f64;
        let mean = f64s(x).iter().sum::<f64>() / n;
        (mean, (f64s(x).iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt())
    };
    for x in [&a, &b] {
        let (mean, std) = moments(x);
        assert!(mean.abs() < 0.03 && (std - 0.5).abs() < 0.02, "{mean} {std}");
    }
    assert_ne!(a, b, "parameters differ though they are declared alike");
    assert!(c.iter().all(|x| x.abs() <= 0.25) && moments(&c).1 > 0.13);
    assert!(d.iter().all(|x| x.abs() <= 1.0) && moments(&d).1 > 0.55);
    assert_eq!(e, [0.25; 3]);
    assert!(f.iter().all(|x| x.abs() <= 0.2) && (moments(&f).1 - 0.095).abs() < 0.01);
    assert_eq!(g, [1.0; 3]);
}

#[test]
fn quantised_and_back() {
    let model = Model::new(
        "model M() {
    fn bytes[B](x: f32[B, 6]) -> f32[B, 6] { fake_quantize_rows(x) }
    fn trits[B](x: f32[B, 6]) -> f32[B, 6] { fake_ternarize_rows(x) }
}
",
    );
    let x = numbers(23, 18);
    let bytes: Vec<f64> = f64s(&x).chunks(6).flat_map(quantized).collect();
    assert_close(&model.call_with("bytes", &[tensor(&[3, 6], &x)], &[]), &bytes, 1e-6);
    let trits: Vec<f64> = f64s(&x).chunks(6).flat_map(ternarized).collect();
    assert_close(&model.call_with("trits", &[tensor(&[3, 6], &x)], &[]), &trits, 1e-6);
}

#[test]
fn dropout_thins_out_in_training_only() {
    let text = "use std.nn.Dropout
model M() {
    d = Dropout(rate = 0.25)
    fn forward[B](x: f32[B]) -> f32[B] { d(x) }
}
";
    let x = tensor(&[4096], &[3.0; 4096]);
    assert_eq!(Model::new(text).call_with("forward", std::slice::from_ref(&x), &[]), [3.0; 4096]);
    let found = Model::training(text).call_with("forward", &[x], &[]);
    assert!(found.iter().all(|x| *x == 0.0 || *x == 4.0));
    let kept = found.iter().filter(|x| **x > 0.0).count();
    assert!((2900..3250).contains(&kept), "{kept} of 4096 are kept, where 3072 are expected");
}
