//! Products of matrices by the lanes of a warp, each of which has some elements of every operand (PTX ISA, "Matrix fragments for
//! mma.m16n8k32").

use crate::warp::Lanes;

/// `a` (16 by 32 bytes, four words a lane) by `b` (32 by 8 bytes, two words a lane) plus `c` (16 by 8 words, four a lane); each word is
/// given for all lanes.
pub(crate) fn multiply(a: &[Lanes], b: &[Lanes], c: &[Lanes]) -> [Lanes; 4] {
    let byte = |word: u64, at: usize| i16::from((word >> (8 * at)) as u8 as i8);
    // Eight rows and the other eight, the first 16 elements and the others: these are a lane's words.
    let left: [[i16; 32]; 16] = std::array::from_fn(|row| {
        std::array::from_fn(|k| byte(a[row / 8 + k / 16 * 2][row % 8 * 4 + k % 16 / 4], k % 4))
    });
    let right: [[i16; 32]; 8] = std::array::from_fn(|column| {
        std::array::from_fn(|k| byte(b[k / 16][column * 4 + k % 16 / 4], k % 4))
    });
    let product = |row: usize, column: usize| -> i32 {
        let pairs = left[row].iter().zip(&right[column]);
        pairs.map(|(left, right)| i32::from(*left) * i32::from(*right)).sum()
    };
    std::array::from_fn(|at| {
        std::array::from_fn(|lane: usize| {
            let sum = product(lane / 4 + at / 2 * 8, lane % 4 * 2 + at % 2);
            u64::from((c[at][lane] as u32).wrapping_add(sum as u32))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{Lanes, multiply};
    use crate::visits::WARP;

    /// Words of 32 lanes.
    fn words(each: usize, of: impl Fn(usize, usize) -> u64) -> Vec<Lanes> {
        (0..each).map(|at| std::array::from_fn(|lane| of(lane, at))).collect()
    }

    #[test]
    fn a_lane_has_the_sums_of_its_row_and_columns() {
        // The left operand is 1 at row 9, element 22; the right one -3 at element 22, column 5.
        let a = words(4, |lane, at| u64::from(lane == 5 && at == 3) << 16);
        let b = words(2, |lane, at| if lane == 21 && at == 1 { 0x00fd_0000 } else { 0 });
        let found = multiply(&a, &b, &words(4, |_, _| 10));
        for lane in 0..WARP {
            let expected = if lane == 6 { [10, 10, 10, 7] } else { [10; 4] };
            assert_eq!(found.map(|word| word[lane]), expected, "lane {lane}");
        }
    }
}
