//! Heads: what the names in types, generics and conditions stand for.

use std::collections::BTreeSet;
use std::sync::Arc;

use tri_db::{Db, SourceFile};
use tri_diagnostics::Code;
use tri_dims::DimError;
use tri_syntax::ast::{self, BinaryOp, ExprKind, ItemKind, Lifetime, NodeId, TypeKind};

use crate::dims::divides;
use crate::hir::{
    Axis, Def, Dim, DimVar, Element, ElementClass, Fact, FunctionType, Generic, GenericKind, Layer, Member,
    MemberKind, Owner, Param, Signature, Type,
};
use crate::queries::{CheckedLayer, CheckedSignature, def_name, function_of, item_of, owner_def};
use crate::report::{Place, Report, near_miss};
use crate::scope::{Named, lookup, visible};
use crate::show::{dtype_of, show_dim};

/// Packs that a function type speaks of without declaring them are numbered from here on.
pub(crate) const IMPLICIT: u32 = 1 << 16;

/// Generic parameters and static ints that belong to one owner.
#[derive(Clone, Debug)]
struct Level {
    owner: Owner,
    generics: Vec<(Arc<str>, Kind)>,
    ints: Vec<(Arc<str>, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Dim,
    Pack,
    Element,
}

/// The names that types and sizes may use at some place.
pub(crate) struct Names<'db> {
    pub(crate) db: &'db dyn Db,
    pub(crate) def: Def,
    pub(crate) file: Option<SourceFile>,
    pub(crate) facts: Vec<Fact>,
    pub(crate) reports: Vec<Report>,
    /// Static ints and run-time dims that are local variables, innermost last.
    pub(crate) locals: Vec<(Arc<str>, Option<Dim>)>,
    levels: Vec<Level>,
    implicit: Vec<Arc<str>>,
    in_function_type: bool,
}

impl<'db> Names<'db> {
    /// The names of the file that `def` stands in.
    pub(crate) fn of_item(db: &'db dyn Db, def: Def) -> Self {
        Names {
            db,
            def,
            file: db.file(def.file),
            facts: Vec::new(),
            reports: Vec::new(),
            locals: Vec::new(),
            levels: Vec::new(),
            implicit: Vec::new(),
            in_function_type: false,
        }
    }

    /// And those that an owner declares: its layer's, then its own, with the conditions of both.
    pub(crate) fn of_owner(db: &'db dyn Db, owner: Owner) -> Self {
        let def = owner_def(owner);
        let mut names = Names::of_item(db, def);
        let Some(item) = item_of(db, def) else { return names };
        if let ItemKind::Layer(layer) = &item.kind {
            names.enter(Owner::Layer(def), &layer.generics, &layer.config);
            names.assume(&layer.conditions);
        }
        if let Some(function) = function_of(&item, owner) {
            names.enter(owner, &function.generics, &function.params);
            names.assume_bounds(&function.generics);
            names.assume(&function.conditions);
        }
        names
    }

    fn enter(&mut self, owner: Owner, generics: &[ast::Generic], params: &[ast::Param]) {
        let kind = |generic: &ast::Generic| match &generic.kind {
            ast::GenericKind::Dim { .. } => Kind::Dim,
            ast::GenericKind::Pack => Kind::Pack,
            ast::GenericKind::Element { .. } => Kind::Element,
        };
        let generics = generics.iter().map(|generic| (generic.name.text.clone(), kind(generic))).collect();
        let is_int = |param: &ast::Param| matches!(&param.ty.kind, TypeKind::Named { name, .. } if name.as_str() == "int");
        let ints = params.iter().enumerate().filter(|(_, param)| is_int(param));
        let ints = ints.map(|(at, param)| (param.name.text.clone(), at as u32)).collect();
        self.levels.push(Level { owner, generics, ints });
    }

    /// Takes conditions for true.
    pub(crate) fn assume(&mut self, conditions: &[ast::Expr]) {
        for condition in conditions {
            let fact = self.fact(condition);
            self.facts.extend(fact);
        }
    }

    /// `B in 1..64`: at least 1, below 64.
    fn assume_bounds(&mut self, generics: &[ast::Generic]) {
        for generic in generics {
            if let ast::GenericKind::Dim { bounds: Some((low, high)) } = &generic.kind
                && let (Some(low), Some(high), Some(dim)) =
                    (self.dim(low), self.dim(high), self.dim_named(generic.name.as_str()))
            {
                self.facts.extend(bounds(&dim, &low, &high));
            }
        }
    }

