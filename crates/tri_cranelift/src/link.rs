//! From compiled functions to a blob: laid one after another, with the distances between them filled in.

use std::sync::Arc;

use cranelift_codegen::{Context, FinalizedRelocTarget, binemit::Reloc, ir::ExternalName};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::CodegenError;

/// Functions and their constants begin at multiples of this.
const ALIGNMENT: usize = 64;

/// `int3`, between functions: no one gets there.
const PADDING: u8 = 0xcc;

/// A compiled function.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Object {
    #[serde(with = "crate::bytes")]
    code: Vec<u8>,
    references: Vec<Reference>,
}

/// Four bytes of a function that hold the distance to another.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Reference {
    /// Where they are in the function.
    at: u32,
    /// Which of the functions that it may refer to, as [`Functions::callees`](crate::functions::Functions::callees) lists them.
    callee: u32,
    /// Added to the distance.
    addend: i64,
}

impl Object {
    /// Bytes of machine code.
    pub(crate) fn bytes(&self) -> usize {
        self.code.len()
    }

    /// The function that was compiled last in a context. It refers to the functions with the numbers of `callees`.
    pub(crate) fn of(context: &Context, name: &str, callees: &[u32]) -> Result<Object, CodegenError> {
        let compiled = context.compiled_code().ok_or(CodegenError::TooLarge)?;
        let places: FxHashMap<u32, u32> = callees.iter().copied().zip(0..).collect();
        let mut references = Vec::new();
        for reloc in compiled.buffer.relocs() {
            let callee = match &reloc.target {
                FinalizedRelocTarget::ExternalName(ExternalName::User(callee))
                    if reloc.kind == Reloc::X86CallPCRel4 =>
                {
                    places.get(&context.func.params.user_named_funcs()[*callee].index)
                }
                _ => None,
            };
            let Some(callee) = callee else {
                let target = format!("{:?} ({:?})", reloc.target, reloc.kind);
                return Err(CodegenError::Relocation { function: name.to_owned(), target });
            };
            references.push(Reference { at: reloc.offset, callee: *callee, addend: reloc.addend });
        }
        Ok(Object { code: compiled.code_buffer().to_vec(), references })
    }
}

/// The blob of functions, each with the numbers of those it calls, and where each begins in it.
pub(crate) fn link(functions: &[(Arc<Object>, Vec<u32>)]) -> Result<(Vec<u8>, Vec<u32>), CodegenError> {
    let room = functions.iter().map(|(object, _)| object.code.len() + ALIGNMENT).sum();
    let (mut bytes, mut offsets) = (Vec::with_capacity(room), Vec::with_capacity(functions.len()));
    for (object, _) in functions {
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), PADDING);
        offsets.push(u32::try_from(bytes.len()).map_err(|_| CodegenError::TooLarge)?);
        bytes.extend_from_slice(&object.code);
    }
    for ((object, callees), start) in functions.iter().zip(&offsets) {
        for reference in &object.references {
            let at = *start as usize + reference.at as usize;
            let callee = callees.get(reference.callee as usize);
            let target =
                callee.and_then(|callee| offsets.get(*callee as usize)).ok_or(CodegenError::TooLarge)?;
            let distance = i64::from(*target) + reference.addend - at as i64;
            let distance = i32::try_from(distance).map_err(|_| CodegenError::TooLarge)?;
            let field = bytes.get_mut(at..at + 4).ok_or(CodegenError::TooLarge)?;
            field.copy_from_slice(&distance.to_le_bytes());
        }
    }
    Ok((bytes, offsets))
}
