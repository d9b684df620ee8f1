//! Types as they are written.

use std::sync::Arc;

use tri_diagnostics::{Code, nearest};
use tri_syntax::ast::{self, NodeId, TypeKind};

use super::{IMPLICIT, Kind, Names};
use crate::hir::{Axis, Dim, Element, FunctionType, Owner, Type};
use crate::report::Report;
use crate::show::dtype_of;

impl Names<'_> {
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
                let report = match nearest(name.as_str(), dtypes) {
                    Some(near) => report.did_you_mean(near, place),
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

    /// The length that an expression gives an axis, which is not negative.
    pub(crate) fn size(&mut self, expr: &ast::Expr) -> Option<Dim> {
        let dim = self.dim(expr)?;
        match dim.as_constant() {
            Some(n) if n < 0 => {
                let report = Report::error(
                    Code::E2011,
                    self.place(expr.id),
                    format!("`{n}` is no size: no axis is that long"),
                );
                self.report(report.help(
                    "a size that is not fixed has a name, and one that follows is written out: `C * H * W`",
                ));
                None
            }
            _ => Some(dim),
        }
    }

    /// One axis of a shape.
    pub(crate) fn axis(&mut self, axis: &ast::Axis) -> Option<Axis> {
        match axis {
            ast::Axis::Dim(expr) => self.size(expr).map(Axis::Dim),
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
        let report = match self.dim_named(&name.text) {
            Some(_) => Report::error(Code::E1004, place, format!("`{}` is one size, not a pack", name.text))
                .help(format!("write `{}` for one axis, or declare the pack: `fn f[..{0}](...)`", name.text)),
            None => Report::error(Code::E1001, place, format!("there is no pack `..{}` here", name.text))
                .help(format!("declare it: `fn f[..{}](...)`", name.text)),
        };
        self.report(report);
        None
    }
}
