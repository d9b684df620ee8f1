//! Models that can be called. The only module of the driver that knows the runtime.

use std::path::Path;

use tri_artifact::Artifact;

use tri_import::TensorSlice;
use tri_ir::{Capture, Entry, Module, TensorData, Verified};
use tri_passes::OptLevel;
use tri_runtime::{
    Device, GpuCode, Instrument, Model, Options, RoutedLayer, RuntimeError, Session, Tensor, TensorView,
    Trust,
};

use crate::{Checkpoint, DriverError, GpuTarget, Timing, backend, fusion_of, gpu, level_of};

/// A model with its weights, and a session.
#[derive(Debug)]
pub struct Engine {
    model: Model,
    session: Session,
    device: Device,
    level: OptLevel,
}

/// What a model's parameters are.
#[derive(Clone, Copy, Debug)]
pub enum Parameters<'a> {
    /// Their initial values.
    Initial,
    /// These, in checkpoint order.
    Given(&'a [TensorData]),
    /// Those of a file.
    Checkpoint(&'a Checkpoint),
}

/// How to open an artifact.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions<'a> {
    /// Threads; the machine's cores unless given.
    pub threads: Option<usize>,
    /// The NVIDIA GPU to run on, by its number; the CPU unless given.
    pub gpu: Option<u32>,
    /// Whether machine code from the artifact is executed.
    pub trust_code: bool,
    /// Weights to bind instead of those in the artifact.
    pub weights: Option<&'a Path>,
    /// What calls tell; for anything but nothing code is compiled, not taken from the artifact.
    pub instrument: Instrument,
}

impl Engine {
    /// Compiles a module after the passes, and binds its parameters.
    ///
    /// # Errors
    /// A step that no kernel serves, or a prologue that stops.
    pub fn compile(
        module: Verified,
        level: OptLevel,
        parameters: Parameters<'_>,
        threads: Option<usize>,
        timing: &mut Timing,
    ) -> Result<Engine, DriverError> {
        let kernel = backend::schedule(&module, level, timing)?;
        let code = backend::generate(&kernel, &backend::options(level)?, timing)?;
        let model = timing.stage("link", || Model::from_parts(module, kernel, code))?;
        Engine::bound(&model, level, parameters, threads, timing)
    }

    /// [`Engine::compile`] of a model whose calls tell more than their results.
    ///
    /// # Errors
    /// As [`Engine::compile`].
    pub fn instrumented(
        module: Verified,
        level: OptLevel,
        instrument: Instrument,
        parameters: Parameters<'_>,
        threads: Option<usize>,
        timing: &mut Timing,
    ) -> Result<Engine, DriverError> {
        let options = Options { fusion: fusion_of(level), instrument, ..Options::default() };
        let model = timing.stage("compile", || Model::from_module(module, &options))?;
        Engine::bound(&model, level, parameters, threads, timing)
    }

    /// [`Engine::compile`] for an NVIDIA GPU, by its number. `places` gives where in the source the steps stand, for errors of the GPU:
    /// [`Program::places`](crate::Program::places).
    ///
    /// # Errors
    /// As [`Engine::compile`]; this build has no LLVM; or there is no driver, no such GPU, or one too old.
    pub fn compile_for_gpu(
        module: Verified,
        level: OptLevel,
        parameters: Parameters<'_>,
        ordinal: u32,
        places: impl FnOnce(&tri_kernel_ir::Module) -> Vec<Vec<String>>,
        timing: &mut Timing,
    ) -> Result<Engine, DriverError> {
        if !gpu::HAS_LLVM {
            return Err(DriverError::NoLlvm { target: GpuTarget::default() });
        }
        let capability = tri_runtime::cuda_capability(ordinal).map_err(RuntimeError::from)?;
        let target = gpu::target_for(capability).ok_or(DriverError::OldGpu { ordinal, capability })?;
        let kernel = backend::schedule(&module, level, timing)?;
        let code = backend::generate(&kernel, &backend::options(level)?, timing)?;
        let kernels = timing.stage("codegen (GPU)", || gpu::gpu_code(&kernel, target, level))?;
        let kernels = GpuCode { places: places(&kernel), ..kernels };
        let model = timing.stage("link", || Model::from_parts(module, kernel, code))?;
        let model = timing.stage("bind", || bind(&model, parameters))?;
        Engine::of(model.with_gpu_code(&target.cpu(), kernels), level, Device::cuda(ordinal))
    }

