//! What weights take, as a checkpoint holds them and as an artifact stores them.

use std::collections::{BTreeMap, BTreeSet};

use tri_artifact::encoded_bytes;
use tri_ir::{Capture, Entry, Module, ParameterId, TensorType};

/// What is known of a model's weights, beside the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Weights {
    /// Bytes that an artifact stores, by parameter ([`stored_bytes`]).
    pub stored: BTreeMap<String, u64>,
    /// How many of a parameter's trits are zero, and how many there are; empty without weights.
    pub zeros: BTreeMap<String, (u64, u64)>,
}

/// The weights that something uses, each counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub parameters: BTreeSet<ParameterId>,
    /// Elements.
    pub values: u64,
    /// Bytes with every element in f32.
    pub in_f32: u64,
    /// Bytes that an artifact stores for them.
    pub stored: u64,
    /// How many trits are zero, and how many there are; none without weights.
    pub zeros: Option<(u64, u64)>,
}

impl Held {
    /// What some parameters take.
    pub(crate) fn of(parameters: BTreeSet<ParameterId>, module: &Module, weights: &Weights) -> Held {
        let mut held = Held::default();
        for parameter in parameters.iter().filter_map(|id| module.parameters.get(id.index())) {
            let values = elements(&parameter.ty).unwrap_or(0);
            held.values = held.values.saturating_add(values);
            held.in_f32 = held.in_f32.saturating_add(values.saturating_mul(4));
            let stored = weights.stored.get(&parameter.name).copied();
            held.stored = held.stored.saturating_add(stored.unwrap_or(0));
            if let Some((zeros, trits)) = weights.zeros.get(&parameter.name) {
                let (some, all) = held.zeros.unwrap_or((0, 0));
                held.zeros = Some((some.saturating_add(*zeros), all.saturating_add(*trits)));
            }
        }
        Held { parameters, ..held }
    }
}

fn sizes(ty: &TensorType) -> Option<Vec<u64>> {
    ty.shape.iter().map(|dim| u64::try_from(dim.as_constant()?).ok()).collect()
}

fn elements(ty: &TensorType) -> Option<u64> {
    sizes(ty)?.into_iter().try_fold(1_u64, u64::checked_mul)
}

/// The bytes that an artifact of a module after the passes stores for each parameter that an entry point uses: what the prologue makes
/// of it, and the parameter itself where the entry point takes it as it is.
pub fn stored_bytes(module: &Module, entry: &Entry) -> BTreeMap<String, u64> {
    let mut stored: BTreeMap<String, u64> = BTreeMap::new();
    for capture in &entry.captures {
        let (name, ty) = match capture {
            Capture::Bound(id) => {
                let Some(bound) = module.bound.get(id.index()) else { continue };
                (parameter_of(&bound.name, module), &bound.ty)
            }
            Capture::Parameter(id) => {
                let Some(parameter) = module.parameters.get(id.index()) else { continue };
                (parameter.name.as_str(), &parameter.ty)
            }
        };
        let bytes = sizes(ty).and_then(|shape| encoded_bytes(ty.dtype, ty.encoding, &shape)).unwrap_or(0);
        let sum = stored.entry(name.to_owned()).or_default();
        *sum = sum.saturating_add(bytes);
    }
    stored
}

/// The parameter after which a bound value is called: that of `stem.weight:trit` and of `stem.weight.2`.
pub fn parameter_of<'a>(bound: &'a str, module: &Module) -> &'a str {
    let is_known = |name: &&str| module.parameters.iter().any(|parameter| parameter.name == *name);
    let shorter = [
        Some(bound),
        bound.rsplit_once(':').map(|(name, _)| name),
        bound.rsplit_once('.').map(|(name, _)| name),
    ];
    shorter.into_iter().flatten().find(is_known).unwrap_or(bound)
}
