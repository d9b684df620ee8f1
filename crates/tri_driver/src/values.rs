//! Entry points that give every value they compute, for `triton run --dump-values`.

use std::path::Path;

use tri_diagnostics::LineIndex;
use tri_diagnostics::render::Sources;
use tri_ir::Verified;
use tri_passes::{Exposed, OptLevel};
use tri_runtime::RuntimeError;

use crate::{DriverError, ElaborateError, Program, Timing};

impl Program {
    /// The program at -O0, whose entry point `entry` gives, after its own results, every value that it computes; and what those
    /// are called: `0007/forward/Block.forward/conv2d@resnet18.tri:25`, which is when, where in the program, what, and where in
    /// the source.
    ///
    /// # Errors
    /// The program has errors, or no such entry point.
    pub fn with_values(
        &self,
        entry: &str,
        timing: &mut Timing,
    ) -> Result<(Verified, Vec<String>), ElaborateError> {
        let (module, _) = self.elaborate(timing)?;
        let Some(at) = module.entries.iter().position(|known| known.name == entry) else {
            let known = module.entries.iter().map(|entry| entry.name.clone()).collect();
            return Err(DriverError::from(RuntimeError::NoEntry { name: entry.to_owned(), known }).into());
        };
        let (module, exposed) = tri_passes::expose(module, at).map_err(DriverError::Exposed)?;
        let module = tri_ir::verify(module).map_err(DriverError::Elaboration)?;
        let optimized =
            tri_passes::optimize(&module, OptLevel::O0, &mut |_, _| {}).map_err(DriverError::Pass)?;
        let names = exposed.iter().enumerate().map(|(at, value)| self.value_name(at, value)).collect();
        Ok((optimized, names))
    }

    fn value_name(&self, at: usize, value: &Exposed) -> String {
        let place = value.origin.and_then(|origin| self.span(origin)).map(|span| {
            let line = LineIndex::new(self.text(span.file)).line(span.range.start);
            let name = Sources::name(self, span.file);
            let file =
                Path::new(&name).file_name().map_or(name.clone(), |file| file.to_string_lossy().into());
            format!("@{file}:{line}")
        });
        let functions = value.functions.join("/");
        format!("{at:04}/{functions}/{}{}", value.op, place.unwrap_or_default())
    }
}
