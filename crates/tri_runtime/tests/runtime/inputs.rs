//! Inputs that do not fit, word for word, and sizes that no machine has.

use tri_ir::DType;
use tri_runtime::{Device, Model, Options, RuntimeError, Session, TensorView};

use crate::models::{digits, digits_weights, stateful};

fn digits_session() -> Session {
    let model = Model::from_module(digits(), &Options::default()).unwrap().bind(&digits_weights()).unwrap();
    model.session(Device::cpu().threads(1)).unwrap()
}

fn said<T>(result: Result<T, RuntimeError>) -> String {
    result.map(|_| ()).unwrap_err().to_string()
}

#[test]
fn messages_say_what_was_given_and_what_belongs_there() {
    let mut session = digits_session();
    let zeros = vec![0f32; 4 * 64];
    let floats =
        |shape: &'static [usize]| TensorView::from_f32(shape, &zeros[..shape.iter().product()]).unwrap();
    let integers = TensorView::from_i32(&[1, 64], &[0; 64]).unwrap();
    let one = floats(&[1, 64]);
    for (found, expected) in [
        (
            said(session.call("forward", &[integers])),
            "input `image` of `forward` is f32[B, 64], but the tensor given is i32[1, 64]: another dtype",
        ),
        (
            said(session.call("forward", &[floats(&[64])])),
            "input `image` of `forward` is f32[B, 64], but the tensor given is f32[64]: other axes",
        ),
        (
            said(session.call("forward", &[floats(&[2, 63])])),
            "axis 1 (`64`) of input `image` of `forward` must be 64, but is 63",
        ),
        (
            said(session.call_named("forward", &[("image", one), ("image", one)])),
            "input `image` of `forward` is given twice",
        ),
        (
            said(session.call_named("forward", &[("imag", one)])),
            "`forward` has no input `imag`; did you mean `image`?",
        ),
        (said(session.call_named("forward", &[])), "`forward` needs the input `image`"),
    ] {
        assert_eq!(found, expected);
    }
    assert!(session.call("forward", &[one]).is_ok());
}

#[test]
fn bytes_that_do_not_make_the_shape_are_refused_before_anything_is_allocated() {
    for shape in [&[1 << 40, 64][..], &[usize::MAX, 64], &[usize::MAX, usize::MAX], &[3]] {
        let error = TensorView::from_f32(shape, &[0.0; 2]).unwrap_err();
        assert_eq!(error.to_string(), format!("8 bytes do not make a tensor f32{shape:?}"));
    }
    let odd = TensorView::new(DType::F32, &[1], &[0; 3]).unwrap_err();
    assert_eq!(odd.to_string(), "3 bytes do not make a tensor f32[1]");
    let error = TensorView::new(DType::Bool, &[2], &[0, 2]).unwrap_err();
    assert_eq!(error.to_string(), "a `bool` tensor holds the byte 0x02, which is none of its elements");
}

#[test]
fn rows_without_columns_cannot_ask_for_absurd_results() {
    // Views of no bytes may claim any number of rows.
    let mut session = digits_session();
    let rows = TensorView::from_f32(&[1 << 40, 0], &[]).unwrap();
    assert!(session.call("forward", &[rows]).is_err());
    let model = Model::from_module(stateful(), &Options::default()).unwrap().bind(&[]).unwrap();
    let mut session = model.session(Device::cpu().threads(1)).unwrap();
    let error = session.call("pick", &[TensorView::from_i32(&[101], &[0; 101]).unwrap()]).unwrap_err();
    assert_eq!(error.to_string(), "`N` of `pick` is 101, but must be from 1 to 100");
    assert!(session.call("pick", &[TensorView::from_i32(&[1], &[2]).unwrap()]).is_ok());
}

#[test]
fn sessions_of_one_model_keep_their_states_on_any_thread() {
    let model = Model::from_module(stateful(), &Options::default()).unwrap().bind(&[]).unwrap();
    std::thread::scope(|scope| {
        for step in 1..=4i32 {
            let model = &model;
            scope.spawn(move || {
                let mut session = model.session(Device::cpu().threads(1 + step as usize % 2)).unwrap();
                let numbers = [step; 4];
                for round in 1..=50 {
                    let view = TensorView::from_i32(&[4], &numbers).unwrap();
                    let sum = session.call("add", &[view]).unwrap()[0].to_i32().unwrap();
                    assert_eq!(sum, [step * round; 4]);
                }
            });
        }
    });
}
