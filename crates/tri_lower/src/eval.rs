//! Evaluation of expressions and bodies.

use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use tri_hir::hir::{Block, Body, BodyOwner, Def, Expr, ExprId, ExprKind, Owner, Pattern, Stmt, Type};
use tri_ir::{Dim, Op, Scalar, TensorType};
use tri_syntax::ast::NodeId;

use crate::error::{Result, Stop};
use crate::instance::Member;
use crate::lowering::Lowering;
use crate::names::Site;
use crate::source_map::Place;
use crate::value::{GenericValue, InstanceId, Value};

/// A body being evaluated.
#[derive(Debug)]
pub(crate) struct Frame {
    /// Whose body.
    pub(crate) owner: BodyOwner,
    pub(crate) body: Arc<Body>,
    /// The instance whose member the body is.
    pub(crate) this: Option<InstanceId>,
    /// Generics of the function.
    pub(crate) generics: Vec<GenericValue>,
    /// Arguments of the function.
    pub(crate) args: Vec<Value>,
    pub(crate) locals: Vec<Option<Value>>,
    /// Number of elements of values that only elaboration knows.
    pub(crate) lengths: FxHashMap<NodeId, Dim>,
    /// Where an instance made by this body stands.
    pub(crate) site: Option<Site>,
}

impl Frame {
    pub(crate) fn new(
        owner: BodyOwner,
        body: Arc<Body>,
        this: Option<InstanceId>,
        generics: Vec<GenericValue>,
        args: Vec<Value>,
    ) -> Frame {
        let mut locals = vec![None; body.locals.len()];
        for (local, value) in locals.iter_mut().zip(&args) {
            *local = Some(value.clone());
        }
        Frame { owner, body, this, generics, args, locals, lengths: FxHashMap::default(), site: None }
    }

    /// A frame in which the dims of a layer have values; its body is empty.
    pub(crate) fn of_layer(owner: Owner, this: InstanceId) -> Frame {
        Frame::new(BodyOwner::Function(owner), Arc::default(), Some(this), Vec::new(), Vec::new())
    }

    /// A frame in which the dims of a function have values; its body is empty.
    pub(crate) fn of_head(
        owner: Owner,
        this: Option<InstanceId>,
        generics: Vec<GenericValue>,
        args: Vec<Value>,
    ) -> Frame {
        Frame::new(BodyOwner::Function(owner), Arc::default(), this, generics, args)
    }

    fn def(&self) -> Def {
        match self.owner {
            BodyOwner::Function(owner) | BodyOwner::Default(owner, _) => match owner {
                Owner::Layer(def) | Owner::Function(def) | Owner::Method(def, _) | Owner::Test(def) => def,
            },
            BodyOwner::MemberValue(def, _)
            | BodyOwner::MemberCondition(def, _)
            | BodyOwner::Const(def)
            | BodyOwner::Dim(def) => def,
        }
    }
}

