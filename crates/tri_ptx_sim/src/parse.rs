//! From the text of PTX to instructions.

use rustc_hash::FxHashMap;

use crate::error::ParseError;
use crate::instruction::{Instruction, Op, Operand, Special};
use crate::opcode::meaning;

/// The kernels of a PTX file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    kernels: Vec<Kernel>,
}

/// A kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name.
    pub name: String,
    /// How many parameters it has.
    pub parameters: usize,
    pub(crate) registers: usize,
    pub(crate) shared_bytes: usize,
    pub(crate) code: Vec<Instruction>,
}

impl Module {
    /// Reads a file as LLVM writes it.
    ///
    /// # Errors
    /// The first statement that our backend has no reason to emit.
    pub fn parse(text: &str) -> Result<Module, ParseError> {
        let mut parser = Parser { kernels: Vec::new(), current: None, line: 0, begun: String::new() };
        for (number, line) in text.lines().enumerate() {
            parser.line = number + 1;
            let line = line.split("//").next().unwrap_or_default().trim();
            if !parser.begins(line) {
                let whole = std::mem::take(&mut parser.begun) + line;
                parser.line(&whole)?;
            }
        }
        Ok(Module { kernels: parser.kernels })
    }

    /// All kernels, in order.
    pub fn kernels(&self) -> &[Kernel] {
        &self.kernels
    }

    /// The kernel of that name.
    pub fn kernel(&self, name: &str) -> Option<&Kernel> {
        self.kernels.iter().find(|kernel| kernel.name == name)
    }
}

/// A kernel that is being read.
struct Reading {
    kernel: Kernel,
    registers: FxHashMap<String, u32>,
    labels: FxHashMap<String, usize>,
    /// Operands that are labels: instruction and operand, and the label.
    jumps: Vec<(usize, usize, String)>,
    shared: FxHashMap<String, usize>,
    is_body: bool,
}

struct Parser {
    kernels: Vec<Kernel>,
    current: Option<Reading>,
    line: usize,
    /// The lines of an instruction that is not at its end.
    begun: String,
}

type Parsed<T> = Result<T, ParseError>;

impl Parser {
    fn error<T>(&self, problem: &'static str, text: &str) -> Parsed<T> {
        Err(ParseError { line: self.line, problem, text: text.to_owned() })
    }

    /// Whether a line belongs to an instruction that goes on in the next one; it is kept then.
    fn begins(&mut self, line: &str) -> bool {
        let is_body = self.current.as_ref().is_some_and(|reading| reading.is_body);
        let is_other = line.is_empty() || line.starts_with(['.', '{', '}']) || line.ends_with(':');
        let is_whole = line.ends_with(';') || line.is_empty() || self.begun.is_empty() && is_other;
        if is_body && !is_whole {
            self.begun.push_str(line);
            self.begun.push(' ');
        }
        is_body && !is_whole
    }

    fn line(&mut self, line: &str) -> Parsed<()> {
        let Some(mut reading) = self.current.take() else { return self.outside(line) };
        match line {
            "" | "{" | ")" => reading.is_body |= line == "{",
            "}" => {
                let kernel = self.finish(reading)?;
                self.kernels.push(kernel);
                return Ok(());
            }
            _ if line.starts_with(".param") => reading.kernel.parameters += 1,
            _ if [".maxntid", ".minnctapersm", ".reg", ".pragma"]
                .iter()
                .any(|start| line.starts_with(start)) => {}
            _ if line.starts_with(".shared") => self.shared(&mut reading, line)?,
            _ if line.starts_with('.') => return self.error("not a directive of ours", line),
            _ if line.ends_with(':') => {
                reading.labels.insert(line.trim_end_matches(':').to_owned(), reading.kernel.code.len());
            }
            _ if reading.is_body => self.instruction(&mut reading, line)?,
            _ => return self.error("not a parameter", line),
        }
        self.current = Some(reading);
        Ok(())
    }

    fn outside(&mut self, line: &str) -> Parsed<()> {
        const HARMLESS: [&str; 3] = [".version", ".target", ".address_size"];
        if line.is_empty() || HARMLESS.iter().any(|directive| line.starts_with(directive)) {
            return Ok(());
        }
        let Some(name) = line.strip_prefix(".visible .entry ").and_then(|rest| rest.strip_suffix('(')) else {
            return self.error("not a kernel", line);
        };
        let kernel =
            Kernel { name: name.to_owned(), parameters: 0, registers: 0, shared_bytes: 0, code: Vec::new() };
        self.current = Some(Reading {
            kernel,
            registers: FxHashMap::default(),
            labels: FxHashMap::default(),
            jumps: Vec::new(),
            shared: FxHashMap::default(),
            is_body: false,
        });
        Ok(())
    }

    /// `.shared .align 16 .b8 name[bytes];`
    fn shared(&self, reading: &mut Reading, line: &str) -> Parsed<()> {
        let declared = line.trim_end_matches(';').rsplit(' ').next().and_then(|last| last.strip_suffix(']'));
        let parts = declared.and_then(|last| last.split_once('['));
        let Some((name, Ok(bytes))) = parts.map(|(name, bytes)| (name, bytes.parse::<usize>())) else {
            return self.error("not shared memory as we declare it", line);
        };
        let start = reading.kernel.shared_bytes.next_multiple_of(16);
        reading.shared.insert(name.to_owned(), start);
        reading.kernel.shared_bytes = start + bytes;
        Ok(())
    }

