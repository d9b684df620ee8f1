//! Tiles: schedules that only routes call, each time with a chunk of rows.
//!
//! A step of one that is a single call of a micro-kernel makes it there and then, with its epilogue if it has one, since a launch takes about as long as the products
//! of a row. And where the rows are only rounded to bytes, or the result is a scaled product, the tile is told which rows of the route's
//! operand and result are its own, so that none is moved: their order comes in place of the range that schedules ignore, and is null where
//! they are neighbours. Other steps, and products of more than a few numbers, are launched as anywhere.

use cranelift_codegen::ir::Value;
use tri_ir::{Dim, Symbol};
use tri_kernel_ir::{Module, Place, RouteStep, Schedule, Step, StepKind, for_each_buffer};

use crate::emitter::Emitter;
use crate::expression::NestContext;
use crate::schedule::ScheduleContext;
use crate::{contraction, epilogue, quantize};

/// Most products of a chunk that are not worth sharing among threads: some 10 us.
const MOST_PRODUCTS: i64 = 1 << 20;

/// The steps of a tile that can be told which rows to read and to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tile {
    /// The one step that reads the rows.
    pub(crate) reads: Option<usize>,
    /// The one step that writes the result, where it is no part of a sum.
    pub(crate) writes: Option<usize>,
}

impl Tile {
    fn of(schedule: &Schedule, is_alone: bool) -> Tile {
        let rows = |step: &Step| matches!(&step.kind, StepKind::QuantizeRows(_));
        let result = |step: &Step| {
            matches!(&step.kind, StepKind::Contraction(product) if product.scales.is_some()
                && product.out_offset == Dim::constant(0) && product.out_stride == product.n)
        };
        Tile {
            reads: sole_step(schedule, Place::Param(0)).filter(|at| rows(&schedule.steps[*at])),
            writes: sole_step(schedule, Place::Result(0))
                .filter(|at| is_alone && result(&schedule.steps[*at])),
        }
    }
}

/// The only step that names what lies in `place`, if it makes its call itself.
fn sole_step(schedule: &Schedule, place: Place) -> Option<usize> {
    let names = |step: &Step| {
        let mut found = false;
        for_each_buffer(&step.kind, &mut |buffer| found |= schedule.memory(buffer) == place);
        found
    };
    let mut steps = (0..schedule.steps.len()).filter(|at| names(&schedule.steps[*at]));
    let only = steps.next().filter(|at| is_direct(&schedule.steps[*at].kind))?;
    steps.next().is_none().then_some(only)
}

/// For each schedule what is known of it as a tile; nothing if something else calls it too.
pub(crate) fn find(module: &Module) -> Vec<Option<Tile>> {
    let mut is_called = vec![false; module.schedules.len()];
    let mut is_alone: Vec<Option<bool>> = vec![None; module.schedules.len()];
    for step in module.schedules.iter().flat_map(|schedule| &schedule.steps) {
        match &step.kind {
            StepKind::Call(call) => is_called[call.schedule.index()] = true,
            StepKind::Route(route) => {
                for tile in &route.tiles {
                    let is_alone = is_alone[tile.schedule.index()].get_or_insert(true);
                    *is_alone &= route.top == 1 && route.gates.is_none();
                }
            }
            _ => {}
        }
    }
    let tiles = module.schedules.iter().zip(is_called).zip(is_alone);
    let tile = |((schedule, is_called), is_alone): ((&Schedule, bool), Option<bool>)| {
        let is_tile = !is_called && schedule.repeats.is_empty();
        Some(Tile::of(schedule, is_alone.filter(|_| is_tile)?))
    };
    tiles.map(tile).collect()
}

/// Whether a step of a tile makes its call itself.
pub(crate) fn is_direct(step: &StepKind) -> bool {
    let product = match step {
        StepKind::Contraction(product) => Some(&**product),
        StepKind::Epilogue(step) => step.contraction(),
        _ => None,
    };
    let (rows, sizes) = match (step, product) {
        (StepKind::QuantizeRows(step), _) => (&step.rows, [step.width.as_constant(), Some(1)]),
        (_, Some(product)) if product.outer.is_empty() => {
            (&product.m, [product.n.as_constant(), product.k.as_constant()])
        }
        _ => return false,
    };
    let [Some(n), Some(k)] = sizes else { return false };
    let products = RouteStep::TOGETHER.saturating_mul(n).saturating_mul(k);
    *rows == Dim::var(Symbol(0)) && products <= MOST_PRODUCTS
}

