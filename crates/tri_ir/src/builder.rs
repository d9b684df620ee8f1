//! Builds a function instruction by instruction, working out result types where operands determine them.

use crate::{Function, Inst, Op, Origin, Symbol, SymbolInfo, TensorType, TypeError, Value};

/// A function under construction.
#[derive(Debug)]
pub struct FunctionBuilder {
    function: Function,
    origin: Option<Origin>,
}

impl FunctionBuilder {
    /// An empty function.
    pub fn new(name: impl Into<String>) -> Self {
        let function = Function {
            name: name.into(),
            symbols: Vec::new(),
            states: Vec::new(),
            values: Vec::new(),
            params: Vec::new(),
            insts: Vec::new(),
            results: Vec::new(),
        };
        FunctionBuilder { function, origin: None }
    }

    /// Adds a symbol.
    pub fn symbol(&mut self, info: SymbolInfo) -> Symbol {
        self.function.symbols.push(info);
        Symbol(self.function.symbols.len() as u32 - 1)
    }

    /// Adds a parameter.
    pub fn param(&mut self, ty: TensorType) -> Value {
        let value = self.value(ty);
        self.function.params.push(value);
        value
    }

    /// Instructions added from here on come from `origin`.
    pub fn set_origin(&mut self, origin: Option<Origin>) {
        self.origin = origin;
    }

    /// Adds an instruction with results of the types given.
    pub fn push(&mut self, op: Op, args: Vec<Value>, types: Vec<TensorType>) -> Vec<Value> {
        let results: Vec<Value> = types.into_iter().map(|ty| self.value(ty)).collect();
        self.function.insts.push(Inst { op, args, results: results.clone(), origin: self.origin });
        results
    }

    /// Adds an instruction with one result.
    pub fn push1(&mut self, op: Op, args: Vec<Value>, ty: TensorType) -> Value {
        let result = self.value(ty);
        self.function.insts.push(Inst { op, args, results: vec![result], origin: self.origin });
        result
    }

    /// Adds an instruction whose result types follow from its operands ([`crate::infer`]). `args` are values of this builder.
    pub fn infer_push(&mut self, op: Op, args: Vec<Value>) -> Result<Vec<Value>, TypeError> {
        let operands: Vec<&TensorType> = args.iter().map(|arg| self.ty(*arg)).collect();
        let types = match &op {
            Op::StateRead { state } => self.function.states.get(state.index()).map(|ty| vec![ty.clone()]),
            _ => crate::infer(&op, &operands)?,
        };
        Ok(self.push(op, args, types.ok_or(TypeError::Undetermined)?))
    }

    /// The same for an op with one result.
    pub fn infer_push1(&mut self, op: Op, args: Vec<Value>) -> Result<Value, TypeError> {
        let results = self.infer_push(op, args)?;
        results.first().copied().ok_or(TypeError::ResultCount { expected: 1, found: 0 })
    }

    /// Type of a value added before.
    pub fn ty(&self, value: Value) -> &TensorType {
        self.function.ty(value)
    }

    /// The function so far.
    pub fn function(&self) -> &Function {
        &self.function
    }

    /// The function so far, to add states and the like.
    pub fn function_mut(&mut self) -> &mut Function {
        &mut self.function
    }

    /// The finished function.
    pub fn finish(mut self, results: Vec<Value>) -> Function {
        self.function.results = results;
        self.function
    }

    fn value(&mut self, ty: TensorType) -> Value {
        self.function.values.push(ty);
        Value(self.function.values.len() as u32 - 1)
    }
}
