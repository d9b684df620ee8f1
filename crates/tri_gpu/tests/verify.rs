//! Code that does not fit its kernel IR is refused, whatever its numbers are.

use tri_gpu::{GpuCode, Kernel, Many, Run, Site};
use tri_ir::{DType, Dim, Encoding, Symbol, SymbolInfo};
use tri_kernel_ir::{Buffer, BufferId, Module, Nest, Place, Schedule, Step, StepKind};

/// A schedule of one symbol and one buffer whose only step is a nest.
fn module() -> Module {
    let symbol = SymbolInfo { name: "B".to_owned(), min: 0, max: None, bound_inside: false };
    let buffer = Buffer {
        dtype: DType::F32,
        shape: vec![Dim::var(Symbol(0))].into(),
        encoding: Encoding::Plain,
        place: Place::Result(0),
    };
    let nest = Nest { name: String::new(), axes: Vec::new(), exprs: Vec::new(), stages: Vec::new() };
    let schedule = Schedule {
        name: "f".to_owned(),
        symbols: vec![symbol],
        buffers: vec![buffer],
        params: Vec::new(),
        results: vec![BufferId(0)],
        states: Vec::new(),
        slots: Vec::new(),
        steps: vec![Step { kind: StepKind::Nest(nest), origin: None }],
        repeats: Vec::new(),
        siblings: Vec::new(),
    };
    Module { schedules: vec![schedule] }
}

fn code() -> GpuCode {
    let kernel = Kernel {
        name: "k0_f_0".to_owned(),
        threads: 128,
        buffers: 1,
        sizes: 1,
        axes: vec![Dim::var(Symbol(0))],
        lanes: 16,
        many: None,
        grouped: false,
    };
    let run = Run { kernel: 0, sizes: vec![Dim::var(Symbol(0))], buffers: vec![BufferId(0)] };
    GpuCode {
        fingerprint: [7; 32],
        kernels: vec![kernel],
        runs: vec![vec![vec![run]]],
        places: vec![vec!["model.tri:3:5".to_owned()]],
        sites: vec![Site { schedule: 0, step: 0 }],
        text: ".version 7.0".to_owned(),
    }
}

