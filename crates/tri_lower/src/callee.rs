//! Notes of which call of the source an instruction stands for, so that reports can speak of `stem: TernaryLinear[64, 128]`.

use tri_hir::hir::Signature;

use crate::error::Result;
use crate::function::Role;
use crate::lowering::Lowering;
use crate::source_map::Callee;
use crate::value::{GenericValue, InstanceId, Value};

impl Lowering<'_> {
    /// Notes what the next instruction calls.
    pub(crate) fn note_callee(&mut self, callee: Callee) -> Result<()> {
        let (caller, at) = self.next_instruction()?;
        self.source_map.calls_mut(&caller).callees.push((at, callee));
        Ok(())
    }

    /// Notes that the instructions from `first` on stand for a call.
    pub(crate) fn note_inlined(&mut self, first: u32, callee: Callee) -> Result<()> {
        let (caller, end) = self.next_instruction()?;
        if first < end {
            self.source_map.calls_mut(&caller).inlined.push((first..end, callee));
        }
        Ok(())
    }

    /// The function under construction, and the number of the instruction that it gets next.
    fn next_instruction(&mut self) -> Result<(String, u32)> {
        let function = self.current()?.builder.function();
        Ok((function.name.clone(), function.insts.len() as u32))
    }

    /// What a call of a function with some arguments is to be called.
    pub(crate) fn callee(
        &mut self,
        this: Option<InstanceId>,
        signature: &Signature,
        args: &[Value],
    ) -> Result<Callee> {
        let mut inputs = Vec::new();
        for (param, arg) in signature.params.iter().zip(args) {
            inputs.extend(std::iter::repeat_n(param.name.to_string(), tensors_in(arg)));
        }
        let (function, place) = (signature.name.to_string(), self.here);
        let Some(this) = this else {
            return Ok(Callee { member: String::new(), layer: None, function, inputs, place });
        };
        let known = match &self.current()?.role {
            // A shared function stands for many instances, so paths begin at the one that it works on.
            Role::Shared(places) => places.first().cloned(),
            Role::Init(_) | Role::Test => None,
        };
        let instance = &self.instances[this.index()];
        let inner = known.and_then(|known| known.steps_to(&instance.site.path).map(<[_]>::len));
        let parts: Vec<&str> = instance.site.label.split('.').filter(|part| !part.is_empty()).collect();
        let member = parts[parts.len().saturating_sub(inner.unwrap_or(parts.len()))..].join(".");
        let sizes: Vec<String> = instance.generics.iter().map(size_text).collect();
        let sizes = if sizes.is_empty() { String::new() } else { format!("[{}]", sizes.join(", ")) };
        Ok(Callee { member, layer: Some(format!("{}{sizes}", instance.layer.name)), function, inputs, place })
    }
}

fn tensors_in(value: &Value) -> usize {
    match value {
        Value::Tensor(_) | Value::Scalar(_) => 1,
        Value::List(elements) => elements.iter().map(tensors_in).sum(),
        _ => 0,
    }
}

/// A generic argument as the source would write it.
fn size_text(generic: &GenericValue) -> String {
    let number = |dim: &tri_ir::Dim| dim.as_constant().map_or_else(|| "?".to_owned(), |n| n.to_string());
    match generic {
        GenericValue::Dim(dim) => number(dim),
        GenericValue::Pack(dims) => dims.iter().map(number).collect::<Vec<_>>().join(", "),
        GenericValue::Element(dtype) => dtype.name().to_owned(),
    }
}
