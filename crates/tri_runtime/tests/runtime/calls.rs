//! Calls and their errors.

use tri_interp::Interpreter;
use tri_ir::{DType, TensorData};
use tri_kernel_ir::Fusion;
use tri_runtime::{CpuLevel, Device, Instrument, Model, Options, RuntimeError, Session, TensorView};

use crate::models::{digits, digits_weights, images, stateful};

fn levels() -> impl Iterator<Item = CpuLevel> {
    CpuLevel::ALL.into_iter().filter(|level| level.is_supported())
}

fn session(model: &Model) -> Session {
    model.session(Device::cpu().threads(1)).unwrap()
}

fn floats(elements: &[f32]) -> TensorData {
    TensorData::from_f32(vec![elements.len()], elements).unwrap()
}

#[test]
fn every_level_thread_count_and_batch_gives_the_interpreters_bits() {
    let module = digits();
    let weights = digits_weights();
    let order = ["stem.weight", "mid.weight", "head.weight"];
    let parameter = |name: &str| weights.iter().find(|(other, _)| other == name).unwrap().1.clone();
    let parameters: Vec<TensorData> = order.iter().map(|name| parameter(name)).collect();
    let interpreter = Interpreter::new(&module);
    let bound = interpreter.bind(&parameters).unwrap();
    for batch in [0, 1, 7, 360] {
        let inputs = images(batch);
        let expected = interpreter.call("forward", std::slice::from_ref(&inputs), &bound, &mut []).unwrap();
        for (level, fusion) in levels().flat_map(|level| Fusion::ALL.map(|fusion| (level, fusion))) {
            let options = Options { level: Some(level), fusion, ..Options::default() };
            let model = Model::from_module(module.clone(), &options).unwrap().bind(&weights).unwrap();
            for threads in [1, 2, 3] {
                let mut session = model.session(Device::cpu().threads(threads)).unwrap();
                let found = session.call("forward", &[TensorView::of(&inputs).unwrap()]).unwrap();
                let found: Vec<TensorData> = found.iter().map(tri_runtime::Tensor::to_data).collect();
                assert!(
                    found == expected,
                    "{} fusion {fusion:?} threads {threads} batch {batch}",
                    level.name()
                );
            }
        }
    }
}

#[test]
fn unaligned_inputs_give_the_same() {
    let model = Model::from_module(digits(), &Options::default()).unwrap().bind(&digits_weights()).unwrap();
    let inputs = images(3);
    let expected = session(&model).call("forward", &[TensorView::of(&inputs).unwrap()]).unwrap();
    for shift in 1..5 {
        let moved = [&vec![0; shift], &inputs.bytes[..]].concat();
        let view = TensorView::new(DType::F32, &[3, 64], &moved[shift..]).unwrap();
        let found = session(&model).call("forward", &[view]).unwrap();
        assert_eq!(found[0].bytes(), expected[0].bytes());
    }
}

#[test]
fn sessions_share_weights_and_nothing_else() {
    let model = Model::from_module(stateful(), &Options::default()).unwrap().bind(&[]).unwrap();
    let (mut a, mut b) = (session(&model), session(&model));
    let ones = [1, 2, 3, 4];
    let view = TensorView::from_i32(&[4], &ones).unwrap();
    for round in 1..=3 {
        let sum = a.call("add", &[view]).unwrap()[0].to_i32().unwrap();
        assert_eq!(sum, ones.map(|n| n * round));
    }
    assert_eq!(b.call("add", &[view]).unwrap()[0].to_i32().unwrap(), ones);
    a.reset().unwrap();
    assert_eq!(a.call("add", &[view]).unwrap()[0].to_i32().unwrap(), ones);

    let digits = Model::from_module(digits(), &Options::default()).unwrap().bind(&digits_weights()).unwrap();
    let inputs = images(20);
    let expected = session(&digits).call("forward", &[TensorView::of(&inputs).unwrap()]).unwrap();
    std::thread::scope(|scope| {
        for threads in [1, 2, 2, 2] {
            let (digits, inputs, expected) = (&digits, &inputs, &expected);
            scope.spawn(move || {
                let mut session = digits.session(Device::cpu().threads(threads)).unwrap();
                for _ in 0..20 {
                    let found = session.call("forward", &[TensorView::of(inputs).unwrap()]).unwrap();
                    assert_eq!(found[0].bytes(), expected[0].bytes());
                }
            });
        }
    });
}