    fn bound(
        model: &Model,
        level: OptLevel,
        parameters: Parameters<'_>,
        threads: Option<usize>,
        timing: &mut Timing,
    ) -> Result<Engine, DriverError> {
        let model = timing.stage("bind", || bind(model, parameters))?;
        Engine::of(model, level, cpu(threads))
    }

    /// Opens an artifact.
    ///
    /// # Errors
    /// The file is refused, the weights do not fit, or a step has no kernel here.
    pub fn open(path: &Path, options: &OpenOptions<'_>, timing: &mut Timing) -> Result<Engine, DriverError> {
        Engine::open_unnamed(path, options, timing).map_err(|error| error.within(path))
    }

    /// [`Engine::open`] with errors that leave open which artifact they are about.
    fn open_unnamed(
        path: &Path,
        options: &OpenOptions<'_>,
        timing: &mut Timing,
    ) -> Result<Engine, DriverError> {
        let artifact = timing.stage("open", || Artifact::open(path))?;
        let level = level_in(&artifact);
        let trust = if options.trust_code { Trust::Everything } else { Trust::Nothing };
        let mut model = timing.stage("load", || load(artifact, trust, options.instrument))?;
        if let Some(weights) = options.weights {
            let checkpoint = timing.stage("read weights", || Checkpoint::open(weights, model.module()))?;
            model = timing.stage("bind", || bind(&model, Parameters::Checkpoint(&checkpoint)))?;
        }
        let device = options.gpu.map_or_else(|| cpu(options.threads), Device::cuda);
        Engine::of(model, level, device)
    }

    fn of(model: Model, level: OptLevel, device: Device) -> Result<Engine, DriverError> {
        let session = model.session(device)?;
        Ok(Engine { model, session, device, level })
    }

    /// The program.
    pub fn module(&self) -> &Module {
        self.model.module()
    }

    /// The entry of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn entry(&self, name: &str) -> Result<&Entry, DriverError> {
        let entries = &self.module().entries;
        let known = || entries.iter().map(|entry| entry.name.clone()).collect();
        let entry = entries.iter().find(|entry| entry.name == name);
        Ok(entry.ok_or_else(|| RuntimeError::NoEntry { name: name.to_owned(), known: known() })?)
    }

    /// Calls an entry with its inputs in order. States keep what the call writes.
    ///
    /// # Errors
    /// An input does not fit, or the program stops.
    pub fn call(&mut self, entry: &str, inputs: &[TensorData]) -> Result<Vec<TensorData>, DriverError> {
        let views: Vec<TensorView<'_>> = inputs.iter().map(TensorView::of).collect::<Result<_, _>>()?;
        Ok(self.session.call(entry, &views)?.iter().map(Tensor::to_data).collect())
    }

    /// [`Engine::call`], and what the routed layers did with its rows. The model must tell them
    /// ([`Instrument::Routes`]).
    ///
    /// # Errors
    /// As [`Engine::call`], or the model does not record.
    pub fn call_recorded(
        &mut self,
        entry: &str,
        inputs: &[TensorData],
    ) -> Result<(Vec<TensorData>, Vec<RoutedLayer>), DriverError> {
        let views: Vec<TensorView<'_>> = inputs.iter().map(TensorView::of).collect::<Result<_, _>>()?;
        let (results, layers) = self.session.call_recorded(entry, &views)?;
        Ok((results.iter().map(Tensor::to_data).collect(), layers))
    }

    /// The -O level that it was compiled at.
    pub fn level(&self) -> OptLevel {
        self.level
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The session, for calls that give and keep tensors without copying them.
    pub fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Puts every state back to its initial value.
    ///
    /// # Errors
    /// The system refuses memory.
    pub fn reset(&mut self) -> Result<(), DriverError> {
        Ok(self.session.reset()?)
    }

    /// The same model with states of its own, in their initial values. Weights, code and threads are shared.
    ///
    /// # Errors
    /// The system refuses memory.
    pub fn another_session(&self) -> Result<Engine, DriverError> {
        Engine::of(self.model.clone(), self.level, self.device)
    }

    /// Runs the test at a position of the module, with states in their initial values; one truth value a check.
    ///
    /// # Errors
    /// The program stops.
    pub fn run_test(&mut self, position: usize) -> Result<Vec<bool>, DriverError> {
        self.session.reset()?;
        Ok(self.session.run_test(position)?)
    }
}

