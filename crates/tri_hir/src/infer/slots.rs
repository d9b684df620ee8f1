//! Which argument of a call goes to which parameter.

use tri_diagnostics::{Code, nearest};
use tri_syntax::ast::{self, ExprKind as Ast};

use super::Infer;
use super::misfit::Called;
use crate::foreign;
use crate::report::{Repair, Report, Target};

/// For each parameter, the argument written for it.
pub(super) type Slots<'a> = Vec<Option<&'a ast::Expr>>;

impl Infer<'_> {
    /// Puts arguments in the order of the parameters. `has_first`: the first one stands before the dot.
    pub(super) fn slots<'a>(
        &mut self,
        called: &Called<'_>,
        has_first: bool,
        args: &'a [ast::Arg],
    ) -> Option<Slots<'a>> {
        let params = &called.signature.params;
        let mut slots: Slots<'a> = vec![None; params.len()];
        let mut next = usize::from(has_first);
        let mut wrong = false;
        for arg in args {
            let at = match &arg.name {
                None => {
                    next += 1;
                    next - 1
                }
                Some(name) => match params.iter().position(|param| param.name == name.text) {
                    Some(at) => at,
                    None => {
                        self.unknown_argument(called, name);
                        wrong = true;
                        continue;
                    }
                },
            };
            match slots.get_mut(at) {
                Some(slot @ None) if !(has_first && at == 0) => *slot = Some(&arg.value),
                Some(before) => {
                    let before = *before;
                    self.given_twice(called, at, before, arg);
                    wrong = true;
                }
                None => {
                    self.too_many(called, args.len() + usize::from(has_first), arg);
                    return None;
                }
            }
        }
        let missing = params.iter().enumerate().position(|(at, param)| {
            let is_given = slots[at].is_some() || has_first && at == 0;
            !is_given && !param.has_default
        });
        match missing {
            _ if wrong => None,
            None => Some(slots),
            Some(at) => {
                self.missing(called, at, args);
                None
            }
        }
    }

    fn given_twice(&mut self, called: &Called<'_>, at: usize, before: Option<&ast::Expr>, arg: &ast::Arg) {
        let (name, callee) = (&called.signature.params[at].name, self.callee_name(called));
        let place = self.names.place(arg.value.id);
        let report = Report::error(Code::E2008, place, format!("`{name}` of `{callee}` is given twice"))
            .label(format!("this gives `{name}` again"));
        let report = match before {
            Some(before) => report.secondary(self.names.place(before.id), "it is given here"),
            None => report.note("the value before the dot is the first argument"),
        };
        self.names.report(report);
    }

    fn too_many(&mut self, called: &Called<'_>, given: usize, arg: &ast::Arg) {
        let callee = self.callee_name(called);
        let count = called.signature.params.len();
        let arguments = if count == 1 { "argument" } else { "arguments" };
        let message = format!("`{callee}` takes {count} {arguments}, but {given} are given");
        let report = Report::error(Code::E2008, self.names.place(arg.value.id), message)
            .label("this is too many")
            .note(self.head_text(called));
        self.names.report(report);
    }

    fn missing(&mut self, called: &Called<'_>, at: usize, args: &[ast::Arg]) {
        let (name, callee) = (&called.signature.params[at].name, self.callee_name(called));
        let wanted = called.signature.params.iter().filter(|param| !param.has_default).count();
        if let [ast::Arg { name: None, value: ast::Expr { id, kind: Ast::Tuple(parts) } }] = args
            && parts.len() >= wanted
        {
            let place = self.names.place(*id);
            let message = format!("`{callee}` takes {} arguments, not one tuple", parts.len());
            let report = Report::error(Code::E2008, self.names.place(called.node), message)
                .secondary(place, "this is one argument")
                .label("arguments stand side by side")
                .note(self.head_text(called))
                .repair(Repair::safe("leave the inner parentheses out").unwrap_tuple(place));
            self.names.report(report);
            return;
        }
        let ty = self.show().ty(&called.signature.params[at].ty);
        let message = format!("`{name}` of `{callee}` is missing");
        let report = Report::error(Code::E2008, self.names.place(called.node), message)
            .label(format!("this gives no `{name}`, which is {ty}"));
        let report = match self.parameter_place(called.owner, at) {
            Some(place) => report.secondary(place, format!("`{name}` has no default")),
            None => report.note(self.head_text(called)),
        };
        self.names.report(report);
    }

    fn unknown_argument(&mut self, called: &Called<'_>, name: &ast::Name) {
        let (place, callee) = (self.names.place(name.id), self.callee_name(called));
        let report =
            Report::error(Code::E2008, place, format!("`{callee}` has no parameter `{}`", name.text));
        let names: Vec<&str> = called.signature.params.iter().map(|param| &*param.name).collect();
        let label = match names.as_slice() {
            [] => "it takes no arguments".to_owned(),
            names => format!("it takes {}", names.join(", ")),
        };
        let report = report.label(label);
        let ours = foreign::argument(&name.text).filter(|ours| names.contains(ours));
        let report = match ours.or_else(|| nearest(name.as_str(), names.iter().copied())) {
            Some(near) => report.did_you_mean(near, place),
            None => match foreign::argument_advice(&name.text) {
                Some(advice) => report.help(advice),
                None => report,
            },
        };
        self.names.report(report);
    }

    /// A callee with its parameters: `dropout(x: f32[..S], rate: float = ...)`.
    pub(super) fn head_text(&self, called: &Called<'_>) -> String {
        let params = called.signature.params.iter().map(|param| {
            let default = if param.has_default { " = ..." } else { "" };
            format!("{}: {}{default}", param.name, self.show().ty(&param.ty))
        });
        format!("it is `{}({})`", self.callee_name(called), params.collect::<Vec<_>>().join(", "))
    }

    /// Reports a layer that is called without its sizes.
    pub(super) fn without_sizes(&mut self, called: &Called<'_>, head: ast::NodeId, args: &[ast::Arg]) {
        let (name, node) = (&called.signature.name, called.node);
        let names: Vec<&str> = called.signature.generics.iter().map(|generic| &*generic.name).collect();
        let own = format!("{name}[{}]", names.join(", "));
        let place = self.names.place(node);
        let runs = args.iter().any(|arg| self.is_run_time(&arg.value));
        let report = if runs {
            Report::error(
                Code::E2004,
                place,
                format!("`{name}` is a layer, which is made before it is called"),
            )
            .label("this calls the layer itself")
            .help(format!("make it a member, `{} = {own}()`, and call that", snake_case(name)))
        } else {
            let report = Report::error(Code::E2004, place, format!("`{name}` needs its sizes, in brackets"))
                .label(format!("write `{own}(...)`"));
            let sizes: Vec<String> = args.iter().map(|arg| super::formula::size_text(&arg.value)).collect();
            if args.is_empty()
                || sizes.len() != names.len()
                || sizes.iter().any(|size| size.contains(super::formula::UNKNOWN))
            {
                report
            } else {
                let brackets = format!("[{}]()", sizes.join(", "));
                let (head, call) = (self.names.place(head), self.names.place(node));
                let title = format!("write `{name}{brackets}`");
                report.repair(Repair::ask(title).edit(Target::Tail(head, call), brackets))
            }
        };
        self.names.report(report);
    }

    /// Whether an argument is a tensor, as far as a name says.
    fn is_run_time(&self, expr: &ast::Expr) -> bool {
        let Ast::Name(name) = &expr.kind else { return matches!(expr.kind, Ast::Call { .. }) };
        match self.resolve(name) {
            Some(super::name::Resolved::Local(local)) => {
                matches!(self.local_type(local), crate::hir::Type::Tensor(..))
            }
            _ => false,
        }
    }
}

/// `rms_norm` of `RmsNorm`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}
