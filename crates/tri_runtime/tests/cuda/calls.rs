//! Calls give what they give on the CPU.

use tri_cuda_sim::Settings;
use tri_ir::{DType, TensorData};
use tri_runtime::{Device, TensorView};

use crate::machine::{both, call_both, model, on_gpu};
use crate::models;

#[test]
fn digits_gives_the_bits_of_the_cpu() {
    on_gpu(Settings::default(), || {
        let mut sessions = both(&model(models::digits(), &models::digits_weights()));
        for images in [1, 3, 0, 3, 3, 3] {
            let results = call_both(&mut sessions, "forward", &[models::images(images)]).unwrap();
            assert_eq!(results[0].shape, [images, 10]);
        }
    });
}

#[test]
fn states_stay_on_the_device_from_call_to_call() {
    on_gpu(Settings::default(), || {
        let mut sessions = both(&model(models::stateful(), &[]));
        let four = |n: i32| i32s(&[4], &[n, 2 * n, 3 * n, -n]);
        for n in 0..5 {
            call_both(&mut sessions, "add", &[four(n)]).unwrap();
        }
        let found = call_both(&mut sessions, "add", &[four(0)]).unwrap();
        assert_eq!(found[0], i32s(&[4], &[10, 20, 30, -10]));
        sessions.iter_mut().for_each(|session| session.reset().unwrap());
        assert_eq!(call_both(&mut sessions, "add", &[four(7)]).unwrap()[0], four(7));
    });
}

#[test]
fn nobody_else_sees_the_states_of_a_session() {
    on_gpu(Settings::default(), || {
        let model = model(models::stateful(), &[]);
        let work = |n: i32| {
            let mut session = model.session(Device::cuda(0)).unwrap();
            let x = i32s(&[4], &[n; 4]);
            let view = TensorView::of(&x).unwrap();
            let calls = (0..6).map(|_| session.call("add", &[view]).unwrap()[0].to_i32().unwrap()[0]);
            calls.collect::<Vec<i32>>()
        };
        let work = &work;
        let sums = std::thread::scope(|scope| {
            let threads: Vec<_> = (1..=3).map(|n| scope.spawn(move || work(n))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        for (sums, n) in sums.iter().zip(1..) {
            assert_eq!(*sums, (1..=6).map(|times| times * n).collect::<Vec<i32>>());
        }
    });
}

#[test]
fn a_size_that_is_bound_inside_is_read_back() {
    on_gpu(Settings::default(), || {
        let mut sessions = both(&model(models::stateful(), &[]));
        for (n, at) in [(2, 0), (2, 3), (3, 5), (0, 4), (8, 0)] {
            let x: Vec<f32> = (0..n).map(|i| i as f32 + 0.5).collect();
            let x = TensorData::from_f32(vec![n], &x).unwrap();
            call_both(&mut sessions, "append", &[x, i32s(&[], &[at])]).unwrap();
        }
    });
}

#[test]
fn entries_and_sizes_may_alternate() {
    on_gpu(Settings::default(), || {
        let mut sessions = both(&model(models::stateful(), &[]));
        for n in [4, 4, 4, 9, 9, 4, 4, 100, 100, 4] {
            let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
            call_both(&mut sessions, "window", &[TensorData::from_f32(vec![n], &x).unwrap()]).unwrap();
            let rows: Vec<i32> = (0..n as i32).map(|i| i % 3).collect();
            call_both(&mut sessions, "pick", &[i32s(&[n], &rows)]).unwrap();
        }
    });
}

pub(crate) fn i32s(shape: &[usize], elements: &[i32]) -> TensorData {
    let bytes = elements.iter().flat_map(|n| n.to_le_bytes()).collect();
    TensorData::new(DType::I32, shape.to_vec(), bytes).unwrap()
}

#[test]
fn a_device_measures_its_own_time() {
    on_gpu(Settings::default(), || {
        let model = model(models::digits(), &models::digits_weights());
        let [mut cpu, mut gpu] = both(&model);
        let images = models::images(2);
        let view = TensorView::of(&images).unwrap();
        let time = gpu.time_on_device("forward", &[view], 3).unwrap();
        assert!(time.is_finite() && time > 0.0, "{time}");
        let error = cpu.time_on_device("forward", &[view], 3).unwrap_err();
        assert_eq!(error.to_string(), "`forward` does not run on a GPU, whose time is asked for");
        // What it gives is what it gave.
        call_both(&mut [cpu, gpu], "forward", &[images]).unwrap();
    });
}

#[test]
fn a_device_measures_calls_in_which_the_host_decides() {
    on_gpu(Settings::default(), || {
        let mut session = model(models::stateful(), &[]).session(Device::cuda(0)).unwrap();
        let x = TensorData::from_f32(vec![6], &[1.0; 6]).unwrap();
        let time = session.time_on_device("window", &[TensorView::of(&x).unwrap()], 2).unwrap();
        assert!(time > 0.0, "{time}");
    });
}
