//! The compiler pipeline: options, stages, timing.

mod backend;
mod checkpoint;
mod compile;
mod engine;
mod error;
mod folder;
mod golden;
mod graph;
mod kernels;
mod optimize;
mod output;
mod package;
mod queries;
mod recipe;
mod recompile;
mod report;
mod shelf;
mod source;
mod timing;
mod values;
mod verify;
mod weights;

pub use checkpoint::Checkpoint;
pub use compile::{Compiled, LARGE_WEIGHTS, Request, Source, compile, verify_cache};
pub use engine::{Engine, OpenOptions, Parameters, open_artifact, order_inputs};
pub use error::DriverError;
pub use folder::{Folder, OwnFile};
pub use golden::{Skipped, sample_inputs};
pub use graph::GraphRequest;
pub use kernels::{FunctionKernels, KernelChoices, activation_memory, explain_kernels};
pub use optimize::{Stage, emit, emit_after, level_of, pass_runs};
pub use output::Output;
pub use package::{Assembled, COMPILER, NUMERICS_VERSION, Package};
pub use recipe::Recipe;
pub use recompile::{Recompiler, Work};
pub use report::{Change, CostChange, PassReport, Report, ScheduleReport};
pub use shelf::Tier;
pub use source::{ElaborateError, Program, SourceOptions, document_library};
pub use timing::{StageRun, Timing};
pub use tri_diagnostics::nearest;
pub use verify::{Verification, verify_artifact};
pub use weights::{Differs, Unfitting, WeightsError, read_weights};

pub use tri_cranelift::FunctionRun;
pub use tri_db::OnExecute;
pub use tri_passes::OptLevel;
