//! The `where` conditions of what is called, in the sizes of the call.

use tri_db::Db;
use tri_dims::DimError;
use tri_hir::hir::{Body, Def, Dim, DimVar, Expr, ExprId, ExprKind, Fact, GenericArg, Owner, Type};

use crate::sizes::substitute;

/// What holds where an expression of a body calls something: the conditions of a layer or function that are about dims and not only
/// about numbers. `around` is the item that the body is in.
pub(crate) fn of_call(db: &dyn Db, around: Def, body: &Body, expr: &Expr) -> Vec<Fact> {
    let conditions = match &expr.kind {
        ExprKind::Instantiate { .. } => of_instance(db, &expr.ty),
        ExprKind::Call { function, generics, args } => {
            let owner = Owner::Function(*function);
            let facts = tri_hir::signature(db, owner).facts.clone();
            given(facts, &|dim| of_function(body, owner, generics, args, dim))
        }
        ExprKind::Method { base, member, generics, args } => {
            let instance = base.map(|base| &body.expr(base).ty);
            let (def, dims) = match instance {
                Some(Type::Layer(def, dims)) => (*def, Some(dims)),
                Some(_) => return Vec::new(),
                None => (around, None),
            };
            let owner = Owner::Method(def, *member);
            let facts = tri_hir::signature(db, owner).facts.clone();
            given(facts, &|dim| {
                let dim = match dims {
                    Some(dims) => substitute(db, def, dims, dim)?,
                    None => dim.clone(),
                };
                of_function(body, owner, generics, args, &dim)
            })
        }
        _ => Vec::new(),
    };
    conditions.into_iter().filter(is_about_dims).collect()
}

fn of_instance(db: &dyn Db, ty: &Type) -> Vec<Fact> {
    let Type::Layer(def, dims) = ty else { return Vec::new() };
    given(tri_hir::layer(db, *def).facts.clone(), &|dim| substitute(db, *def, dims, dim))
}

/// Conditions with other sizes; those left out of which one is not known.
fn given(facts: Vec<Fact>, size: &dyn Fn(&Dim) -> Option<Dim>) -> Vec<Fact> {
    let fact = |fact: Fact| {
        Some(match fact {
            Fact::Divides(a, b) => Fact::Divides(size(&a)?, size(&b)?),
            Fact::Equal(a, b) => Fact::Equal(size(&a)?, size(&b)?),
            Fact::AtMost(a, b) => Fact::AtMost(size(&a)?, size(&b)?),
        })
    };
    facts.into_iter().filter_map(fact).collect()
}

/// A size of a function as a call gives it.
fn of_function(
    body: &Body,
    function: Owner,
    generics: &[GenericArg],
    args: &[Option<ExprId>],
    dim: &Dim,
) -> Option<Dim> {
    let value = dim.substitute(&mut |var| match *var {
        DimVar::Generic(owner, at) if owner == function => match generics.get(at as usize) {
            Some(GenericArg::Dim(dim)) => Ok(dim.clone()),
            _ => Err(DimError::Unbound),
        },
        DimVar::Param(owner, at) if owner == function => {
            match args.get(at as usize).copied().flatten().map(|arg| &body.expr(arg).ty) {
                Some(Type::Int(Some(dim))) => Ok(dim.clone()),
                _ => Err(DimError::Unbound),
            }
        }
        other => Ok(Dim::var(other)),
    });
    value.ok()
}

fn is_about_dims(fact: &Fact) -> bool {
    let (a, b) = fact.sides();
    let mut named = false;
    for side in [a, b] {
        side.for_each_var(&mut |_| named = true);
    }
    named
}
