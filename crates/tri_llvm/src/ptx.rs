//! LLVM: from the text of LLVM IR to PTX. The only module that knows LLVM.

use inkwell::OptimizationLevel;
use inkwell::context::Context;
use inkwell::memory_buffer::MemoryBuffer;
use inkwell::module::Module;
use inkwell::passes::PassBuilderOptions;
use inkwell::targets::{CodeModel, FileType, InitializationConfig, RelocMode, TargetMachine, TargetTriple};

use crate::{Lowered, Target};

/// How much time LLVM takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// The passes of O2.
    Usual,
    /// The passes of O3.
    High,
}

/// What LLVM does not accept. Kernels are always accepted, so one of these is a defect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("LLVM does not take a kernel: {message}")]
pub struct PtxError {
    /// LLVM's words.
    pub message: String,
}

fn refused(message: &impl ToString) -> PtxError {
    PtxError { message: message.to_string() }
}

impl Target {
    /// The PTX of kernels.
    ///
    /// # Errors
    /// A defect: LLVM refuses what [`crate::lower`] wrote.
    pub fn compile(self, kernels: &Lowered, effort: Effort) -> Result<String, PtxError> {
        let context = Context::create();
        let (machine, module) = self.optimized(&context, kernels, effort)?;
        let text =
            machine.write_to_memory_buffer(&module, FileType::Assembly).map_err(|error| refused(&error))?;
        let text = String::from_utf8_lossy(text.as_slice());
        Ok(text.trim_end_matches('\0').to_owned())
    }

    /// LLVM IR of kernels after LLVM's passes.
    ///
    /// # Errors
    /// As [`Target::compile`].
    pub fn llvm(self, kernels: &Lowered, effort: Effort) -> Result<String, PtxError> {
        let context = Context::create();
        let (_, module) = self.optimized(&context, kernels, effort)?;
        Ok(module.print_to_string().to_string())
    }

    fn optimized<'c>(
        self,
        context: &'c Context,
        kernels: &Lowered,
        effort: Effort,
    ) -> Result<(TargetMachine, Module<'c>), PtxError> {
        inkwell::targets::Target::initialize_nvptx(&InitializationConfig::default());
        let triple = TargetTriple::create("nvptx64-nvidia-cuda");
        let (level, passes) = match effort {
            Effort::Usual => (OptimizationLevel::Default, "default<O2>"),
            Effort::High => (OptimizationLevel::Aggressive, "default<O3>"),
        };
        let machine = inkwell::targets::Target::from_triple(&triple)
            .map_err(|error| refused(&error))?
            .create_target_machine(
                &triple,
                &self.cpu(),
                &self.feature(),
                level,
                RelocMode::Default,
                CodeModel::Default,
            );
        let machine = machine.ok_or_else(|| refused(&format!("no machine {}", self.cpu())))?;
        let text = MemoryBuffer::create_from_memory_range_copy(kernels.text.as_bytes(), "kernels");
        let module = context.create_module_from_ir(text).map_err(|error| refused(&error))?;
        module.set_triple(&triple);
        module.set_data_layout(&machine.get_target_data().get_data_layout());
        module.run_passes(passes, &machine, PassBuilderOptions::create()).map_err(|error| refused(&error))?;
        Ok((machine, module))
    }
}
