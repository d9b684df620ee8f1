//! Intrinsics whose type rule the type language cannot say, by name: those that drop, add or reorder axes, those that stretch their
//! operands, and the constructs `route` and `einsum`. Everything else follows its declaration in `std.ops`.

use std::collections::BTreeMap;

use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast, IndexItem, NodeId};

use super::Infer;
use super::arguments::Slots;
use crate::dims::by_value;
use crate::hir::{
    Axis, DType, Def, Dim, Element, ElementClass, ExprId, ExprKind, GenericArg, GenericKind, Owner,
    Signature, Type,
};
use crate::queries::item_of;
use crate::report::Report;
use crate::show::{show_shape, show_type};

/// What a call is, as far as a rule is concerned.
struct Special<'a> {
    def: Def,
    signature: &'a Signature,
    first: Option<ExprId>,
    slots: &'a Slots<'a>,
    brackets: &'a [IndexItem],
    node: NodeId,
}

/// A list, dtype and shape of the tensors in it (of one for all, if it was not written out), and their number.
type TensorList = (ExprId, Vec<(Element, Vec<Axis>)>, Dim);

impl Infer<'_> {
    /// The call of an intrinsic that has a rule of its own.
    pub(super) fn special(
        &mut self,
        def: Def,
        signature: &Signature,
        first: Option<ExprId>,
        slots: &Slots<'_>,
        brackets: &[IndexItem],
        node: NodeId,
    ) -> Option<ExprId> {
        let call = Special { def, signature, first, slots, brackets, node };
        let result = match &*signature.name {
            "sum" | "mean" | "variance" | "max" | "min" | "argmax" => self.reduction(&call),
            "stack" => self.stack(&call),
            "concat" => self.concat(&call),
            "permute" => self.permute(&call),
            "reshape" => self.reshape(&call),
            "pad" => self.pad(&call),
            "einsum" => self.einsum(&call),
            "route" => self.route(&call),
            _ if self.stretches(def) => self.stretched(&call),
            name if STATIC.contains(&name) && first.is_none() && brackets.is_empty() => {
                // `sqrt(2.0)` of a static number is a static number.
                let expr = slots.first().copied().flatten().filter(|expr| self.looks_static(expr))?;
                let id = self.expr(expr, None);
                Some(self.push(ExprKind::StaticCall(signature.name.clone(), vec![id]), Type::Float, node))
            }
            _ => return None,
        };
        Some(result.unwrap_or_else(|| self.error_expr(node)))
    }

    /// Whether the declaration says `@broadcast`.
    fn stretches(&self, def: Def) -> bool {
        let item = item_of(self.db, def);
        item.is_some_and(|item| {
            item.attributes.iter().any(|attribute| attribute.name.as_str() == "broadcast")
        })
    }

    /// The argument at a position, typed.
    fn operand(&mut self, call: &Special<'_>, at: usize) -> Option<ExprId> {
        match (call.first, call.slots.get(at).copied().flatten()) {
            (Some(first), _) if at == 0 => Some(first),
            (_, Some(expr)) => Some(self.expr(expr, None)),
            _ => None,
        }
    }

    /// The argument at a position, which must be a tensor.
    fn tensor(&mut self, call: &Special<'_>, at: usize) -> Option<(ExprId, Element, Vec<Axis>)> {
        let id = self.operand(call, at)?;
        match self.ty(id).clone() {
            Type::Tensor(element, shape) => Some((id, element, shape)),
            Type::Error => None,
            other => {
                let found = show_type(self.db, &other);
                let message = format!("`{}` takes a tensor, but this is {found}", call.signature.name);
                self.names.error(Code::E2001, self.node(id), message);
                None
            }
        }
    }

    fn finish(
        &mut self,
        call: &Special<'_>,
        args: Vec<Option<ExprId>>,
        generics: Vec<GenericArg>,
        ty: Type,
    ) -> ExprId {
        self.push(ExprKind::Call { function: call.def, generics, args }, ty, call.node)
    }

    /// Generics of a declaration `[E: ..., ..S]` from the element and shape of the operand.
    fn generics(&self, call: &Special<'_>, element: Element, shape: &[Axis]) -> Vec<GenericArg> {
        let one = |generic: &crate::hir::Generic| match generic.kind {
            GenericKind::Element(_) => GenericArg::Element(element),
            _ => GenericArg::Pack(shape.to_vec()),
        };
        call.signature.generics.iter().map(one).collect()
    }

    fn class_holds(&mut self, call: &Special<'_>, element: Element) -> Option<()> {
        let class = call.signature.generics.iter().find_map(|generic| match generic.kind {
            GenericKind::Element(class) => Some(class),
            _ => None,
        });
        if self.in_class(element, class.unwrap_or(ElementClass::Any)) {
            return Some(());
        }
        let dtype = crate::show::show_element(self.db, element);
        self.names.error(
            Code::E3004,
            call.node,
            format!("`{}` is not defined for {dtype}", call.signature.name),
        );
        None
    }

    fn reduction(&mut self, call: &Special<'_>) -> Option<ExprId> {
        if call.first.is_none() && call.slots.len() == 2 {
            // `max(a, b)` of static numbers.
            if let (Some(Some(a)), Some(Some(b))) = (call.slots.first(), call.slots.get(1))
                && matches!(&*call.signature.name, "max" | "min")
                && self.looks_static(a)
                && self.looks_static(b)
            {
                let (a, b) = (self.expr(a, None), self.expr(b, None));
                let ty = if matches!((self.ty(a), self.ty(b)), (Type::Int(_), Type::Int(_))) {
                    Type::Int(None)
                } else {
                    Type::Float
                };
                return Some(self.push(
                    ExprKind::StaticCall(call.signature.name.clone(), vec![a, b]),
                    ty,
                    call.node,
                ));
            }
        }
        let (x, element, mut shape) = self.tensor(call, 0)?;
        self.class_holds(call, element)?;
        let axis = call.slots.get(1).copied().flatten()?;
        let position = self.axis_position(axis, &shape)?;
        let generics = self.generics(call, element, &shape);
        let at = if position < 0 { position + shape.len() as i32 } else { position };
        shape.remove(at as usize);
        let axis = self.push(ExprKind::Axis(position), Type::Axis, axis.id);
        let element = if &*call.signature.name == "argmax" { Element::Known(DType::I32) } else { element };
        Some(self.finish(call, vec![Some(x), Some(axis)], generics, Type::Tensor(element, shape)))
    }

    /// Whether an expression is a static number by its look: a literal, a size, or arithmetic of them.
    fn looks_static(&self, expr: &ast::Expr) -> bool {
        match &expr.kind {
            Ast::Int(_) | Ast::Float(_) => true,
            Ast::Name(name) => match self.resolve(name) {
                Some(super::expr::Resolved::Dim(_) | super::expr::Resolved::Number(_)) => true,
                Some(super::expr::Resolved::Local(local)) => {
                    matches!(self.body.local(local).ty, Type::Int(_) | Type::Float)
                }
                Some(super::expr::Resolved::Config(at)) => {
                    let ty = self
                        .layer
                        .as_ref()
                        .and_then(|(_, layer)| layer.config.get(at as usize))
                        .map(|param| &param.ty);
                    matches!(ty, Some(Type::Int(_) | Type::Float))
                }
                _ => false,
            },
            Ast::Unary { operand, .. } => self.looks_static(operand),
            Ast::Binary { lhs, rhs, .. } => self.looks_static(lhs) && self.looks_static(rhs),
            _ => false,
        }
    }

    /// A list of tensors of one type.
    fn list_of_tensors(&mut self, call: &Special<'_>) -> Option<TensorList> {
        let expr = call.slots.first().copied().flatten()?;
        let list = if let Ast::List(items) = &expr.kind {
            // Elements of a written list may differ in size.
            let parts = items.iter().map(|item| match item {
                ast::ListItem::Expr(expr) => Some(self.expr(expr, None)),
                ast::ListItem::Pack(_) => None,
            });
            let parts = parts.collect::<Option<Vec<ExprId>>>()?;
            let element = parts.first().map_or(Type::Error, |part| self.ty(*part).clone());
            let ty = Type::Array(Box::new(element), Dim::constant(parts.len() as i64));
            self.push(ExprKind::List(parts), ty, expr.id)
        } else {
            self.expr(expr, None)
        };
        let (element, length) = match self.ty(list).clone() {
            Type::Array(element, length) => (*element, length),
            Type::Error => return None,
            other => {
                let found = show_type(self.db, &other);
                self.names.error(
                    Code::E2001,
                    expr.id,
                    format!("`{}` takes a list of tensors, but this is {found}", call.signature.name),
                );
                return None;
            }
        };
        let types = match self.body.expr(list).kind.clone() {
            ExprKind::List(parts) => parts.iter().map(|part| self.ty(*part).clone()).collect(),
            _ => vec![element],
        };
        let tensors = types.into_iter().map(|ty| match ty {
            Type::Tensor(element, shape) => Some((element, shape)),
            _ => None,
        });
        match tensors.collect::<Option<Vec<_>>>() {
            Some(tensors) if !tensors.is_empty() => Some((list, tensors, length)),
            _ => {
                self.names.error(
                    Code::E2001,
                    expr.id,
                    format!("`{}` takes a list of tensors", call.signature.name),
                );
                None
            }
        }
    }

    fn stack(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (list, tensors, length) = self.list_of_tensors(call)?;
        let (element, shape) = tensors[0].clone();
        self.alike(call, &tensors, None)?;
        let mut result = shape.clone();
        let placeholder = Axis::Dim(Dim::constant(1));
        result.insert(0, placeholder);
        let (axis, position) = self.list_axis(call, &result)?;
        result.remove(0);
        let at = if position < 0 { position + result.len() as i32 + 1 } else { position };
        result.insert(at as usize, Axis::Dim(length));
        let generics = self.generics(call, element, &shape);
        Some(self.finish(call, vec![Some(list), Some(axis)], generics, Type::Tensor(element, result)))
    }

    fn concat(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (list, tensors, length) = self.list_of_tensors(call)?;
        let (element, shape) = tensors[0].clone();
        let (axis, position) = self.list_axis(call, &shape)?;
        let at = (if position < 0 { position + shape.len() as i32 } else { position }) as usize;
        self.alike(call, &tensors, Some(at))?;
        let mut sum = Dim::default();
        for (_, shape) in &tensors {
            let Axis::Dim(size) = &shape[at] else { return None };
            sum = sum.add(size).ok()?;
        }
        if !matches!(self.body.expr(list).kind, ExprKind::List(_)) {
            sum = sum.mul(&length).ok()?;
        }
        let mut result = shape.clone();
        result[at] = Axis::Dim(sum);
        let generics = self.generics(call, element, &shape);
        Some(self.finish(call, vec![Some(list), Some(axis)], generics, Type::Tensor(element, result)))
    }

    /// The axis of a call on a list; the declared default where none is written.
    fn list_axis(&mut self, call: &Special<'_>, shape: &[Axis]) -> Option<(ExprId, i32)> {
        let position = match call.slots.get(1).copied().flatten() {
            Some(expr) => self.axis_position(expr, shape)?,
            None => 0,
        };
        Some((self.push(ExprKind::Axis(position), Type::Axis, call.node), position))
    }

    /// Tensors of one dtype and one shape, but for one axis.
    fn alike(
        &mut self,
        call: &Special<'_>,
        tensors: &[(Element, Vec<Axis>)],
        but: Option<usize>,
    ) -> Option<()> {
        let (element, shape) = &tensors[0];
        for (other, sizes) in &tensors[1..] {
            let same = other == element
                && sizes.len() == shape.len()
                && sizes
                    .iter()
                    .zip(shape)
                    .enumerate()
                    .all(|(at, (a, b))| Some(at) == but || self.same_axis(a, b));
            if !same {
                let a = show_type(self.db, &Type::Tensor(*element, shape.clone()));
                let b = show_type(self.db, &Type::Tensor(*other, sizes.clone()));
                self.names.error(
                    Code::E2003,
                    call.node,
                    format!(
                        "`{}` joins tensors that are alike, but these are {a} and {b}",
                        call.signature.name
                    ),
                );
                return None;
            }
        }
        Some(())
    }

    fn permute(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (x, element, shape) = self.tensor(call, 0)?;
        let expr = call.slots.get(1).copied().flatten()?;
        let Ast::List(items) = &expr.kind else {
            self.names.error(Code::E2007, expr.id, "`permute` takes a list of axes: `permute(x, [B, H, T])`");
            return None;
        };
        if shape.iter().any(|axis| matches!(axis, Axis::Pack(..))) {
            self.names.error(
                Code::E2900,
                call.node,
                "`permute` of a tensor with a pack is not supported yet",
            );
            return None;
        }
        let mut positions = Vec::new();
        for item in items {
            let ast::ListItem::Expr(item) = item else {
                self.names.error(Code::E2900, expr.id, "a pack in `permute` is not supported yet");
                return None;
            };
            let at = self.axis_position(item, &shape)?;
            positions.push((if at < 0 { at + shape.len() as i32 } else { at }, item.id));
        }
        let mut sorted: Vec<i32> = positions.iter().map(|(at, _)| *at).collect();
        sorted.sort_unstable();
        if sorted != (0..shape.len() as i32).collect::<Vec<_>>() {
            let shape = show_shape(self.db, &shape);
            self.names.error(Code::E2007, expr.id, format!("these are not the axes of [{shape}], each once"));
            return None;
        }
        let result = positions.iter().map(|(at, _)| shape[*at as usize].clone()).collect();
        let axes: Vec<ExprId> =
            positions.iter().map(|(at, node)| self.push(ExprKind::Axis(*at), Type::Axis, *node)).collect();
        let count = Dim::constant(axes.len() as i64);
        let list = self.push(ExprKind::List(axes), Type::Array(Box::new(Type::Axis), count), expr.id);
        let generics = self.generics(call, element, &shape);
        Some(self.finish(call, vec![Some(x), Some(list)], generics, Type::Tensor(element, result)))
    }

    /// `reshape[...](x)`: as many elements, by value.
    fn reshape(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (x, element, shape) = self.tensor(call, 0)?;
        let axes = self.bracket_axes(call.brackets)?;
        let ((a, packs_a), (b, packs_b)) = (Self::product_of(&shape), Self::product_of(&axes));
        let (a, b) = (by_value(self.db, &a?), by_value(self.db, &b?));
        if a != b || a.is_none() || packs_a != packs_b {
            let (from, to) = (show_shape(self.db, &shape), show_shape(self.db, &axes));
            let count = |dim: &Option<Dim>| {
                dim.as_ref().map_or_else(|| "?".into(), |dim| crate::show::show_dim(self.db, dim))
            };
            let report = Report::error(
                Code::E2012,
                self.names.place(call.node),
                format!("[{from}] and [{to}] are not known to have as many elements"),
            )
            .label(format!("{} here, {} asked for", count(&a), count(&b)));
            self.names.report(report);
            return None;
        }
        let mut packs = [axes.clone(), shape].into_iter();
        let generics = call.signature.generics.iter().map(|generic| match generic.kind {
            GenericKind::Element(_) => GenericArg::Element(element),
            _ => GenericArg::Pack(packs.next().unwrap_or_default()),
        });
        let generics = generics.collect();
        Some(self.finish(call, vec![Some(x)], generics, Type::Tensor(element, axes)))
    }

    /// `pad(x, axis, low, high, value)`.
    fn pad(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let (x, element, shape) = self.tensor(call, 0)?;
        let axis = call.slots.get(1).copied().flatten()?;
        let position = self.axis_position(axis, &shape)?;
        let at = (if position < 0 { position + shape.len() as i32 } else { position }) as usize;
        let mut args = vec![Some(x), Some(self.push(ExprKind::Axis(position), Type::Axis, axis.id))];
        let Axis::Dim(mut size) = shape[at].clone() else { return None };
        for slot in 2..4 {
            let Some(expr) = call.slots.get(slot).copied().flatten() else {
                args.push(None);
                continue;
            };
            let id = self.expr(expr, Some(&Type::Int(None)));
            let Type::Int(Some(added)) = self.ty(id).clone() else {
                self.names.error(Code::E2009, expr.id, "padding is a static int");
                return None;
            };
            size = size.add(&added).ok()?;
            args.push(Some(id));
        }
        let value = match call.slots.get(4).copied().flatten() {
            Some(expr) => {
                let id = self.expr(expr, None);
                Some(self.coerce(id, &Type::Float))
            }
            None => None,
        };
        args.push(value);
        let generics = self.generics(call, element, &shape);
        let mut result = shape;
        result[at] = Axis::Dim(size);
        Some(self.finish(call, args, generics, Type::Tensor(element, result)))
    }

    /// Elementwise functions of several operands: numbers take the dtype of the tensors, shapes are stretched.
    fn stretched(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let count = call.signature.params.len();
        let mut operands = Vec::with_capacity(count);
        for at in 0..count {
            operands.push(self.operand(call, at)?);
        }
        if operands.iter().any(|id| self.ty(*id) == &Type::Error) {
            return None;
        }
        let mut elements: BTreeMap<Element, Element> = BTreeMap::new();
        for (param, id) in call.signature.params.iter().zip(&operands) {
            if let (Type::Tensor(declared, _), Type::Tensor(found, _)) = (&param.ty, self.ty(*id)) {
                let known = *elements.entry(*declared).or_insert(*found);
                let fixed = matches!(declared, Element::Known(_)) && declared != found;
                if known != *found || fixed {
                    let types: Vec<String> =
                        operands.iter().map(|id| show_type(self.db, self.ty(*id))).collect();
                    let report = Report::error(
                        Code::E3002,
                        self.names.place(call.node),
                        format!("`{}` of {}", call.signature.name, types.join(", ")),
                    )
                    .help("dtypes never mix by themselves: convert one side with `as`");
                    self.names.report(report);
                    return None;
                }
            }
        }
        if !operands.iter().any(|id| matches!(self.ty(*id), Type::Tensor(..))) {
            return Some(self.push(
                ExprKind::StaticCall(call.signature.name.clone(), operands),
                Type::Float,
                call.node,
            ));
        }
        for (param, id) in call.signature.params.iter().zip(&mut operands) {
            if let (Type::Tensor(declared, _), Type::Int(_) | Type::Float | Type::Bool) =
                (&param.ty, self.ty(*id))
            {
                let element = match declared {
                    Element::Known(_) => *declared,
                    declared => elements.get(declared).copied().unwrap_or(Element::Known(DType::F32)),
                };
                *id = self.splat(*id, element);
            }
        }
        let shapes: Vec<Vec<Axis>> = operands
            .iter()
            .map(|id| match self.ty(*id) {
                Type::Tensor(_, shape) => shape.clone(),
                _ => Vec::new(),
            })
            .collect();
        let shape = self.broadcast(&shapes, &operands, call.node)?;
        let Type::Tensor(declared, _) = &call.signature.result else { return None };
        let element = elements.get(declared).copied().unwrap_or(*declared);
        self.class_holds(call, element)?;
        let generics = self.generics(call, element, &shape);
        let args = operands.into_iter().map(Some).collect();
        Some(self.finish(call, args, generics, Type::Tensor(element, shape)))
    }

    fn einsum(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let pattern = call.slots.first().copied().flatten()?;
        let Ast::Str(text) = &pattern.kind else {
            self.names.error(
                Code::E2009,
                pattern.id,
                "the pattern of `einsum` is a string: \"b t d, b s d -> b t s\"",
            );
            return None;
        };
        let Some((left, right)) = text.split_once("->") else {
            self.names.error(
                Code::E2013,
                pattern.id,
                "the pattern of `einsum` needs `->` before the result's axes",
            );
            return None;
        };
        let words = |part: &str| part.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let (left, right): (Vec<Vec<String>>, Vec<String>) =
            (left.split(',').map(words).collect(), words(right));
        let mut operands = Vec::new();
        for at in 1..call.slots.len() {
            if call.slots[at].is_some() {
                operands.push(self.tensor(call, at)?);
            }
        }
        if left.len() != operands.len() {
            self.names.error(
                Code::E2013,
                pattern.id,
                format!("the pattern has {} operands, the call {}", left.len(), operands.len()),
            );
            return None;
        }
        let mut letters: Vec<(String, Axis)> = Vec::new();
        let mut numbered = Vec::new();
        for ((id, _, shape), words) in operands.iter().zip(&left) {
            numbered.push((*id, self.einsum_letters(pattern.id, *id, shape, words, &mut letters)?));
        }
        let mut result = Vec::new();
        let mut shape = Vec::new();
        for word in &right {
            match letters.iter().position(|(known, _)| known == word) {
                Some(at) if !result.contains(&(at as u32)) => {
                    result.push(at as u32);
                    shape.push(letters[at].1.clone());
                }
                _ => {
                    self.names.error(
                        Code::E2013,
                        pattern.id,
                        format!("`{word}` of the result is no axis of an operand, or stands twice"),
                    );
                    return None;
                }
            }
        }
        let element = match operands.as_slice() {
            [(_, element, _)] => *element,
            [(a, x, _), (b, y, _)] => self.product_dtype(*x, *y, *a, *b, call.node)?,
            _ => {
                self.names.error(
                    Code::E2900,
                    call.node,
                    "`einsum` of more than two operands is not supported yet",
                );
                return None;
            }
        };
        Some(self.push(
            ExprKind::Einsum { operands: numbered, result },
            Type::Tensor(element, shape),
            call.node,
        ))
    }

    fn einsum_letters(
        &mut self,
        pattern: NodeId,
        operand: ExprId,
        shape: &[Axis],
        words: &[String],
        letters: &mut Vec<(String, Axis)>,
    ) -> Option<Vec<u32>> {
        if words.len() != shape.len() || shape.iter().any(|axis| matches!(axis, Axis::Pack(..))) {
            let found = show_type(self.db, self.ty(operand));
            self.names.error(Code::E2013, pattern, format!("{} letters for {found}", words.len()));
            return None;
        }
        let mut numbers = Vec::with_capacity(words.len());
        for (word, axis) in words.iter().zip(shape) {
            let at = letters.iter().position(|(known, _)| known == word);
            let at = match at {
                None => {
                    letters.push((word.clone(), axis.clone()));
                    letters.len() - 1
                }
                Some(at) if numbers.contains(&(at as u32)) => {
                    self.names.error(
                        Code::E2900,
                        pattern,
                        "a letter twice in one operand (a diagonal) is not supported yet",
                    );
                    return None;
                }
                Some(at) if self.same_axis(&letters[at].1, axis) => at,
                Some(at) => {
                    let (a, b) = (self.axis_text(&letters[at].1), self.axis_text(axis));
                    let mut report = Report::error(
                        Code::E2003,
                        self.names.place(pattern),
                        format!("`{word}` is `{a}` in one operand and `{b}` in another"),
                    )
                    .secondary(
                        self.names.place(self.node(operand)),
                        format!("this is {}", show_type(self.db, self.ty(operand))),
                    );
                    for axis in [&letters[at].1, axis] {
                        report = self.bound_at(report, axis);
                    }
                    self.names.report(report);
                    return None;
                }
            };
            numbers.push(at as u32);
        }
        Some(numbers)
    }

    fn route(&mut self, call: &Special<'_>) -> Option<ExprId> {
        let position = |name: &str| call.signature.params.iter().position(|param| &*param.name == name);
        let (x, element, shape) = self.tensor(call, 0)?;
        let through = self.operand(call, position("through")?)?;
        let (by, by_element, scores) = self.tensor(call, position("by")?)?;
        let Type::Array(tile, count) = self.ty(through).clone() else {
            if self.ty(through) != &Type::Error {
                let found = show_type(self.db, self.ty(through));
                self.names.error(
                    Code::E2001,
                    self.node(through),
                    format!("`through` is an array of layers, but this is {found}"),
                );
            }
            return None;
        };
        let Type::Layer(def, args) = &*tile else {
            self.names.error(Code::E2001, self.node(through), "`through` is an array of layers");
            return None;
        };
        let result = self.tile_result(call, *def, args, element, &shape)?;
        let fits = by_element == Element::Known(DType::F32)
            && scores.len() == shape.len()
            && scores[..scores.len() - 1].iter().zip(&shape).all(|(a, b)| self.same_axis(a, b))
            && matches!(scores.last(), Some(Axis::Dim(tiles)) if self.equal(tiles, &count));
        if !fits {
            let mut wanted = shape[..shape.len() - 1].to_vec();
            wanted.push(Axis::Dim(count));
            let (found, wanted) = (self.ty(by).clone(), Type::Tensor(Element::Known(DType::F32), wanted));
            self.mismatch(by, &found, &wanted);
            return None;
        }
        let top = match position("top").and_then(|at| call.slots[at]) {
            Some(expr) => {
                let id = self.expr(expr, None);
                let value = match self.ty(id) {
                    Type::Int(Some(dim)) => crate::dims::numeric(self.db, dim),
                    _ => None,
                };
                let tiles = crate::dims::numeric(self.db, &count);
                if value.is_some_and(|top| top < 1 || tiles.is_some_and(|tiles| top > tiles))
                    || !matches!(self.ty(id), Type::Int(_))
                {
                    self.names.error(
                        Code::E2007,
                        expr.id,
                        "`top` is a static int, at least 1 and at most the number of tiles",
                    );
                    return None;
                }
                Some(id)
            }
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
        Some(self.push(ExprKind::Route { x, through, by, top, weight }, result, call.node))
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
        let mut b = super::bind::Bindings::open([owner]);
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
            let (found, wanted) = (
                show_type(self.db, &x),
                show_type(self.db, &b.ty(&param.ty).unwrap_or_else(|_| param.ty.clone())),
            );
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

/// Functions of one number that are evaluated at compile time.
const STATIC: [&str; 9] = ["sqrt", "exp", "log", "floor", "ceil", "round", "abs", "sin", "cos"];
