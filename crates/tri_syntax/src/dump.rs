//! The tree as text, for `--emit ast` and tests: items, members and statements on lines of their own, expressions in
//! prefix form. The format is stable; it is not Tri.

use std::fmt::{self, Write};

use crate::ast::*;

/// Prints a tree, one item after another.
pub fn dump(ast: &Ast) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = Dump { out: &mut out, indent: 0 }.file(ast);
    out
}

struct Dump<'a> {
    out: &'a mut String,
    indent: usize,
}

impl Dump<'_> {
    fn line(&mut self) -> fmt::Result {
        write!(self.out, "\n{:1$}", "", self.indent * 2)
    }

    fn file(&mut self, ast: &Ast) -> fmt::Result {
        self.docs("//!", &ast.docs)?;
        for item in &ast.items {
            self.docs("///", &item.docs)?;
            self.attributes(&item.attributes)?;
            self.item(item)?;
            self.out.push('\n');
        }
        Ok(())
    }

    /// Documentation lines, each with its end of line and the indentation of what follows.
    fn docs(&mut self, marker: &str, docs: &Docs) -> fmt::Result {
        for line in docs.lines() {
            write!(self.out, "{marker} {line}")?;
            self.line()?;
        }
        Ok(())
    }

    fn attributes(&mut self, attributes: &[Attribute]) -> fmt::Result {
        for attribute in attributes {
            write!(self.out, "@{}", attribute.name.text)?;
            self.group("(", &attribute.args, ")", Self::arg)?;
            self.out.push(' ');
        }
        Ok(())
    }

    fn group<T>(
        &mut self,
        open: &str,
        list: &[T],
        close: &str,
        each: impl Fn(&mut Self, &T) -> fmt::Result,
    ) -> fmt::Result {
        self.out.push_str(open);
        for (index, element) in list.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            each(self, element)?;
        }
        self.out.push_str(close);
        Ok(())
    }

    fn item(&mut self, item: &Item) -> fmt::Result {
        match &item.kind {
            ItemKind::Use(item) => self.import(item),
            ItemKind::Dim(item) => {
                write!(self.out, "dim {} = ", item.name.text)?;
                self.expr(&item.value)
            }
            ItemKind::Const(item) => {
                write!(self.out, "const {}", item.name.text)?;
                self.annotation(item.ty.as_ref())?;
                self.out.push_str(" = ");
                self.expr(&item.value)
            }
            ItemKind::Function(function) => self.function(function),
            ItemKind::Layer(layer) => self.layer(layer),
            ItemKind::Test(test) => {
                write!(self.out, "test {:?}", test.name)?;
                self.block(&test.body)
            }
            ItemKind::Error { name } => self.error(name.as_ref()),
        }
    }

    fn error(&mut self, name: Option<&Name>) -> fmt::Result {
        self.out.push_str("error");
        name.map_or(Ok(()), |name| write!(self.out, " {}", name.text))
    }

    fn import(&mut self, item: &Use) -> fmt::Result {
        self.out.push_str("use ");
        for part in &item.module {
            write!(self.out, "{}.", part.text)?;
        }
        self.group("{", &item.imports, "}", |this, import| {
            this.out.push_str(&import.name.text);
            import.alias.as_ref().map_or(Ok(()), |alias| write!(this.out, " as {}", alias.text))
        })
    }

    fn annotation(&mut self, ty: Option<&Type>) -> fmt::Result {
        let Some(ty) = ty else { return Ok(()) };
        self.out.push_str(": ");
        self.ty(ty)
    }

    fn init(&mut self, value: Option<&Expr>) -> fmt::Result {
        let Some(value) = value else { return Ok(()) };
        self.out.push_str(" = ");
        self.expr(value)
    }

    fn function(&mut self, function: &Function) -> fmt::Result {
        self.out.push_str(if function.body.is_none() { "intrinsic fn " } else { "fn " });
        self.signature(&function.name, &function.generics, &function.params)?;
        if let Some(result) = &function.result {
            self.out.push_str(" -> ");
            self.ty(result)?;
        }
        self.conditions(&function.conditions)?;
        function.body.as_ref().map_or(Ok(()), |body| self.block(body))
    }

    fn signature(&mut self, name: &Name, generics: &[Generic], params: &[Param]) -> fmt::Result {
        self.out.push_str(&name.text);
        self.group("[", generics, "]", Self::generic)?;
        self.group("(", params, ")", |this, param| {
            this.out.push_str(&param.name.text);
            this.annotation(Some(&param.ty))?;
            this.init(param.default.as_ref())
        })
    }

    fn generic(&mut self, generic: &Generic) -> fmt::Result {
        let name = &generic.name.text;
        match &generic.kind {
            GenericKind::Dim { bounds: None } => write!(self.out, "{name}"),
            GenericKind::Dim { bounds: Some((lo, hi)) } => {
                write!(self.out, "{name} in ")?;
                self.expr(lo)?;
                self.out.push_str("..");
                self.expr(hi)
            }
            GenericKind::Pack => write!(self.out, "..{name}"),
            GenericKind::Element { class } => write!(self.out, "{name}: {}", class.text),
        }
    }

    fn conditions(&mut self, conditions: &[Expr]) -> fmt::Result {
        if conditions.is_empty() { Ok(()) } else { self.group(" where ", conditions, "", Self::expr) }
    }

    fn layer(&mut self, layer: &Layer) -> fmt::Result {
        self.out.push_str(if layer.is_model { "model " } else { "layer " });
        self.signature(&layer.name, &layer.generics, &layer.config)?;
        self.conditions(&layer.conditions)?;
        self.indent += 1;
        for member in &layer.members {
            self.line()?;
            self.docs("///", &member.docs)?;
            self.attributes(&member.attributes)?;
            self.member(member)?;
        }
        self.indent -= 1;
        Ok(())
    }

    fn member(&mut self, member: &Member) -> fmt::Result {
        match &member.kind {
            MemberKind::Tensor { lifetime, name, ty, init } => {
                let word = match lifetime {
                    Lifetime::Param => "param",
                    Lifetime::Buffer => "buffer",
                    Lifetime::State => "state",
                };
                write!(self.out, "{word} {}", name.text)?;
                self.annotation(Some(ty))?;
                self.init(init.as_ref())?;
            }
            MemberKind::Instance { name, value } => {
                self.out.push_str(&name.text);
                self.init(Some(value))?;
            }
            MemberKind::Function(function) => self.function(function)?,
            MemberKind::Error { name } => self.error(name.as_ref())?,
        }
        let Some(condition) = &member.condition else { return Ok(()) };
        self.out.push_str(" if ");
        self.expr(condition)
    }

    fn ty(&mut self, ty: &Type) -> fmt::Result {
        match &ty.kind {
            TypeKind::Named { name, shape } if shape.is_empty() => write!(self.out, "{}", name.text),
            TypeKind::Named { name, shape } => {
                self.out.push_str(&name.text);
                self.group("[", shape, "]", |this, axis| match axis {
                    Axis::Dim(dim) => this.expr(dim),
                    Axis::Pack(name) => write!(this.out, "..{}", name.text),
                })
            }
            TypeKind::Tuple(types) => self.group("(", types, ")", Self::ty),
            TypeKind::Function { params, result } => {
                self.group("fn(", params, ") -> ", Self::ty)?;
                self.ty(result)
            }
            TypeKind::Error => self.error(None),
        }
    }

    fn block(&mut self, block: &Block) -> fmt::Result {
        self.indent += 1;
        for statement in &block.statements {
            self.line()?;
            self.statement(statement)?;
        }
        if let Some(value) = &block.value {
            self.line()?;
            self.out.push_str("value ");
            self.expr(value)?;
        }
        self.indent -= 1;
        Ok(())
    }

    fn statement(&mut self, statement: &Stmt) -> fmt::Result {
        match &statement.kind {
            StmtKind::Let { mutable, pattern, ty, value } => {
                self.out.push_str(if *mutable { "var " } else { "let " });
                self.pattern(pattern)?;
                self.annotation(ty.as_ref())?;
                self.init(Some(value))
            }
            StmtKind::LetDim { name, value, conditions } => {
                write!(self.out, "let dim {}", name.text)?;
                self.init(Some(value))?;
                self.conditions(conditions)
            }
            StmtKind::Assign { target, value } => {
                self.out.push_str("assign ");
                self.expr(target)?;
                self.init(Some(value))
            }
            StmtKind::Assert(condition) => {
                self.out.push_str("assert ");
                self.expr(condition)
            }
            StmtKind::For { pattern, iterable, body } => {
                self.out.push_str("for ");
                self.pattern(pattern)?;
                self.out.push_str(" in ");
                self.expr(iterable)?;
                self.block(body)
            }
            StmtKind::Expr(expr) => self.expr(expr),
        }
    }

    fn pattern(&mut self, pattern: &Pattern) -> fmt::Result {
        match &pattern.kind {
            PatternKind::Name(name) => write!(self.out, "{}", name.text),
            PatternKind::Ignore => write!(self.out, "_"),
            PatternKind::Tuple(parts) => self.group("(", parts, ")", Self::pattern),
        }
    }

    fn arg(&mut self, arg: &Arg) -> fmt::Result {
        if let Some(name) = &arg.name {
            write!(self.out, "{} = ", name.text)?;
        }
        self.expr(&arg.value)
    }

    fn expr(&mut self, expr: &Expr) -> fmt::Result {
        match &expr.kind {
            ExprKind::Name(name) => write!(self.out, "{name}"),
            ExprKind::Int(value) => write!(self.out, "{value}"),
            ExprKind::Float(value) => write!(self.out, "{:?}", value.value()),
            ExprKind::Bool(value) => write!(self.out, "{value}"),
            ExprKind::Str(value) => write!(self.out, "{value:?}"),
            ExprKind::Tuple(parts) => self.group("(tuple ", parts, ")", Self::expr),
            ExprKind::List(items) => self.group("[", items, "]", |this, item| match item {
                ListItem::Expr(expr) => this.expr(expr),
                ListItem::Pack(name) => write!(this.out, "..{}", name.text),
            }),
            ExprKind::Repeat { value, count } => self.words("repeat", &[value, count]),
            ExprKind::Comprehension { body, pattern, iterable } => {
                self.out.push_str("(for ");
                self.pattern(pattern)?;
                self.out.push_str(" in ");
                self.expr(iterable)?;
                self.out.push(' ');
                self.expr(body)?;
                self.out.push(')');
                Ok(())
            }
            ExprKind::Field { base, name } => {
                self.out.push_str("(. ");
                self.expr(base)?;
                write!(self.out, " {})", name.text)
            }
            ExprKind::Index { base, items } => {
                self.out.push_str("(index ");
                self.expr(base)?;
                self.group(" ", items, ")", Self::index_item)
            }
            ExprKind::Call { callee, args } => {
                self.out.push_str("(call ");
                self.expr(callee)?;
                self.group(if args.is_empty() { "" } else { " " }, args, ")", Self::arg)
            }
            ExprKind::Unary { op, operand } => self.words(op.as_str(), &[operand]),
            ExprKind::Binary { op, lhs, rhs, .. } => self.words(op.as_str(), &[lhs, rhs]),
            ExprKind::Range { lo, hi } => self.words("..", &[lo, hi]),
            ExprKind::Cast { operand, dtype } => {
                self.out.push_str("(as ");
                self.expr(operand)?;
                write!(self.out, " {})", dtype.text)
            }
            ExprKind::If { condition, then, otherwise } => {
                self.words("if", &[condition])?;
                self.block(then)?;
                let Some(otherwise) = otherwise else { return Ok(()) };
                self.line()?;
                self.out.push_str("else");
                self.block(otherwise)
            }
            ExprKind::Error => write!(self.out, "error"),
        }
    }

    fn words(&mut self, head: &str, operands: &[&Expr]) -> fmt::Result {
        write!(self.out, "({head}")?;
        for operand in operands {
            self.out.push(' ');
            self.expr(operand)?;
        }
        self.out.push(')');
        Ok(())
    }

    fn index_item(&mut self, item: &IndexItem) -> fmt::Result {
        match item {
            IndexItem::Expr(expr) => self.expr(expr),
            IndexItem::Slice { lo, hi, .. } => {
                lo.as_ref().map_or(Ok(()), |lo| self.expr(lo))?;
                self.out.push(':');
                hi.as_ref().map_or(Ok(()), |hi| self.expr(hi))
            }
            IndexItem::Rest(_) => write!(self.out, ".."),
            IndexItem::Pack(name) => write!(self.out, "..{}", name.text),
            IndexItem::NewAxis(_) => write!(self.out, "_"),
        }
    }
}
