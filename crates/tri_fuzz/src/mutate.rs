//! Variants of an input, the same on every machine: a stand-in for libFuzzer's, without its feedback.

/// Pieces that hurt: what opens and closes, what is cut in two, and what editors leave behind.
const PIECES: [&[u8]; 24] = [
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b"/*",
    b"*/",
    b"//",
    b";",
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\xc3",
    b"if ",
    b"fn ",
    b"let ",
    b"..",
    b"@",
    b" where ",
];

/// Another input, made of `input` by up to four edits that `seed` chooses.
pub fn mutate(input: &[u8], seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let mut output = input.to_vec();
    for _ in 0..=random.below(4) {
        let one = random.below(output.len() + 1);
        let other = random.below(output.len() + 1);
        let (start, end) = (one.min(other), one.max(other));
        let near = (start + random.below(20)).min(output.len());
        let piece = PIECES.get(random.below(PIECES.len())).copied().unwrap_or_default();
        match random.below(6) {
            0 => output.truncate(start),
            1 => drop(output.drain(start..near)),
            2 => drop(output.splice(start..near, piece.iter().copied())),
            3 => drop(output.splice(start..start, piece.iter().copied())),
            4 => {
                let copied = output.get(start..near).unwrap_or_default().to_vec();
                drop(output.splice(end..end, copied));
            }
            _ => {
                if let Some(byte) = output.get_mut(start) {
                    *byte ^= 1 << random.below(8);
                }
            }
        }
    }
    output
}

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
struct Random(u64);

impl Random {
    /// A number below `n`, or 0.
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % (n.max(1) as u64)) as usize
    }
}
