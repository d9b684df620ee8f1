//! Machine code in memory that the processor may execute.

#![expect(unsafe_code, reason = "an address in mapped code becomes a function pointer")]

use std::io;

use memmap2::{Mmap, MmapMut};
use tri_kernel_ir::ScheduleId;
use tri_kernels::Context;

use crate::Code;

/// The one signature of generated functions.
///
/// A schedule ignores the range. Calling one is sound if the code is what [`compile`](crate::compile) made, the frame is
/// filled as [`FrameLayout`](crate::FrameLayout) says with memory as large as the schedule's buffers and workspace, and the
/// context's kernels are of the code's level.
pub type EntryPoint = unsafe extern "C" fn(ctx: *mut Context, frame: *mut i64, start: i64, end: i64);

/// Mapped code, executable and not writable; unmapped when dropped.
#[derive(Debug)]
pub struct Executable {
    map: Mmap,
    schedules: Vec<u32>,
}

impl Executable {
    /// Maps a copy of `code`.
    ///
    /// # Errors
    /// The system refuses, or an offset in `code` lies outside its bytes.
    pub fn map(code: &Code) -> io::Result<Executable> {
        if code.schedules.iter().any(|offset| *offset as usize >= code.bytes.len()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a function lies outside the machine code",
            ));
        }
        // A mapping is never empty.
        let mut map = MmapMut::map_anon(code.bytes.len().max(1))?;
        map[..code.bytes.len()].copy_from_slice(&code.bytes);
        Ok(Executable { map: map.make_exec()?, schedules: code.schedules.clone() })
    }

    /// The function of a schedule of the compiled module, valid as long as `self` lives.
    ///
    /// # Panics
    /// If the module has no such schedule.
    pub fn schedule(&self, id: ScheduleId) -> EntryPoint {
        let address = &raw const self.map[self.schedules[id.index()] as usize];
        // SAFETY: `map` checked that a function begins here; data and function pointers are alike on every target that
        // can execute the code.
        unsafe { std::mem::transmute::<*const u8, EntryPoint>(address) }
    }
}