    fn finish(&self, mut reading: Reading) -> Parsed<Kernel> {
        for (instruction, operand, label) in std::mem::take(&mut reading.jumps) {
            let Some(at) = reading.labels.get(&label) else { return self.error("no such label", &label) };
            reading.kernel.code[instruction].operands[operand] = Operand::Label(*at);
        }
        reading.kernel.registers = reading.registers.len();
        Ok(reading.kernel)
    }

    fn instruction(&self, reading: &mut Reading, line: &str) -> Parsed<()> {
        // LLVM takes half of a register in a scope of its own.
        let scope = line.strip_prefix("{ .reg .b32 tmp; ").and_then(|rest| rest.strip_suffix(" }"));
        let line = scope.unwrap_or(line);
        let Some(text) = line.strip_suffix(';') else { return self.error("not a statement", line) };
        let (guard, rest) = match text.strip_prefix('@') {
            None => (None, text),
            Some(guarded) => {
                let (guard, rest) = guarded.split_once(char::is_whitespace).unwrap_or((guarded, ""));
                let (name, truth) = match guard.strip_prefix('!') {
                    Some(name) => (name, false),
                    None => (guard, true),
                };
                (Some((register(reading, name), truth)), rest.trim_start())
            }
        };
        let (opcode, operands) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let Some(op) = meaning(opcode) else { return self.error("no instruction of ours", line) };
        let mut parsed = Vec::new();
        for operand in split(operands) {
            let operand = operand.trim();
            if op == Op::Branch {
                reading.jumps.push((reading.kernel.code.len(), parsed.len(), operand.to_owned()));
                parsed.push(Operand::Label(0));
            } else {
                parsed.push(self.operand(reading, operand)?);
            }
        }
        if parsed.len() < least_operands(op) {
            return self.error("operands are missing", line);
        }
        reading.kernel.code.push(Instruction { guard, op, operands: parsed, text: text.replace('\t', " ") });
        Ok(())
    }

    fn operand(&self, reading: &mut Reading, text: &str) -> Parsed<Operand> {
        if let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            let parts = split(inner).map(|part| self.operand(reading, part.trim()));
            return Ok(Operand::Vector(parts.collect::<Parsed<_>>()?));
        }
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            return self.address(reading, inner);
        }
        if let Some(special) = special(text) {
            return Ok(Operand::Special(special));
        }
        if text == "_" || text == "tmp" {
            // What is written there is not read.
            return Ok(Operand::Immediate(0));
        }
        if let Some(name) = text.strip_prefix('!') {
            return Ok(Operand::Not(register(reading, name)));
        }
        if text.starts_with('%') {
            return Ok(Operand::Register(register(reading, text)));
        }
        match immediate(text) {
            Some(bits) => Ok(Operand::Immediate(bits)),
            None => match reading.shared.get(text) {
                Some(start) => Ok(Operand::Immediate(256 + *start as u64)),
                None => self.error("not an operand of ours", text),
            },
        }
    }

    /// A register, a parameter or shared memory, and bytes from there.
    fn address(&self, reading: &mut Reading, text: &str) -> Parsed<Operand> {
        let (base, offset) = text.split_once('+').unwrap_or((text, "0"));
        let Ok(offset) = offset.trim().parse::<i64>() else { return self.error("not an offset", text) };
        let base = base.trim();
        if base.starts_with('%') {
            return Ok(Operand::Address { base: Some(register(reading, base)), offset });
        }
        if let Some(start) = reading.shared.get(base) {
            return Ok(Operand::Address { base: None, offset: 256 + *start as i64 + offset });
        }
        let number = base.rsplit_once("_param_").and_then(|(_, number)| number.parse::<i64>().ok());
        match number {
            Some(number) => Ok(Operand::Address { base: None, offset: 8 * number + offset }),
            None => self.error("not memory of ours", text),
        }
    }
}

/// The register of that name, which is its first occurrence or a later one.
fn register(reading: &mut Reading, name: &str) -> u32 {
    let next = reading.registers.len() as u32;
    *reading.registers.entry(name.to_owned()).or_insert(next)
}

fn special(text: &str) -> Option<Special> {
    Some(match text {
        "%tid.x" => Special::Thread,
        "%ctaid.x" => Special::Block,
        "%ntid.x" => Special::Threads,
        "%nctaid.x" => Special::Blocks,
        "%laneid" => Special::Lane,
        "%tid.y" | "%tid.z" | "%ctaid.y" | "%ctaid.z" => Special::Zero,
        "%ntid.y" | "%ntid.z" | "%nctaid.y" | "%nctaid.z" => Special::One,
        _ => return None,
    })
}

/// The bits of a number.
fn immediate(text: &str) -> Option<u64> {
    if let Some(hex) =
        text.strip_prefix("0f").or_else(|| text.strip_prefix("0d")).or_else(|| text.strip_prefix("0x"))
    {
        return u64::from_str_radix(hex.trim_end_matches('U'), 16).ok();
    }
    let value = text.trim_end_matches('U').parse::<i128>().ok()?;
    (-(1i128 << 63)..1 << 64).contains(&value).then_some(value as u64)
}

/// The parts between commas that are in no brackets.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0i32;
    text.split(move |c: char| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    })
    .filter(|part| !part.trim().is_empty())
}

fn least_operands(op: Op) -> usize {
    match op {
        Op::Return | Op::Barrier | Op::EndCopies => 0,
        Op::Branch | Op::WarpBarrier | Op::WaitForCopies => 1,
        Op::Load(..) | Op::Store(..) | Op::Move(_) | Op::Convert { .. } | Op::Alu(..) => 2,
        Op::Compare(..) => 3,
        Op::Dot4 { .. } | Op::Permute | Op::Swap(..) | Op::Multiply | Op::Copy => 4,
        Op::Shuffle(_) => 5,
    }
}
