//! Printing.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter, Write};

use super::{is_plain, is_size_word};
use crate::{
    Capture, Dim, Encoding, Entry, Function, FunctionId, Initial, Module, Origin, ParameterKind, Symbol,
    TensorType, Test, Value,
};

impl Display for Module {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "module {}", Quoted(&self.name))?;
        let functions = FunctionNames::new(self);
        for id in 0..self.functions.len() {
            f.write_char('\n')?;
            function(f, self, &functions, id)?;
        }
        if !self.parameters.is_empty()
            || !self.states.is_empty()
            || self.prologue.is_some()
            || !self.bound.is_empty()
        {
            f.write_char('\n')?;
        }
        let none = SymbolNames::none();
        for parameter in &self.parameters {
            let kind = if parameter.kind == ParameterKind::Trained { "param" } else { "buffer" };
            let (name, init) = (Quoted(&parameter.name), functions.initial(&parameter.init));
            writeln!(f, "{kind} {name} : {} init {init}", none.ty(&parameter.ty))?;
        }
        for state in &self.states {
            let (name, init) = (Quoted(&state.name), functions.initial(&state.init));
            writeln!(f, "state {name} : {} init {init}", none.ty(&state.ty))?;
        }
        if let Some(prologue) = self.prologue {
            writeln!(f, "prologue {}", functions.show(prologue, usize::MAX))?;
        }
        for bound in &self.bound {
            writeln!(f, "bound {} : {}", Quoted(&bound.name), none.ty(&bound.ty))?;
        }
        self.entries.iter().try_for_each(|it| entry(f, self, &functions, it))?;
        self.tests.iter().try_for_each(|it| test(f, &functions, it))
    }
}

/// One function of a module as text.
pub fn print_function(module: &Module, id: FunctionId) -> String {
    struct One<'m>(&'m Module, usize);
    impl Display for One<'_> {
        fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
            function(f, self.0, &FunctionNames::new(self.0), self.1)
        }
    }
    if id.index() < module.functions.len() { One(module, id.index()).to_string() } else { String::new() }
}

/// A string in quotes.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                '\n' => f.write_str("\\n")?,
                '\t' => f.write_str("\\t")?,
                c if c.is_control() => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// Items with a comma between.
pub(super) fn list<T>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (i, it) in items.into_iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        item(f, it)?;
    }
    Ok(())
}

/// How functions are referred to.
pub(super) struct FunctionNames<'m> {
    module: &'m Module,
    uses: HashMap<&'m str, usize>,
}

impl<'m> FunctionNames<'m> {
    fn new(module: &'m Module) -> Self {
        let mut uses = HashMap::new();
        for function in &module.functions {
            *uses.entry(function.name.as_str()).or_insert(0) += 1;
        }
        FunctionNames { module, uses }
    }

    /// An initial value: its function, and its streams if it has some.
    fn initial(&self, init: &Initial) -> String {
        let function = self.show(init.function, usize::MAX);
        if init.streams.is_empty() { function } else { format!("{function} streams {:?}", init.streams) }
    }

    /// A reference from function `from`, which knows the names of those before it.
    pub(super) fn show(&self, id: FunctionId, from: usize) -> String {
        match self.module.functions.get(id.index()) {
            Some(function) if id.index() < from && self.uses.get(function.name.as_str()) == Some(&1) => {
                name(&function.name)
            }
            _ => format!("#{}", id.0),
        }
    }
}

fn name(name: &str) -> String {
    if is_plain(name) { format!("@{name}") } else { format!("@{}", Quoted(name)) }
}

/// How the symbols of a function are referred to.
pub(super) struct SymbolNames<'m>(Vec<Option<&'m str>>);

impl<'m> SymbolNames<'m> {
    pub(super) fn none() -> Self {
        SymbolNames(Vec::new())
    }

    pub(super) fn new(function: &'m Function) -> Self {
        let mut uses = HashMap::new();
        for info in &function.symbols {
            *uses.entry(info.name.as_str()).or_insert(0) += 1;
        }
        let plain = |name: &'m str| is_plain(name) && !is_size_word(name) && uses.get(name) == Some(&1);
        SymbolNames(
            function.symbols.iter().map(|info| Some(info.name.as_str()).filter(|name| plain(name))).collect(),
        )
    }

    pub(super) fn symbol(&self, symbol: Symbol) -> String {
        let name = self.0.get(symbol.index()).copied().flatten();
        name.map_or_else(|| format!("${}", symbol.0), str::to_owned)
    }