impl ScheduleContext<'_> {
    /// What is known of the schedule as a tile, for a step of it that makes its call itself.
    pub(crate) fn direct(&self, step: usize) -> Option<Tile> {
        let is_direct = is_direct(&self.schedule().steps[step].kind);
        self.functions.tile(self.id).filter(|_| is_direct)
    }

    /// Emits the call of such a step.
    pub(crate) fn emit_direct(&self, e: &mut Emitter<'_>, index: usize, tile: Tile) {
        let (from, to) = (e.start, e.end);
        let order = |e: &mut Emitter<'_>, at: Option<usize>, order: Value| {
            if at == Some(index) { order } else { e.int(0) }
        };
        match &self.schedule().steps[index].kind {
            StepKind::QuantizeRows(step) => {
                let order = order(e, tile.reads, from);
                let (first, last) = (e.int(0), e.size(&step.rows));
                quantize::call(e, step, order, [first, last]);
            }
            StepKind::Contraction(product) => {
                let order = order(e, tile.writes, to);
                contraction::call(e, product, order);
            }
            StepKind::Epilogue(step) => {
                let none = e.int(0);
                let product = step.contraction().expect("a step that makes its call itself is a contraction");
                contraction::call(e, product, none);
                // Nothing in an epilogue can fail.
                let cx = NestContext::new(&self.schedule().buffers, &step.nest, Symbol(0));
                let (rows, columns) = (e.size(&product.m), e.size(&product.n));
                epilogue::emit_points(e, &cx, (none, rows), (none, columns));
            }
            _ => unreachable!("only these are one call of a kernel"),
        }
    }
}

#[cfg(test)]
mod tests {
    use tri_kernel_ir::Fusion;

    use super::*;

    /// A ternary layer as a tile of one route, another of a sum of two, one that is also called, one that reads its rows as they are, and a ternary layer
    /// that is scaled as a whole.
    fn module() -> Module {
        let scaled = |name: &str, captures: &str, last: &str| {
            format!(
                "fn @{name}<n: 1 up>(%0: f32[n, 8], %1: trit[4, 8] in t2, %2: f32[4]{captures}) -> (%10) {{
                  %3, %4 = quantize_rows %0 : i8[n, 8], f32[n]
                  %5 = contract %3, %1 {{batch [], contract [1:1]}} : i32[n, 4]
                  %6 = cast %5 : f32[n, 4]
                  %7 = reshape %4 : f32[n, 1]
                  %8 = broadcast %7 : f32[n, 4]
                  %9 = mul %6, %8 : f32[n, 4]
                  %11 = broadcast %2 : f32[n, 4]
                  {last}
                }}\n"
            )
        };
        let layer = |name: &str| scaled(name, "", "%10 = mul %9, %11 : f32[n, 4]");
        let whole = "%13 = mul %9, %11 : f32[n, 4]
                  %14 = broadcast %12 : f32[n, 4]
                  %10 = mul %13, %14 : f32[n, 4]";
        let whole = scaled("whole", ", %12: f32[1]", whole);
        let plain = "fn @plain<n: 1 up>(%0: f32[n, 8], %1: trit[4, 8] in t2, %2: f32[4]) -> (%5) {
              %3 = contract %0, %1 {batch [], contract [1:1]} : f32[n, 4]
              %4 = broadcast %2 : f32[n, 4]
              %5 = mul %3, %4 : f32[n, 4]
            }\n";
        let route = |result: &str, tile: &str, top: u32| {
            format!(
                "{result} = route %0, %1, %2, %3, %2, %3 {{top {top}, weighted false, tiles [@{tile} symbols [] captures 2, \
                 @{tile} symbols [] captures 2]}} : f32[B, 4]\n"
            )
        };
        let routes = [
            route("%4", "alone", 1),
            route("%5", "summed", 2),
            route("%6", "called", 1),
            route("%7", "plain", 1),
        ];
        let text = format!(
            "module \"m\"\n{}{}{}{plain}{whole}
            fn @f<B: 1 up>(%0: f32[B, 8], %1: f32[B, 2], %2: trit[4, 8] in t2, %3: f32[4], %10: f32[1]) -> (%4, %5, %6, %7, %8, %9) {{
            {}
            %9 = route %0, %1, %2, %3, %10, %2, %3, %10 {{top 1, weighted false, tiles [@whole symbols [] captures 3, \
                 @whole symbols [] captures 3]}} : f32[B, 4]
            %8 = call %0, %2, %3 {{@called, symbols [B], states []}} : f32[B, 4]
            }}",
            layer("alone"),
            layer("summed"),
            layer("called"),
            routes.concat(),
        );
        let module = tri_ir::parse(&text).expect("the text is tensor IR");
        let module = tri_ir::verify(module).expect("the text keeps the rules");
        tri_kernel_ir::schedule(&module, Fusion::Full).expect("each operation has a kernel")
    }

    #[test]
    fn only_tiles_that_round_their_rows_and_give_one_product_are_told_which_rows_are_theirs() {
        let module = module();
        let both = module.schedules[0].steps.len() - 1;
        let none = Tile { reads: None, writes: None };
        assert_eq!(both, 1, "{:?}", module.schedules[0].steps);
        assert_eq!(
            find(&module),
            [
                Some(Tile { reads: Some(0), writes: Some(both) }),
                // What other tiles give is added to its result.
                Some(Tile { reads: Some(0), writes: None }),
                // A caller of another kind has more rows than a chunk.
                None,
                Some(none),
                // A number for all is a scale too.
                Some(Tile { reads: Some(0), writes: Some(both) }),
                None,
            ]
        );
    }
}
