//! Products of matrices by the lanes of a warp, each of which has some elements of every operand (PTX ISA, "Matrix fragments for
//! mma.m16n8k32").

/// `a` (16 by 32 bytes, four words a lane) by `b` (32 by 8 bytes, two words a lane) plus `c` (16 by 8 words, four a lane), for the 32
/// lanes in order.
pub(crate) fn multiply(a: &[Vec<u32>], b: &[Vec<u32>], c: &[Vec<u32>]) -> Vec<[u32; 4]> {
    let byte = |word: u32, at: usize| i32::from((word >> (8 * at)) as u8 as i8);
    // Eight rows and the other eight, the first 16 elements and the others: these are a lane's words.
    let left = |row: usize, k: usize| byte(a[row % 8 * 4 + k % 16 / 4][row / 8 + k / 16 * 2], k % 4);
    let right = |k: usize, column: usize| byte(b[column * 4 + k % 16 / 4][k / 16], k % 4);
    let sum = |row: usize, column: usize, before: u32| {
        (0..32).fold(before, |sum, k| sum.wrapping_add((left(row, k) * right(k, column)) as u32))
    };
    let lane =
        |lane: usize| [0, 1, 2, 3].map(|at| sum(lane / 4 + at / 2 * 8, lane % 4 * 2 + at % 2, c[lane][at]));
    (0..32).map(lane).collect()
}

#[cfg(test)]
mod tests {
    use super::multiply;

    /// Words of 32 lanes.
    fn words(each: usize, of: impl Fn(usize, usize) -> u32) -> Vec<Vec<u32>> {
        (0..32).map(|lane| (0..each).map(|at| of(lane, at)).collect()).collect()
    }

    #[test]
    fn a_lane_has_the_sums_of_its_row_and_columns() {
        // The left operand is 1 at row 9, element 22; the right one -3 at element 22, column 5.
        let a = words(4, |lane, at| u32::from(lane == 5 && at == 3) << 16);
        let b = words(2, |lane, at| if lane == 21 && at == 1 { 0x00fd_0000 } else { 0 });
        let found = multiply(&a, &b, &words(4, |_, _| 10));
        for (lane, sums) in found.into_iter().enumerate() {
            let expected = if lane == 6 { [10, 10, 10, 7] } else { [10; 4] };
            assert_eq!(sums, expected, "lane {lane}");
        }
    }
}
