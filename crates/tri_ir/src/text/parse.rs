//! Reading: modules, functions, sizes, types. Ops are in `parse_op`.

use std::collections::{BTreeMap, HashMap};

use super::lexer::{Placed, Token, tokens};
use crate::{
    Bound, BoundId, Capture, DType, Dim, Encoding, Entry, EntryInput, EntryOutput, Function, FunctionId,
    Initial, Inst, Module, Origin, Parameter, ParameterId, ParameterKind, State, StateId, Symbol, SymbolInfo,
    TensorType, Test, TestCheck, Value,
};

/// Why a text is no module, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {message}")]
pub struct ParseError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// Deepest nesting of parentheses in a size.
const MAX_DEPTH: usize = 64;

/// Reads what `Module`'s `Display` prints.
pub fn parse(text: &str) -> Result<Module, ParseError> {
    let located = |(message, at): (String, usize)| {
        let before = text.get(..at).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        ParseError { line, column: before[line_start..].chars().count() + 1, message }
    };
    let tokens = tokens(text).map_err(located)?;
    let mut parser = Parser { tokens, at: 0, functions: HashMap::new(), symbols: Vec::new() };
    parser.module().map_err(|Unexpected(message)| located((message, parser.tokens[parser.at].1)))
}

/// What is wrong at the parser's position.
pub(super) struct Unexpected(pub(super) String);

pub(super) type Parsed<T> = Result<T, Unexpected>;

pub(super) struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    /// Positions of the functions read so far.
    functions: HashMap<String, FunctionId>,
    /// Names of the symbols of the function at hand.
    symbols: Vec<String>,
}

impl Parser {
    pub(super) fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    pub(super) fn expected<T>(&self, what: &str) -> Parsed<T> {
        let found = match self.peek() {
            Token::Word(word) | Token::Number(word) => format!("`{word}`"),
            Token::Text(_) => "a string".to_owned(),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::End => "the end".to_owned(),
        };
        Err(Unexpected(format!("{what} belongs here, not {found}")))
    }

    fn advance(&mut self) {
        // The last token is the end, which stays.
        self.at = (self.at + 1).min(self.tokens.len() - 1);
    }

