//! Elements of weights and inputs: ordinary numbers, numbers that make sums exact, and those at which arithmetic goes wrong.

use std::fmt;
use std::str::FromStr;

use half::{bf16, f16};
use tri_ir::{DType, TensorData};

use crate::noise::Noise;

/// What kind of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Small integers.
    Small,
    /// Everything 0.
    Zeros,
    /// Floats around 0 that are neither equal nor round; integers of a small range.
    Ordinary,
    /// As `Ordinary`, but one element in sixteen is special: NaN, infinite, -0, subnormal, the largest.
    Sprinkled,
    /// Special elements and any bit pattern.
    Wild,
}

/// Names and kinds, the simplest first.
const KINDS: [(&str, Kind); 5] = [
    ("small", Kind::Small),
    ("zeros", Kind::Zeros),
    ("ordinary", Kind::Ordinary),
    ("sprinkled", Kind::Sprinkled),
    ("wild", Kind::Wild),
];

/// Elements that are a pure function of this and the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// What kind.
    pub kind: Kind,
    /// Which of the many.
    pub seed: u32,
}

impl Fill {
    /// A tensor; `stream` tells it from the others of a call.
    pub fn tensor(self, dtype: DType, shape: Vec<usize>, stream: u64) -> TensorData {
        let mut noise = Noise::new(u64::from(self.seed) << 16 | stream);
        let count: usize = shape.iter().product();
        let bytes = (0..count).flat_map(|_| self.element(dtype, &mut noise)).collect();
        TensorData { dtype, shape, bytes }
    }

    /// Little-endian bytes of an element.
    fn element(self, dtype: DType, noise: &mut Noise) -> Vec<u8> {
        let special = match self.kind {
            Kind::Small | Kind::Zeros | Kind::Ordinary => false,
            Kind::Sprinkled => noise.below(16) == 0,
            Kind::Wild => noise.below(4) != 0,
        };
        match dtype {
            DType::F32 => self.float(special, noise).to_le_bytes().to_vec(),
            DType::F16 => f16::from_f32(self.float(special, noise)).to_le_bytes().to_vec(),
            DType::Bf16 => bf16::from_f32(self.float(special, noise)).to_le_bytes().to_vec(),
            _ => self.integer(dtype, special, noise).to_le_bytes()[..dtype.bytes()].to_vec(),
        }
    }

    fn float(self, special: bool, noise: &mut Noise) -> f32 {
        match self.kind {
            Kind::Zeros => 0.0,
            Kind::Small => noise.below(7) as f32 - 3.0,
            _ if special => noise.special_float(),
            Kind::Wild => noise.any_float(),
            Kind::Ordinary | Kind::Sprinkled => noise.signed(),
        }
    }

    fn integer(self, dtype: DType, special: bool, noise: &mut Noise) -> i64 {
        let (low, high) = match dtype {
            DType::Bool => (0, 1),
            DType::Trit => (-1, 1),
            DType::I8 => (-128, 127),
            DType::U8 => (0, 255),
            DType::I32 => (i64::from(i32::MIN), i64::from(i32::MAX)),
            _ => (i64::MIN, i64::MAX),
        };
        let number = match self.kind {
            Kind::Zeros => 0,
            Kind::Small => noise.below(4) as i64,
            _ if special => noise.pick(&[low, high, 0, -1, 1, low + 1, high - 1]),
            Kind::Wild => (noise.next() as i64) >> noise.below(64),
            Kind::Ordinary | Kind::Sprinkled => noise.below(41) as i64 - 20,
        };
        if low == i64::MIN { number } else { (number - low).rem_euclid(high - low + 1) + low }
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = KINDS.iter().find(|(_, kind)| *kind == self.kind).map_or("", |(name, _)| name);
        write!(f, "{name}:{}", self.seed)
    }
}

impl FromStr for Fill {
    type Err = String;

    fn from_str(text: &str) -> Result<Fill, String> {
        let parsed = text.split_once(':').and_then(|(name, seed)| {
            let (_, kind) = KINDS.iter().find(|(known, _)| *known == name)?;
            Some(Fill { kind: *kind, seed: seed.parse().ok()? })
        });
        parsed.ok_or_else(|| format!("`{text}` is no kind of elements with a seed, like `small:3`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_makes_elements_of_every_dtype() {
        for (_, kind) in KINDS {
            for dtype in [DType::Bool, DType::Trit, DType::I8, DType::U8, DType::I32, DType::I64, DType::F16]
            {
                let fill = Fill { kind, seed: 5 };
                let tensor = fill.tensor(dtype, vec![7, 9], 0);
                assert_eq!(tensor.bytes.len(), 63 * dtype.bytes());
                assert!(dtype != DType::Bool || tensor.bytes.iter().all(|byte| *byte <= 1));
                assert!(dtype != DType::Trit || tensor.bytes.iter().all(|byte| matches!(byte, 0 | 1 | 255)));
                assert_eq!(fill.to_string().parse(), Ok(fill));
            }
        }
    }

    #[test]
    fn wild_floats_hold_what_arithmetic_stumbles_over() {
        let tensor = Fill { kind: Kind::Wild, seed: 1 }.tensor(DType::F32, vec![2000], 0);
        let floats = tensor.to_f32().unwrap_or_default();
        assert!(floats.iter().any(|x| x.is_nan()) && floats.iter().any(|x| x.is_infinite()));
        assert!(floats.iter().any(|x| x.is_subnormal()));
        assert!(floats.iter().any(|x| x.to_bits() == 1 << 31));
    }
}
