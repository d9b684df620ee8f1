//! A model: a compiled program and its weights.

use std::path::Path;
use std::sync::Arc;

use tri_artifact::{Artifact, ArtifactError, Interface, PublicKey};
use tri_cranelift::Code;
use tri_gpu::GpuCode;
use tri_ir::{Module, TensorData, Verified};
use tri_kernel_ir::Fusion;
use tri_kernels::CpuLevel;

use crate::cuda::{CudaError, Loads, capability_of};
use crate::pool::{Pool, Pools};
use crate::program::{Program, module_of, schedule};
use crate::session::{Device, Session};
use crate::weights::{Weights, arrange, bind_into, hold};
use crate::{RuntimeError, TensorView, golden};

/// Which machine code from a file may be executed.
#[derive(Clone, Debug, Default)]
pub enum Trust {
    /// None: code is compiled from the tensor IR.
    #[default]
    Nothing,
    /// Code in an artifact signed by one of these keys.
    Keys(Vec<PublicKey>),
    /// Any code: the caller vouches for the file.
    Everything,
}

/// What calls of a model tell beside their results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Instrument {
    /// Nothing.
    #[default]
    Nothing,
    /// What routed layers choose ([`Session::call_recorded`]).
    Routes,
    /// How long each step takes ([`Session::call_timed`]).
    Steps,
}

/// How a model is loaded.
#[derive(Clone, Debug)]
pub struct Options {
    /// CPU level; the machine's best unless given.
    pub level: Option<CpuLevel>,
    /// How much code that is compiled here fuses.
    pub fusion: Fusion,
    /// Which machine code may be executed.
    pub trust: Trust,
    /// What calls tell. For anything but nothing code is compiled here, and for routes test blocks are left out.
    pub instrument: Instrument,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            level: None,
            fusion: Fusion::Full,
            trust: Trust::default(),
            instrument: Instrument::Nothing,
        }
    }
}

impl Options {
    pub(crate) fn level(&self) -> Result<CpuLevel, RuntimeError> {
        match self.level {
            Some(level) => Ok(level),
            None => CpuLevel::detect().map_err(RuntimeError::Compile),
        }
    }
}

/// Name of the code section for a CPU level of this machine.
pub fn code_target(level: CpuLevel) -> String {
    format!("{}-{}", std::env::consts::ARCH, level.name())
}

/// A compiled model. Cheap to clone; clones and sessions share program and weights.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) program: Arc<Program>,
    pub(crate) weights: Option<Arc<Weights>>,
    pub(crate) pools: Arc<Pools>,
    pub(crate) loads: Arc<Loads>,
    /// Code for GPUs that was given, beside what the artifact has, by target.
    gpu_codes: Arc<Vec<(String, GpuCode)>>,
    /// Whether code in the artifact may be executed.
    trusted: bool,
    artifact: Option<Arc<Artifact>>,
}

impl Model {
    /// Opens an artifact: maps it, checks it, compiles its tensor IR for this machine.
    ///
    /// # Errors
    /// The file cannot be read or believed, or its program cannot be compiled here.
    pub fn open(path: impl AsRef<Path>) -> Result<Model, RuntimeError> {
        Model::open_with(path, &Options::default())
    }

