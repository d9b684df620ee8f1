//! Optimisation of tensor IR: one file a pass, and the pipelines of the -O levels.
//!
//! A pass takes a verified module and gives another that computes the same bits (`docs/numerics.md`): passes reorganise
//! work, they never reassociate. [`optimize`] verifies what the last pass gives, and in debug builds what every pass gives, so that a pass
//! that breaks the IR is caught where it did.

mod canonicalize;
mod encode_weights;
mod expose;
mod fold_constants;
mod inline;
mod prune;
mod rewrite;
mod share;
mod siblings;
mod split_prologue;

use std::time::{Duration, Instant};

use tri_ir::{Module, Verified, VerifyError};

pub use expose::{Exposed, expose};

/// How much to optimise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OptLevel {
    /// Direct: one kernel an op, for debugging.
    O0,
    /// Folded constants, no dead and no repeated work, canonical forms.
    O1,
    /// And fused kernels, packed weights.
    #[default]
    O2,
    /// And contractions of one left operand as one parallel region.
    O3,
}

/// A rewrite of a module.
#[derive(Clone, Copy)]
pub struct Pass {
    /// As `--emit` and `--timing` call it.
    pub name: &'static str,
    /// What it does, in a line.
    pub description: &'static str,
    run: fn(Module) -> Module,
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// What one run of a pass did.
#[derive(Clone, Copy, Debug)]
pub struct PassRun {
    /// Which pass.
    pub pass: Pass,
    /// When it began.
    pub start: Instant,
    /// Time of the pass, with that of a verification after it.
    pub time: Duration,
    /// Instructions before and after, in all functions.
    pub instructions: (usize, usize),
}

/// A pass, or one before it, made a module that does not verify: a defect of the compiler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("pass `{pass}` made an invalid module: {error}")]
pub struct PassError {
    /// The pass.
    pub pass: &'static str,
    /// What is wrong with its result.
    pub error: VerifyError,
}

const CANONICALIZE: Pass = Pass {
    name: "canonicalize",
    description: "drops ops that change nothing, lets contractions absorb permutations of ternary weights",
    run: canonicalize::run,
};
const FOLD_CONSTANTS: Pass = Pass {
    name: "fold-constants",
    description: "computes elementwise ops of constants",
    run: fold_constants::run,
};
const SHARE: Pass = Pass { name: "share", description: "computes equal values once", run: share::run };
const PRUNE: Pass =
    Pass { name: "prune", description: "removes values and functions that nobody uses", run: prune::run };
const ENCODE_WEIGHTS: Pass = Pass {
    name: "encode-weights",
    description: "packs ternary weights of products with bytes into two bits",
    run: encode_weights::run,
};
const SPLIT_PROLOGUE: Pass = Pass {
    name: "split-prologue",
    description: "moves what depends on parameters alone into the prologue",
    run: split_prologue::run,
};
const INLINE: Pass = Pass {
    name: "inline",
    description: "puts small layers in the place of their calls, so that fusion sees over their borders",
    run: inline::run,
};

const SIBLINGS: Pass = Pass {
    name: "siblings",
    description: "moves contractions of one left operand next to each other, so that they run as one region",
    run: siblings::run,
};

/// The passes of -O2.
const FUSED: [Pass; 9] =
    [CANONICALIZE, FOLD_CONSTANTS, SHARE, PRUNE, ENCODE_WEIGHTS, SPLIT_PROLOGUE, INLINE, SHARE, PRUNE];

/// Those of -O3.
const TOGETHER: [Pass; 10] = [
    CANONICALIZE,
    FOLD_CONSTANTS,
    SHARE,
    PRUNE,
    ENCODE_WEIGHTS,
    SPLIT_PROLOGUE,
    INLINE,
    SHARE,
    PRUNE,
    SIBLINGS,
];

impl OptLevel {
    /// The passes, in order. Every level splits the prologue, since that decides what an artifact stores.
    pub fn pipeline(self) -> &'static [Pass] {
        match self {
            OptLevel::O0 => &[SPLIT_PROLOGUE, PRUNE],
            OptLevel::O1 => &[CANONICALIZE, FOLD_CONSTANTS, SHARE, PRUNE, SPLIT_PROLOGUE, SHARE, PRUNE],
            OptLevel::O2 => &FUSED,
            OptLevel::O3 => &TOGETHER,
        }
    }
}

fn verified(pass: &'static str, module: Module) -> Result<Verified, Box<PassError>> {
    tri_ir::verify(module).map_err(|error| Box::new(PassError { pass, error }))
}

/// Runs the pipeline of `level`. `observe` sees the module after every pass.
///
/// # Errors
///
/// A pass that makes an invalid module is a defect of the pass, and the error names both.
pub fn optimize(
    module: &Verified,
    level: OptLevel,
    observe: &mut dyn FnMut(&PassRun, &Module),
) -> Result<Verified, Box<PassError>> {
    let mut module = Module::clone(module);
    let Some((last, passes)) = level.pipeline().split_last() else { return verified("none", module) };
    for pass in passes {
        let start = Instant::now();
        let before = instructions(&module);
        module = (pass.run)(module);
        if cfg!(debug_assertions) {
            module = verified(pass.name, module)?.into_inner();
        }
        let (time, instructions) = (start.elapsed(), (before, instructions(&module)));
        observe(&PassRun { pass: *pass, start, time, instructions }, &module);
    }
    let start = Instant::now();
    let before = instructions(&module);
    let module = verified(last.name, (last.run)(module))?;
    let (time, instructions) = (start.elapsed(), (before, instructions(&module)));
    observe(&PassRun { pass: *last, start, time, instructions }, &module);
    Ok(module)
}

fn instructions(module: &Module) -> usize {
    module.functions.iter().map(|function| function.insts.len()).sum()
}
