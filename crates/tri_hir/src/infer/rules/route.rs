//! `route(x, through = tiles, by = scores)` and `route_hierarchical`: rows to the layers of an array.

use tri_diagnostics::Code;
use tri_syntax::ast;

use super::Special;
use crate::hir::{Axis, DType, Def, Dim, Element, ExprId, ExprKind, GenericArg, Owner, RouteBy, Type};
use crate::infer::Infer;
use crate::infer::bind::Bindings;
use crate::infer::misfit::Called;

impl Infer<'_> {
    pub(super) fn route(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let position = |name: &str| call.signature.params.iter().position(|param| &*param.name == name);
        let (x, element, shape) = self.tensor(call, 0)?;
        let through = self.operand(call, position("through")?)?;
        let (by, by_element, scores) = self.tensor(call, position("by")?)?;
        let (def, args, count) = self.tiles(through)?;
        let Some((_, rows)) = shape.split_last() else {
            let message = "`route` sends rows to tiles, but this is a scalar";
            self.names.error(Code::E2002, self.node(x), message);
            return None;
        };
        let result = self.tile_result(call, def, &args, element, &shape)?;
        let fits = by_element == Element::Known(DType::F32)
            && scores.len() == shape.len()
            && scores.iter().zip(rows).all(|(a, b)| self.same_axis(a, b))
            && matches!(scores.last(), Some(Axis::Dim(tiles)) if self.equal(tiles, &count));
        if !fits {
            let mut wanted = rows.to_vec();
            wanted.push(Axis::Dim(count));
            let (found, wanted) = (self.ty(by).clone(), Type::Tensor(Element::Known(DType::F32), wanted));
            self.mismatch(by, &found, &wanted, None);
            return None;
        }
        let top = match position("top").and_then(|at| call.slots[at]) {
            Some(expr) => Some(self.chosen(expr, &count)?),
            None => None,
        };
        let weight = match position("weight").and_then(|at| call.slots[at]) {
            Some(expr) => {
                let ty = self.ty(by).clone();
                let id = self.expr(expr, Some(&ty));
                Some(self.coerce(id, &ty))
            }
            None => None,
        };
        let by = RouteBy::Scores(by);
        Some(self.push(ExprKind::Route { x, through, by, top, weight }, result, call.node))
    }

    /// `route_hierarchical(x, through = tiles, on = keys, signatures = s, clusters = c)`. Its declaration says what belongs together; of
    /// the tiles it says nothing.
    pub(super) fn route_hierarchical(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let through_at = call.signature.params.iter().position(|param| &*param.name == "through")?;
        let owner = Owner::Function(call.def);
        let mut signature = call.signature.clone();
        signature.params.truncate(through_at);
        let called = Called { owner, signature: &signature, base: None, node: call.node };
        let slots = call.slots[..through_at].to_vec();
        let through = self.operand(call, through_at)?;
        let mut b = Bindings::open([owner]);
        let given = self.arguments(&mut b, &called, call.first, &slots, None)?;
        let [Some(x), Some(on), Some(signatures), Some(clusters)] = given[..] else { return None };
        let (generics, _) = self.finish_call(&b, &called)?;
        let (def, args, count) = self.tiles(through)?;
        let Type::Tensor(element, shape) = self.ty(x).clone() else { return None };
        let result = self.tile_result(call, def, &args, element, &shape)?;
        let at = call.signature.generics.iter().position(|generic| &*generic.name == "Tiles")?;
        let GenericArg::Dim(described) = generics[at].clone() else { return None };
        if !self.equal(&described, &count) {
            let found = self.ty(signatures).clone();
            let Type::Tensor(trit, axes) = &found else { return None };
            let wanted = Type::Tensor(*trit, vec![Axis::Dim(count), axes.get(1)?.clone()]);
            self.mismatch(signatures, &found, &wanted, None);
            return None;
        }
        let by = RouteBy::Clusters { on, signatures, clusters };
        Some(self.push(ExprKind::Route { x, through, by, top: None, weight: None }, result, call.node))
    }

    /// The layer that an array to be routed through is of, and how many there are.
    fn tiles(&mut self, through: ExprId) -> Option<(Def, Vec<GenericArg>, Dim)> {
        let ty = self.ty(through).clone();
        let message = match &ty {
            Type::Error => return None,
            Type::Array(tile, count) => match &**tile {
                Type::Layer(..) if crate::dims::numeric(self.db, count) == Some(0) => {
                    "there is no tile to route to: the array is empty".to_owned()
                }
                Type::Layer(def, args) => return Some((*def, args.clone(), count.clone())),
                _ => "`through` is an array of layers".to_owned(),
            },
            other => format!("`through` is an array of layers, but this is {}", self.show().ty(other)),
        };
        self.names.error(Code::E2001, self.node(through), message);
        None
    }

    /// How many tiles each row goes to: a static int from 1 to the number of tiles.
    fn chosen(&mut self, expr: &ast::Expr, count: &Dim) -> Option<ExprId> {
        let id = self.expr(expr, None);
        let value = match self.ty(id) {
            Type::Int(Some(dim)) => crate::dims::numeric(self.db, dim),
            _ => None,
        };
        let tiles = crate::dims::numeric(self.db, count);
        let outside = value.is_some_and(|top| top < 1 || tiles.is_some_and(|tiles| top > tiles));
        if outside || !matches!(self.ty(id), Type::Int(_)) {
            let message = match (value, tiles) {
                (Some(top), Some(tiles)) => {
                    format!("a row goes to at least 1 and at most all {tiles} tiles, but `top` is {top}")
                }
                _ => "`top` is a static int, at least 1 and at most the number of tiles".to_owned(),
            };
            self.names.error(Code::E2007, expr.id, message);
            return None;
        }
        Some(id)
    }

    /// What the tiles of a route make of its rows.
    fn tile_result(
        &mut self,
        call: &Special<'_>,
        def: Def,
        args: &[GenericArg],
        element: Element,
        shape: &[Axis],
    ) -> Option<Type> {
        let layer = crate::queries::layer(self.db, def);
        let at = layer.members.iter().position(|member| &*member.name == "forward");
        let Some(crate::hir::MemberKind::Function(signature)) = at.map(|at| layer.members[at].kind.clone())
        else {
            self.names.error(
                Code::E1004,
                call.node,
                format!("`{}` has no function `forward` to route to", layer.name),
            );
            return None;
        };
        let owner = Owner::Method(def, at? as u32);
        let mut b = Bindings::open([owner]);
        self.fix_instance(&mut b, def, args);
        let x = Type::Tensor(element, shape.to_vec());
        let [param] = signature.params.as_slice() else {
            self.names.error(
                Code::E2008,
                call.node,
                format!("`forward` of `{}` must take one tensor to be routed to", layer.name),
            );
            return None;
        };
        if self.bind(&mut b, &param.ty, &x).is_err() {
            let (found, wanted) =
                (self.show().ty(&x), self.show().ty(&b.ty(&param.ty).unwrap_or_else(|_| param.ty.clone())));
            self.names.error(
                Code::E2003,
                call.node,
                format!("tiles take {wanted}, but the rows are {found}"),
            );
            return None;
        }
        b.ty(&signature.result).ok()
    }
}