/// What is said about the code after a change.
fn after(change: impl FnOnce(&mut GpuCode)) -> String {
    let mut code = code();
    change(&mut code);
    match code.verify(&module()) {
        Ok(()) => "nothing".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn it_comes_back_from_bytes_as_it_was() {
    let code = code();
    assert_eq!(code.verify(&module()), Ok(()));
    let bytes = postcard::to_stdvec(&code).expect("it encodes");
    assert_eq!(postcard::from_bytes::<GpuCode>(&bytes), Ok(code));
    for end in 0..bytes.len() {
        assert!(postcard::from_bytes::<GpuCode>(&bytes[..end]).is_err(), "cut off at {end}");
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_code_that_fits() {
    let bytes = postcard::to_stdvec(&code()).expect("it encodes");
    for bit in 0..8 * bytes.len() {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let Ok(code) = postcard::from_bytes::<GpuCode>(&damaged) else { continue };
        if code.verify(&module()).is_ok() {
            assert!(
                code.runs.iter().flatten().flatten().all(|run| (run.kernel as usize) < code.kernels.len())
            );
            assert!(code.kernels.iter().all(|kernel| kernel.threads > 0));
        }
    }
}

#[test]
fn blocks_cover_every_unit() {
    let kernel = &code().kernels[0];
    let blocks = [0, 1, 8, 9].map(|rows| kernel.blocks(&[rows]));
    assert_eq!(blocks, [Ok(0), Ok(1), Ok(1), Ok(2)]);
    assert!(kernel.blocks(&[i64::MAX]).is_err());
    assert!(kernel.blocks(&[]).is_err());
}

#[test]
fn what_names_nothing_is_refused() {
    assert_eq!(after(|_| {}), "nothing");
    assert_eq!(after(|code| code.runs[0][0][0].kernel = 1), "step 0 of `f` runs a kernel that there is not");
    assert_eq!(
        after(|code| code.runs[0][0][0].buffers[0] = BufferId(1)),
        "step 0 of `f` runs a kernel on a buffer that there is not"
    );
    assert_eq!(
        after(|code| code.runs[0][0][0].buffers.clear()),
        "step 0 of `f` runs a kernel on another number of buffers than it takes"
    );
    assert_eq!(
        after(|code| code.runs[0][0][0].sizes.push(Dim::constant(1))),
        "step 0 of `f` runs a kernel with another number of sizes than it takes"
    );
    assert_eq!(
        after(|code| code.runs[0][0][0].sizes[0] = Dim::var(Symbol(1))),
        "step 0 of `f` runs a kernel with a size of a symbol that there is not"
    );
    assert_eq!(after(|code| code.sites[0].step = 1), "failure 0 is of a step that there is not");
    assert_eq!(after(|code| code.sites[0].schedule = 1), "failure 0 is of a step that there is not");
    assert_eq!(after(|code| code.runs[0][0].clear()), "0 launches are listed where there are 1");
    assert_eq!(after(|code| code.runs[0].clear()), "0 steps are listed where there are 1");
    assert_eq!(after(|code| code.runs.clear()), "0 schedules are listed where there are 1");
}

#[test]
fn a_kernel_that_nobody_could_launch_is_refused() {
    let kernel = |what: &str| format!("kernel 0 has {what}");
    let changed = |change: fn(&mut Kernel)| after(|code| change(&mut code.kernels[0]));
    assert_eq!(changed(|k| k.name = "a\";".to_owned()), kernel("a name that is none in PTX"));
    assert_eq!(changed(|k| k.name.clear()), kernel("a name that is none in PTX"));
    assert_eq!(changed(|k| k.threads = 0), kernel("blocks of no or too many threads"));
    assert_eq!(changed(|k| k.threads = 1025), kernel("blocks of no or too many threads"));
    assert_eq!(changed(|k| k.lanes = 0), kernel("no or too many threads for a unit of work"));
    assert_eq!(changed(|k| k.lanes = -1), kernel("no or too many threads for a unit of work"));
    assert_eq!(changed(|k| k.buffers = u32::MAX), kernel("more parameters than a GPU takes"));
    assert_eq!(changed(|k| k.axes[0] = Dim::var(Symbol(1))), kernel("an axis of a symbol that there is not"));
    let twice = after(|code| code.kernels.push(code.kernels[0].clone()));
    assert_eq!(twice, "kernel 1 has the name of another");
}

#[test]
fn places_are_of_all_steps_or_of_none() {
    let step = Site { schedule: 0, step: 0 };
    assert_eq!(code().place(step), Some("model.tri:3:5"));
    assert_eq!(after(|code| code.places.clear()), "nothing");
    let more = after(|code| code.places[0].push(String::new()));
    assert_eq!(more, "2 places of steps are listed where there are 1");
    let unknown = GpuCode { places: vec![vec![String::new()]], ..code() };
    assert_eq!(unknown.place(step), None);
    assert_eq!(code().place(Site { schedule: 1, step: 9 }), None);
}

#[test]
fn many_rows_may_have_a_kernel_of_their_own() {
    let rows = || Dim::var(Symbol(0));
    let with = |many: Many| {
        let mut code = code();
        code.kernels.push(Kernel { name: "k1_many".to_owned(), ..code.kernels[0].clone() });
        code.kernels[0].many = Some(many);
        code
    };
    let many = Many { kernel: 1, rows: rows(), least: 8, multiples: vec![rows()], of: 4 };
    let code = with(many.clone());
    assert_eq!(code.verify(&module()), Ok(()));
    let run = &code.runs[0][0][0];
    let served = [7, 8, 9, 12].map(|rows| code.kernel_for(run, &[rows]));
    assert_eq!(served, [0, 1, 0, 1]);
    let refused = |many: Many| with(many).verify(&module()).map_err(|error| error.to_string());
    let nobody = Many { kernel: 2, ..many.clone() };
    assert_eq!(refused(nobody), Err("kernel 0 has a kernel for many rows that there is not".to_owned()));
    let nothing = Many { of: 0, ..many };
    assert_eq!(refused(nothing), Err("kernel 0 has a kernel for sizes that there are not".to_owned()));
}
