//! A program of a page under test: what the compiler says of it, beside what its comments claim.

use std::path::Path;
use std::sync::Arc;

use tri_db::{Db as _, MemorySystem, RootDatabase, SourceFile};
use tri_diagnostics::render::Sources as _;
use tri_diagnostics::{Diagnostic, LineIndex, TextRange};
use tri_driver::{ElaborateError, Program, SourceOptions, Timing};
use tri_hir::hir::{Block, Body, Def, ExprId, ExprKind, Stmt};
use tri_interp::Interpreter;

use crate::claims::{Claims, Revealed, Wanted};
use crate::markdown;

/// A diagnostic, placed.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// Its file.
    pub(crate) path: String,
    /// The line of the file where it begins, from 1.
    pub(crate) line: usize,
    /// The diagnostic.
    pub(crate) diagnostic: Diagnostic,
}

impl Found {
    fn is(&self, path: &str, wanted: &Wanted) -> bool {
        let diagnostic = &self.diagnostic;
        let labels = diagnostic.secondary.iter().chain([&diagnostic.primary]).map(|label| &label.text);
        let mut said =
            [&diagnostic.message].into_iter().chain(labels).chain(&diagnostic.notes).chain(&diagnostic.helps);
        self.path == path
            && self.line == wanted.line
            && diagnostic.severity.as_str() == wanted.severity
            && diagnostic.code.as_str() == wanted.code
            && said.any(|text| text.contains(&wanted.text))
    }
}

/// A program whose files lie in memory.
pub(crate) struct Subject<'a> {
    program: &'a markdown::Program,
    system: Arc<MemorySystem>,
}

impl<'a> Subject<'a> {
    /// The program as the compiler sees it.
    pub(crate) fn new(program: &'a markdown::Program) -> Self {
        let files = program.files.iter().map(|file| (file.path.as_str(), file.bytes.as_slice()));
        Subject { program, system: Arc::new(MemorySystem::new(files)) }
    }

    fn open(&self) -> Program {
        Program::open_in(self.system.clone(), Path::new("main.tri"), &SourceOptions::default()).unwrap()
    }

    /// Everything that checking and, where there is a model, elaboration say.
    pub(crate) fn diagnostics(&self) -> Result<Vec<Found>, String> {
        let program = self.open();
        let diagnostics = program.diagnose(&mut Timing::default()).map_err(|error| error.to_string())?;
        let place = |diagnostic: Diagnostic| {
            let span = diagnostic.primary.span;
            let line = LineIndex::new(program.text(span.file)).line(span.range.start) as usize;
            Found { path: program.name(span.file), line, diagnostic }
        };
        Ok(diagnostics.into_iter().map(place).collect())
    }

