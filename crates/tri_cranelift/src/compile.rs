//! From kernel IR to a blob: every function compiled by itself, in parallel, then linked.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Instant;

use cranelift_codegen::{
    Context,
    control::ControlPlane,
    ir::{self, AbiParam, UserFuncName, types},
    isa::{OwnedTargetIsa, TargetIsa},
    settings::{self, Configurable},
};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use rayon::prelude::*;
use tri_kernel_ir::{Module, ScheduleId, StepKind, Verified};
use tri_kernels::CpuLevel;

use crate::emitter::{Emitter, signature};
use crate::functions::{Function, Functions};
use crate::link::{Object, link};
use crate::reuse::{Fingerprint, FunctionPool, FunctionRun};
use crate::schedule::ScheduleContext;
use crate::{Code, Effort, Options, epilogue, form};

/// Why a module could not be compiled. None of them is the fault of the module.
#[derive(Debug, thiserror::Error)]
pub enum CodegenError {
    /// There is no code generator for this machine.
    #[error("no native code can be generated for this machine: {0}")]
    Target(String),
    /// Cranelift refuses a function.
    #[error("generating code for {function} failed: {message}")]
    Function {
        /// Which function.
        function: String,
        /// What Cranelift says.
        message: String,
    },
    /// A function refers to something outside the machine code.
    #[error("the code of {function} needs {target}, which machine code must not refer to")]
    Relocation {
        /// Which function.
        function: String,
        /// What it refers to.
        target: String,
    },
    /// The machine code has more bytes than a 32-bit offset can name.
    #[error("the machine code is larger than 2 GiB")]
    TooLarge,
}

/// Features of Cranelift's x86-64 target at each level beyond the one below.
fn features(level: CpuLevel) -> &'static [&'static str] {
    match level {
        CpuLevel::Portable => &[],
        CpuLevel::Avx2 => &[
            "has_sse3",
            "has_ssse3",
            "has_sse41",
            "has_sse42",
            "has_popcnt",
            "has_avx",
            "has_avx2",
            "has_fma",
            "has_bmi1",
            "has_bmi2",
            "has_lzcnt",
        ],
        CpuLevel::Avx512Vnni => &["has_avx512f", "has_avx512dq", "has_avx512vl", "has_avx512vnni"],
    }
}

/// The target of a level: this architecture, and nothing that this machine happens to have beyond the level.
fn target(level: CpuLevel, effort: Effort) -> Result<OwnedTargetIsa, CodegenError> {
    let error = |message: &dyn std::fmt::Display| CodegenError::Target(message.to_string());
    let mut flags = settings::builder();
    let (opt_level, regalloc_algorithm) = match effort {
        Effort::Quick => ("none", "single_pass"),
        Effort::Thorough => ("speed", "backtracking"),
    };
    let choices = [
        ("opt_level", opt_level),
        ("regalloc_algorithm", regalloc_algorithm),
        // References between functions are relative to the instruction, and there is no table of addresses.
        ("is_pic", "false"),
        ("enable_probestack", "true"),
        ("probestack_strategy", "inline"),
        ("unwind_info", "false"),
        ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
    ];
    for (name, value) in choices {
        flags.set(name, value).map_err(|e| error(&e))?;
    }
    let mut builder = cranelift_native::builder_with_options(false).map_err(|e| error(&e))?;
    if cfg!(target_arch = "x86_64") {
        for feature in CpuLevel::ALL.into_iter().filter(|below| *below <= level).flat_map(features) {
            builder.enable(feature).map_err(|e| error(&e))?;
        }
    }
    builder.finish(settings::Flags::new(flags)).map_err(|e| error(&e))
}

/// Compiles every schedule of a module.
///
/// # Errors
/// The machine is not supported, or Cranelift meets a limit of its own.
pub fn compile(module: &Verified, options: &Options) -> Result<Code, CodegenError> {
    Ok(compile_reusing(module, options, &FunctionPool::default())?.0)
}