    pub(crate) fn place(&self, node: NodeId) -> Place {
        Place::new(self.def, node)
    }

    pub(crate) fn report(&mut self, report: Report) {
        self.reports.push(report);
    }

    pub(crate) fn error(&mut self, code: Code, node: NodeId, message: impl Into<String>) {
        let place = self.place(node);
        self.reports.push(Report::error(code, place, message));
    }

    /// The generic pack called `name`.
    pub(crate) fn pack(&self, name: &str) -> Option<(Owner, u32)> {
        self.generic(name, Kind::Pack)
    }

    fn generic(&self, name: &str, kind: Kind) -> Option<(Owner, u32)> {
        self.levels.iter().rev().find_map(|level| {
            let at = level.generics.iter().position(|(known, k)| &**known == name && *k == kind)?;
            Some((level.owner, at as u32))
        })
    }

    /// The size that a name stands for, if it is one.
    pub(crate) fn dim_named(&self, name: &str) -> Option<Dim> {
        if let Some((_, dim)) = self.locals.iter().rev().find(|(known, _)| &**known == name) {
            return dim.clone();
        }
        for level in self.levels.iter().rev() {
            if let Some((_, at)) = level.ints.iter().find(|(known, _)| &**known == name) {
                return Some(Dim::var(DimVar::Param(level.owner, *at)));
            }
            if let Some((owner, at)) = self.generic(name, Kind::Dim) {
                return Some(Dim::var(DimVar::Generic(owner, at)));
            }
        }
        let Some(Named::Item(def)) = lookup(self.db, self.file?, name) else { return None };
        match &item_of(self.db, def)?.kind {
            ItemKind::Dim(_) => Some(Dim::var(DimVar::Nominal(def))),
            ItemKind::Const(_) => crate::queries::const_dim(self.db, self.db.file(def.file)?, def),
            _ => None,
        }
    }

    /// The value of a `const` that is a number.
    fn constant(&mut self, value: &ast::Expr) -> Option<Dim> {
        match &value.kind {
            ExprKind::Int(n) => i64::try_from(*n).ok().map(Dim::constant),
            ExprKind::Binary { .. } | ExprKind::Name(_) => self.dim(value),
            _ => None,
        }
    }

    /// The size that an expression is; none if it was reported.
    pub(crate) fn dim(&mut self, expr: &ast::Expr) -> Option<Dim> {
        match &expr.kind {
            ExprKind::Int(n) => match i64::try_from(*n) {
                Ok(n) => Some(Dim::constant(n)),
                Err(_) => self.overflow(expr.id),
            },
            ExprKind::Name(name) => self.dim_named(name).or_else(|| self.unknown_dim(expr.id, name)),
            ExprKind::Unary { op: ast::UnaryOp::Neg, operand } => {
                let operand = self.dim(operand)?;
                operand.neg().ok().or_else(|| self.overflow(expr.id))
            }
            ExprKind::Binary { op, lhs, rhs, .. } => {
                let (lhs, rhs) = (self.dim(lhs), self.dim(rhs));
                self.dim_binary(*op, &lhs?, &rhs?, expr.id)
            }
            ExprKind::Call { callee, args } => self.rounded(expr, callee, args),
            ExprKind::Error => None,
            _ => {
                self.error(Code::E2011, expr.id, "this is not a size");
                None
            }
        }
    }

    fn overflow(&mut self, node: NodeId) -> Option<Dim> {
        self.error(Code::E2011, node, "this size does not fit in 64 bits");
        None
    }

    fn unknown_dim(&mut self, node: NodeId, name: &str) -> Option<Dim> {
        let place = self.place(node);
        let known = self.file.and_then(|file| lookup(self.db, file, name));
        let report = match known {
            Some(Named::Error) => return None,
            Some(_) => Report::error(Code::E1004, place, format!("`{name}` is not a size")),
            None => self.unknown(
                Report::error(Code::E1001, place, format!("there is no dim `{name}` here")),
                place,
                name,
            ),
        };
        self.report(report);
        None
    }

