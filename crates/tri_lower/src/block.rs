//! Evaluation of blocks and statements.

use std::sync::Arc;

use tri_dims::Atom;
use tri_hir::hir::{Block, ExprId, ExprKind, Fact, LocalId, Pattern, Stmt, ViewItem};
use tri_ir::{Dim, Op, Scalar, Symbol, TestCheck};

use crate::error::{Result, Stop};
use crate::eval::Frame;
use crate::function::Role;
use crate::instance::Member;
use crate::lowering::Lowering;
use crate::value::Value;

/// The largest value of `symbol` where `left <= right`, if that alone limits it: in `P + 2 * T <= 256`, since no size is negative.
fn largest(symbol: Symbol, left: &Dim, right: &Dim) -> Option<i64> {
    let room = right.sub(left).ok()?;
    let (mut limit, mut per_symbol) = (0, 0);
    for (monomial, n) in room.terms() {
        match monomial.as_slice() {
            [] => limit = *n,
            [(Atom::Var(var), 1)] if *var == symbol => per_symbol = *n,
            atoms if *n < 0 && atoms.iter().all(|(atom, _)| matches!(atom, Atom::Var(_))) => {}
            _ => return None,
        }
    }
    (per_symbol < 0 && limit >= 0).then(|| limit / per_symbol.saturating_neg())
}

impl Lowering<'_> {
    /// Runs the statements and gives the value.
    pub(crate) fn eval_block(&mut self, frame: &mut Frame, block: &Block) -> Result<Value> {
        for stmt in &block.statements {
            self.run_stmt(frame, stmt)?;
        }
        match block.value {
            Some(value) => self.eval(frame, value),
            None => Ok(Value::Unit),
        }
    }

    fn run_stmt(&mut self, frame: &mut Frame, stmt: &Stmt) -> Result<()> {
        if let Some(expr) = Self::stmt_expr(stmt) {
            self.at_expr(frame, expr);
        }
        match stmt {
            Stmt::Let(pattern, value) => {
                let value = self.eval(frame, *value)?;
                self.bind(frame, pattern, value)
            }
            Stmt::LetDim { local, value, facts } => self.bind_dim(frame, *local, *value, facts),
            Stmt::Assign(local, value) => {
                let value = self.eval(frame, *value)?;
                self.set(frame, *local, value)
            }
            Stmt::StateWrite { state, items, value } => self.write_state(frame, *state, items, *value),
            Stmt::Assert(condition, text) => self.assert(frame, *condition, text),
            Stmt::For(pattern, iterable, body) => {
                let iterable = self.eval(frame, *iterable)?;
                for item in self.items(iterable)? {
                    self.bind(frame, pattern, item)?;
                    self.eval_block(frame, body)?;
                }
                Ok(())
            }
            Stmt::Expr(expr) => self.eval(frame, *expr).map(drop),
        }
    }

    fn set(&mut self, frame: &mut Frame, local: LocalId, value: Value) -> Result<()> {
        *frame.locals.get_mut(local.0 as usize).ok_or(Stop::Reported)? = Some(value);
        Ok(())
    }

    /// Binds the names of a pattern.
    pub(crate) fn bind(&mut self, frame: &mut Frame, pattern: &Pattern, value: Value) -> Result<()> {
        self.step()?;
        match (pattern, value) {
            (Pattern::Local(local), value) => self.set(frame, *local, value),
            (Pattern::Ignore, _) => Ok(()),
            (Pattern::Tuple(parts), Value::List(values)) if parts.len() == values.len() => parts
                .iter()
                .zip(values.iter())
                .try_for_each(|(part, value)| self.bind(frame, part, value.clone())),
            (Pattern::Tuple(parts), other) => {
                Err(self.invalid(format!("{} does not have {} parts", other.kind(), parts.len())))
            }
        }
    }

    /// `let dim N = value where ...`.
    fn bind_dim(&mut self, frame: &mut Frame, local: LocalId, value: ExprId, facts: &[Fact]) -> Result<()> {
        let value = self.eval(frame, value)?;
        let value = self.tensor(&value)?;
        let name = frame.body.local(local).name.clone();
        let symbol = self.current()?.symbol(&name, 0, None, true);
        let size = Dim::var(symbol);
        self.set(frame, local, Value::Int(size.clone()))?;
        let mut at_most = Vec::new();
        for fact in facts {
            match fact {
                Fact::AtMost(a, b) => at_most.push((self.dim(frame, a)?, self.dim(frame, b)?)),
                Fact::Equal(a, b) => {
                    let (a, b) = (self.dim(frame, a)?, self.dim(frame, b)?);
                    at_most.extend([(a.clone(), b.clone()), (b, a)]);
                }
                Fact::Divides(a, b) => {
                    let remainder = self.dim(frame, a)?.rem(&self.dim(frame, b)?);
                    at_most.push((remainder.map_err(|error| self.dim_error(error))?, Dim::default()));
                }
            }
        }
        let max = at_most.iter().filter_map(|(left, right)| largest(symbol, left, right)).min();
        self.current()?.builder.function_mut().symbols[symbol.index()].max = max;
        self.emit_all(Op::BindDim { symbol, at_most }, vec![value], Vec::new()).map(drop)
    }

    /// `state = value`, `state[...] = value`.
    fn write_state(
        &mut self,
        frame: &mut Frame,
        state: ExprId,
        items: &[ViewItem],
        value: ExprId,
    ) -> Result<()> {
        let body = frame.body.clone();
        let ExprKind::Member(base, index) = body.expr(state).kind else { return Err(Stop::Reported) };
        let instance = self.base(frame, base)?;
        let Member::Tensor(tensor) = self.member(instance, index)? else { return Err(Stop::Reported) };
        let whole = self.tensors[tensor.index()].ty.clone();
        let window = self.window(frame, &whole.shape, items)?;
        let value = self.eval(frame, value)?;
        let value = self.broadcast(&value, &window.shape.into())?;
        let value = self.reshape(value, window.sizes)?;
        let state = self.state(tensor)?;
        self.emit_all(Op::StateWrite { state, starts: window.starts }, vec![value], Vec::new()).map(drop)
    }

    /// In a test, one check; elsewhere only what is known at compile time can be asserted.
    fn assert(&mut self, frame: &mut Frame, condition: ExprId, text: &Arc<str>) -> Result<()> {
        let value = self.eval(frame, condition)?;
        let is_test = self.open.len() == 1 && matches!(self.open[0].role, Role::Test);
        if is_test {
            let origin = Some(self.source_map.origin(self.here));
            let truth = self.truth(&value)?;
            let check = TestCheck { text: text.to_string(), origin };
            self.current()?.checks.push((truth, check));
            return Ok(());
        }
        match value {
            Value::Bool(true) => Ok(()),
            Value::Bool(false) => Err(self.invalid(format!("this does not hold: `{text}`"))),
            Value::Scalar(scalar) if scalar == Scalar::bool(true) => Ok(()),
            _ => Err(self.unsupported("an `assert` of a tensor outside a test")),
        }
    }
}
