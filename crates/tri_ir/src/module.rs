//! Modules and functions.

use serde::{Deserialize, Serialize};

use crate::{DType, Encoding, Op, TensorType};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// Position in its list.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(
    /// A size known at run time, in [`Function::symbols`].
    Symbol
);
index!(
    /// A value of a function, in [`Function::values`].
    Value
);
index!(
    /// A function of the module.
    FunctionId
);
index!(
    /// A state: of the module, or (in ops) of the function, whose list a caller fills.
    StateId
);
index!(
    /// A parameter or buffer of the module.
    ParameterId
);
index!(
    /// A result of the prologue.
    BoundId
);
index!(
    /// Where an instruction comes from: an index into the table of source spans that lowering makes beside the
    /// module. Spans themselves are not in the IR, so moving text changes nothing here.
    Origin
);

/// A compiled model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Module {
    /// Name of the model.
    pub name: String,
    /// All functions; callees come before callers.
    pub functions: Vec<Function>,
    /// Parameters and buffers, in checkpoint order.
    pub parameters: Vec<Parameter>,
    /// States of a session.
    pub states: Vec<State>,
    /// Takes every parameter in order and gives every bound value in order.
    pub prologue: Option<FunctionId>,
    /// Results of the prologue.
    pub bound: Vec<Bound>,
    /// Entry points, in source order.
    pub entries: Vec<Entry>,
    /// Test blocks.
    pub tests: Vec<Test>,
}

/// A function in single static assignment form.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Function {
    /// Unique in the module.
    pub name: String,
    /// Sizes given by the caller ([`Op::Call`]) or bound inside ([`Op::BindDim`], at the end of the list).
    pub symbols: Vec<SymbolInfo>,
    /// Types of the states that a caller provides.
    pub states: Vec<TensorType>,
    /// Type of each value.
    pub values: Vec<TensorType>,
    /// The first values.
    pub params: Vec<Value>,
    /// In execution order.
    pub insts: Vec<Inst>,
    /// What the function gives.
    pub results: Vec<Value>,
}

/// A symbol's name and limits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SymbolInfo {
    /// As the source calls it.
    pub name: String,
    /// Smallest value.
    pub min: i64,
    /// Largest value, if bounded.
    pub max: Option<i64>,
    /// Whether a [`Op::BindDim`] of this function gives the value.
    pub bound_inside: bool,
}

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Inst {
    /// What it does.
    pub op: Op,
    /// Operands.
    pub args: Vec<Value>,
    /// Values it defines.
    pub results: Vec<Value>,
    /// Where in the source it comes from.
    pub origin: Option<Origin>,
}

/// Who changes a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ParameterKind {
    /// Training.
    Trained,
    /// Nobody after it is stored (`buffer`).
    Buffer,
}

/// A weight that a checkpoint provides.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parameter {
    /// Name in the checkpoint: a member path, or what `@name` says.
    pub name: String,
    /// All sizes are numbers.
    pub ty: TensorType,
    /// Whether training changes it.
    pub kind: ParameterKind,
    /// How it begins.
    pub init: Initial,
}

/// An initial value. Tensors that differ only in their random numbers share the function.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Initial {
    /// Takes the streams, each `i64[]`; gives the value.
    pub function: FunctionId,
    /// Streams of random numbers.
    pub streams: Vec<u64>,
}

impl From<FunctionId> for Initial {
    /// The initial value that a function of no operands gives.
    fn from(function: FunctionId) -> Self {
        Initial { function, streams: Vec::new() }
    }
}

/// A value that lives as long as a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct State {
    /// Member path.
    pub name: String,
    /// All sizes are numbers.
    pub ty: TensorType,
    /// How it begins, and what it is after a reset.
    pub init: Initial,
}

/// A result of the prologue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bound {
    /// Unique in the module.
    pub name: String,
    /// All sizes are numbers.
    pub ty: TensorType,
}

/// What an entry's function takes after its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Capture {
    /// A weight as the checkpoint gives it.
    Parameter(ParameterId),
    /// What the prologue made of weights.
    Bound(BoundId),
}

/// A function that callers of the artifact may call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Entry {
    /// As the model calls it.
    pub name: String,
    /// Takes the inputs, then the captures.
    pub function: FunctionId,
    /// Named inputs.
    pub inputs: Vec<EntryInput>,
    /// Further operands.
    pub captures: Vec<Capture>,
    /// States of the module for each state of the function.
    pub states: Vec<StateId>,
    /// Results.
    pub outputs: Vec<EntryOutput>,
}

/// An input of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EntryInput {
    /// As the source calls it.
    pub name: String,
    /// Over the symbols of the entry's function.
    pub ty: TensorType,
    /// Name of each axis as the source writes it (`B`, `Pixel`, `28`), for messages.
    pub axes: Vec<String>,
}

/// A result of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EntryOutput {
    /// Over the symbols of the entry's function.
    pub ty: TensorType,
    /// Name of each axis as the source writes it.
    pub axes: Vec<String>,
}

/// A `test` block.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Test {
    /// The string after `test`.
    pub name: String,
    /// Takes the captures (parameters in their initial values); gives one `bool` for each check.
    pub function: FunctionId,
    /// Parameters and bound values.
    pub captures: Vec<Capture>,
    /// States of the module for each state of the function.
    pub states: Vec<StateId>,
    /// What each result stands for.
    pub checks: Vec<TestCheck>,
}

/// An `assert` of a test block.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TestCheck {
    /// The asserted expression as written.
    pub text: String,
    /// Where it stands.
    pub origin: Option<Origin>,
}

impl Module {
    /// The function `id`.
    pub fn function(&self, id: FunctionId) -> &Function {
        &self.functions[id.index()]
    }

    /// The entry called `name`.
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

impl Function {
    /// Type of a value.
    pub fn ty(&self, value: Value) -> &TensorType {
        &self.values[value.index()]
    }

    /// Element type of a value.
    pub fn dtype(&self, value: Value) -> DType {
        self.ty(value).dtype
    }

    /// Encoding of a value.
    pub fn encoding(&self, value: Value) -> Encoding {
        self.ty(value).encoding
    }
}