    pub(super) fn eat(&mut self, sign: char) -> bool {
        let found = *self.peek() == Token::Sign(sign);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn sign(&mut self, sign: char) -> Parsed<()> {
        if self.eat(sign) { Ok(()) } else { self.expected(&format!("`{sign}`")) }
    }

    pub(super) fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(found) if found == word);
        if found {
            self.advance();
        }
        found
    }

    pub(super) fn word(&mut self, word: &str) -> Parsed<()> {
        if self.eat_word(word) { Ok(()) } else { self.expected(&format!("`{word}`")) }
    }

    pub(super) fn any_word(&mut self, what: &str) -> Parsed<String> {
        match self.peek().clone() {
            Token::Word(word) => {
                self.advance();
                Ok(word)
            }
            _ => self.expected(what),
        }
    }

    pub(super) fn text(&mut self) -> Parsed<String> {
        match self.peek().clone() {
            Token::Text(text) => {
                self.advance();
                Ok(text)
            }
            _ => self.expected("a string"),
        }
    }

    /// The digits of a number, with its sign if it has one.
    pub(super) fn number_text(&mut self) -> Parsed<String> {
        let minus = if self.eat('-') { "-" } else { "" };
        match self.peek().clone() {
            Token::Number(number) => {
                self.advance();
                Ok(format!("{minus}{number}"))
            }
            Token::Word(word) if word == "inf" || word == "nan" => {
                self.advance();
                Ok(format!("{minus}{word}"))
            }
            _ => self.expected("a number"),
        }
    }

    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Parsed<T> {
        let start = self.at;
        let text = self.number_text()?;
        text.parse().or_else(|_| {
            self.at = start;
            self.expected("another number")
        })
    }

    /// Items between two signs, with commas between.
    pub(super) fn list<T>(
        &mut self,
        open: char,
        close: char,
        mut item: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        self.sign(open)?;
        let mut items = Vec::new();
        while !self.eat(close) {
            if !items.is_empty() {
                self.sign(',')?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn module(&mut self) -> Parsed<Module> {
        self.word("module")?;
        let mut module = Module { name: self.text()?, ..Module::default() };
        loop {
            if self.eat_word("fn") {
                let function = self.function()?;
                let id = FunctionId(module.functions.len() as u32);
                self.functions.insert(function.name.clone(), id);
                module.functions.push(function);
            } else if self.eat_word("param") {
                module.parameters.push(self.parameter(ParameterKind::Trained)?);
            } else if self.eat_word("buffer") {
                module.parameters.push(self.parameter(ParameterKind::Buffer)?);
            } else if self.eat_word("state") {
                let Parameter { name, ty, init, .. } = self.parameter(ParameterKind::Buffer)?;
                module.states.push(State { name, ty, init });
            } else if self.eat_word("prologue") {
                module.prologue = Some(self.function_id()?);
            } else if self.eat_word("bound") {
                self.symbols.clear();
                let name = self.text()?;
                self.sign(':')?;
                module.bound.push(Bound { name, ty: self.ty()? });
            } else if self.eat_word("entry") {
                let entry = self.entry(&module.functions)?;
                module.entries.push(entry);
            } else if self.eat_word("test") {
                module.tests.push(self.test()?);
            } else if *self.peek() == Token::End {
                return Ok(module);
            } else {
                return self.expected("a function, weight, state, entry or test");
            }
        }
    }

    fn parameter(&mut self, kind: ParameterKind) -> Parsed<Parameter> {
        self.symbols.clear();
        let name = self.text()?;
        self.sign(':')?;
        let ty = self.ty()?;
        self.word("init")?;
        let function = self.function_id()?;
        let streams = if self.eat_word("streams") { self.numbers()? } else { Vec::new() };
        Ok(Parameter { name, ty, kind, init: Initial { function, streams } })
    }

    /// `@name`, `@"name"` or `#position`.
    pub(super) fn function_id(&mut self) -> Parsed<FunctionId> {
        if self.eat('#') {
            return Ok(FunctionId(self.number()?));
        }
        let start = self.at;
        let name = self.function_name()?;
        self.functions.get(&name).copied().map_or_else(
            || {
                self.at = start;
                self.expected("a function that comes before")
            },
            Ok,
        )
    }

    fn function_name(&mut self) -> Parsed<String> {
        self.sign('@')?;
        self.name("a function's name")
    }

    /// A plain name, or one in quotes.
    fn name(&mut self, what: &str) -> Parsed<String> {
        if matches!(self.peek(), Token::Text(_)) { self.text() } else { self.any_word(what) }
    }

    fn function(&mut self) -> Parsed<Function> {
        let name = self.function_name()?;
        let symbols = if *self.peek() == Token::Sign('<') {
            self.list('<', '>', Self::symbol_info)?
        } else {
            Vec::new()
        };
        self.symbols = symbols.iter().map(|info: &SymbolInfo| info.name.clone()).collect();
        let mut types = BTreeMap::new();
        let params = self.list('(', ')', |parser| {
            let value = parser.value()?;
            parser.sign(':')?;
            parser.value_type(value, &mut types)?;
            Ok(value)
        })?;
        self.sign('-')?;
        self.sign('>')?;
        let results = self.list('(', ')', Self::value)?;
        self.sign('{')?;
        let (mut states, mut insts) = (Vec::new(), Vec::new());
        while !self.eat('}') {
            if self.eat_word("state") {
                states.push(self.ty()?);
            } else if self.eat_word("value") {
                let value = self.value()?;
                self.sign(':')?;
                self.value_type(value, &mut types)?;
            } else {
                insts.push(self.inst(&mut types)?);
            }
        }
        if types.keys().enumerate().any(|(index, value)| index != *value as usize) {
            return Err(Unexpected(format!("the values of `{name}` are not numbered without gaps")));
        }
        Ok(Function { name, symbols, states, values: types.into_values().collect(), params, insts, results })
    }

    fn symbol_info(&mut self) -> Parsed<SymbolInfo> {
        let name = self.name("a symbol's name")?;
        self.sign(':')?;
        let min = self.number()?;
        let max = if self.eat_word("up") {
            None
        } else {
            self.word("to")?;
            Some(self.number()?)
        };
        Ok(SymbolInfo { name, min, max, bound_inside: self.eat_word("inside") })
    }

    pub(super) fn value(&mut self) -> Parsed<Value> {
        self.sign('%')?;
        Ok(Value(self.number()?))
    }

    /// A value's type; `?` where it has none.
    fn value_type(&mut self, value: Value, types: &mut BTreeMap<u32, TensorType>) -> Parsed<()> {
        if !self.eat('?') {
            let ty = self.ty()?;
            types.insert(value.0, ty);
        }
        Ok(())
    }

    fn inst(&mut self, types: &mut BTreeMap<u32, TensorType>) -> Parsed<Inst> {
        let mut results = Vec::new();
        if *self.peek() == Token::Sign('%') {
            results.push(self.value()?);
            while self.eat(',') {
                results.push(self.value()?);
            }
            self.sign('=')?;
        }
        let name = self.any_word("an operation")?;
        let mut args = Vec::new();
        if *self.peek() == Token::Sign('%') {
            args.push(self.value()?);
            while self.eat(',') {
                args.push(self.value()?);
            }
        }
        if self.eat('(') {
            self.sign(')')?;
        }
        let op = self.op(&name)?;
        for (i, result) in results.iter().enumerate() {
            self.sign(if i == 0 { ':' } else { ',' })?;
            self.value_type(*result, types)?;
        }
        Ok(Inst { op, args, results, origin: self.origin()? })
    }

    fn origin(&mut self) -> Parsed<Option<Origin>> {
        if self.eat('!') { Ok(Some(Origin(self.number()?))) } else { Ok(None) }
    }

    pub(super) fn dtype(&mut self) -> Parsed<DType> {
        let start = self.at;
        let name = self.any_word("an element type")?;
        DType::from_name(&name).map_or_else(
            || {
                self.at = start;
                self.expected("an element type")
            },
            Ok,
        )
    }

    pub(super) fn ty(&mut self) -> Parsed<TensorType> {
        let dtype = self.dtype()?;
        let shape = if *self.peek() == Token::Sign('[') { self.dims()? } else { Vec::new() };
        let mut ty = TensorType::new(dtype, shape);
        if self.eat_word("in") {
            let name = self.any_word("an encoding")?;
            match Encoding::from_name(&name) {
                Some(encoding) => ty.encoding = encoding,
                None => return self.expected("an encoding before this"),
            }
        }
        Ok(ty)
    }

    pub(super) fn dims(&mut self) -> Parsed<Vec<Dim>> {
        self.list('[', ']', Self::dim)
    }

    pub(super) fn dim(&mut self) -> Parsed<Dim> {
        self.sum(MAX_DEPTH)
    }

    fn checked(&self, dim: Result<Dim, tri_dims::DimError>) -> Parsed<Dim> {
        dim.map_err(|error| Unexpected(error.to_string()))
    }

    fn sum(&mut self, depth: usize) -> Parsed<Dim> {
        let Some(depth) = depth.checked_sub(1) else { return self.expected("a simpler size") };
        let mut sum = Dim::default();
        let mut negative = self.eat('-');
        loop {
            let term = self.product(negative, depth)?;
            sum = self.checked(sum.add(&term))?;
            negative = match self.peek() {
                Token::Sign('+') => false,
                Token::Sign('-') => true,
                _ => return Ok(sum),
            };
            self.advance();
        }
    }

    fn product(&mut self, negative: bool, depth: usize) -> Parsed<Dim> {
        let minus = if negative { "-" } else { "" };
        let mut product = match self.peek().clone() {
            Token::Number(digits) => match format!("{minus}{digits}").parse() {
                Ok(number) => {
                    self.advance();
                    Dim::constant(number)
                }
                Err(_) => return self.expected("a number of 64 bits"),
            },
            _ => {
                let factor = self.factor(depth)?;
                if negative { self.checked(factor.neg())? } else { factor }
            }
        };
        while self.eat('*') {
            let factor = self.factor(depth)?;
            product = self.checked(product.mul(&factor))?;
        }
        Ok(product)
    }

    fn factor(&mut self, depth: usize) -> Parsed<Dim> {
        if let Token::Number(_) = self.peek() {
            return Ok(Dim::constant(self.number()?));
        }
        if self.eat_word("floor") {
            let (n, d) = self.division(depth)?;
            return self.checked(n.floor_div(&d));
        }
        if self.eat_word("ceil") {
            let (n, d) = self.division(depth)?;
            return self.checked(n.ceil_div(&d));
        }
        if !self.eat('(') {
            return Ok(Dim::var(self.symbol()?));
        }
        let n = self.sum(depth)?;
        let result = if self.eat('/') {
            let d = self.sum(depth)?;
            self.checked(n.exact_div(&d))?
        } else if self.eat('%') {
            let d = self.sum(depth)?;
            self.checked(n.rem(&d))?
        } else {
            n
        };
        self.sign(')')?;
        Ok(result)
    }

    fn division(&mut self, depth: usize) -> Parsed<(Dim, Dim)> {
        self.sign('(')?;
        let n = self.sum(depth)?;
        self.sign('/')?;
        let d = self.sum(depth)?;
        self.sign(')')?;
        Ok((n, d))
    }

    /// `$position`, or the name of a symbol of the function at hand.
    pub(super) fn symbol(&mut self) -> Parsed<Symbol> {
        if self.eat('$') {
            return Ok(Symbol(self.number()?));
        }
        let position = match self.peek() {
            Token::Word(word) => self.symbols.iter().position(|name| name == word),
            _ => None,
        };
        match position {
            Some(position) => {
                self.advance();
                Ok(Symbol(position as u32))
            }
            None => self.expected("a size"),
        }
    }

    fn capture(&mut self) -> Parsed<Capture> {
        if self.eat_word("param") {
            return Ok(Capture::Parameter(ParameterId(self.number()?)));
        }
        self.word("bound")?;
        Ok(Capture::Bound(BoundId(self.number()?)))
    }

    fn axes(&mut self) -> Parsed<Vec<String>> {
        self.word("axes")?;
        self.list('[', ']', Self::text)
    }

    fn entry(&mut self, functions: &[Function]) -> Parsed<Entry> {
        let name = self.text()?;
        self.sign('=')?;
        let function = self.function_id()?;
        let symbols = functions.get(function.index()).map(|function| &function.symbols);
        self.symbols = symbols.into_iter().flatten().map(|info| info.name.clone()).collect();
        let (inputs, captures, states, outputs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut entry = Entry { name, function, inputs, captures, states, outputs };
        self.sign('{')?;
        while !self.eat('}') {
            if self.eat_word("input") {
                let name = self.text()?;
                self.sign(':')?;
                let ty = self.ty()?;
                entry.inputs.push(EntryInput { name, ty, axes: self.axes()? });
            } else if self.eat_word("capture") {
                entry.captures.push(self.capture()?);
            } else if self.eat_word("state") {
                entry.states.push(StateId(self.number()?));
            } else {
                self.word("output")?;
                let ty = self.ty()?;
                entry.outputs.push(EntryOutput { ty, axes: self.axes()? });
            }
        }
        Ok(entry)
    }

    fn test(&mut self) -> Parsed<Test> {
        let name = self.text()?;
        self.sign('=')?;
        let function = self.function_id()?;
        let (captures, states, checks) = (Vec::new(), Vec::new(), Vec::new());
        let mut test = Test { name, function, captures, states, checks };
        self.sign('{')?;
        while !self.eat('}') {
            if self.eat_word("capture") {
                test.captures.push(self.capture()?);
            } else if self.eat_word("state") {
                test.states.push(StateId(self.number()?));
            } else {
                self.word("check")?;
                let text = self.text()?;
                test.checks.push(TestCheck { text, origin: self.origin()? });
            }
        }
        Ok(test)
    }
}