/// Compiles every schedule of a module but for functions that a pool of the same build of this compiler holds. Gives the same code as
/// [`compile`], a pool of all its functions, and what was done for each of them.
///
/// # Errors
/// As [`compile`].
pub fn compile_reusing(
    module: &Verified,
    options: &Options,
    pool: &FunctionPool,
) -> Result<(Code, FunctionPool, Vec<FunctionRun>), CodegenError> {
    let targets = Targets::of(options)?;
    let functions = Functions::of(module);
    let compiler = || Compiler::new(module, &functions, &targets);
    // What takes long comes first, so that all cores end at about the same time.
    let mut order: Vec<usize> = (0..functions.list().len()).collect();
    order.sort_by_cached_key(|at| Reverse(weight(module, &functions, functions.list()[*at])));
    let make = |compiler: &mut Compiler<'_>, at| (at, compiler.make(functions.list()[at], pool));
    let make_all = || order.into_iter().par_bridge().map_init(compiler, make).collect();
    let (mut made, kernels): (Vec<(usize, Result<Made, CodegenError>)>, _) =
        rayon::join(make_all, || Code::fingerprint(module));
    // Before the first error is taken, so that it is the same one however the work was shared out.
    made.sort_unstable_by_key(|(at, _)| *at);
    let made = made.into_iter().map(|(_, made)| made);
    let (mut linked, mut all, mut runs) = (Vec::new(), FunctionPool::default(), Vec::new());
    for made in made {
        let made = made?;
        all.insert(made.fingerprint, made.object.clone());
        linked.push((made.object, made.callees));
        runs.push(made.run);
    }
    let (bytes, offsets) = link(&linked)?;
    let schedules = functions.list().iter().zip(offsets);
    let schedules = schedules.filter(|(function, _)| matches!(function, Function::Schedule(_)));
    let schedules = schedules.map(|(_, offset)| offset).collect();
    let code = Code { level: options.level, kernels, bytes, schedules, sites: functions.into_sites() };
    Ok((code, all, runs))
}

/// About how long compiling a function takes, in expressions.
fn weight(module: &Module, functions: &Functions, function: Function) -> usize {
    match function {
        Function::Workspace(_) | Function::Launch(_) => 4,
        Function::Body(form) | Function::Epilogue(form) => form::weight(&functions.form(form).form),
        Function::Chunks(..) => 8,
        Function::Schedule(id) => module.schedules[id].steps.len() + module.schedules[id].buffers.len() / 4,
    }
}

/// The Cranelift IR of every function, before optimisation.
///
/// # Errors
/// As [`compile`].
pub fn emit_clif(module: &Verified, options: &Options) -> Result<String, CodegenError> {
    emit(module, options, |compiler, _, _| Ok(compiler.context.func.display().to_string()))
}

/// The instructions of every function. Functions refer to each other by their number in the text.
///
/// # Errors
/// As [`compile`].
pub fn emit_asm(module: &Verified, options: &Options) -> Result<String, CodegenError> {
    emit(module, options, |compiler, function, name| {
        compiler.context.set_disasm(true);
        compiler.compile(function, name)?;
        let code = compiler.context.compiled_code();
        Ok(code.and_then(|code| code.vcode.clone()).unwrap_or_default())
    })
}

/// The instructions of one function, and what they are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// What the function is, for people.
    pub name: String,
    /// The step that it computes; none for what runs the steps of a schedule.
    pub step: Option<usize>,
    /// Its instructions.
    pub text: String,
}

/// The instructions that a schedule runs: its own, and those of its steps. Steps that compute the same share code, which is listed with the first.
///
/// # Errors
/// As [`compile`].
pub fn list_asm(module: &Verified, options: &Options, id: ScheduleId) -> Result<Vec<Listing>, CodegenError> {
    let functions = Functions::of(module);
    let targets = Targets::of(options)?;
    let mut compiler = Compiler::new(module, &functions, &targets);
    let Some(schedule) = module.schedules.get(id.index()) else { return Ok(Vec::new()) };
    let mut wanted = vec![(Function::Schedule(id.index()), None)];
    for step in 0..schedule.steps.len() {
        if matches!(schedule.steps[step].kind, StepKind::Route(_)) {
            wanted.push((Function::Chunks(id.index(), step), Some(step)));
        }
        if let Some(form) = functions.form_number(id.index(), step)
            && wanted.iter().all(|(known, _)| *known != Function::Body(form))
        {
            wanted.push((Function::Body(form), Some(step)));
        }
    }
    let mut listings = Vec::with_capacity(wanted.len());
    for (function, step) in wanted {
        let name =
            step.map_or_else(|| schedule.name.clone(), |step| format!("step {step} of {}", schedule.name));
        compiler.build(function);
        compiler.context.set_disasm(true);
        compiler.compile(function, &name)?;
        let code = compiler.context.compiled_code();
        let text = code.and_then(|code| code.vcode.clone()).unwrap_or_default();
        listings.push(Listing { name, step, text });
    }
    Ok(listings)
}

