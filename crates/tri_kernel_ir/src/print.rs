//! Kernel IR as text, for people: buffers, slots and steps of each schedule.

use std::fmt::{self, Write};

use tri_ir::Dim;

use crate::{Access, Module, Schedule, Stage, StepKind};

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.schedules.iter().try_for_each(|schedule| print(f, schedule))
    }
}

fn print(f: &mut fmt::Formatter<'_>, schedule: &Schedule) -> fmt::Result {
    let dims = |dims: &[Dim]| dims.iter().map(|dim| text(schedule, dim)).collect::<Vec<_>>().join(", ");
    let at = |access: &Access| {
        let mut at = format!("b{}[{}", access.buffer.0, text(schedule, &access.offset));
        for (index, stride) in &access.strides {
            let _ = write!(at, " + i{} * ({})", index.0, text(schedule, stride));
        }
        at + "]"
    };
    writeln!(f, "schedule {} {{", schedule.name)?;
    for (i, buffer) in schedule.buffers.iter().enumerate() {
        let (dtype, encoding) = (buffer.dtype.name(), buffer.encoding.name());
        writeln!(f, "  b{i} = {dtype}[{}] in {encoding} at {:?}", dims(&buffer.shape), buffer.place)?;
    }
    for step in &schedule.steps {
        let StepKind::Nest(nest) = &step.kind else {
            writeln!(f, "  {:?}", step.kind)?;
            continue;
        };
        writeln!(f, "  nest {} [{}] {{", nest.name, dims(&nest.axes))?;
        for (i, expr) in nest.exprs.iter().enumerate() {
            match expr {
                crate::Expr::Load(access) => writeln!(f, "    e{i} = load {}", at(access))?,
                expr => writeln!(f, "    e{i} = {expr:?}")?,
            }
        }
        for stage in &nest.stages {
            match stage {
                Stage::Fold { axes, fold, value, into, .. } => {
                    writeln!(f, "    r{} = fold {fold:?} [{}] e{}", into.0, dims(axes), value.0)?;
                }
                Stage::Let { value, into } => writeln!(f, "    r{} = e{}", into.0, value.0)?,
                Stage::Map { axes, stores } => {
                    writeln!(f, "    map [{}]", dims(axes))?;
                    for store in stores {
                        writeln!(f, "      {} = e{}", at(&store.to), store.value.0)?;
                    }
                }
            }
        }
        writeln!(f, "  }}")?;
    }
    writeln!(f, "}}")
}

fn text(schedule: &Schedule, dim: &Dim) -> String {
    let name =
        |symbol: &tri_ir::Symbol, f: &mut fmt::Formatter<'_>| match schedule.symbols.get(symbol.index()) {
            Some(info) => f.write_str(&info.name),
            None => write!(f, "${}", symbol.0),
        };
    dim.display(&name).to_string()
}