#[test]
fn errors_name_entry_argument_and_dim() {
    let model = Model::from_module(digits(), &Options::default()).unwrap().bind(&digits_weights()).unwrap();
    let mut session = session(&model);
    let message = |result: Result<_, RuntimeError>| result.map(|_: Vec<_>| ()).unwrap_err().to_string();
    let zeros = vec![0f32; 8192 * 64];
    let view =
        |shape: &'static [usize]| TensorView::from_f32(shape, &zeros[..shape.iter().product()]).unwrap();
    for (found, parts) in [
        (message(session.call("backward", &[])), vec!["backward", "forward"]),
        (message(session.call("forward", &[])), vec!["forward", "1", "0"]),
        (message(session.call("forward", &[view(&[64])])), vec!["forward", "image", "f32[B, 64]", "f32[64]"]),
        (message(session.call("forward", &[view(&[2, 63])])), vec!["forward", "image", "axis 1", "64", "63"]),
        (message(session.call("forward", &[view(&[4097, 64])])), vec!["forward", "B", "4097", "4096"]),
        (
            message(session.call("forward", &[TensorView::from_i32(&[1, 64], &[0; 64]).unwrap()])),
            vec!["image", "f32[B, 64]", "i32[1, 64]"],
        ),
        (message(session.call_named("forward", &[("picture", view(&[1, 64]))])), vec!["picture", "image"]),
        (message(session.call_named("forward", &[])), vec!["forward", "image"]),
    ] {
        for part in parts {
            assert!(found.contains(part), "`{part}` is not in `{found}`");
        }
    }
    assert!(session.call_named("forward", &[("image", view(&[1, 64]))]).is_ok());
    // So many rows of no columns take no memory, but their results would take more than there is.
    let wide = [usize::MAX / 2, 0];
    assert!(session.call("forward", &[TensorView::from_f32(&wide, &[]).unwrap()]).is_err());
}

#[test]
fn parameters_are_held_to_names_and_types() {
    let model = Model::from_module(digits(), &Options::default()).unwrap();
    assert!(matches!(model.session(Device::cpu()).map(drop), Ok(()) | Err(RuntimeError::NoWeights)));
    let mut weights = digits_weights();
    let dropped = weights.remove(0);
    assert!(
        matches!(model.bind(&weights), Err(RuntimeError::MissingWeight { name, .. }) if name == dropped.0)
    );
    weights.push(dropped.clone());
    weights.push(("head.wait".to_owned(), dropped.1.clone()));
    assert!(matches!(
        model.bind(&weights),
        Err(RuntimeError::UnexpectedWeight { name, nearest: Some(near) }) if name == "head.wait" && near == "head.weight"
    ));
    weights.pop();
    let last = weights.len() - 1;
    weights[last].1.shape.reverse();
    assert!(matches!(model.bind(&weights), Err(RuntimeError::WeightShape { .. })));
    // Bytes that do not fit the shape they claim.
    weights[last].1.shape.reverse();
    weights[last].1.bytes.truncate(8);
    assert!(matches!(model.bind(&weights), Err(RuntimeError::Bytes { .. })));
    assert_eq!(model.bind(&weights).unwrap_err().code(), "E4037");
}