fn emit(
    module: &Module,
    options: &Options,
    text: impl Fn(&mut Compiler<'_>, Function, &str) -> Result<String, CodegenError>,
) -> Result<String, CodegenError> {
    let functions = Functions::of(module);
    let targets = Targets::of(options)?;
    let mut compiler = Compiler::new(module, &functions, &targets);
    let mut all = String::new();
    for (number, function) in functions.list().iter().enumerate() {
        let name = compiler.describe(*function);
        compiler.build(*function);
        let text = text(&mut compiler, *function, &name)?;
        all.push_str(&format!("; u0:{number}: {name}\n{}\n\n", text.trim_end()));
    }
    Ok(all)
}

/// One level's target for each effort, with the hash of its settings.
struct Targets {
    options: Options,
    quick: (OwnedTargetIsa, [u8; 32]),
    thorough: (OwnedTargetIsa, [u8; 32]),
}

impl Targets {
    fn of(options: &Options) -> Result<Targets, CodegenError> {
        let of = |effort| {
            let isa = target(options.level, effort)?;
            let features: Vec<String> = isa.isa_flags().iter().map(ToString::to_string).collect();
            let level = options.level.name();
            let (marks, features) = (options.marks, features.join(" "));
            let settings = format!("{level} {marks} {} {} {features}", isa.triple(), isa.flags());
            Ok((isa, *blake3::hash(settings.as_bytes()).as_bytes()))
        };
        Ok(Targets { options: *options, quick: of(Effort::Quick)?, thorough: of(Effort::Thorough)? })
    }

    fn of_function(&self, function: Function, functions: &Functions) -> &(OwnedTargetIsa, [u8; 32]) {
        let is_often = match function {
            Function::Body(_) | Function::Epilogue(_) | Function::Chunks(..) => true,
            Function::Schedule(id) => functions.tile(id).is_some(),
            // What runs once a call is never worth more.
            Function::Workspace(_) | Function::Launch(_) => false,
        };
        match self.options.effort {
            Effort::Thorough if is_often => &self.thorough,
            Effort::Thorough | Effort::Quick => &self.quick,
        }
    }
}

/// A function of the module, compiled at some time.
struct Made {
    fingerprint: Fingerprint,
    object: Arc<Object>,
    /// Numbers of the functions that it may refer to, as the object numbers them.
    callees: Vec<u32>,
    run: FunctionRun,
}

/// Builds and compiles one function after another.
struct Compiler<'m> {
    module: &'m Module,
    functions: &'m Functions,
    targets: &'m Targets,
    context: Context,
    builder_context: FunctionBuilderContext,
}

