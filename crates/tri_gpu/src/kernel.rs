//! Kernels and their launches.

use serde::{Deserialize, Serialize};
use tri_dims::DimError;
use tri_ir::Dim;
use tri_kernel_ir::BufferId;

/// The kernels of a module for one family of GPUs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuCode {
    /// The kernel IR that it was made from: `tri_cranelift::Code::fingerprint` of it.
    pub fingerprint: [u8; 32],
    /// In the order of their numbers.
    pub kernels: Vec<Kernel>,
    /// For each schedule and each of its steps, what it runs. A nest, a contraction, a quantiser of rows, a convolution and a choice through
    /// clusters run one kernel.
    ///
    /// A route whose tiles [run together](tri_kernel_ir::RouteStep::runs_together) has the five of a [group](crate::group). Another one has
    /// five too: the first runs once; for each rank, counting up, the second and third, after which the host reads how many rows each tile
    /// has; for each chunk of at most [`tri_kernel_ir::RouteStep::TOGETHER`] rows of each tile the fourth, the tile's own steps, then the
    /// fifth. The sizes [`Run::ROWS`] (of the fourth and fifth), [`Run::RANK`] and [`Run::START`] are then those of the chunk.
    ///
    /// Other steps run none.
    pub runs: Vec<Vec<Vec<Run>>>,
    /// For each schedule and each of its steps, where its source stands: `digits.tri:12:9`, or nothing. None at all if nobody knows.
    pub places: Vec<Vec<String>>,
    /// Steps that can fail. The word that a failure at place `i` stores is `i + 1`.
    pub sites: Vec<Site>,
    /// PTX.
    pub text: String,
}

/// What serves the steps of one form. Its parameters are, 64 bits each: the addresses of its buffers, the values of its symbols, and
/// the address of the two words of a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kernel {
    /// Its name in the text.
    pub name: String,
    /// Threads of a block.
    pub threads: u32,
    /// How many buffers it takes.
    pub buffers: u32,
    /// How many sizes it takes: the values of its symbols.
    pub sizes: u32,
    /// Units of work are the points of these axes, in its symbols.
    pub axes: Vec<Dim>,
    /// Threads of a unit.
    pub lanes: i64,
    /// What serves many rows better.
    pub many: Option<Many>,
    /// Whether the text has it a second time, for the tiles of a [group](crate::group): by its name with [`Kernel::GROUPED`] behind it.
    pub grouped: bool,
}

/// Another kernel of the same form, and the sizes that it serves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Many {
    /// Its number.
    pub kernel: u32,
    /// How many rows there are.
    pub rows: Dim,
    /// The fewest rows that it serves.
    pub least: i64,
    /// Sizes that must be multiples of `of`.
    pub multiples: Vec<Dim>,
    /// At least 1.
    pub of: i64,
}

impl Many {
    /// Whether it serves a call with these values of the form's symbols.
    fn serves(&self, sizes: &[i64]) -> bool {
        let value = |dim: &Dim| dim.evaluate(&mut |symbol| sizes.get(symbol.index()).copied()).ok();
        value(&self.rows).is_some_and(|rows| rows >= self.least)
            && self.multiples.iter().all(|dim| value(dim).is_some_and(|size| size % self.of == 0))
    }
}

/// A step that runs a kernel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Number of the kernel; [`GpuCode::kernel_for`] finds the one to launch.
    pub kernel: u32,
    /// Values of the kernel's symbols, in the schedule's.
    pub sizes: Vec<Dim>,
    /// The kernel's buffers.
    pub buffers: Vec<BufferId>,
}

/// A step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Position of the schedule.
    pub schedule: u32,
    /// Position of the step.
    pub step: u32,
}

impl GpuCode {
    /// Where the source of a step stands, as `digits.tri:12:9`.
    pub fn place(&self, site: Site) -> Option<&str> {
        let place = self.places.get(site.schedule as usize)?.get(site.step as usize)?;
        Some(place.as_str()).filter(|place| !place.is_empty())
    }

    /// The number of the kernel that serves a run best for the values of its sizes.
    pub fn kernel_for(&self, run: &Run, sizes: &[i64]) -> usize {
        let kernel = self.kernels.get(run.kernel as usize);
        let many = kernel.and_then(|kernel| kernel.many.as_ref()).filter(|many| many.serves(sizes));
        many.map_or(run.kernel, |many| many.kernel) as usize
    }
}

impl Kernel {
    /// What stands behind the name of a kernel for the tiles of a group.
    pub const GROUPED: &str = "_grouped";

    /// How many blocks do all the work, for the values of its symbols; 0 if there is none.
    ///
    /// # Errors
    /// The number of threads does not fit in 64 bits.
    pub fn blocks(&self, symbols: &[i64]) -> Result<u64, DimError> {
        let mut threads = self.lanes;
        for axis in &self.axes {
            let size = axis.evaluate(&mut |symbol| symbols.get(symbol.index()).copied())?;
            threads = threads.checked_mul(size.max(0)).ok_or(DimError::Overflow)?;
        }
        Ok(threads.unsigned_abs().div_ceil(self.threads.into()))
    }
}