#[test]
fn sizes_that_would_leave_a_tensor_are_refused() {
    let model = Model::from_module(stateful(), &Options::default()).unwrap().bind(&[]).unwrap();
    let mut session = session(&model);
    let numbers = floats(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    let view = |n: usize| {
        TensorView::new(DType::F32, [&[0], &[1], &[2], &[3], &[4], &[5]][n], &numbers.bytes[..4 * n]).unwrap()
    };
    for n in 0..4 {
        let error = session.call("window", &[view(n)]).unwrap_err();
        assert!(matches!(error, RuntimeError::Size { .. }), "{n}: {error}");
    }
    assert_eq!(session.call("window", &[view(4)]).unwrap()[0].to_f32().unwrap(), [-2.0, -3.0, -4.0]);
    assert!(session.call("window", &[view(3)]).is_err());
    assert!(session.call("window", &[view(5)]).is_ok());
}

#[test]
fn rows_outside_a_table_stop_the_call() {
    let model = Model::from_module(stateful(), &Options::default()).unwrap().bind(&[]).unwrap();
    let mut session = session(&model);
    let mut pick = |rows: &[i32]| session.call("pick", &[TensorView::from_i32(&[2], rows).unwrap()]);
    assert_eq!(pick(&[2, 0]).unwrap()[0].to_f32().unwrap(), [4.0, 5.0, 0.0, 1.0]);
    for row in [3, -1, i32::MAX, i32::MIN] {
        let error = pick(&[0, row]).unwrap_err();
        assert!(
            matches!(&error, RuntimeError::RowOutOfRange { row: found, .. } if *found == i64::from(row)),
            "{error}"
        );
    }
    assert!(pick(&[1, 1]).is_ok());
}

#[test]
fn a_call_that_stops_midway_leaves_states_as_they_were() {
    let model = Model::from_module(stateful(), &Options::default()).unwrap().bind(&[]).unwrap();
    let mut session = session(&model);
    let append = |session: &mut Session, x: [f32; 2], at: i32| {
        let at = [at];
        let x = TensorView::from_f32(&[2], &x).unwrap();
        session.call("append", &[x, TensorView::from_i32(&[], &at).unwrap()]).map(|r| r[0].to_f32().unwrap())
    };
    assert_eq!(append(&mut session, [7.0, 9.0], 1).unwrap(), [2.0, 9.0, 11.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
    for beyond in [7, 8, 9, i32::MAX] {
        let error = append(&mut session, [5.0, 5.0], beyond).unwrap_err();
        let expected = format!("`append` stopped: `P` is {beyond} in `append`, but `N + P <= 8` must hold");
        assert_eq!(error.to_string(), expected);
    }
    for below in [-1, i32::MIN] {
        let error = append(&mut session, [5.0, 5.0], below).unwrap_err();
        let expected = format!("`append` stopped: `P` is {below} in `append`, but no size is negative");
        assert_eq!(error.to_string(), expected);
    }
    // Writes the state, then meets row 6 of a table of six.
    let error = append(&mut session, [5.0, 5.0], 6).unwrap_err();
    assert!(matches!(error, RuntimeError::RowOutOfRange { row: 6, .. }));
    assert_eq!(append(&mut session, [1.0, 2.0], 0).unwrap(), [2.0, 3.0, 10.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
    session.reset().unwrap();
    assert_eq!(append(&mut session, [1.0, 2.0], 3).unwrap(), [4.0, 4.0, 4.0, 5.0, 6.0, 4.0, 4.0, 4.0]);
}

#[test]
fn a_timed_call_tells_of_every_step_within_its_caller() {
    let options = Options { instrument: Instrument::Steps, ..Options::default() };
    let model = Model::from_module(digits(), &options).unwrap().bind(&digits_weights()).unwrap();
    let inputs = images(5);
    let view = TensorView::of(&inputs).unwrap();
    let mut session = model.session(Device::cpu().threads(2)).unwrap();
    let (results, runs) = session.call_timed("forward", &[view]).unwrap();
    assert_eq!(results[0].bytes(), session.call("forward", &[view]).unwrap()[0].bytes());
    let steps =
        |schedule: tri_kernel_ir::ScheduleId| model.schedules().schedules[schedule.index()].steps.len();
    let entry = model.module().entry("forward").unwrap().function;
    let own: Vec<usize> = runs.iter().filter(|run| run.parent.is_none()).map(|run| run.step).collect();
    assert_eq!(
        own,
        (0..steps(tri_kernel_ir::ScheduleId(entry.0))).collect::<Vec<_>>(),
        "each once, in order"
    );
    for run in &runs {
        assert!(run.step < steps(run.schedule) && run.sizes.contains(&5), "{run:?}");
        let Some(parent) = run.parent.map(|parent| &runs[parent]) else { continue };
        assert!(parent.start <= run.start && run.start + run.time <= parent.start + parent.time, "{run:?}");
    }
}

#[test]
fn only_a_model_that_marks_its_steps_is_timed() {
    let model = Model::from_module(digits(), &Options::default()).unwrap().bind(&digits_weights()).unwrap();
    let inputs = images(1);
    let error = session(&model).call_timed("forward", &[TensorView::of(&inputs).unwrap()]).unwrap_err();
    assert_eq!(error.code(), "E4042");
}
