//! Lanes as an array, for any CPU.

use super::PanelLanes;

const LANES: usize = 8;

#[derive(Clone, Copy)]
pub(crate) struct Words([u32; LANES]);

impl Words {
    #[inline(always)]
    fn each(self, map: impl Fn(u32) -> u32) -> Words {
        Words(self.0.map(map))
    }
}

impl PanelLanes for Words {
    const LANES: usize = LANES;
    const WIDENS: bool = false;
    const CODE_TERMS: usize = usize::MAX;

    #[inline(always)]
    unsafe fn zero() -> Words {
        Words([0; LANES])
    }

    #[inline(always)]
    unsafe fn load(from: *const u8) -> Words {
        // SAFETY: the trait's promise.
        Words(unsafe { from.cast::<[u32; LANES]>().read_unaligned() })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut u8) {
        // SAFETY: the trait's promise.
        unsafe { to.cast::<[u32; LANES]>().write_unaligned(self.0) }
    }

    #[inline(always)]
    unsafe fn load_lanes(self, from: *const i32, lanes: u32) -> Words {
        let mut loaded = self;
        for (lane, value) in loaded.0.iter_mut().enumerate().filter(|(lane, _)| lanes >> lane & 1 == 1) {
            // SAFETY: the trait's promise.
            *value = unsafe { from.wrapping_add(lane).cast::<u32>().read_unaligned() };
        }
        loaded
    }

    #[inline(always)]
    unsafe fn store_lanes(self, to: *mut i32, lanes: u32) {
        for (lane, value) in self.0.into_iter().enumerate().filter(|(lane, _)| lanes >> lane & 1 == 1) {
            // SAFETY: the trait's promise.
            unsafe { to.wrapping_add(lane).cast::<u32>().write_unaligned(value) };
        }
    }

    #[inline(always)]
    unsafe fn splat(from: *const u8) -> Words {
        // SAFETY: the trait's promise.
        Words([unsafe { from.cast::<u32>().read_unaligned() }; LANES])
    }

    #[inline(always)]
    unsafe fn add_products<const CODES: bool>(self, row: Words, sums: Words) -> Words {
        Words(std::array::from_fn(|lane| {
            let [panel, row] = [self.0[lane], row.0[lane]].map(u32::to_ne_bytes);
            let sum = (0..4).map(|i| i32::from(panel[i]) * i32::from(row[i] as i8)).sum();
            sums.0[lane].wrapping_add_signed(sum)
        }))
    }

    #[inline(always)]
    unsafe fn widen(self) -> Words {
        self
    }

    #[inline(always)]
    unsafe fn add(self, other: Words) -> Words {
        Words(std::array::from_fn(|lane| self.0[lane].wrapping_add(other.0[lane])))
    }

    #[inline(always)]
    unsafe fn codes(self, plane: usize) -> Words {
        self.each(|word| word >> (2 * plane) & 0x0303_0303)
    }

    #[inline(always)]
    unsafe fn evens_and_odds(self, other: Words) -> (Words, Words) {
        let lane = |at: usize| if at < LANES { self.0[at] } else { other.0[at - LANES] };
        (Words(std::array::from_fn(|at| lane(2 * at))), Words(std::array::from_fn(|at| lane(2 * at + 1))))
    }

    #[inline(always)]
    unsafe fn store_scaled(self, [row, all]: [f32; 2], columns: *const f32, to: *mut f32) {
        // SAFETY: the trait's promise.
        let columns = unsafe { columns.cast::<[f32; LANES]>().read_unaligned() };
        let scaled: [f32; LANES] =
            std::array::from_fn(|lane| self.0[lane].cast_signed() as f32 * row * columns[lane] * all);
        // SAFETY: as above.
        unsafe { to.cast::<[f32; LANES]>().write_unaligned(scaled) }
    }

    #[inline(always)]
    unsafe fn trit_codes(self) -> Words {
        self.each(|word| u32::from_ne_bytes(word.to_ne_bytes().map(|byte| byte.wrapping_add(1))))
    }

    #[inline(always)]
    unsafe fn biased(self) -> Words {
        self.each(|word| word ^ 0x8080_8080)
    }

    #[inline(always)]
    unsafe fn halves(self, odd: bool) -> Words {
        let half = |byte: u8| u32::from(i16::from(byte as i8) as u16);
        self.each(|word| {
            let bytes = word.to_ne_bytes();
            half(bytes[usize::from(odd)]) | half(bytes[2 + usize::from(odd)]) << 16
        })
    }

    #[inline(always)]
    unsafe fn fours(self) -> Words {
        Words(std::array::from_fn(|lane| {
            let (first, plane) = (lane / 4 * 4, lane % 4);
            u32::from_ne_bytes(std::array::from_fn(|i| self.0[first + i].to_ne_bytes()[plane]))
        }))
    }

    #[inline(always)]
    unsafe fn columns(rows: [*const u8; 4]) -> Words {
        // SAFETY: the trait's promise.
        let rows = rows.map(|row| unsafe { row.cast::<[u8; LANES]>().read_unaligned() });
        Words(std::array::from_fn(|lane| u32::from_ne_bytes(rows.map(|row| row[lane]))))
    }
}