    /// Adds a suggestion to the report of an unknown name.
    fn unknown(&self, report: Report, place: Place, name: &str) -> Report {
        let mut known: Vec<Arc<str>> = self.locals.iter().map(|(name, _)| name.clone()).collect();
        for level in &self.levels {
            known.extend(level.generics.iter().map(|(name, _)| name.clone()));
            known.extend(level.ints.iter().map(|(name, _)| name.clone()));
        }
        known.extend(self.file.map(|file| visible(self.db, file)).unwrap_or_default());
        match near_miss(name, known.iter().map(|name| &**name)) {
            Some(near) => {
                report.help(format!("did you mean `{near}`?")).fix(format!("use `{near}`"), place, near)
            }
            None => report,
        }
    }

    /// An operator on sizes.
    pub(crate) fn dim_binary(&mut self, op: BinaryOp, a: &Dim, b: &Dim, node: NodeId) -> Option<Dim> {
        let result = match op {
            BinaryOp::Add => a.add(b),
            BinaryOp::Sub => a.sub(b),
            BinaryOp::Mul => a.mul(b),
            BinaryOp::Rem => a.rem(b),
            BinaryOp::Div => {
                if !divides(self.db, &self.facts, a, b) {
                    self.not_divisible(a, b, node);
                    return None;
                }
                a.exact_div(b)
            }
            _ => {
                self.error(Code::E2011, node, format!("`{}` does not make a size", op.as_str()));
                return None;
            }
        };
        match result {
            Ok(dim) => Some(dim),
            Err(DimError::DivisionByZero) => {
                self.error(Code::E2011, node, "division by zero");
                None
            }
            Err(_) => self.overflow(node),
        }
    }

    fn not_divisible(&mut self, a: &Dim, b: &Dim, node: NodeId) {
        let (n, d) = (show_dim(self.db, a), show_dim(self.db, b));
        let place = self.place(node);
        let report =
            Report::error(Code::E2005, place, format!("`{n}` is not known to be divisible by `{d}`"));
        let report = match (crate::dims::numeric(self.db, a), crate::dims::numeric(self.db, b)) {
            (Some(n), Some(d)) => report.label(format!("{n} / {d} leaves a remainder")),
            _ => report.help(format!("state it: `where {n} % {d} == 0`, or round with `floor({n} / {d})`")),
        };
        self.report(report);
    }

    /// `floor(a / b)` and `ceil(a / b)`.
    fn rounded(&mut self, expr: &ast::Expr, callee: &ast::Expr, args: &[ast::Arg]) -> Option<Dim> {
        let ExprKind::Name(name) = &callee.kind else {
            self.error(Code::E2011, expr.id, "this is not a size");
            return None;
        };
        let division = match args {
            [
                ast::Arg {
                    name: None,
                    value: ast::Expr { kind: ExprKind::Binary { op: BinaryOp::Div, lhs, rhs, .. }, .. },
                },
            ] => Some((lhs, rhs)),
            _ => None,
        };
        let (Some((n, d)), "floor" | "ceil") = (division, &**name) else {
            self.error(Code::E2011, expr.id, "a size is rounded as `floor(a / b)` or `ceil(a / b)`");
            return None;
        };
        let (n, d) = (self.dim(n)?, self.dim(d)?);
        let rounded = if &**name == "floor" { n.floor_div(&d) } else { n.ceil_div(&d) };
        rounded.ok().or_else(|| self.overflow(expr.id))
    }

    /// The fact that a `where` condition states; none if it was reported.
    pub(crate) fn fact(&mut self, condition: &ast::Expr) -> Option<Fact> {
        let ExprKind::Binary { op, lhs, rhs, .. } = &condition.kind else {
            self.error(Code::E2011, condition.id, "a condition compares two sizes");
            return None;
        };
        if let (BinaryOp::Eq, ExprKind::Binary { op: BinaryOp::Rem, lhs: n, rhs: d, .. }) = (op, &lhs.kind)
            && matches!(rhs.kind, ExprKind::Int(0))
        {
            return Some(Fact::Divides(self.dim(n)?, self.dim(d)?));
        }
        let (a, b) = (self.dim(lhs)?, self.dim(rhs)?);
        let one = Dim::constant(1);
        match op {
            BinaryOp::Eq => Some(Fact::Equal(a, b)),
            BinaryOp::Le => Some(Fact::AtMost(a, b)),
            BinaryOp::Lt => Some(Fact::AtMost(a.add(&one).ok()?, b)),
            BinaryOp::Ge => Some(Fact::AtMost(b, a)),
            BinaryOp::Gt => Some(Fact::AtMost(b.add(&one).ok()?, a)),
            _ => {
                self.error(
                    Code::E2011,
                    condition.id,
                    "a condition is `a % b == 0`, or compares sizes with `==`, `<=`, `<`",
                );
                None
            }
        }
    }

