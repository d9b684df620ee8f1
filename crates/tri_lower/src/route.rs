//! `route`: rows to layers of an array.

use tri_diagnostics::Code;
use tri_hir::hir::{ExprId, RouteBy};
use tri_ir::{self as ir, Dim, FunctionId, Op, Shape, Symbol, TensorType, Tile};

use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::lowering::Lowering;
use crate::shared::{ArgKey, CallKey, GenericKey};
use crate::value::{GenericValue, InstanceId, Value};

/// A size that no function has: the number of rows that a tile gets.
const ROWS: Symbol = Symbol(u32::MAX);

impl Lowering<'_> {
    /// `route(x, through = tiles, by = scores, top = k, weight = gates)` and `route_hierarchical`.
    pub(crate) fn eval_route(
        &mut self,
        frame: &mut Frame,
        [x, through]: [ExprId; 2],
        by: RouteBy,
        top: Option<ExprId>,
        weight: Option<ExprId>,
    ) -> Result<Value> {
        let x = self.eval(frame, x)?;
        let x = self.tensor(&x)?;
        let tiles = match self.eval(frame, through)? {
            Value::List(tiles) => tiles,
            other => return Err(self.invalid(format!("{} cannot be routed through", other.kind()))),
        };
        let top = match top {
            Some(top) => {
                let top = self.eval(frame, top)?;
                self.number(&top)?
            }
            None => 1,
        };
        let possible = u32::try_from(top).ok().filter(|top| *top >= 1 && *top as usize <= tiles.len());
        let top = possible.ok_or_else(|| {
            let tiles = tiles.len();
            self.invalid(format!(
                "a row goes to at least 1 and at most all {tiles} tiles, but `top` is {top}"
            ))
        })?;
        let shape = self.shape_of(x)?;
        let Some((width, outer)) = shape.split_last() else { return Err(Stop::Reported) };
        let rows = self.product(outer)?;
        let mut args = vec![self.reshape(x, vec![rows.clone(), width.clone()])?];
        let by_tile = vec![rows.clone(), Dim::constant(tiles.len() as i64)];
        args.push(match by {
            RouteBy::Scores(scores) => self.reshaped(frame, scores, by_tile.clone())?,
            RouteBy::Clusters { on, signatures, clusters } => {
                let [on, signatures, clusters] = [on, signatures, clusters].map(|id| self.eval(frame, id));
                let (on, signatures, clusters) = (on?, signatures?, clusters?);
                let [on, signatures, clusters] =
                    [self.tensor(&on)?, self.tensor(&signatures)?, self.tensor(&clusters)?];
                let chosen = self.argmax_clusters(on, signatures, clusters)?;
                self.reshape(chosen, vec![rows.clone()])?
            }
        });
        if let Some(weight) = weight {
            args.push(self.reshaped(frame, weight, by_tile)?);
        }
        let (targets, result) = self.tiles(&tiles, args[0], &mut args)?;
        let result_width = result.shape.last().cloned().ok_or(Stop::Reported)?;
        if result_width.as_constant().is_none() {
            return Err(self.unsupported("a tile that gives rows of a size known only at run time"));
        }
        let ty = TensorType::new(result.dtype, vec![rows, result_width.clone()]);
        for tile in tiles.iter() {
            if let Value::Layer(tile) = tile {
                let (_, signature) = self.forward_of(*tile)?;
                let callee = self.callee(Some(*tile), &signature, &[Value::Tensor(args[0])])?;
                self.note_callee(callee)?;
            }
        }
        let op = Op::Route { top, weighted: weight.is_some(), tiles: targets };
        let routed = self.emit_all(op, args, vec![ty])?[0];
        let shape: Shape = outer.iter().cloned().chain([result_width]).collect();
        self.reshape(routed, shape).map(Value::Tensor)
    }

    fn reshaped(&mut self, frame: &mut Frame, id: ExprId, shape: Vec<Dim>) -> Result<ir::Value> {
        let value = self.eval(frame, id)?;
        let value = self.tensor(&value)?;
        self.reshape(value, shape)
    }

    /// The functions of the tiles; their weights are added to `args`. Also the type that all of them give.
    fn tiles(
        &mut self,
        tiles: &[Value],
        x: ir::Value,
        args: &mut Vec<ir::Value>,
    ) -> Result<(Vec<Tile>, TensorType)> {
        let mut rows = self.type_of(x)?;
        rows.shape[0] = Dim::var(ROWS);
        let mut targets = Vec::with_capacity(tiles.len());
        let mut result = None;
        for tile in tiles {
            let Value::Layer(tile) = tile else {
                return Err(self.invalid(format!("{} cannot be routed through", tile.kind())));
            };
            let (target, ty) = self.tile(*tile, &rows, args)?;
            if targets.iter().all(|known: &Tile| known.function != target.function) {
                self.rows_stay_apart(target.function)?;
            }
            targets.push(target);
            result = Some(ty);
        }
        Ok((targets, result.ok_or_else(|| self.invalid("there is no tile to route to"))?))
    }

    fn tile(
        &mut self,
        tile: InstanceId,
        rows: &TensorType,
        args: &mut Vec<ir::Value>,
    ) -> Result<(Tile, TensorType)> {
        let (owner, signature) = self.forward_of(tile)?;
        if signature.params.len() != 1 {
            return Err(self.unsupported("a tile that takes more than rows"));
        }
        let generics = self.infer_generics(owner, &signature, &[Some(rows.clone())], None)?;
        let mut sizes = Vec::new();
        let mut number = |dim: &Dim| {
            dim.as_constant().or_else(|| {
                sizes.push(dim.clone());
                None
            })
        };
        let generics = generics.iter().map(|generic| match generic {
            GenericValue::Dim(dim) => GenericKey::Dim(number(dim)),
            GenericValue::Pack(dims) => GenericKey::Pack(dims.iter().map(&mut number).collect()),
            GenericValue::Element(dtype) => GenericKey::Element(*dtype),
        });
        let generics = generics.collect();
        if sizes.first() != Some(&Dim::var(ROWS)) || sizes[1..].contains(&Dim::var(ROWS)) {
            return Err(self.unsupported("a tile whose first size is not the number of its rows"));
        }
        let this = Some(self.shape_key(tile));
        let key = CallKey { callee: owner, this, generics, args: vec![ArgKey::Tensor] };
        let shared = self.shared_function(key, &signature, &[tile])?;
        if !shared.states.is_empty() {
            return Err(self.unsupported("a tile with state"));
        }
        for (_, steps) in &shared.captures {
            let tensor = self.resolve(tile, steps)?;
            args.push(self.read(tensor)?);
        }
        let function = &self.functions[shared.function.index()];
        let [result] = function.results.as_slice() else {
            return Err(self.unsupported("a tile that gives more than one tensor"));
        };
        let ty = function.ty(*result).clone();
        let symbols = sizes.split_off(1);
        let captures = shared.captures.len() as u32;
        Ok((Tile { function: shared.function, symbols, captures }, ty))
    }

    /// An error if rows meet in a tile: its result would depend on how rows are grouped.
    fn rows_stay_apart(&self, tile: FunctionId) -> Result<()> {
        let Some(inst) = ir::meeting_rows(&self.functions, tile) else { return Ok(()) };
        let name = &self.functions[tile.index()].name;
        Err(self.error(
            Code::E2008,
            format!(
                "a tile must treat each row alone, whatever rows come with it, but in `{name}` rows meet or are counted \
                 (`{}`)",
                inst.op.name()
            ),
        ))
    }
}
