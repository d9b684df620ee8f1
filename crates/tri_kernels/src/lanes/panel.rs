//! Vectors with one sum a lane, each of another column: what products by panels of bytes are made of.
//!
//! A lane holds the values of one column at a few k: four bytes, or two halves of 16 bits where the level has no exact product of
//! whole bytes. The row's values at these k are the same in every lane.

mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use portable::Words;

/// A vector of 32-bit lanes.
///
/// # Safety
/// The CPU has the level's instructions; pointers are valid for what is read or written, at any alignment.
pub(crate) trait PanelLanes: Copy {
    const LANES: usize;
    /// Whether bytes that are not codes are widened to 16 bits.
    const WIDENS: bool;
    /// How many products of codes a lane of [`add_products`](PanelLanes::add_products) holds before
    /// [`widen`](PanelLanes::widen) must follow.
    const CODE_TERMS: usize;
    unsafe fn zero() -> Self;
    unsafe fn load(from: *const u8) -> Self;
    unsafe fn store(self, to: *mut u8);
    /// `self` with the lanes whose bits `lanes` has read from memory, where lane 0 would lie at `from`; nothing else is read.
    unsafe fn load_lanes(self, from: *const i32, lanes: u32) -> Self;
    /// Writes the lanes whose bits `lanes` has; nothing else is written.
    unsafe fn store_lanes(self, to: *mut i32, lanes: u32);
    /// The same four bytes in each lane.
    unsafe fn splat(from: *const u8) -> Self;
    /// Adds the products of a lane of the panel and the row's lane. With `CODES` bytes of the panel are at most 3, sums have
    /// the form that [`widen`](PanelLanes::widen) takes. Else the panel's are unsigned bytes or, widened, signed 16 bits.
    unsafe fn add_products<const CODES: bool>(self, row: Self, sums: Self) -> Self;
    /// Sums of products of codes, in 32 bits.
    unsafe fn widen(self) -> Self;
    unsafe fn add(self, other: Self) -> Self;
    /// Field `plane` of two bits of each byte.
    unsafe fn codes(self, plane: usize) -> Self;
    /// Trits, one byte each, as codes: plus one.
    unsafe fn trit_codes(self) -> Self;
    /// Turns the top bit of each byte.
    unsafe fn biased(self) -> Self;
    /// Lanes 0, 2, 4... of `self`, then of `other`; and lanes 1, 3, 5... of both.
    unsafe fn evens_and_odds(self, other: Self) -> (Self, Self);
    /// Writes `lane as f32 * row * column * all`, with the scales of a row and of all, and of as many columns.
    unsafe fn store_scaled(self, around: [f32; 2], columns: *const f32, to: *mut f32);
    /// Bytes 0 and 2 (1 and 3 if `odd`) of each lane in 16 bits, signed.
    unsafe fn halves(self, odd: bool) -> Self;
    /// Bytes 0, 4, 8, 12, then 1, 5, 9, 13 and so on, of each sixteen bytes.
    unsafe fn fours(self) -> Self;
    /// Four rows of as many bytes as there are lanes, as one lane of four bytes a column.
    unsafe fn columns(rows: [*const u8; 4]) -> Self;
}