    /// The type that is written.
    pub(crate) fn ty(&mut self, ty: &ast::Type) -> Type {
        match &ty.kind {
            TypeKind::Named { name, shape } => self.named_type(ty.id, name, shape),
            TypeKind::Tuple(parts) if parts.is_empty() => Type::Unit,
            TypeKind::Tuple(parts) => Type::Tuple(parts.iter().map(|part| self.ty(part)).collect()),
            TypeKind::Function { params, result } => {
                let outer = std::mem::replace(&mut self.in_function_type, true);
                let params = params.iter().map(|param| self.ty(param)).collect();
                let result = self.ty(result);
                self.in_function_type = outer;
                Type::Function(Arc::new(FunctionType { params, result }))
            }
            TypeKind::Error => Type::Error,
        }
    }

    fn named_type(&mut self, node: NodeId, name: &ast::Name, shape: &[ast::Axis]) -> Type {
        let element = match self.generic(name.as_str(), Kind::Element) {
            Some((owner, at)) => Some(Element::Generic(owner, at)),
            None => dtype_of(name.as_str()).map(Element::Known),
        };
        let is_static = match name.as_str() {
            "int" => Some(Type::Int(None)),
            "float" => Some(Type::Float),
            "str" => Some(Type::Str),
            "axis" => Some(Type::Axis),
            _ => None,
        };
        match (element, is_static) {
            (_, Some(ty)) if shape.is_empty() => ty,
            (Some(element), _) => match self.shape(node, shape) {
                Some(shape) => Type::Tensor(element, shape),
                None => Type::Error,
            },
            _ => {
                let place = self.place(name.id);
                let report = Report::error(Code::E1001, place, format!("there is no type `{}`", name.text));
                let dtypes = [
                    "bool", "trit", "i8", "i32", "i64", "u8", "f16", "bf16", "f32", "int", "float", "str",
                    "axis",
                ];
                let report = match near_miss(name.as_str(), dtypes) {
                    Some(near) => report.help(format!("did you mean `{near}`?")).fix(
                        format!("use `{near}`"),
                        place,
                        near,
                    ),
                    None => report.help(format!("types are {}", dtypes.join(", "))),
                };
                self.report(report);
                Type::Error
            }
        }
    }

    fn shape(&mut self, node: NodeId, shape: &[ast::Axis]) -> Option<Vec<Axis>> {
        let axes: Vec<Option<Axis>> = shape.iter().map(|axis| self.axis(axis)).collect();
        let axes = axes.into_iter().collect::<Option<Vec<Axis>>>()?;
        let in_library = self.file.is_some_and(|file| file.is_library(self.db));
        if axes.iter().filter(|axis| matches!(axis, Axis::Pack(..))).count() > 1 && !in_library {
            self.error(Code::E2002, node, "a type has at most one pack");
            return None;
        }
        Some(axes)
    }

    /// One axis of a shape.
    pub(crate) fn axis(&mut self, axis: &ast::Axis) -> Option<Axis> {
        match axis {
            ast::Axis::Dim(expr) => self.dim(expr).map(Axis::Dim),
            ast::Axis::Pack(name) => self.pack_axis(name),
        }
    }

    pub(crate) fn pack_axis(&mut self, name: &ast::Name) -> Option<Axis> {
        if let Some((owner, at)) = self.pack(name.as_str()) {
            return Some(Axis::Pack(owner, at));
        }
        if self.in_function_type {
            let known = self.implicit.iter().position(|known| *known == name.text);
            let at = known.unwrap_or_else(|| {
                self.implicit.push(name.text.clone());
                self.implicit.len() - 1
            });
            let owner = self.levels.last().map_or(Owner::Function(self.def), |level| level.owner);
            return Some(Axis::Pack(owner, IMPLICIT + at as u32));
        }
        let place = self.place(name.id);
        let report = Report::error(Code::E1001, place, format!("there is no pack `..{}` here", name.text))
            .help(format!("declare it: `fn f[..{}](...)`", name.text));
        self.report(report);
        None
    }

