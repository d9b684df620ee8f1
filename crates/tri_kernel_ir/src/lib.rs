//! Kernel IR: how a model is computed on a machine, still without naming one.
//!
//! Each tensor IR function becomes one [`Schedule`]: a host program of [`Step`]s over [`Buffer`]s. A buffer is contiguous
//! memory given by the caller (parameter, result, state) or part of the workspace, whose layout is the memory plan:
//! buffers that do not live at the same time share a [`Slot`]. Sizes, offsets and strides are polynomials over
//! the schedule's symbols, so one schedule serves every batch size.
//!
//! The work is in a few kinds of step. A [`Nest`] is a fused loop nest: for each point of its outer axes it runs stages,
//! which fold an expression over inner axes into a register or store expressions over inner axes;
//! elementwise chains, reductions, normalisations, softmax, mean pooling, gathers, copies and quantisers of weights are all nests. A
//! [`Contraction`], a [`Convolution`], a [`MaxPool`], a [`QuantizeStep`], a [`ClusterStep`] and the rows of a softmax are served by micro-kernels. [`Attention`] is two
//! contractions around a nest, block by block; an [`Epilogue`] is a product with a nest behind it, block by block. A [`RouteStep`] groups rows by tile and calls tiles.
//! Backends lower each step once; nothing above this crate knows a target, nothing below it knows tensor IR ops.
//!
//! A [`Repeat`] runs some of the steps several times, over buffers that move from parameter to parameter: equal blocks are one. [`Siblings`] are
//! steps that may run as one parallel region.
//!
//! Meaning: executing the steps in order gives the bits that the interpreter gives for the function. Points of a nest's
//! outer axes, and rows and columns of a contraction, are independent, so a backend may run them in parallel.

mod analysis;
mod attach;
mod attention;
mod cost;
mod epilogue;
mod explain;
mod form;
mod kir;
mod operands;
pub mod plan;
mod print;
mod repeat;
mod schedule;
mod siblings;
mod softmax;
mod spelled_out;
mod together;
mod verify;
mod workspace;

pub use analysis::{element_types, for_each_operand, needed, register_count};
pub use attach::{attach, attach_error};
pub use attention::Attention;
pub use cost::{StepCost, cost};
pub use epilogue::{Epilogue, Product};
pub use explain::{KernelChoice, explain, explain_where, kernel_name};
pub use form::{Arguments, Body, Form};
pub use kir::{
    Access, Buffer, BufferId, CallStep, ClusterStep, Contraction, ContractionKind, Convolution, Digits, Expr,
    ExprId, Fold, Guard, Index, MaxPool, Module, Nest, OuterAxis, Place, QuantizeStep, Reg, Repeat,
    RouteStep, RouteTile, Scales, Schedule, ScheduleId, Slot, SlotSize, Stage, Step, StepKind, Store,
};
pub use operands::for_each_buffer;
pub use plan::{PlanError, slot_offsets, workspace_bytes};
pub use print::print_schedule;
pub use schedule::{Fusion, ScheduleError, schedule, schedule_function};
pub use siblings::Siblings;
pub use spelled_out::spelled_out;
pub use together::computing;
pub use verify::{Verified, VerifyError, verify};
pub use workspace::{Workspace, workspace};
