//! Kernel IR as text, for people: buffers, then steps in order of execution.
//!
//! `b3` is a buffer, `e4` an expression of a nest, `r0` a register, `i1` a loop variable: first the nest's outer axes,
//! then the inner axes of the stage. Places in buffers are counted in elements.

use std::fmt::{self, Formatter, Write};
use std::ops::Range;

use tri_ir::{Conv2d, Dim, Pool2d};

use crate::explain::quantizer_name;
use crate::{
    Access, BufferId, CallStep, Contraction, ContractionKind, Convolution, Expr, Fold, Guard, Index, MaxPool,
    Module, Nest, Place, RouteStep, Schedule, ScheduleId, Stage, Step, StepKind,
};

impl fmt::Display for Module {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (i, schedule) in self.schedules.iter().enumerate() {
            if i > 0 {
                f.write_char('\n')?;
            }
            Printer { module: self, schedule }.schedule(f)?;
        }
        Ok(())
    }
}

/// One schedule as text, and for each of its lines that belong to a step, from 0, the step.
pub fn print_schedule(module: &Module, id: ScheduleId) -> (String, Vec<(u32, usize)>) {
    let Some(schedule) = module.schedules.get(id.index()) else { return Default::default() };
    let printer = Printer { module, schedule };
    let mut text = fmt::from_fn(|f| printer.head(f)).to_string();
    let mut lines = Vec::new();
    let mut line = text.lines().count() as u32;
    for (at, step) in schedule.steps.iter().enumerate() {
        let printed = fmt::from_fn(|f| printer.step_at(f, at, step)).to_string();
        let end = line + printed.lines().count() as u32;
        lines.extend((line..end).map(|line| (line, at)));
        line = end;
        text.push_str(&printed);
    }
    text.push_str("}\n");
    (text, lines)
}

struct Printer<'m> {
    module: &'m Module,
    schedule: &'m Schedule,
}