    fn generics(&mut self, generics: &[ast::Generic]) -> Vec<Generic> {
        let mut seen = BTreeSet::new();
        let mut result = Vec::with_capacity(generics.len());
        for generic in generics {
            if !seen.insert(generic.name.text.clone()) {
                self.error(
                    Code::E1003,
                    generic.name.id,
                    format!("`{}` is declared twice", generic.name.text),
                );
            }
            let kind = match &generic.kind {
                ast::GenericKind::Pack => GenericKind::Pack,
                ast::GenericKind::Element { class } => GenericKind::Element(self.class(class)),
                ast::GenericKind::Dim { bounds: None } => GenericKind::Dim(None),
                ast::GenericKind::Dim { bounds: Some((low, high)) } => {
                    let bounds = (self.dim(low), self.dim(high));
                    GenericKind::Dim(bounds.0.zip(bounds.1))
                }
            };
            result.push(Generic { name: generic.name.text.clone(), kind });
        }
        result
    }

    fn class(&mut self, class: &ast::Name) -> ElementClass {
        match class.as_str() {
            "Float" => ElementClass::Float,
            "Int" => ElementClass::Int,
            "Num" => ElementClass::Num,
            "Any" => ElementClass::Any,
            other => {
                self.error(
                    Code::E1001,
                    class.id,
                    format!("there is no class `{other}`: dtypes are `Float`, `Int`, `Num` or `Any`"),
                );
                ElementClass::Any
            }
        }
    }

    fn params(&mut self, params: &[ast::Param]) -> Vec<Param> {
        let mut seen = BTreeSet::new();
        let mut result = Vec::with_capacity(params.len());
        for param in params {
            if !seen.insert(param.name.text.clone()) {
                self.error(Code::E1003, param.name.id, format!("`{}` is declared twice", param.name.text));
            }
            let ty = self.ty(&param.ty);
            result.push(Param { name: param.name.text.clone(), ty, has_default: param.default.is_some() });
        }
        result
    }
}

/// What bounds say of a size.
pub(crate) fn bounds(dim: &Dim, low: &Dim, high: &Dim) -> Vec<Fact> {
    let next = dim.add(&Dim::constant(1)).ok();
    let below = next.map(|next| Fact::AtMost(next, high.clone()));
    [Fact::AtMost(low.clone(), dim.clone())].into_iter().chain(below).collect()
}

/// Configuration is static: `bool` there is a static bool.
fn static_params(params: Vec<Param>) -> Vec<Param> {
    let fix = |param: Param| match param.ty {
        Type::Tensor(Element::Known(crate::hir::DType::Bool), ref shape) if shape.is_empty() => {
            Param { ty: Type::Bool, ..param }
        }
        _ => param,
    };
    params.into_iter().map(fix).collect()
}

/// The value of a `const` that is a static int.
pub(crate) fn const_dim(db: &dyn Db, def: Def) -> Option<Dim> {
    match &item_of(db, def)?.kind {
        ItemKind::Const(item) => Names::of_item(db, def).constant(&item.value),
        _ => None,
    }
}

pub(crate) fn empty_signature() -> Signature {
    Signature {
        name: "?".into(),
        generics: Vec::new(),
        params: Vec::new(),
        result: Type::Error,
        facts: Vec::new(),
        intrinsic: false,
    }
}

pub(crate) fn empty_layer() -> Layer {
    Layer {
        name: "?".into(),
        is_model: false,
        generics: Vec::new(),
        config: Vec::new(),
        facts: Vec::new(),
        members: Vec::new(),
    }
}

pub(crate) fn signature(db: &dyn Db, owner: Owner) -> CheckedSignature {
    let none = CheckedSignature { signature: Arc::new(empty_signature()), reports: Vec::new() };
    let Some(item) = item_of(db, owner_def(owner)) else { return none };
    let Some(function) = function_of(&item, owner) else { return none };
    let mut names = Names::of_owner(db, owner);
    // Conditions of the layer were reported with the layer.
    names.reports.clear();
    let generics = names.generics(&function.generics);
    let params = names.params(&function.params);
    let result = function.result.as_ref().map_or(Type::Unit, |result| names.ty(result));
    let facts = function.conditions.iter().filter_map(|condition| names.fact(condition)).collect();
    let intrinsic = function.body.is_none();
    let signature =
        Signature { name: function.name.text.clone(), generics, params, result, facts, intrinsic };
    CheckedSignature { signature: Arc::new(signature), reports: names.reports }
}