impl<'m> Compiler<'m> {
    fn new(module: &'m Module, functions: &'m Functions, targets: &'m Targets) -> Compiler<'m> {
        let (context, builder_context) = (Context::new(), FunctionBuilderContext::new());
        Compiler { module, functions, targets, context, builder_context }
    }

    /// A function out of the pool, or compiled.
    fn make(&mut self, function: Function, pool: &FunctionPool) -> Result<Made, CodegenError> {
        let (start, name) = (Instant::now(), self.describe(function));
        let callees = self.functions.callees(self.module, function);
        let cx = self.schedule(function);
        let (_, settings) = self.targets.of_function(function, self.functions);
        let fingerprint = Fingerprint::of(&cx, function, &callees, settings);
        let callees: Vec<u32> = callees.iter().map(|callee| self.functions.number(*callee)).collect();
        let known = pool.get(&fingerprint);
        let is_reused = known.is_some();
        let object = match known {
            Some(object) => {
                debug_assert_eq!(*object, self.object(function, &name, &callees)?, "the key of {name}");
                object
            }
            None => Arc::new(self.object(function, &name, &callees)?),
        };
        let thread = rayon::current_thread_index().unwrap_or(0);
        let run = FunctionRun { name, start, time: start.elapsed(), thread, is_reused };
        Ok(Made { fingerprint, object, callees, run })
    }

    fn object(&mut self, function: Function, name: &str, callees: &[u32]) -> Result<Object, CodegenError> {
        self.build(function);
        self.compile(function, name)?;
        Object::of(&self.context, name, callees)
    }

    /// The schedule of a function; of a form or launch, one in which it occurs.
    fn schedule(&self, function: Function) -> ScheduleContext<'m> {
        let id = match function {
            Function::Workspace(id) | Function::Chunks(id, _) | Function::Schedule(id) => id,
            Function::Body(form) | Function::Epilogue(form) => self.functions.form(form).first.0,
            Function::Launch(launch) => self.functions.launch(launch).first.0,
        };
        let marks = self.targets.options.marks;
        ScheduleContext { module: self.module, id, functions: self.functions, marks }
    }

    /// A name for people.
    fn describe(&self, function: Function) -> String {
        let name = &self.schedule(function).schedule().name;
        match function {
            Function::Workspace(_) => format!("workspace size of {name}"),
            Function::Body(form) => format!("step {} of {name}", self.functions.form(form).first.1),
            Function::Epilogue(form) => {
                format!("epilogue of step {} of {name}", self.functions.form(form).first.1)
            }
            Function::Launch(launch) => {
                format!("launch of step {} of {name}", self.functions.launch(launch).first.1)
            }
            Function::Chunks(_, step) => format!("chunks of step {step} of {name}"),
            Function::Schedule(_) => name.clone(),
        }
    }

    /// The target that a function is compiled for.
    fn isa(&self, function: Function) -> &'m dyn TargetIsa {
        &*self.targets.of_function(function, self.functions).0
    }

    /// Puts a function's IR into the context.
    fn build(&mut self, function: Function) {
        self.context.clear();
        let isa = self.isa(function);
        let mut signature = signature(isa.default_call_conv());
        if matches!(function, Function::Workspace(_)) {
            signature.returns.push(AbiParam::new(types::I64));
        }
        self.context.func = ir::Function::with_name_signature(UserFuncName::default(), signature);
        let cx = self.schedule(function);
        let buffers = match function {
            Function::Workspace(_) | Function::Chunks(..) | Function::Schedule(_) => cx.buffer_words(),
            Function::Body(form) | Function::Epilogue(form) => {
                form::buffer_words(&self.functions.form(form).form)
            }
            Function::Launch(_) => Vec::new(),
        };
        let builder = FunctionBuilder::new(&mut self.context.func, &mut self.builder_context);
        let mut emitter = Emitter::new(builder, self.targets.options.level, buffers);
        match function {
            Function::Workspace(_) => cx.emit_workspace_size(&mut emitter),
            Function::Body(number) => {
                let form = &self.functions.form(number).form;
                let epilogue = epilogue::of_convolution(form)
                    .map(|_| self.functions.import(&mut emitter, Function::Epilogue(number)));
                form::emit(form, &mut emitter, epilogue);
            }
            Function::Epilogue(form) => epilogue::emit(&mut emitter, &self.functions.form(form).form),
            Function::Launch(launch) => self.functions.launch(launch).work.emit(&mut emitter),
            Function::Chunks(_, step) => cx.emit_chunks(&mut emitter, step),
            Function::Schedule(_) => cx.emit(&mut emitter),
        }
        emitter.builder.finalize(isa.frontend_config());
    }

    fn compile(&mut self, function: Function, name: &str) -> Result<(), CodegenError> {
        let isa = self.isa(function);
        match self.context.compile(isa, &mut ControlPlane::default()) {
            Ok(_) => Ok(()),
            Err(error) => {
                let message = format!("{:?}", error.inner);
                Err(CodegenError::Function { function: name.to_owned(), message })
            }
        }
    }
}