    /// What is otherwise than the comments claim, each in a line.
    pub(crate) fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        let mut found = match self.diagnostics() {
            Ok(found) => found,
            Err(error) => return vec![format!("the compiler fails: {error}")],
        };
        let mut claims_warnings = false;
        for file in &self.program.files {
            let claims = match Claims::of(&String::from_utf8_lossy(&file.bytes)) {
                Ok(claims) => claims,
                Err(error) => return vec![error],
            };
            claims_warnings |= claims.wanted.iter().any(|wanted| wanted.severity == "warning");
            for wanted in &claims.wanted {
                match found.iter().position(|found| found.is(&file.path, wanted)) {
                    Some(at) => drop(found.remove(at)),
                    None => failures.push(self.told(
                        &file.path,
                        wanted.line,
                        &format!("wanted {}[{}] \"{}\"", wanted.severity, wanted.code, wanted.text),
                    )),
                }
            }
            for revealed in &claims.revealed {
                failures.extend(self.otherwise(file, revealed));
            }
        }
        for found in found.iter().filter(|found| claims_warnings || found.diagnostic.is_error()) {
            let Diagnostic { severity, code, message, .. } = &found.diagnostic;
            let text = format!("found {}[{code}] \"{message}\"", severity.as_str());
            failures.push(self.told(&found.path, found.line, &text));
        }
        if self.program.runs && failures.is_empty() {
            failures.extend(self.run().err().map(|error| self.told("main.tri", 1, &error)));
        }
        failures
    }

    /// A failure with the line of the page, and that line.
    fn told(&self, path: &str, line: usize, text: &str) -> String {
        let file = self.program.files.iter().find(|file| file.path == path);
        let page = self.program.page.display();
        match file {
            Some(file) => {
                let source = String::from_utf8_lossy(&file.bytes);
                let shown = source.lines().nth(line - 1).unwrap_or("").trim();
                format!("{page}:{}: {text}\n    {shown}", file.line + line - 1)
            }
            None => format!("{page}:{}: {text}\n    in {path}:{line}", self.program.main().line),
        }
    }

    /// That the value which begins on a line has another type than revealed.
    fn otherwise(&self, file: &markdown::SourceText, revealed: &Revealed) -> Option<String> {
        let db = RootDatabase::new(self.system.clone(), Path::new("main.tri"));
        let source = match file.path.as_str() {
            "main.tri" => db.root(),
            path => {
                let module: Vec<&str> = path.trim_end_matches(".tri").split('/').collect();
                db.module(&module).unwrap()
            }
        };
        let ty = type_on(&db, source, &String::from_utf8_lossy(&file.bytes), revealed.line);
        let found = ty.unwrap_or_else(|| "no value begins here".to_owned());
        (found != revealed.ty).then(|| {
            self.told(&file.path, revealed.line, &format!("wanted `{}`, found `{found}`", revealed.ty))
        })
    }

    /// Runs the tests in the interpreter.
    fn run(&self) -> Result<(), String> {
        let program = self.open();
        let elaborated = program.elaborate(&mut Timing::default());
        let (module, _) = elaborated.map_err(|error| match error {
            ElaborateError::Diagnostics(_) => "it does not elaborate; has it a model?".to_owned(),
            ElaborateError::Driver(error) => error.to_string(),
        })?;
        if module.tests.is_empty() {
            return Err("there is no test to run".to_owned());
        }
        let interpreter = Interpreter::new(module);
        let weights = interpreter.bind_initial().map_err(|error| error.to_string())?;
        for test in &module.tests {
            let holds = interpreter.run_test(test, &weights);
            let holds = holds.map_err(|error| format!("test \"{}\": {error}", test.name))?;
            if let Some((check, _)) = test.checks.iter().zip(holds).find(|(_, holds)| !holds) {
                return Err(format!("test \"{}\": does not hold: {}", test.name, check.text));
            }
        }
        Ok(())
    }
}

/// The codes of errors and warnings that a program claims to have.
pub(crate) fn claimed_codes(program: &markdown::Program) -> Vec<String> {
    let claims =
        program.files.iter().filter_map(|file| Claims::of(&String::from_utf8_lossy(&file.bytes)).ok());
    claims.flat_map(|claims| claims.wanted).map(|wanted| wanted.code).collect()
}

/// The type of the outermost value of a statement or body that begins on a line.
fn type_on(db: &RootDatabase, file: SourceFile, text: &str, line: usize) -> Option<String> {
    let lines = LineIndex::new(text);
    let parsed = tri_db::parse(db, file);
    for (item, _) in parsed.ast.items() {
        let def = Def { file: file.id(db), item };
        for owner in tri_hir::body_owners(db, def) {
            let body = tri_hir::body(db, owner);
            let mut values = Vec::new();
            block_values(&body, &body.root, &mut values);
            let range = |id: ExprId| -> TextRange { parsed.ast.range(item, body.expr(id).node) };
            let first = values.into_iter().find(|id| lines.line(range(*id).start) as usize == line);
            if let Some(id) = first {
                return Some(tri_hir::show_type(db, &body.expr(id).ty));
            }
        }
    }
    None
}

/// The values of statements, and of the block itself, in order, each before those inside it.
fn block_values(body: &Body, block: &Block, values: &mut Vec<ExprId>) {
    for statement in &block.statements {
        match statement {
            Stmt::Let(_, value)
            | Stmt::LetDim { value, .. }
            | Stmt::Assign(_, value)
            | Stmt::StateWrite { value, .. }
            | Stmt::Assert(value, _)
            | Stmt::Expr(value) => expr_values(body, *value, values),
            Stmt::For(_, iterable, block) => {
                values.push(*iterable);
                block_values(body, block, values);
            }
        }
    }
    if let Some(value) = block.value {
        expr_values(body, value, values);
    }
}

fn expr_values(body: &Body, value: ExprId, values: &mut Vec<ExprId>) {
    values.push(value);
    if let ExprKind::If(_, then, otherwise) = &body.expr(value).kind {
        block_values(body, then, values);
        otherwise.iter().for_each(|block| block_values(body, block, values));
    }
}