/// The head of a layer without its members, which may speak of the layer themselves.
pub(crate) fn layer_head(db: &dyn Db, def: Def) -> CheckedLayer {
    let none = CheckedLayer { layer: Arc::new(empty_layer()), reports: Vec::new() };
    let Some(item) = item_of(db, def) else { return none };
    let ItemKind::Layer(layer) = &item.kind else { return none };
    let mut names = Names::of_owner(db, Owner::Layer(def));
    names.reports.clear();
    let generics = names.generics(&layer.generics);
    let config = static_params(names.params(&layer.config));
    let facts = layer.conditions.iter().filter_map(|condition| names.fact(condition)).collect();
    let name = layer.name.text.clone();
    let layer = Layer { name, is_model: layer.is_model, generics, config, facts, members: Vec::new() };
    CheckedLayer { layer: Arc::new(layer), reports: names.reports }
}

pub(crate) fn layer(db: &dyn Db, def: Def) -> CheckedLayer {
    let CheckedLayer { layer: head, mut reports } = crate::queries::checked_layer_head(db, def);
    let item = item_of(db, def);
    let Some(ItemKind::Layer(layer)) = item.as_ref().map(|item| &item.kind) else {
        return CheckedLayer { layer: head, reports };
    };
    let mut names = Names::of_owner(db, Owner::Layer(def));
    names.reports.clear();
    let mut seen = BTreeSet::new();
    let mut members = Vec::with_capacity(layer.members.len());
    for (at, member) in layer.members.iter().enumerate() {
        if let Some(name) = member.name()
            && !seen.insert(name.text.clone())
        {
            names.error(
                Code::E1003,
                name.id,
                format!("`{}` has two members `{}`", layer.name.text, name.text),
            );
        }
        members.push(member_of(db, &mut names, def, at as u32, member));
    }
    reports.extend(names.reports);
    CheckedLayer { layer: Arc::new(Layer { members, ..(*head).clone() }), reports }
}

fn member_of(db: &dyn Db, names: &mut Names<'_>, def: Def, at: u32, member: &ast::Member) -> Member {
    let kind = match &member.kind {
        ast::MemberKind::Tensor { lifetime, ty, .. } => {
            let ty = names.ty(ty);
            match lifetime {
                Lifetime::Param => MemberKind::Param(ty),
                Lifetime::Buffer => MemberKind::Buffer(ty),
                Lifetime::State => MemberKind::State(ty),
            }
        }
        ast::MemberKind::Instance { .. } => MemberKind::Instance(crate::infer::instance_type(db, def, at)),
        ast::MemberKind::Function(_) => {
            MemberKind::Function(crate::queries::signature(db, Owner::Method(def, at)))
        }
        _ => MemberKind::Error,
    };
    let name = member.name().map_or_else(|| "?".into(), |name| name.text.clone());
    let checkpoint_name = member.attributes.iter().find_map(|attribute| match attribute.args.as_slice() {
        [ast::Arg { value: ast::Expr { kind: ExprKind::Str(text), .. }, .. }]
            if attribute.name.as_str() == "name" =>
        {
            Some(text.clone())
        }
        _ => None,
    });
    Member { name, checkpoint_name, kind, conditional: member.condition.is_some() }
}

/// Whether a layer contains itself.
pub(crate) fn recursion(db: &dyn Db, def: Def) -> Option<Report> {
    let mut done = BTreeSet::new();
    let mut open = sub_layers(db, def);
    while let Some(inner) = open.pop() {
        if inner == def {
            let name = item_of(db, def)?.name()?.id;
            let message = format!("`{}` contains itself", def_name(db, def));
            return Some(
                Report::error(Code::E2010, Place::new(def, name), message).help("layers form a tree"),
            );
        }
        if done.insert(inner) {
            open.extend(sub_layers(db, inner));
        }
    }
    None
}

fn sub_layers(db: &dyn Db, def: Def) -> Vec<Def> {
    fn layers_of(ty: &Type, found: &mut Vec<Def>) {
        match ty {
            Type::Layer(def, _) => found.push(*def),
            Type::Array(element, _) => layers_of(element, found),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for member in &crate::queries::layer(db, def).members {
        if let MemberKind::Instance(ty) = &member.kind {
            layers_of(ty, &mut found);
        }
    }
    found
}