    pub(super) fn dim(&self, dim: &Dim) -> String {
        dim.display(&|symbol: &Symbol, f: &mut Formatter<'_>| f.write_str(&self.symbol(*symbol))).to_string()
    }

    pub(super) fn dims(&self, dims: &[Dim]) -> String {
        let dims: Vec<String> = dims.iter().map(|dim| self.dim(dim)).collect();
        format!("[{}]", dims.join(", "))
    }

    pub(super) fn ty(&self, ty: &TensorType) -> String {
        let mut text = ty.dtype.name().to_owned();
        if !ty.shape.is_empty() {
            text += &self.dims(&ty.shape);
        }
        if ty.encoding != Encoding::Plain {
            text += " in ";
            text += ty.encoding.name();
        }
        text
    }
}

fn function(f: &mut Formatter<'_>, module: &Module, functions: &FunctionNames<'_>, id: usize) -> fmt::Result {
    let function = &module.functions[id];
    let symbols = SymbolNames::new(function);
    let ty =
        |value: Value| function.values.get(value.index()).map_or_else(|| "?".to_owned(), |ty| symbols.ty(ty));
    write!(f, "fn {}", name(&function.name))?;
    if !function.symbols.is_empty() {
        f.write_char('<')?;
        list(f, &function.symbols, |f, info| {
            if is_plain(&info.name) { f.write_str(&info.name) } else { write!(f, "{}", Quoted(&info.name)) }?;
            write!(f, ": {} ", info.min)?;
            match info.max {
                Some(max) => write!(f, "to {max}")?,
                None => f.write_str("up")?,
            }
            f.write_str(if info.bound_inside { " inside" } else { "" })
        })?;
        f.write_char('>')?;
    }
    f.write_char('(')?;
    list(f, &function.params, |f, param| write!(f, "%{}: {}", param.0, ty(*param)))?;
    f.write_str(") -> (")?;
    list(f, &function.results, |f, result| write!(f, "%{}", result.0))?;
    f.write_str(") {\n")?;
    for state in &function.states {
        writeln!(f, "  state {}", symbols.ty(state))?;
    }
    let mut undefined = vec![true; function.values.len()];
    for value in function.params.iter().chain(function.insts.iter().flat_map(|inst| &inst.results)) {
        if let Some(undefined) = undefined.get_mut(value.index()) {
            *undefined = false;
        }
    }
    for index in (0..undefined.len()).filter(|index| undefined[*index]) {
        writeln!(f, "  value %{index} : {}", symbols.ty(&function.values[index]))?;
    }
    for inst in &function.insts {
        f.write_str("  ")?;
        if !inst.results.is_empty() {
            list(f, &inst.results, |f, result| write!(f, "%{}", result.0))?;
            f.write_str(" = ")?;
        }
        f.write_str(inst.op.name())?;
        f.write_str(if inst.args.is_empty() { "" } else { " " })?;
        list(f, &inst.args, |f, arg| write!(f, "%{}", arg.0))?;
        if inst.args.is_empty() && inst.results.is_empty() {
            // Else what follows on the next line would be read as operands.
            f.write_str(" ()")?;
        }
        super::print_op::attributes(f, &inst.op, &symbols, |callee| functions.show(callee, id))?;
        if !inst.results.is_empty() {
            f.write_str(" : ")?;
            list(f, &inst.results, |f, result| f.write_str(&ty(*result)))?;
        }
        origin(f, inst.origin)?;
        f.write_char('\n')?;
    }
    f.write_str("}\n")
}

fn origin(f: &mut Formatter<'_>, origin: Option<Origin>) -> fmt::Result {
    origin.map_or(Ok(()), |origin| write!(f, " !{}", origin.0))
}

fn captures(f: &mut Formatter<'_>, captures: &[Capture]) -> fmt::Result {
    captures.iter().try_for_each(|capture| match capture {
        Capture::Parameter(id) => writeln!(f, "  capture param {}", id.0),
        Capture::Bound(id) => writeln!(f, "  capture bound {}", id.0),
    })
}

fn axes(f: &mut Formatter<'_>, axes: &[String]) -> fmt::Result {
    f.write_str(" axes [")?;
    list(f, axes, |f, axis| write!(f, "{}", Quoted(axis)))?;
    f.write_str("]\n")
}

fn entry(
    f: &mut Formatter<'_>,
    module: &Module,
    functions: &FunctionNames<'_>,
    entry: &Entry,
) -> fmt::Result {
    let symbols =
        module.functions.get(entry.function.index()).map_or_else(SymbolNames::none, SymbolNames::new);
    writeln!(f, "\nentry {} = {} {{", Quoted(&entry.name), functions.show(entry.function, usize::MAX))?;
    for input in &entry.inputs {
        write!(f, "  input {} : {}", Quoted(&input.name), symbols.ty(&input.ty))?;
        axes(f, &input.axes)?;
    }
    captures(f, &entry.captures)?;
    entry.states.iter().try_for_each(|state| writeln!(f, "  state {}", state.0))?;
    for output in &entry.outputs {
        write!(f, "  output {}", symbols.ty(&output.ty))?;
        axes(f, &output.axes)?;
    }
    f.write_str("}\n")
}

fn test(f: &mut Formatter<'_>, functions: &FunctionNames<'_>, test: &Test) -> fmt::Result {
    writeln!(f, "\ntest {} = {} {{", Quoted(&test.name), functions.show(test.function, usize::MAX))?;
    captures(f, &test.captures)?;
    test.states.iter().try_for_each(|state| writeln!(f, "  state {}", state.0))?;
    for check in &test.checks {
        write!(f, "  check {}", Quoted(&check.text))?;
        origin(f, check.origin)?;
        f.write_char('\n')?;
    }
    f.write_str("}\n")
}
