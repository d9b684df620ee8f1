//! Softmax as folds and maps: what machines without the kernel run in its place.

use tri_ir::{BinaryOp, Dim, ReduceOp, Scalar, UnaryOp};

use crate::{Access, Expr, ExprId, Fold, Nest, Reg, Stage, Store, register_count};

/// Whether a stage of the nest is a softmax.
pub(crate) fn has_softmax(nest: &Nest) -> bool {
    nest.stages.iter().any(|stage| matches!(stage, Stage::Softmax { .. }))
}

/// The nest with folds and maps in the place of each softmax, in the order of rule 8.
pub(crate) fn nest_spelled_out(nest: &Nest) -> Nest {
    let mut spelling =
        Spelling { regs: register_count(nest) as u32, exprs: nest.exprs.clone(), stages: Vec::new() };
    for stage in &nest.stages {
        match stage {
            Stage::Softmax { axes, row } => spelling.softmax(axes, row),
            _ => spelling.stages.push(stage.clone()),
        }
    }
    let Spelling { exprs, stages, .. } = spelling;
    Nest { name: nest.name.clone(), axes: nest.axes.clone(), exprs, stages }
}

struct Spelling {
    regs: u32,
    exprs: Vec<Expr>,
    stages: Vec<Stage>,
}

impl Spelling {
    fn push(&mut self, expr: Expr) -> ExprId {
        self.exprs.push(expr);
        ExprId(self.exprs.len() as u32 - 1)
    }

    fn f32(&mut self, value: f32) -> ExprId {
        self.push(Expr::Constant(Scalar::f32(value)))
    }

    fn reg(&mut self) -> Reg {
        self.regs += 1;
        Reg(self.regs - 1)
    }

    fn reduce(&mut self, axes: &[Dim], op: ReduceOp, value: ExprId) -> ExprId {
        let into = self.reg();
        self.stages.push(Stage::Fold {
            axes: axes.to_vec(),
            fold: Fold::Reduce(op),
            value,
            only_if: None,
            into,
        });
        self.push(Expr::Reg(into))
    }

    fn replace(&mut self, axes: &[Dim], row: &Access, value: ExprId) {
        self.stages.push(Stage::Map { axes: axes.to_vec(), stores: vec![Store { to: row.clone(), value }] });
    }

    /// The largest, exponentials in their place, their sum, quotients; zeros where all is masked.
    fn softmax(&mut self, axes: &[Dim], row: &Access) {
        let x = self.push(Expr::Load(row.clone()));
        let largest = self.reduce(axes, ReduceOp::Max, x);
        let nothing = self.f32(f32::NEG_INFINITY);
        let value = self.push(Expr::Binary(BinaryOp::Eq, largest, nothing));
        let into = self.reg();
        self.stages.push(Stage::Let { value, into });
        let masked = self.push(Expr::Reg(into));
        let difference = self.push(Expr::Binary(BinaryOp::Sub, x, largest));
        let exponential = self.push(Expr::Unary(UnaryOp::Exp, difference));
        self.replace(axes, row, exponential);
        let sum = self.reduce(axes, ReduceOp::Sum, x);
        let quotient = self.push(Expr::Binary(BinaryOp::Div, x, sum));
        let zero = self.f32(0.0);
        let value = self.push(Expr::Select(masked, zero, quotient));
        self.replace(axes, row, value);
    }
}
