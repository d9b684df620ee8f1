//! What the grammar's actions call: makes nodes, numbers them, and notes where they stand.

use std::sync::Arc;

use tri_diagnostics::{Code, Diagnostic, FileId, Fix, Span, TextRange};

use crate::ast::*;
use crate::foreign;
use crate::layout::Significant;
use crate::literal::{self, Number};
use crate::token::{Token, TokenKind};

/// The nodes of one item under construction. Positions are indices of full tokens, `l..r`.
#[derive(Debug)]
pub(crate) struct Builder<'a> {
    file: FileId,
    text: &'a str,
    tokens: &'a [Token],
    base: u32,
    ranges: Vec<TextRange>,
    pub(crate) errors: Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    /// A builder of the item that begins with token `first`.
    pub(crate) fn new(file: FileId, text: &'a str, tokens: &'a [Token], first: u32) -> Self {
        let base = tokens.get(first as usize).map_or(0, |token| token.range.start);
        Self { file, text, tokens, base, ranges: Vec::new(), errors: Vec::new() }
    }

    pub(crate) fn finish(self) -> (ItemSpans, Vec<Diagnostic>) {
        (ItemSpans { base: self.base, ranges: self.ranges.into() }, self.errors)
    }

    /// The bytes of the tokens `l..r`; empty where there is none.
    fn range(&self, l: u32, r: u32) -> TextRange {
        let start = self.tokens.get(l as usize).map(|token| token.range.start);
        let end =
            r.checked_sub(1).and_then(|last| self.tokens.get(last as usize)).map_or(0, |last| last.range.end);
        match start {
            Some(start) if l < r => TextRange::new(start, end),
            _ => TextRange::empty(end),
        }
    }

    fn span(&self, l: u32, r: u32) -> Span {
        Span::new(self.file, self.range(l, r))
    }

    fn source(&self, l: u32, r: u32) -> &'a str {
        self.range(l, r).of(self.text)
    }

    /// A node over the tokens `l..r`.
    pub(crate) fn node(&mut self, l: u32, r: u32) -> NodeId {
        let range = self.range(l, r);
        let id = NodeId(self.ranges.len() as u32);
        let relative = |offset: u32| offset.saturating_sub(self.base);
        self.ranges.push(TextRange::new(relative(range.start), relative(range.end)));
        id
    }

    pub(crate) fn name(&mut self, l: u32, r: u32) -> Name {
        Name { id: self.node(l, r), text: self.source(l, r).into() }
    }

    pub(crate) fn expr(&mut self, l: u32, r: u32, kind: ExprKind) -> Expr {
        Expr { id: self.node(l, r), kind }
    }

    pub(crate) fn ty(&mut self, l: u32, r: u32, kind: TypeKind) -> Type {
        Type { id: self.node(l, r), kind }
    }

    pub(crate) fn pattern(&mut self, l: u32, r: u32, kind: PatternKind) -> Pattern {
        Pattern { id: self.node(l, r), kind }
    }

    pub(crate) fn stmt(&mut self, l: u32, r: u32, kind: StmtKind) -> Stmt {
        Stmt { id: self.node(l, r), kind }
    }

    /// A number; one that the lexer reported stands for zero.
    pub(crate) fn number(&mut self, l: u32, r: u32) -> Expr {
        let source = self.source(l, r);
        let value = literal::number(source).or_else(|_| literal::number(&format!("0{source}")));
        let kind = match value {
            Ok(Number::Int(value)) => ExprKind::Int(value),
            Ok(Number::Float(value)) => ExprKind::Float(FloatLiteral::new(value)),
            Err(_) => ExprKind::Error,
        };
        self.expr(l, r, kind)
    }

    /// The value of a string token; the lexer reported what is wrong with it.
    pub(crate) fn string(&self, l: u32, r: u32) -> Arc<str> {
        let (body, _) = literal::string_body(self.source(l, r));
        literal::unescape(body, |_, _| {}).into()
    }

    /// The `///` lines right before token `l`; what separates it from the token before is no more to them than a line end.
    pub(crate) fn docs(&self, l: u32) -> Docs {
        let before = self.tokens.get(..l as usize).unwrap_or(&[]);
        let separates = |kind: TokenKind| matches!(kind, TokenKind::Semi | TokenKind::Comma);
        let trivia = before.iter().rev().take_while(|token| token.kind.is_trivia() || separates(token.kind));
        let mut lines: Vec<&str> = trivia
            .filter(|token| token.kind == TokenKind::Doc)
            .map(|token| doc_line(token.text(self.text)))
            .collect();
        lines.reverse();
        lines.join("\n").into()
    }

    /// An item that could not be read, made of `tokens`; it declares `name`, or what they seem to declare.
    pub(crate) fn error_item(&mut self, tokens: &[Significant], name: Option<Significant>) -> Item {
        let (l, r) = (tokens.first().map_or(0, |t| t.start), tokens.last().map_or(0, |t| t.end));
        let name = match name {
            Some(name) => Some(self.name(name.start, name.end)),
            None => self.declared_name(l, r),
        };
        let docs = self.docs(l);
        Item { id: self.node(l, r), docs, attributes: Vec::new(), kind: ItemKind::Error { name } }
    }

    /// A member that could not be read.
    pub(crate) fn error_member(&mut self, l: u32, r: u32) -> Member {
        let name = self.declared_name(l, r);
        let (attributes, condition) = (Vec::new(), None);
        Member {
            id: self.node(l, r),
            docs: self.docs(l),
            attributes,
            kind: MemberKind::Error { name },
            condition,
        }
    }

    /// The name that the unreadable tokens `l..r` seem to declare: the first one, after at most one keyword.
    fn declared_name(&mut self, l: u32, r: u32) -> Option<Name> {
        let tokens = self.tokens.get(l as usize..r as usize)?;
        let mut significant = tokens.iter().enumerate().filter(|(_, token)| !token.kind.is_trivia());
        let (at, _) = significant.by_ref().take(3).find(|(_, token)| token.kind == TokenKind::Ident)?;
        let index = l + at as u32;
        Some(self.name(index, index + 1))
    }

    /// `lhs op rhs` of a comparison, which must not be one of a comparison.
    pub(crate) fn comparison(
        &mut self,
        l: u32,
        r: u32,
        lhs: Expr,
        op: (BinaryOp, NodeId),
        rhs: Expr,
    ) -> Expr {
        // A side in parentheses begins after them.
        let bare = self.absolute(lhs.id).start == self.range(l, r).start;
        if bare && matches!(&lhs.kind, ExprKind::Binary { op, .. } if op.is_comparison()) {
            let diagnostic = Diagnostic::error(Code::E0009, self.span(l, r), "comparisons do not chain");
            self.errors.push(diagnostic.help("write `a < b && b < c`"));
            // Its type would be another mistake.
            return self.expr(l, r, ExprKind::Error);
        }
        self.binary(l, r, lhs, op, rhs)
    }

    /// The bytes of a node.
    fn absolute(&self, node: NodeId) -> TextRange {
        let range = self.ranges.get(node.0 as usize).copied().unwrap_or_default();
        TextRange::new(self.base + range.start, self.base + range.end)
    }

    pub(crate) fn binary(&mut self, l: u32, r: u32, lhs: Expr, op: (BinaryOp, NodeId), rhs: Expr) -> Expr {
        let (lhs, rhs) = (Box::new(lhs), Box::new(rhs));
        self.expr(l, r, ExprKind::Binary { op: op.0, op_id: op.1, lhs, rhs })
    }

    /// `target = value`; the target must be a name or an indexed name.
    pub(crate) fn assign(&mut self, target: Expr, value: Expr) -> StmtKind {
        let place = match &target.kind {
            ExprKind::Index { base, .. } => &base.kind,
            kind => kind,
        };
        if !matches!(place, ExprKind::Name(_) | ExprKind::Error) {
            let span = Span::new(self.file, self.absolute(target.id));
            let diagnostic = Diagnostic::error(Code::E0010, span, "this cannot be assigned");
            self.errors
                .push(diagnostic.help("a `var`, a `state` or a slice of a state can: `keys[P:P + T] = k`"));
            // The checker would say it again.
            return StmtKind::Expr(Expr { kind: ExprKind::Error, ..target });
        }
        StmtKind::Assign { target, value }
    }

    pub(crate) fn name_expr(&mut self, l: u32, r: u32) -> Expr {
        let kind = ExprKind::Name(self.source(l, r).into());
        self.expr(l, r, kind)
    }

    /// Arguments of a call, positional ones before named ones.
    pub(crate) fn args(&mut self, args: Vec<(u32, u32, Arg)>) -> Vec<Arg> {
        let mut named = false;
        for (l, r, arg) in &args {
            if named && arg.name.is_none() && arg.value.kind != ExprKind::Error {
                let message = "positional arguments come before named ones";
                let diagnostic = Diagnostic::error(Code::E0011, self.span(*l, *r), message);
                self.errors.push(diagnostic.help("name this argument, or move it to the front"));
            }
            named |= arg.name.is_some();
        }
        trim(args.into_iter().map(|(_, _, arg)| arg).collect())
    }

    /// A block; its last statement, if an expression, is its value.
    pub(crate) fn block(&mut self, l: u32, r: u32, mut statements: Vec<Stmt>) -> Block {
        let value = match statements.pop() {
            Some(Stmt { kind: StmtKind::Expr(value), .. }) => Some(Box::new(value)),
            Some(last) => {
                statements.push(last);
                None
            }
            None => None,
        };
        Block { id: self.node(l, r), statements: trim(statements), value }
    }

    /// The block of an `else if`, which holds only that `if`.
    pub(crate) fn else_if(&mut self, l: u32, r: u32, inner: Expr) -> Block {
        Block { id: self.node(l, r), statements: Vec::new(), value: Some(Box::new(inner)) }
    }

    /// A dtype or other type name; spellings of other tools are reported and understood.
    pub(crate) fn type_name(&mut self, l: u32, r: u32) -> Name {
        let mut name = self.name(l, r);
        if let Some(dtype) = foreign::dtype(&name.text) {
            let (span, ours) = (self.span(l, r), dtype.ours);
            // What stands after a dot, as in `torch.float32`, was reported with its prefix.
            let before = l.checked_sub(1).and_then(|before| self.tokens.get(before as usize));
            if before.is_none_or(|before| before.kind != TokenKind::Dot) {
                let (message, fix) = match dtype.same {
                    true => (format!("`{}` is written `{ours}`", name.text), format!("write `{ours}`")),
                    false => (
                        format!("Tri has no `{}`; the nearest dtype is `{ours}`", name.text),
                        format!("use `{ours}`"),
                    ),
                };
                let fix = Fix::replace(fix, span, ours);
                let fix = if dtype.same { fix } else { fix.ask() };
                self.errors.push(Diagnostic::error(Code::E0013, span, message).fix(fix));
            }
            name.text = ours.into();
        }
        name
    }

    /// A type by its name and axes; a bare `Tensor` is reported.
    pub(crate) fn named_type(&mut self, l: u32, r: u32, name: Name, shape: Vec<Axis>) -> Type {
        match foreign::tensor(&name.text) {
            Some(ours) => {
                let span = self.span(l, r);
                self.errors.push(foreign::no_tensor_type(span, ours));
                self.ty(l, r, TypeKind::Error)
            }
            None => self.ty(l, r, TypeKind::Named { name, shape }),
        }
    }

    /// `Tensor<float32, [?, 128]>`: reports it with the Tri spelling of its parts, and takes it for no type at all.
    pub(crate) fn foreign_tensor(&mut self, l: u32, r: u32, parts: Vec<ForeignPart>) -> Type {
        let ternary = foreign::tensor(self.source(l, l + 1)).is_some_and(|ours| ours.starts_with("trit"));
        let mut element = if ternary { "trit" } else { "f32" }.to_owned();
        let mut sizes = Vec::new();
        for part in parts {
            match part {
                ForeignPart::Name(l, r) => {
                    let name = self.source(l, r);
                    element = foreign::dtype(name).map_or(name, |dtype| dtype.ours).to_owned();
                }
                ForeignPart::Shape(shape) => sizes = shape,
            }
        }
        let free = "the sizes that are not fixed get names: `fn f[B](x: f32[B, 128])`";
        let unnamed = sizes.iter().any(|&(l, r)| self.source(l, r) == "?");
        let sizes: Vec<&str> = sizes
            .iter()
            .map(|&(l, r)| if self.source(l, r) == "?" { "B" } else { self.source(l, r) })
            .collect();
        let ours = if sizes.is_empty() { element } else { format!("{element}[{}]", sizes.join(", ")) };
        let span = self.span(l, r);
        let fix = Fix::replace(format!("write `{ours}`"), span, ours.clone());
        let message = format!("this type is written `{ours}`");
        let diagnostic = Diagnostic::error(Code::E0013, span, message);
        self.errors.push(if unnamed { diagnostic.help(free).fix(fix.ask()) } else { diagnostic.fix(fix) });
        self.ty(l, r, TypeKind::Error)
    }
}

/// Gives back what a list took for elements that did not come: trees are kept, and most of their lists are short.
pub(crate) fn trim<T>(mut list: Vec<T>) -> Vec<T> {
    list.shrink_to_fit();
    list
}

/// A part of a foreign tensor type, by its tokens.
#[derive(Debug)]
pub(crate) enum ForeignPart {
    Name(u32, u32),
    Shape(Vec<(u32, u32)>),
}

/// A documentation line without its marker and one space.
pub(crate) fn doc_line(text: &str) -> &str {
    let rest = text.get(3..).unwrap_or("").trim_end();
    rest.strip_prefix(' ').unwrap_or(rest)
}
