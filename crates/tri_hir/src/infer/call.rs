//! Calls: what is called, and what its generic parameters are.

use tri_db::SourceFile;
use tri_diagnostics::Code;
use tri_syntax::ast::{self, ExprKind as Ast, IndexItem, ItemKind, NodeId};

use super::Infer;
use super::bind::{Bindings, Misfit};
use super::expr::Resolved;
use crate::dims::holds;
use crate::hir::{
    Axis, DType, Def, Dim, DimVar, Element, ExprId, ExprKind, Fact, Generic, GenericArg, GenericKind,
    MemberKind, Owner, Signature, Type,
};
use crate::queries::{checked_layer_head, def_name, item_of, signature};
use crate::report::Report;
use crate::resolve::bounds;
use crate::show::{show_fact, show_type};

/// What an expression before parentheses stands for.
enum Callee {
    Function(Def),
    Layer(Def),
    Method(Option<ExprId>, u32),
    /// `x.f(...)`: a function with its first argument.
    OfValue(Def, ExprId),
    Value(ExprId),
    /// `floor(a / b)` of sizes and the like: static arithmetic.
    Error,
}

impl Infer<'_> {
    pub(super) fn call(
        &mut self,
        expr: &ast::Expr,
        callee: &ast::Expr,
        args: &[ast::Arg],
        expected: Option<&Type>,
    ) -> ExprId {
        let (head, brackets) = match &callee.kind {
            Ast::Index { base, items } if self.callee_takes_dims(base) => (&**base, items.as_slice()),
            _ => (callee, &[][..]),
        };
        match self.callee(head) {
            Callee::Function(def) => self.call_function(def, brackets, args, expr.id, head.id, expected),
            Callee::OfValue(def, first) => {
                self.call_of_value(def, first, brackets, args, expr.id, head.id, expected)
            }
            Callee::Layer(def) => self.instantiate(def, brackets, args, expr.id),
            Callee::Method(base, at) => self.call_method(base, at, brackets, args, expr.id, expected),
            Callee::Value(value) => self.call_value(value, args, expr.id),
            Callee::Error => {
                for arg in args {
                    self.expr(&arg.value, None);
                }
                self.error_expr(expr.id)
            }
        }
    }

    /// Whether brackets after this expression hold dims, not indices.
    pub(super) fn callee_takes_dims(&self, base: &ast::Expr) -> bool {
        let is_template = |def: Def| {
            matches!(
                item_of(self.db, def).map(|item| item.kind.clone()),
                Some(ItemKind::Function(_) | ItemKind::Layer(_))
            )
        };
        match &base.kind {
            Ast::Name(name) => match self.resolve(name) {
                Some(Resolved::Item(def)) => is_template(def),
                Some(Resolved::Member(at)) => {
                    let member = self.layer.as_ref().and_then(|(_, layer)| layer.members.get(at as usize));
                    matches!(member.map(|member| &member.kind), Some(MemberKind::Function(_)))
                }
                _ => false,
            },
            Ast::Field { base, name } => self.module(base).is_some_and(|module| {
                crate::queries::items(self.db, module).get(&name.text).is_some_and(|def| is_template(*def))
            }),
            _ => false,
        }
    }

    fn callee(&mut self, head: &ast::Expr) -> Callee {
        match &head.kind {
            Ast::Name(name) => match self.resolve(name) {
                Some(Resolved::Item(def)) => self.item_callee(def, head),
                Some(Resolved::Member(at)) => {
                    let member = self.layer.as_ref().and_then(|(_, layer)| layer.members.get(at as usize));
                    match member.map(|member| member.kind.clone()) {
                        Some(MemberKind::Function(_)) => Callee::Method(None, at),
                        _ => {
                            let value = self.member(None, at, head.id);
                            self.value_callee(value)
                        }
                    }
                }
                _ => {
                    let value = self.expr(head, None);
                    self.value_callee(value)
                }
            },
            Ast::Field { base, name } => match self.module(base) {
                Some(module) => self.module_callee(module, name, head),
                None => self.field_callee(base, name),
            },
            _ => {
                let value = self.expr(head, None);
                self.value_callee(value)
            }
        }
    }

    fn module_callee(&mut self, module: SourceFile, name: &ast::Name, head: &ast::Expr) -> Callee {
        match crate::queries::items(self.db, module).get(&name.text) {
            Some(def) => self.item_callee(*def, head),
            None => {
                self.unknown_in_module(module, name);
                Callee::Error
            }
        }
    }

    fn item_callee(&mut self, def: Def, head: &ast::Expr) -> Callee {
        match item_of(self.db, def).map(|item| item.kind.clone()) {
            Some(ItemKind::Function(_)) => Callee::Function(def),
            Some(ItemKind::Layer(_)) => Callee::Layer(def),
            _ => {
                let value = self.expr(head, None);
                self.value_callee(value)
            }
        }
    }

    /// `base.name(...)`: a member of an instance, else a function with the value as its first argument.
    fn field_callee(&mut self, base: &ast::Expr, name: &ast::Name) -> Callee {
        let base = self.expr(base, None);
        match self.ty(base).clone() {
            Type::Error => return Callee::Error,
            Type::Layer(def, _) => {
                let layer = crate::queries::layer(self.db, def);
                let at = layer.members.iter().position(|member| member.name == name.text);
                return match at.map(|at| (at as u32, layer.members[at].kind.clone())) {
                    Some((at, MemberKind::Function(_))) => Callee::Method(Some(base), at),
                    Some((at, _)) => {
                        let value = self.member(Some(base), at, name.id);
                        self.value_callee(value)
                    }
                    None => {
                        self.unknown_member(def, name);
                        Callee::Error
                    }
                };
            }
            _ => {}
        }
        match self.resolve(&name.text) {
            Some(Resolved::Item(def))
                if matches!(
                    item_of(self.db, def).map(|item| item.kind.clone()),
                    Some(ItemKind::Function(_))
                ) =>
            {
                Callee::OfValue(def, base)
            }
            _ => {
                self.unknown(&name.text, name.id);
                Callee::Error
            }
        }
    }

    fn value_callee(&mut self, value: ExprId) -> Callee {
        match self.ty(value).clone() {
            Type::Error => Callee::Error,
            Type::Function(_) => Callee::Value(value),
            Type::Layer(def, _) => {
                let layer = crate::queries::layer(self.db, def);
                let forward = layer.members.iter().position(|member| {
                    &*member.name == "forward" && matches!(member.kind, MemberKind::Function(_))
                });
                match forward {
                    Some(at) => Callee::Method(Some(value), at as u32),
                    None => {
                        let message = format!("`{}` has no function `forward` to call", layer.name);
                        self.names.error(Code::E1004, self.node(value), message);
                        Callee::Error
                    }
                }
            }
            other => {
                let found = show_type(self.db, &other);
                self.names.error(
                    Code::E1004,
                    self.node(value),
                    format!("this is {found}, which cannot be called"),
                );
                Callee::Error
            }
        }
    }

    /// A call of a function item.
    pub(super) fn call_function(
        &mut self,
        def: Def,
        brackets: &[IndexItem],
        args: &[ast::Arg],
        node: NodeId,
        head: NodeId,
        expected: Option<&Type>,
    ) -> ExprId {
        self.function(def, None, brackets, args, node, head, expected)
    }

    #[expect(clippy::too_many_arguments, reason = "a call has these parts")]
    fn call_of_value(
        &mut self,
        def: Def,
        first: ExprId,
        brackets: &[IndexItem],
        args: &[ast::Arg],
        node: NodeId,
        head: NodeId,
        expected: Option<&Type>,
    ) -> ExprId {
        self.function(def, Some(first), brackets, args, node, head, expected)
    }

    #[expect(clippy::too_many_arguments, reason = "a call has these parts")]
    fn function(
        &mut self,
        def: Def,
        first: Option<ExprId>,
        brackets: &[IndexItem],
        args: &[ast::Arg],
        node: NodeId,
        head: NodeId,
        expected: Option<&Type>,
    ) -> ExprId {
        let owner = Owner::Function(def);
        if self.owner == owner {
            self.names.error(
                Code::E2010,
                node,
                format!("`{}` calls itself; loops are `for`", def_name(self.db, def)),
            );
            return self.error_expr(node);
        }
        let signature = signature(self.db, owner);
        let Some(slots) = self.slots(&signature, first.is_some(), args, node) else {
            return self.error_expr(node);
        };
        if signature.intrinsic
            && let Some(result) = self.special(def, &signature, first, &slots, brackets, node)
        {
            return result;
        }
        let mut bindings = Bindings::open([owner]);
        if !self.bind_brackets(&mut bindings, owner, &signature.generics, brackets, head) {
            return self.error_expr(node);
        }
        let Some(args) = self.arguments(&mut bindings, owner, &signature, first, &slots, expected, node)
        else {
            return self.error_expr(node);
        };
        let Some((generics, mut ty)) = self.finish_call(&bindings, owner, &signature, node) else {
            return self.error_expr(node);
        };
        if signature.intrinsic && &*signature.name == "conv2d" {
            match self.convolution_type(&args, &ty, node) {
                Some(convolved) => ty = convolved,
                None => return self.error_expr(node),
            }
        }
        self.push(ExprKind::Call { function: def, generics, args }, ty, node)
    }

    /// A convolution's result has the dtype of a sum of products.
    fn convolution_type(&mut self, args: &[Option<ExprId>], ty: &Type, node: NodeId) -> Option<Type> {
        let (x, weight) = (args.first().copied().flatten()?, args.get(1).copied().flatten()?);
        let (Type::Tensor(a, _), Type::Tensor(b, _)) = (self.ty(x).clone(), self.ty(weight).clone()) else {
            return None;
        };
        let element = self.product_dtype(a, b, x, weight, node)?;
        match ty {
            Type::Tensor(_, shape) => Some(Type::Tensor(element, shape.clone())),
            _ => None,
        }
    }

    fn call_method(
        &mut self,
        base: Option<ExprId>,
        at: u32,
        brackets: &[IndexItem],
        args: &[ast::Arg],
        node: NodeId,
        expected: Option<&Type>,
    ) -> ExprId {
        let Some((def, _)) = self.layer_of(base) else { return self.error_expr(node) };
        let owner = Owner::Method(def, at);
        if base.is_none() && self.owner == owner {
            let signature = signature(self.db, owner);
            self.names.error(
                Code::E2010,
                node,
                format!("`{}` calls itself; loops are `for`", signature.name),
            );
            return self.error_expr(node);
        }
        let signature = signature(self.db, owner);
        let Some(slots) = self.slots(&signature, false, args, node) else { return self.error_expr(node) };
        let mut bindings = Bindings::open([owner]);
        if let Some(base) = base
            && let Type::Layer(def, args) = self.ty(base).clone()
        {
            self.fix_instance(&mut bindings, def, &args);
        }
        if !self.bind_brackets(&mut bindings, owner, &signature.generics, brackets, node) {
            return self.error_expr(node);
        }
        let Some(args) = self.arguments(&mut bindings, owner, &signature, None, &slots, expected, node)
        else {
            return self.error_expr(node);
        };
        let Some((generics, ty)) = self.finish_call(&bindings, owner, &signature, node) else {
            return self.error_expr(node);
        };
        self.push(ExprKind::Method { base, member: at, generics, args }, ty, node)
    }

    /// Gives the dims and static ints of an instance's type to the names in its layer.
    pub(super) fn fix_instance(&self, bindings: &mut Bindings, def: Def, args: &[GenericArg]) {
        let head = checked_layer_head(self.db, def).layer;
        let owner = Owner::Layer(def);
        let (generics, ints) = args.split_at(head.generics.len().min(args.len()));
        bindings.fix(owner, generics);
        let params = head.config.iter().enumerate().filter(|(_, param)| matches!(param.ty, Type::Int(_)));
        for ((at, _), value) in params.zip(ints) {
            if let GenericArg::Dim(value) = value {
                bindings.fix_int(owner, at as u32, value.clone());
            }
        }
    }

    fn instantiate(&mut self, def: Def, brackets: &[IndexItem], args: &[ast::Arg], node: NodeId) -> ExprId {
        let head = checked_layer_head(self.db, def).layer;
        let owner = Owner::Layer(def);
        if head.is_model && !matches!(self.owner, Owner::Test(_)) {
            let message = format!("`{}` is a model; only tests make instances of it", head.name);
            self.names.error(Code::E1004, node, message);
        }
        let signature = Signature {
            name: head.name.clone(),
            generics: head.generics.clone(),
            params: head.config.clone(),
            result: Type::Unit,
            facts: head.facts.clone(),
            intrinsic: false,
        };
        let Some(slots) = self.slots(&signature, false, args, node) else { return self.error_expr(node) };
        let mut bindings = Bindings::open([owner]);
        if brackets.is_empty() && !head.generics.is_empty() {
            let names: Vec<&str> = head.generics.iter().map(|generic| &*generic.name).collect();
            let place = self.names.place(node);
            let report = Report::error(Code::E2004, place, format!("`{}` needs its dims", head.name));
            self.names.report(report.help(format!("write `{}[{}](...)`", head.name, names.join(", "))));
            return self.error_expr(node);
        }
        if !self.bind_brackets(&mut bindings, owner, &signature.generics, brackets, node) {
            return self.error_expr(node);
        }
        let Some(config) = self.arguments(&mut bindings, owner, &signature, None, &slots, None, node) else {
            return self.error_expr(node);
        };
        let Some((generics, _)) = self.finish_call(&bindings, owner, &signature, node) else {
            return self.error_expr(node);
        };
        let mut args = generics.clone();
        for (at, param) in head.config.iter().enumerate() {
            if let Type::Int(_) = param.ty {
                let value = bindings.dim(&Dim::var(DimVar::Param(owner, at as u32)));
                let unknown = Dim::var(crate::hir::DimVar::Length(self.owner, node));
                args.push(GenericArg::Dim(value.unwrap_or(unknown)));
            }
        }
        self.push(ExprKind::Instantiate { layer: def, generics, config }, Type::Layer(def, args), node)
    }

    fn call_value(&mut self, value: ExprId, args: &[ast::Arg], node: NodeId) -> ExprId {
        let Type::Function(function) = self.ty(value).clone() else { return self.error_expr(node) };
        if let Some(name) = args.iter().find_map(|arg| arg.name.as_ref()) {
            self.names.error(
                Code::E2008,
                name.id,
                "a function value takes its arguments in order, without names",
            );
            return self.error_expr(node);
        }
        if args.len() != function.params.len() {
            let message =
                format!("{} arguments, but the function takes {}", args.len(), function.params.len());
            self.names.error(Code::E2008, node, message);
            return self.error_expr(node);
        }
        let mut bindings = Bindings::of_function_type();
        let mut given = Vec::with_capacity(args.len());
        for (arg, param) in args.iter().zip(&function.params) {
            let id = self.expr(&arg.value, None);
            let actual = self.ty(id).clone();
            if self.bind(&mut bindings, param, &actual).is_err() {
                self.mismatch(id, &actual, param);
                return self.error_expr(node);
            }
            given.push(id);
        }
        let ty = bindings.ty(&function.result).unwrap_or(Type::Error);
        self.push(ExprKind::CallValue(value, given), ty, node)
    }

    /// Binds what stands in brackets to generic parameters, in order; a pack takes what the others leave.
    fn bind_brackets(
        &mut self,
        b: &mut Bindings,
        owner: Owner,
        generics: &[Generic],
        brackets: &[IndexItem],
        node: NodeId,
    ) -> bool {
        if brackets.is_empty() {
            return true;
        }
        let Some(mut axes) = self.bracket_axes(brackets) else { return false };
        let dims_after = |at: usize| {
            generics[at..].iter().filter(|generic| matches!(generic.kind, GenericKind::Dim(_))).count()
        };
        for (at, generic) in generics.iter().enumerate() {
            match generic.kind {
                GenericKind::Element(_) => {}
                _ if axes.is_empty() && at > 0 => break,
                GenericKind::Pack => {
                    let count = axes.len().saturating_sub(dims_after(at + 1));
                    let taken: Vec<Axis> = axes.drain(..count).collect();
                    b.fix_one(owner, at as u32, GenericArg::Pack(taken));
                }
                GenericKind::Dim(_) => match (!axes.is_empty()).then(|| axes.remove(0)) {
                    Some(Axis::Dim(dim)) => b.fix_one(owner, at as u32, GenericArg::Dim(dim)),
                    _ => {
                        self.names.error(
                            Code::E2004,
                            node,
                            format!("`{}` needs one size here", generic.name),
                        );
                        return false;
                    }
                },
            }
        }
        if !axes.is_empty() {
            self.names.error(Code::E2004, node, format!("{} sizes too many in the brackets", axes.len()));
            return false;
        }
        true
    }

    pub(super) fn bracket_axes(&mut self, brackets: &[IndexItem]) -> Option<Vec<Axis>> {
        let axes: Vec<Option<Axis>> = brackets
            .iter()
            .map(|item| match item {
                IndexItem::Expr(expr) => self.names.dim(expr).map(Axis::Dim),
                IndexItem::Pack(name) => self.names.pack_axis(name),
                IndexItem::Slice { id, .. } | IndexItem::Rest(id) | IndexItem::NewAxis(id) => {
                    self.names.error(Code::E2004, *id, "sizes stand here, not a view");
                    None
                }
            })
            .collect();
        axes.into_iter().collect()
    }

    /// Generic arguments and result type of a call whose arguments are bound; conditions are proved.
    fn finish_call(
        &mut self,
        b: &Bindings,
        owner: Owner,
        signature: &Signature,
        node: NodeId,
    ) -> Option<(Vec<GenericArg>, Type)> {
        let mut generics = Vec::with_capacity(signature.generics.len());
        for (generic, found) in signature.generics.iter().zip(b.args(owner, &signature.generics)) {
            match (found, &generic.kind) {
                (Some(GenericArg::Element(element)), GenericKind::Element(class))
                    if !self.in_class(element, *class) =>
                {
                    let dtype = crate::show::show_element(self.db, element);
                    let message = format!("`{}` is not defined for {dtype}", signature.name);
                    self.names.error(Code::E3004, node, message);
                    return None;
                }
                (Some(arg), _) => generics.push(arg),
                // Without anything that says otherwise, elements are f32.
                (None, GenericKind::Element(_)) => {
                    generics.push(GenericArg::Element(Element::Known(DType::F32)))
                }
                (None, _) => {
                    let place = self.names.place(node);
                    let report = Report::error(
                        Code::E2004,
                        place,
                        format!(
                            "`{}` of `{}` cannot be worked out from the arguments",
                            generic.name, signature.name
                        ),
                    );
                    self.names
                        .report(report.help(format!("give it in brackets: `{}[...](...)`", signature.name)));
                    return None;
                }
            }
        }
        for (at, generic) in signature.generics.iter().enumerate() {
            if let GenericKind::Dim(Some((low, high))) = &generic.kind {
                let dim = Dim::var(DimVar::Generic(owner, at as u32));
                for fact in bounds(&dim, low, high) {
                    self.prove(b, &fact, &signature.name, node)?;
                }
            }
        }
        for fact in &signature.facts {
            self.prove(b, fact, &signature.name, node)?;
        }
        let mut complete = b.clone();
        complete.fix(owner, &generics);
        match complete.ty(&signature.result) {
            Ok(ty) => Some((generics, ty)),
            Err(error) => {
                self.names.error(
                    Code::E2011,
                    node,
                    format!("the result of `{}` has no size: {error}", signature.name),
                );
                None
            }
        }
    }

    fn prove(&mut self, b: &Bindings, fact: &Fact, name: &str, node: NodeId) -> Option<()> {
        let place = self.names.place(node);
        match b.fact(fact) {
            Ok(here) if holds(self.db, &self.names.facts, &here) => Some(()),
            Ok(here) => {
                let (wanted, found) = (show_fact(self.db, fact), show_fact(self.db, &here));
                let report = Report::error(
                    Code::E2006,
                    place,
                    format!("`{name}` demands `{wanted}`, which is not known here"),
                )
                .label(format!("`{found}` is not known to hold"))
                .help(format!("choose other sizes, or state it: `where {found}`"));
                self.names.report(report);
                None
            }
            Err(error) => {
                let wanted = show_fact(self.db, fact);
                self.names.report(Report::error(
                    Code::E2006,
                    place,
                    format!("`{name}` demands `{wanted}`: {error}"),
                ));
                None
            }
        }
    }

    /// Whether a function value can stand where a function type is asked for.
    pub(super) fn coerce_function(&mut self, id: ExprId, to: &crate::hir::FunctionType) -> ExprId {
        let ExprKind::Function(def) = self.body.expr(id).kind else { return id };
        let owner = Owner::Function(def);
        let signature = signature(self.db, owner);
        let mut bindings = Bindings::open([owner]);
        let needed = signature.params.iter().filter(|param| !param.has_default).count();
        let fits = (needed..=signature.params.len()).contains(&to.params.len())
            && signature
                .params
                .iter()
                .zip(&to.params)
                .all(|(param, to)| self.bind(&mut bindings, &param.ty, to).is_ok())
            && bindings.ty(&signature.result).is_ok_and(|result| self.same_type(&result, &to.result));
        if fits {
            return id;
        }
        let (from, to) = (self.ty(id).clone(), Type::Function(std::sync::Arc::new(to.clone())));
        self.mismatch(id, &from, &to)
    }

    pub(super) fn misfit(&mut self, misfit: Misfit, id: ExprId, wanted: &Type, param: &str, callee: &str) {
        let found = self.ty(id).clone();
        let node = self.node(id);
        let (found_text, wanted_text) = (show_type(self.db, &found), show_type(self.db, wanted));
        let place = self.names.place(node);
        let report = match misfit {
            Misfit::Size => match (&found, wanted) {
                (Type::Tensor(_, s), Type::Tensor(_, t)) if s.len() == t.len() => {
                    self.size_mismatch(node, s, t)
                }
                _ => {
                    Report::error(Code::E2003, place, format!("sizes of `{param}` of `{callee}` do not fit"))
                }
            },
            Misfit::Rank => Report::error(
                Code::E2002,
                place,
                format!("`{param}` of `{callee}` has another number of axes"),
            ),
            Misfit::Dtype => {
                Report::error(Code::E3002, place, format!("`{param}` of `{callee}` has another dtype"))
                    .help("dtypes are converted by hand: `... as f32`")
            }
            Misfit::Kind => Report::error(
                Code::E2001,
                place,
                format!("`{param}` of `{callee}` is {wanted_text}, but this is {found_text}"),
            ),
        };
        let report = if misfit == Misfit::Kind {
            report
        } else {
            report.help(format!("this is {found_text}, `{callee}` takes {wanted_text}"))
        };
        self.names.report(report);
    }
}