impl Lowering<'_> {
    /// The value of a body that takes no arguments.
    pub(crate) fn eval_body(
        &mut self,
        owner: BodyOwner,
        this: Option<InstanceId>,
        site: Option<Site>,
    ) -> Result<Value> {
        let body = self.hir.body(owner);
        let mut frame = Frame::new(owner, body, this, Vec::new(), Vec::new());
        frame.site = site;
        self.eval_root(&mut frame)
    }

    /// The value of a default; earlier arguments are known.
    pub(crate) fn default_value(
        &mut self,
        owner: Owner,
        index: usize,
        this: Option<InstanceId>,
        generics: Vec<GenericValue>,
        args: Vec<Value>,
    ) -> Result<Value> {
        let owner = BodyOwner::Default(owner, index as u32);
        let body = self.hir.body(owner);
        self.eval_root(&mut Frame::new(owner, body, this, generics, args))
    }

    /// Evaluates the frame's body.
    pub(crate) fn eval_root(&mut self, frame: &mut Frame) -> Result<Value> {
        let body = frame.body.clone();
        let here = self.here;
        let value = self.nested(|lowering| lowering.eval_block(frame, &body.root))?;
        self.here = here;
        Ok(value)
    }

    /// Evaluates an expression.
    pub(crate) fn eval(&mut self, frame: &mut Frame, id: ExprId) -> Result<Value> {
        let body = frame.body.clone();
        let expr = body.expr(id);
        let def = frame.def();
        let outer =
            std::mem::replace(&mut self.here, Place { file: def.file, item: def.item, node: expr.node });
        self.step()?;
        if self.depth >= self.options.limits.depth {
            return Err(self.too_large("expressions and calls are nested too deeply"));
        }
        self.depth += 1;
        let value = self.eval_kind(frame, expr)?;
        if let (Value::Int(dim), Type::Int(None)) = (&value, &expr.ty) {
            // A size that the checker knows by this node only.
            frame.lengths.insert(expr.node, dim.clone());
        }
        self.depth -= 1;
        self.here = outer;
        Ok(value)
    }

    fn eval_kind(&mut self, frame: &mut Frame, expr: &Expr) -> Result<Value> {
        match &expr.kind {
            ExprKind::Int(n) => Ok(Value::int(*n)),
            ExprKind::Float(bits) => Ok(Value::Float(f64::from_bits(*bits))),
            ExprKind::Bool(value) => Ok(Value::Bool(*value)),
            ExprKind::Str(text) => Ok(Value::Str(text.clone())),
            ExprKind::Axis(axis) => Ok(Value::Axis(*axis)),
            ExprKind::RestAxes => Ok(Value::RestAxes),
            ExprKind::Training => Ok(Value::Bool(self.hir.training())),
            ExprKind::Function(def) => Ok(Value::Function(*def)),
            ExprKind::Local(local) => frame.locals[local.0 as usize].clone().ok_or(Stop::Reported),
            ExprKind::Config(index) => self.config(frame, *index),
            ExprKind::Const(def) => self.eval_body(BodyOwner::Const(*def), None, None),
            ExprKind::Dim(dim) => self.eval_dim(frame, dim, &expr.ty),
            ExprKind::StaticUnary(op, operand) => {
                let operand = self.eval(frame, *operand)?;
                self.static_unary(*op, &operand)
            }
            ExprKind::StaticBinary(op, a, b) => self.eval_static_binary(frame, *op, *a, *b, &expr.ty),
            ExprKind::StaticCall(name, args) => {
                let args = self.eval_all(frame, args)?;
                self.static_call(name, &args)
            }
            ExprKind::Splat(operand) => self.eval_splat(frame, *operand, &expr.ty),
            ExprKind::Member(base, index) => self.eval_member(frame, *base, *index),
            ExprKind::Instantiate { layer, generics, config } => {
                Ok(Value::Layer(self.instantiate(frame, *layer, generics, config)?))
            }
            ExprKind::Tuple(elements) => Ok(Value::List(self.eval_all(frame, elements)?.into())),
            ExprKind::List(elements) => self.eval_list(frame, expr.node, elements),
            ExprKind::Repeat(value, count) => self.eval_repeat(frame, expr.node, *value, count),
            ExprKind::Comprehension(pattern, iterable, element) => {
                self.eval_comprehension(frame, expr.node, pattern, *iterable, *element)
            }
            ExprKind::Range(lo, hi) => {
                let (lo, hi) = (self.eval(frame, *lo)?, self.eval(frame, *hi)?);
                Ok(Value::Range(self.number(&lo)?, self.number(&hi)?))
            }
            ExprKind::Element(list, index) => self.eval_element(frame, *list, *index),
            ExprKind::Unary(op, operand) => {
                let operand = self.eval(frame, *operand)?;
                self.tensor_unary(*op, operand)
            }
            ExprKind::Binary(op, a, b) => {
                let (a, b) = (self.eval(frame, *a)?, self.eval(frame, *b)?);
                self.tensor_binary(*op, a, b)
            }
            ExprKind::MatMul(a, b) => {
                let (a, b) = (self.eval(frame, *a)?, self.eval(frame, *b)?);
                self.matmul(a, b)
            }
            ExprKind::Transpose(operand) => {
                let operand = self.eval(frame, *operand)?;
                self.transpose(operand)
            }
            ExprKind::Cast(operand, element) => {
                let dtype = self.element(frame, *element)?;
                let operand = self.eval(frame, *operand)?;
                self.cast(operand, dtype)
            }
            ExprKind::View(operand, items) => {
                let operand = self.eval(frame, *operand)?;
                self.view(frame, operand, items)
            }
            ExprKind::Call { function, generics, args } => {
                self.eval_call(frame, *function, generics, args, &expr.ty)
            }
            ExprKind::Method { base, member, generics, args } => {
                self.eval_method(frame, *base, *member, generics, args)
            }
            ExprKind::CallValue(function, args) => self.eval_call_value(frame, *function, args, &expr.ty),
            ExprKind::Route { x, through, by, top, weight } => {
                self.eval_route(frame, [*x, *through], *by, *top, *weight)
            }
            ExprKind::Einsum { operands, result } => self.eval_einsum(frame, operands, result),
            ExprKind::If(condition, then, otherwise) => {
                self.eval_if(frame, *condition, then, otherwise.as_ref())
            }
            ExprKind::Error => Err(Stop::Reported),
        }
    }

    pub(crate) fn eval_all(&mut self, frame: &mut Frame, exprs: &[ExprId]) -> Result<Vec<Value>> {
        exprs.iter().map(|expr| self.eval(frame, *expr)).collect()
    }

    fn config(&self, frame: &Frame, index: u32) -> Result<Value> {
        let this = frame.this.ok_or(Stop::Reported)?;
        self.instances[this.index()].config.get(index as usize).cloned().ok_or(Stop::Reported)
    }

    /// A size as a static int, or as an `i32` scalar where the type says so.
    fn eval_dim(&mut self, frame: &Frame, dim: &tri_hir::hir::Dim, ty: &Type) -> Result<Value> {
        let dim = self.dim(frame, dim)?;
        match ty {
            Type::Tensor(element, _) => {
                let dtype = self.element(frame, *element)?;
                self.splat(Value::Int(dim), dtype)
            }
            _ => Ok(Value::Int(dim)),
        }
    }

    fn eval_splat(&mut self, frame: &mut Frame, operand: ExprId, ty: &Type) -> Result<Value> {
        let value = self.eval(frame, operand)?;
        let Type::Tensor(element, _) = ty else { return Err(Stop::Reported) };
        let dtype = self.element(frame, *element)?;
        self.splat(value, dtype)
    }

    /// A static number as an element of `dtype`.
    pub(crate) fn splat(&mut self, value: Value, dtype: tri_ir::DType) -> Result<Value> {
        if let Value::Int(dim) = &value
            && dim.as_constant().is_none()
        {
            let ty = TensorType::scalar(tri_ir::DType::I32);
            let size = self.emit_as(Op::DimValue(dim.clone()), Vec::new(), ty)?;
            return self.cast(Value::Tensor(size), dtype);
        }
        self.scalar(&value, dtype).map(Value::Scalar)
    }

    fn eval_member(&mut self, frame: &mut Frame, base: Option<ExprId>, index: u32) -> Result<Value> {
        let instance = self.base(frame, base)?;
        match self.member(instance, index)? {
            Member::Tensor(tensor) => Ok(Value::Tensor(self.read(tensor)?)),
            Member::Instance(value) => Ok(value),
            Member::Absent => {
                let layer = &self.instances[instance.index()].layer;
                let name = layer.members.get(index as usize).map_or("", |member| &*member.name);
                Err(self
                    .invalid(format!("`{name}` does not exist here: the condition after it does not hold")))
            }
        }
    }

    /// The instance before a dot, or the one whose body this is.
    pub(crate) fn base(&mut self, frame: &mut Frame, base: Option<ExprId>) -> Result<InstanceId> {
        let Some(base) = base else { return frame.this.ok_or(Stop::Reported) };
        match self.eval(frame, base)? {
            Value::Layer(instance) => Ok(instance),
            other => Err(self.invalid(format!("this is {}, not a layer", other.kind()))),
        }
    }

    /// Evaluates an element of an array that stands where the frame's instances stand.
    fn eval_at(&mut self, frame: &mut Frame, index: u32, element: ExprId) -> Result<Value> {
        let site = frame.site.as_ref().map(|site| site.element(index));
        let outer = std::mem::replace(&mut frame.site, site);
        let value = self.eval(frame, element)?;
        frame.site = outer;
        Ok(value)
    }

    fn finish_list(&mut self, frame: &mut Frame, node: NodeId, elements: Vec<Value>) -> Value {
        frame.lengths.insert(node, Dim::constant(elements.len() as i64));
        Value::List(elements.into())
    }

    fn eval_list(&mut self, frame: &mut Frame, node: NodeId, elements: &[ExprId]) -> Result<Value> {
        let mut values = Vec::with_capacity(elements.len());
        for (index, element) in (0..).zip(elements) {
            values.push(self.eval_at(frame, index, *element)?);
        }
        Ok(self.finish_list(frame, node, values))
    }

    fn eval_repeat(
        &mut self,
        frame: &mut Frame,
        node: NodeId,
        value: ExprId,
        count: &tri_hir::hir::Dim,
    ) -> Result<Value> {
        let count = Value::Int(self.dim(frame, count)?);
        let count = self.number(&count)?;
        let count =
            u32::try_from(count).map_err(|_| self.invalid(format!("an array of {count} elements")))?;
        let mut values = Vec::new();
        for index in 0..count {
            values.push(self.eval_at(frame, index, value)?);
        }
        Ok(self.finish_list(frame, node, values))
    }

    fn eval_comprehension(
        &mut self,
        frame: &mut Frame,
        node: NodeId,
        pattern: &Pattern,
        iterable: ExprId,
        element: ExprId,
    ) -> Result<Value> {
        let source = frame.body.expr(iterable).node;
        let iterable = self.eval(frame, iterable)?;
        let mut values = Vec::new();
        for (index, item) in (0..).zip(self.items(iterable)?) {
            self.bind(frame, pattern, item)?;
            values.push(self.eval_at(frame, index, element)?);
        }
        frame.lengths.insert(source, Dim::constant(values.len() as i64));
        Ok(self.finish_list(frame, node, values))
    }

    /// What a loop runs over, one by one.
    pub(crate) fn items(&mut self, iterable: Value) -> Result<Items> {
        match iterable {
            Value::List(elements) => Ok(Items { list: Some(elements), next: 0, end: i64::MAX }),
            Value::Range(lo, hi) => Ok(Items { list: None, next: lo, end: hi }),
            other => Err(self.invalid(format!("{} cannot be looped over", other.kind()))),
        }
    }

    fn eval_element(&mut self, frame: &mut Frame, list: ExprId, index: ExprId) -> Result<Value> {
        let list = self.eval(frame, list)?;
        let index = self.eval(frame, index)?;
        let index = self.number(&index)?;
        let Value::List(elements) = list else {
            return Err(self.invalid(format!("{} has no elements", list.kind())));
        };
        let from_start = if index < 0 { index + elements.len() as i64 } else { index };
        let element = usize::try_from(from_start).ok().and_then(|at| elements.get(at));
        element.cloned().ok_or_else(|| {
            self.invalid(format!("there is no element {index} in a list of {}", elements.len()))
        })
    }

    fn eval_if(
        &mut self,
        frame: &mut Frame,
        condition: ExprId,
        then: &Block,
        otherwise: Option<&Block>,
    ) -> Result<Value> {
        match self.eval(frame, condition)? {
            Value::Bool(true) => self.eval_block(frame, then),
            Value::Bool(false) => otherwise.map_or(Ok(Value::Unit), |block| self.eval_block(frame, block)),
            other => {
                Err(self.invalid(format!("the condition is {}, not a static truth value", other.kind())))
            }
        }
    }

    /// A static integer that is a number.
    pub(crate) fn number(&self, value: &Value) -> Result<i64> {
        match value {
            Value::Int(dim) => dim
                .as_constant()
                .ok_or_else(|| self.unsupported("a size known only at run time where a number is needed")),
            Value::Scalar(scalar) => scalar.as_int().ok_or(Stop::Reported),
            other => Err(self.invalid(format!("{} where a static integer is needed", other.kind()))),
        }
    }

    /// The place of a statement's expression, for messages about the statement.
    pub(crate) fn at_expr(&mut self, frame: &Frame, id: ExprId) {
        let def = frame.def();
        self.here = Place { file: def.file, item: def.item, node: frame.body.expr(id).node };
    }

    /// A truth value as a tensor scalar.
    pub(crate) fn truth(&mut self, value: &Value) -> Result<tri_ir::Value> {
        match value {
            Value::Bool(value) => self.tensor(&Value::Scalar(Scalar::bool(*value))),
            other => self.tensor(other),
        }
    }

    /// The expression of a statement, if it has one to point at.
    pub(crate) fn stmt_expr(stmt: &Stmt) -> Option<ExprId> {
        match stmt {
            Stmt::Let(_, expr)
            | Stmt::LetDim { value: expr, .. }
            | Stmt::Assign(_, expr)
            | Stmt::StateWrite { value: expr, .. }
            | Stmt::Assert(expr, _)
            | Stmt::For(_, expr, _)
            | Stmt::Expr(expr) => Some(*expr),
        }
    }
}

/// Elements of an array or numbers of a range.
#[derive(Debug)]
pub(crate) struct Items {
    list: Option<Rc<[Value]>>,
    next: i64,
    end: i64,
}

impl Iterator for Items {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if self.next >= self.end {
            return None;
        }
        let at = self.next;
        self.next += 1;
        match &self.list {
            Some(list) => list.get(usize::try_from(at).ok()?).cloned(),
            None => Some(Value::int(at)),
        }
    }
}
