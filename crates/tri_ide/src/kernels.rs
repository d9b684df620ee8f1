//! Which kernel serves the operation under the cursor on this machine, where the file has a model that computes it.

use std::collections::BTreeMap;

use tri_db::{Db, SourceFile};
use tri_diagnostics::TextRange;
use tri_ir::FunctionId;
use tri_kernel_ir::{Fusion, KernelChoice};
use tri_kernels::CpuLevel;
use tri_lower::Place;
use tri_passes::OptLevel;

use crate::elaboration::lowered;
use crate::inlined::Inlined;
use crate::path::path_to;

/// What each place of the source runs as after the passes of -O2: the kernels of its operations, without repetitions. None where the model
/// does not compile.
#[salsa::tracked(returns(ref), no_eq, lru = 8)]
fn kernels(db: &dyn Db, file: SourceFile) -> Option<BTreeMap<Place, Vec<String>>> {
    let lowered = lowered(db, file)?;
    let module = tri_ir::verify(lowered.module.clone()).ok()?;
    let mut go_on = |_: &tri_passes::PassRun, _: &tri_ir::Module| db.unwind_if_revision_cancelled();
    let module = tri_passes::optimize(&module, OptLevel::O2, &mut go_on).ok()?;
    let inlined = Inlined::of(lowered);
    let mut kernels: BTreeMap<Place, Vec<String>> = BTreeMap::new();
    for (at, function) in module.functions.iter().enumerate() {
        db.unwind_if_revision_cancelled();
        let choices = tri_kernel_ir::explain(&module, FunctionId(at as u32), Fusion::Full).ok()?;
        for (inst, choice) in function.insts.iter().zip(&choices) {
            let Some(origin) = inst.origin else { continue };
            let line = line(choice);
            // What a function of the library computes belongs to its call too.
            let own = lowered.source_map.place(origin);
            for place in own.into_iter().chain(inlined.around(&function.name, origin)) {
                let lines = kernels.entry(place).or_default();
                if !lines.contains(&line) {
                    lines.push(line.clone());
                }
            }
        }
    }
    Some(kernels)
}

fn line(choice: &KernelChoice) -> String {
    let operation = choice.op.split(' ').next().unwrap_or_default();
    let level =
        if choice.is_micro { format!(" for {}", CpuLevel::of_machine().name()) } else { String::new() };
    format!("`{operation}`: {}{level} ({})", choice.kernel, choice.reason)
}

/// The kernels of the smallest expression around an offset that has some.
pub(crate) fn of_expression(db: &dyn Db, file: SourceFile, around: TextRange) -> Vec<String> {
    let Some(path) = path_to(db, file, around) else { return Vec::new() };
    let Some(kernels) = kernels(db, file) else { return Vec::new() };
    let place = |node| Place { file: file.id(db), item: path.def.item, node };
    let nodes = path.nodes.iter().rev().take(3).filter_map(|node| node.id());
    nodes.filter_map(|node| kernels.get(&place(node))).next().cloned().unwrap_or_default()
}
