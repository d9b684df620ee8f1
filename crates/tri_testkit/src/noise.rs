//! Numbers that look random: splitmix64 (Steele, Lea and Flood, OOPSLA 2014).

/// A sequence that is a pure function of its seed.
#[derive(Clone, Debug)]
pub(crate) struct Noise(u64);

/// Floats at which arithmetic changes its ways.
const SPECIAL_FLOATS: [f32; 26] = [
    f32::NAN,
    f32::INFINITY,
    f32::NEG_INFINITY,
    0.0,
    -0.0,
    f32::MIN_POSITIVE,
    -f32::MIN_POSITIVE,
    1e-45,
    -1e-45,
    f32::MAX,
    f32::MIN,
    0.5,
    -0.5,
    1.5,
    2.5,
    -1.5,
    1.0,
    -1.0,
    127.5,
    -128.5,
    65504.0,
    65520.0,
    16_777_216.0,
    2_147_483_648.0,
    88.73,
    -103.98,
];

impl Noise {
    pub(crate) fn new(seed: u64) -> Noise {
        Noise(seed.wrapping_mul(0xff51_afd7_ed55_8ccd))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `count`, which is small.
    pub(crate) fn below(&mut self, count: u64) -> u64 {
        ((self.next() >> 32) * count) >> 32
    }

    pub(crate) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }

    /// In [-1, 1), mostly not round, sometimes up to 8 times as large.
    pub(crate) fn signed(&mut self) -> f32 {
        let bits = self.next();
        let unit = (bits >> 40) as f32 / (1u32 << 23) as f32 - 1.0;
        if bits & 7 == 0 { unit * 8.0 } else { unit }
    }

    pub(crate) fn special_float(&mut self) -> f32 {
        self.pick(&SPECIAL_FLOATS)
    }

    /// Any bit pattern.
    pub(crate) fn any_float(&mut self) -> f32 {
        f32::from_bits(self.next() as u32)
    }
}