/// The CPU, with as many threads or one a core.
fn cpu(threads: Option<usize>) -> Device {
    threads.map_or(Device::cpu(), |threads| Device::cpu().threads(threads))
}

/// Positions in `given` of the inputs of an entry, in the entry's order.
///
/// # Errors
/// A name that is no input or stands twice, or inputs that are missing.
pub fn order_inputs(entry: &Entry, given: &[&str]) -> Result<Vec<usize>, DriverError> {
    Ok(tri_runtime::order_inputs(entry, given)?)
}

/// Opens an artifact without loading its program.
///
/// # Errors
/// The file cannot be read, or is no valid artifact.
pub fn open_artifact(path: &Path) -> Result<Artifact, DriverError> {
    Artifact::open(path).map_err(|error| DriverError::from(error).within(path))
}

/// The model of an artifact. Its code fits the schedules of the level that it was compiled at.
pub(crate) fn load(artifact: Artifact, trust: Trust, instrument: Instrument) -> Result<Model, DriverError> {
    let fusion = fusion_of(level_in(&artifact));
    Ok(Model::from_artifact(artifact, &Options { level: None, fusion, trust, instrument })?)
}

/// The -O level that an artifact was compiled at.
pub(crate) fn level_in(artifact: &Artifact) -> OptLevel {
    let options = &artifact.manifest().build.options;
    let number =
        options.iter().find(|(name, _)| name == LEVEL_OPTION).and_then(|(_, value)| value.parse().ok());
    number.map_or(OptLevel::default(), level_of)
}

/// Under this name a manifest states the -O level.
pub(crate) const LEVEL_OPTION: &str = "opt-level";

fn bind(model: &Model, parameters: Parameters<'_>) -> Result<Model, DriverError> {
    match parameters {
        Parameters::Initial => Ok(model.bind_initial()?),
        Parameters::Given(tensors) => {
            let views: Vec<TensorView<'_>> = tensors.iter().map(TensorView::of).collect::<Result<_, _>>()?;
            Ok(model.bind_in_order(&views)?)
        }
        Parameters::Checkpoint(checkpoint) => {
            let tensors = checkpoint.parameters();
            Ok(model.bind_in_order(&views(&tensors)?)?)
        }
    }
}

fn views<'a>(tensors: &'a [TensorSlice<'a>]) -> Result<Vec<TensorView<'a>>, DriverError> {
    let view = |tensor: &'a TensorSlice<'a>| Ok(TensorView::new(tensor.dtype, &tensor.shape, tensor.bytes)?);
    tensors.iter().map(view).collect()
}

/// The bytes of every value that binding a checkpoint to a module after the passes of -O2 gives, in order.
///
/// # Errors
/// A step of the prologue has no kernel, or the prologue stops.
pub(crate) fn bound(
    module: &Verified,
    checkpoint: &Checkpoint,
    timing: &mut Timing,
) -> Result<Vec<Vec<u8>>, DriverError> {
    let level = OptLevel::O2;
    let kernel = backend::schedule(module, level, timing)?;
    let code = backend::generate(&kernel, &backend::options(level)?, timing)?;
    let model = timing.stage("link", || Model::from_parts(module.clone(), kernel, code))?;
    let model = timing.stage("bind", || bind(&model, Parameters::Checkpoint(checkpoint)))?;
    Ok(model.bound()?.into_iter().map(<[u8]>::to_vec).collect())
}

/// Binds weights, and writes what an artifact stores to its places: bound values, then parameters that entries take as they are.
///
/// # Errors
/// The prologue stops.
pub(crate) fn store_weights(
    model: &Model,
    checkpoint: &Checkpoint,
    places: &mut [&mut [u8]],
) -> Result<(), DriverError> {
    let tensors = checkpoint.parameters();
    model.bind_into(&views(&tensors)?, places)?;
    let module = model.module();
    let mut is_taken = vec![false; tensors.len()];
    for capture in module.entries.iter().flat_map(|entry| &entry.captures) {
        if let Capture::Parameter(id) = capture {
            is_taken[id.index()] = true;
        }
    }
    let taken = tensors.iter().zip(is_taken).filter(|(_, is_taken)| *is_taken);
    for ((tensor, _), place) in taken.zip(places.iter_mut().skip(module.bound.len())) {
        place.copy_from_slice(tensor.bytes);
    }
    Ok(())
}