    /// [`Model::open`] with options.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn open_with(path: impl AsRef<Path>, options: &Options) -> Result<Model, RuntimeError> {
        let path = path.as_ref();
        let artifact =
            Artifact::open(path).map_err(|error| RuntimeError::Open { path: path.to_owned(), error })?;
        Model::from_artifact(artifact, options)
    }

    /// A model of an artifact that is open.
    ///
    /// # Errors
    /// As [`Model::open`].
    pub fn from_artifact(artifact: Artifact, options: &Options) -> Result<Model, RuntimeError> {
        let artifact = Arc::new(artifact);
        let module = module_of(&artifact)?;
        if Interface::of(&module)? != artifact.manifest().interface {
            let reason = "it does not describe the tensor IR of this artifact".to_owned();
            return Err(ArtifactError::Malformed { section: "manifest", reason }.into());
        }
        let trusted = is_trusted(&artifact, &options.trust)?;
        let stored = trusted && options.instrument == Instrument::Nothing;
        let code = if stored { code_of(&artifact, options)? } else { None };
        let program = match code {
            Some(code) => {
                let kernels = schedule_of(&module, &code)?;
                Program::assemble(module, kernels, code)?
            }
            None => Program::compile(module, options)?,
        };
        let weights = Weights::of_artifact(artifact.clone()).map(Arc::new);
        Ok(Model { weights, trusted, artifact: Some(artifact), ..Model::of(program) })
    }

    /// A model of tensor IR, without weights.
    ///
    /// # Errors
    /// The program cannot be compiled here.
    pub fn from_module(module: Verified, options: &Options) -> Result<Model, RuntimeError> {
        Ok(Model::of(Program::compile(module, options)?))
    }

    /// A model of tensor IR with schedules and machine code that were made from it in this process.
    ///
    /// # Errors
    /// The code is for a CPU level that this machine lacks.
    pub fn from_parts(
        module: Verified,
        kernels: tri_kernel_ir::Verified,
        code: Code,
    ) -> Result<Model, RuntimeError> {
        Ok(Model::of(Program::assemble(module, kernels, code)?))
    }

    /// A model without weights.
    fn of(program: Program) -> Model {
        Model {
            program: Arc::new(program),
            weights: None,
            pools: Arc::default(),
            loads: Arc::default(),
            gpu_codes: Arc::default(),
            trusted: false,
            artifact: None,
        }
    }

    /// The same model with code for a GPU that was made from its schedules in this process; `target` is the family, such as `sm_90`.
    /// Sessions of the model on GPUs begin after that.
    pub fn with_gpu_code(&self, target: &str, code: GpuCode) -> Model {
        let mut gpu_codes = self.gpu_codes.to_vec();
        gpu_codes.push((target.to_owned(), code));
        Model { gpu_codes: Arc::new(gpu_codes), loads: Arc::default(), ..self.clone() }
    }

    /// The best code for a device: of the latest family that is not later than it, and its target.
    pub(crate) fn gpu_code(&self, device: &str, capability: u32) -> Result<(String, GpuCode), RuntimeError> {
        let given = self.gpu_codes.iter().map(|(target, _)| target.as_str());
        let stored = self.artifact.iter().flat_map(|artifact| artifact.gpu_targets());
        let known: Vec<&str> = given.chain(stored).collect();
        let fits = |target: &&&str| capability_of(target).is_some_and(|needed| needed <= capability);
        let best = known.iter().filter(fits).max_by_key(|target| capability_of(target));
        let Some(target) = best else {
            let known = known.iter().map(|target| (*target).to_owned()).collect();
            return Err(CudaError::NoCode { device: device.to_owned(), capability, known }.into());
        };
        if let Some((_, code)) = self.gpu_codes.iter().find(|(given, _)| given == target) {
            return Ok(((*target).to_owned(), code.clone()));
        }
        if !self.trusted {
            return Err(CudaError::Untrusted.into());
        }
        let bytes = self.artifact.as_ref().map(|artifact| artifact.gpu_code(target)).transpose()?.flatten();
        let code = postcard::from_bytes(bytes.unwrap_or_default());
        Ok(((*target).to_owned(), code.map_err(|error| RuntimeError::Code(error.to_string()))?))
    }

    /// The same program with weights: runs the prologue on tensors named like the parameters.
    ///
    /// # Errors
    /// A tensor is missing, unexpected, or of another type.
    pub fn bind(&self, tensors: &[(String, TensorData)]) -> Result<Model, RuntimeError> {
        let parameters = arrange(&self.program.module, tensors)?;
        self.bind_in_order(&parameters)
    }

    /// The same program with weights in checkpoint order, which are only read from where they are.
    ///
    /// # Errors
    /// Another number of tensors, or one of another type.
    pub fn bind_in_order(&self, parameters: &[TensorView<'_>]) -> Result<Model, RuntimeError> {
        self.hold(parameters)?;
        let weights = Weights::bind(&self.program, parameters, &Pool::new(threads())?)?;
        Ok(Model { weights: Some(Arc::new(weights)), ..self.clone() })
    }

    /// Binds weights in checkpoint order, and writes each bound value to its place, in the module's order and encodings. Further
    /// places are left as they are.
    ///
    /// # Errors
    /// As [`Model::bind_in_order`], or a place of another length.
    pub fn bind_into(
        &self,
        parameters: &[TensorView<'_>],
        places: &mut [&mut [u8]],
    ) -> Result<(), RuntimeError> {
        self.hold(parameters)?;
        bind_into(&self.program, parameters, places, &Pool::new(threads())?)
    }

    /// Tensors are of the parameters' types.
    fn hold(&self, tensors: &[TensorView<'_>]) -> Result<(), RuntimeError> {
        let parameters = &self.module().parameters;
        if let Some(missing) = parameters.get(tensors.len()) {
            return Err(RuntimeError::MissingWeight { name: missing.name.clone(), nearest: None });
        }
        parameters.iter().zip(tensors).try_for_each(|(parameter, tensor)| hold(parameter, tensor))
    }

    /// The same program with every parameter in its initial value.
    ///
    /// # Errors
    /// The system refuses memory.
    pub fn bind_initial(&self) -> Result<Model, RuntimeError> {
        let pool = Pool::new(1)?;
        let parameters = crate::cpu::initial_values(
            &self.program,
            self.module().parameters.iter().map(|parameter| (&parameter.init, &parameter.ty)),
            &pool,
        )?;
        let views: Vec<TensorView<'_>> = parameters.iter().map(crate::Tensor::view).collect();
        self.bind_in_order(&views)
    }

    /// The bytes of each bound value, in the module's order and encodings; what an artifact stores.
    ///
    /// # Errors
    /// The model has no weights.
    pub fn bound(&self) -> Result<Vec<&[u8]>, RuntimeError> {
        Ok(self.weights.as_ref().ok_or(RuntimeError::NoWeights)?.bound())
    }

    /// A session: states in their initial values, memory of its own.
    ///
    /// # Errors
    /// The model has no weights, or the system refuses threads.
    pub fn session(&self, device: Device) -> Result<Session, RuntimeError> {
        Session::new(self, device)
    }

    /// Its schedules, one a function of the tensor IR.
    pub fn schedules(&self) -> &tri_kernel_ir::Module {
        &self.program.kernels
    }

    /// The program.
    pub fn module(&self) -> &Module {
        &self.program.module
    }

    /// The CPU level that the code was made for.
    pub fn level(&self) -> CpuLevel {
        self.program.code.level
    }

    /// The machine code.
    pub fn code(&self) -> &Code {
        &self.program.code
    }

    /// Repeats the golden calls of the artifact on this machine: every result must have the same bits (any NaN equals any NaN).
    /// Gives the number of calls.
    ///
    /// # Errors
    /// A result differs, or the artifact is damaged.
    pub fn verify_golden(&self) -> Result<usize, RuntimeError> {
        match &self.artifact {
            Some(artifact) => golden::verify(self, &artifact.golden()?),
            None => Ok(0),
        }
    }

    /// Whether the machine code stored for this CPU level is what this compiler makes of the tensor IR. None if none is stored.
    ///
    /// # Errors
    /// The artifact is damaged.
    pub fn verify_code(&self) -> Result<Option<bool>, RuntimeError> {
        let Some(artifact) = &self.artifact else { return Ok(None) };
        let stored = artifact.code(&code_target(self.level()))?;
        let fresh =
            postcard::to_allocvec(self.code()).map_err(|error| RuntimeError::Code(error.to_string()))?;
        Ok(stored.map(|stored| stored == fresh.as_slice()))
    }
}

/// Threads that binding uses: the machine's cores.
fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Whether code in the artifact may be executed.
fn is_trusted(artifact: &Artifact, trust: &Trust) -> Result<bool, RuntimeError> {
    match trust {
        Trust::Nothing => Ok(false),
        Trust::Keys(keys) => Ok(artifact.verify_signature(keys).map(|_| true)?),
        Trust::Everything => Ok(true),
    }
}

/// The code in the artifact for this machine.
fn code_of(artifact: &Artifact, options: &Options) -> Result<Option<Code>, RuntimeError> {
    let Some(bytes) = artifact.code(&code_target(options.level()?))? else { return Ok(None) };
    postcard::from_bytes(bytes).map(Some).map_err(|error| RuntimeError::Code(error.to_string()))
}

/// The schedules that code from a file was made from: its frames are laid out for them, and for no others.
fn schedule_of(module: &Verified, code: &Code) -> Result<tri_kernel_ir::Verified, RuntimeError> {
    for fusion in Fusion::ALL {
        let kernels = schedule(module, fusion)?;
        if Code::fingerprint(&kernels) == code.kernels {
            return Ok(kernels);
        }
    }
    Err(RuntimeError::Code(
        "it was made by another version of the compiler; compile the program again".to_owned(),
    ))
}