impl Printer<'_> {
    fn schedule(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.head(f)?;
        let mut steps = self.schedule.steps.iter().enumerate();
        steps.try_for_each(|(at, step)| self.step_at(f, at, step))?;
        writeln!(f, "}}")
    }

    fn head(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let symbols: Vec<&str> = self.schedule.symbols.iter().map(|symbol| symbol.name.as_str()).collect();
        writeln!(f, "schedule {}({}) {{", self.schedule.name, symbols.join(", "))?;
        for (i, buffer) in self.schedule.buffers.iter().enumerate() {
            // Deep models have many of these.
            write!(f, "  b{i} = ")?;
            match buffer.place {
                Place::Param(n) => write!(f, "param {n}")?,
                Place::Result(n) => write!(f, "result {n}")?,
                Place::State(n) => write!(f, "state {n}")?,
                Place::Slot(n) => write!(f, "slot {n}")?,
                Place::Alias(of) => write!(f, "alias b{}", of.0)?,
            }
            write!(f, ": {}[", buffer.dtype.name())?;
            for (axis, size) in buffer.shape.iter().enumerate() {
                let comma = if axis == 0 { "" } else { ", " };
                match size.as_constant() {
                    Some(size) => write!(f, "{comma}{size}")?,
                    None => write!(f, "{comma}{}", self.dim(size))?,
                }
            }
            writeln!(f, "] in {}", buffer.encoding.name())?;
        }
        Ok(())
    }

    /// The step at a position, after the lines of the repeat and of the siblings that begin there.
    fn step_at(&self, f: &mut Formatter<'_>, at: usize, step: &Step) -> fmt::Result {
        let repeats = &self.schedule.repeats;
        let next = repeats.partition_point(|repeat| (repeat.steps.start as usize) < at);
        if let Some(repeat) = repeats.get(next).filter(|repeat| repeat.steps.start as usize == at) {
            let moving = repeat.moving.iter().map(|(buffer, by)| format!("b{} by {by}", buffer.0));
            let moving = moving.collect::<Vec<_>>().join(", ");
            let Range { start, end } = repeat.steps;
            writeln!(f, "  repeat {} steps {} times, moving {moving}", end - start, repeat.times)?;
        }
        if let Some(found) = self.schedule.siblings.iter().find(|it| it.steps.start as usize == at) {
            let how = if found.is_chain { ", block by block" } else { "" };
            writeln!(f, "  siblings {} steps{how}", found.steps.len())?;
        }
        self.step(f, &step.kind)
    }

    fn step(&self, f: &mut Formatter<'_>, step: &StepKind) -> fmt::Result {
        match step {
            StepKind::Nest(nest) => self.nest(f, nest),
            StepKind::Contraction(contraction) => self.contraction(f, contraction),
            StepKind::Attention(step) => {
                writeln!(f, "  attention {{")?;
                self.contraction(f, &step.scores)?;
                self.nest(f, &step.rows)?;
                self.contraction(f, &step.mix)?;
                writeln!(f, "  }}")
            }
            StepKind::Epilogue(step) => {
                writeln!(f, "  epilogue {{")?;
                self.step(f, &step.product.step())?;
                self.nest(f, &step.nest)?;
                writeln!(f, "  }}")
            }
            StepKind::Convolution(convolution) => self.convolution(f, convolution),
            StepKind::MaxPool(MaxPool { attributes, input, out, nest: _ }) => {
                let Pool2d { size, stride, padding, .. } = attributes;
                let (out, input) = (out.0, input.0);
                writeln!(
                    f,
                    "  max_pool b{out} = b{input} {{size {size:?}, stride {stride:?}, padding {padding:?}}}"
                )
            }
            StepKind::QuantizeRows(step) => {
                let [x, digits, scales] = [step.x, step.digits, step.scales].map(|id| id.0);
                let (rows, width) = (self.dim(&step.rows), self.dim(&step.width));
                let name = quantizer_name(step.to);
                writeln!(f, "  {name} b{digits}, b{scales} = b{x}[{rows}, {width}]")
            }
            StepKind::Call(call) => self.call(f, call),
            StepKind::Clusters(step) => {
                let [on, clusters, tiles, out] =
                    [step.on, step.clusters, step.tiles, step.out].map(|id| id.0);
                writeln!(f, "  argmax_clusters b{out} = b{on} by b{clusters} then b{tiles}")
            }
            StepKind::Route(route) => self.route(f, route),
            StepKind::BindDim { from, symbol, at_most } => {
                write!(f, "  bind {} = b{}", self.dim(&Dim::var(*symbol)), from.0)?;
                for (i, (left, right)) in at_most.iter().enumerate() {
                    let word = if i == 0 { " where" } else { "," };
                    write!(f, "{word} {} <= {}", self.dim(left), self.dim(right))?;
                }
                writeln!(f)
            }
        }
    }

    fn nest(&self, f: &mut Formatter<'_>, nest: &Nest) -> fmt::Result {
        writeln!(f, "  nest {} [{}] {{", nest.name, self.dims(&nest.axes))?;
        for (i, expr) in nest.exprs.iter().enumerate() {
            writeln!(f, "    e{i} = {}", self.expr(expr))?;
        }
        for stage in &nest.stages {
            match stage {
                Stage::Fold { axes, fold, value, only_if, into } => {
                    let fold = match fold {
                        Fold::Reduce(op) => op.name(),
                        Fold::ArgMax => "argmax",
                        Fold::Count => "count",
                    };
                    write!(f, "    r{} = fold {fold} [{}] e{}", into.0, self.dims(axes), value.0)?;
                    match only_if {
                        Some(condition) => writeln!(f, " if e{}", condition.0)?,
                        None => writeln!(f)?,
                    }
                }
                Stage::Let { value, into } => writeln!(f, "    r{} = e{}", into.0, value.0)?,
                Stage::Map { axes, stores } => {
                    writeln!(f, "    map [{}]", self.dims(axes))?;
                    for store in stores {
                        writeln!(f, "      {} = e{}", self.access(&store.to), store.value.0)?;
                    }
                }
                Stage::Softmax { axes, row } => {
                    writeln!(f, "    softmax [{}] {}", self.dims(axes), self.access(row))?;
                }
            }
        }
        writeln!(f, "  }}")
    }

    fn expr(&self, expr: &Expr) -> String {
        match expr {
            Expr::Constant(scalar) => format!("constant {scalar}"),
            Expr::Dim(dim) => format!("dim {}", self.dim(dim)),
            Expr::Affine { offset, strides } => format!("index {}", self.affine(offset, strides)),
            Expr::Reg(reg) => format!("r{}", reg.0),
            Expr::Load(access) => format!("load {}", self.access(access)),
            Expr::GuardedLoad { access, guards, otherwise } => {
                format!("load {} if {} else {otherwise}", self.access(access), self.guards(guards))
            }
            Expr::Holds(guards) => format!("holds {}", self.guards(guards)),
            Expr::GatherLoad { access, row, rows, stride } => {
                let (access, rows, stride) = (self.access(access), self.dim(rows), self.dim(stride));
                format!("gather {access} row e{} of {rows} by {stride}", row.0)
            }
            Expr::Random { stream, offset, strides } => {
                format!("random stream e{} at {}", stream.0, self.affine(offset, strides))
            }
            Expr::Unary(op, a) => format!("{} e{}", op.name(), a.0),
            Expr::Binary(op, a, b) => format!("{} e{}, e{}", op.name(), a.0, b.0),
            Expr::Select(condition, a, b) => format!("select e{}, e{}, e{}", condition.0, a.0, b.0),
            Expr::Cast(dtype, a) => format!("cast e{} to {}", a.0, dtype.name()),
        }
    }

    fn contraction(&self, f: &mut Formatter<'_>, step: &Contraction) -> fmt::Result {
        let view = |buffer: BufferId, offset: &Dim, strides: &[&Dim]| {
            let strides: Vec<String> = strides.iter().map(|stride| self.dim(stride)).collect();
            format!("b{}[{} by {}]", buffer.0, self.dim(offset), strides.join(", "))
        };
        let (m, n, k) = (self.dim(&step.m), self.dim(&step.n), self.dim(&step.k));
        writeln!(f, "  contract {} m = {m}, n = {n}, k = {k} {{", kind(step.kind))?;
        for axis in &step.outer {
            let strides: Vec<String> = axis.strides.iter().map(|stride| self.dim(stride)).collect();
            writeln!(f, "    outer {} by {}", self.dim(&axis.size), strides.join(", "))?;
        }
        let [lhs_rows, lhs_sum] = &step.lhs_strides;
        let [rhs_sum, rhs_columns] = &step.rhs_strides;
        let out = view(step.out, &step.out_offset, &[&step.out_stride]);
        let lhs = view(step.lhs, &step.lhs_offset, &[lhs_rows, lhs_sum]);
        let rhs = view(step.rhs, &step.rhs_offset, &[rhs_sum, rhs_columns]);
        write!(f, "    {out} = {lhs} @ {rhs}")?;
        if let Some(scales) = step.scales {
            write!(f, " * b{} rows * b{} columns", scales.rows.0, scales.columns.0)?;
            scales.all.map_or(Ok(()), |all| write!(f, " * b{}", all.0))?;
        }
        writeln!(f, "\n  }}")
    }

    fn convolution(&self, f: &mut Formatter<'_>, step: &Convolution) -> fmt::Result {
        let Conv2d { stride, padding, dilation, groups, kernel } = step.attributes;
        let (kind, out, input, weight) = (kind(step.kind), step.out.0, step.input.0, step.weight.0);
        let kernel = kernel.map_or(String::new(), |kernel| format!(", kernel {kernel:?}"));
        let by_channel = if step.depthwise { "depthwise " } else { "" };
        writeln!(
            f,
            "  convolve {by_channel}{kind} b{out} = b{input} * b{weight} \
             {{stride {stride:?}, padding {padding:?}, dilation {dilation:?}, groups {groups}{kernel}}}"
        )
    }

    fn call(&self, f: &mut Formatter<'_>, step: &CallStep) -> fmt::Result {
        let name = self.name(step.schedule.index());
        write!(f, "  call {name}({}) {}", self.dims(&step.symbols), buffers(&step.params))?;
        if !step.states.is_empty() {
            write!(f, " states {}", buffers(&step.states))?;
        }
        writeln!(f, " -> {} workspace slot {}", buffers(&step.results), step.workspace)
    }

    fn route(&self, f: &mut Formatter<'_>, step: &RouteStep) -> fmt::Result {
        let rows = self.dim(&step.rows);
        write!(f, "  route b{}[{rows}] top {} by b{}", step.x.0, step.top, step.scores.0)?;
        if let Some(gates) = step.gates {
            write!(f, " weight b{}", gates.0)?;
        }
        let slots = step.workspaces.map(|slot| slot.to_string()).join(", ");
        let scratch = buffers(&step.scratch);
        writeln!(f, " -> b{} scratch {scratch} workspace slots {slots} {{", step.out.0)?;
        for tile in &step.tiles {
            let name = self.name(tile.schedule.index());
            writeln!(f, "    tile {name}({}) {}", self.dims(&tile.symbols), buffers(&tile.captures))?;
        }
        writeln!(f, "  }}")
    }

    fn name(&self, schedule: usize) -> &str {
        self.module.schedules.get(schedule).map_or("?", |schedule| &schedule.name)
    }

    fn access(&self, access: &Access) -> String {
        format!("b{}[{}]", access.buffer.0, self.affine(&access.offset, &access.strides))
    }

    fn guards(&self, guards: &[Guard]) -> String {
        let guards = guards.iter().map(|guard| {
            format!("0 <= {} < {}", self.affine(&guard.offset, &guard.strides), self.dim(&guard.size))
        });
        guards.collect::<Vec<_>>().join(", ")
    }

    /// `offset + i0 * stride + …`, without what is zero or one.
    fn affine(&self, offset: &Dim, strides: &[(Index, Dim)]) -> String {
        let mut terms = Vec::new();
        if offset.as_constant() != Some(0) || strides.is_empty() {
            terms.push(self.dim(offset));
        }
        for (index, stride) in strides {
            terms.push(match (stride.as_constant(), self.dim(stride)) {
                (Some(1), _) => format!("i{}", index.0),
                (Some(_), stride) => format!("i{} * {stride}", index.0),
                (None, stride) => format!("i{} * ({stride})", index.0),
            });
        }
        terms.join(" + ")
    }

    fn dims(&self, dims: &[Dim]) -> String {
        dims.iter().map(|dim| self.dim(dim)).collect::<Vec<_>>().join(", ")
    }

    fn dim(&self, dim: &Dim) -> String {
        let name = |symbol: &tri_ir::Symbol, f: &mut Formatter<'_>| match self
            .schedule
            .symbols
            .get(symbol.index())
        {
            Some(info) => f.write_str(&info.name),
            None => write!(f, "${}", symbol.0),
        };
        dim.display(&name).to_string()
    }
}

fn buffers(buffers: &[BufferId]) -> String {
    let names: Vec<String> = buffers.iter().map(|buffer| format!("b{}", buffer.0)).collect();
    format!("({})", names.join(", "))
}

fn kind(kind: ContractionKind) -> &'static str {
    match kind {
        ContractionKind::F32 => "f32",
        ContractionKind::Bf16 => "bf16",
        ContractionKind::F16 => "f16",
        ContractionKind::I8 => "i8",
        ContractionKind::I8T2 => "i8 by t2",
        ContractionKind::F32Trit => "f32 by trit",
        ContractionKind::F32T2 => "f32 by t2",
    }
}
