//! What an instruction does to the lanes of a warp that execute it.

use crate::alu;
use crate::block::Launch;
use crate::convert::convert;
use crate::copies::Piece;
use crate::error::Fault;
use crate::instruction::{Class, Instruction, Op, Operand, Space, Type};
use crate::matrix;
use crate::memory::Memory;
use crate::visits::{Visitor, WARP};
use crate::warp::{Lanes, Mask, Warp, lanes};

/// A fault of a lane.
type Result<T> = std::result::Result<T, (usize, Fault)>;

impl Warp {
    /// Executes what goes on at the next instruction, in the lanes of a mask.
    pub(crate) fn step(
        &mut self,
        launch: &Launch<'_>,
        memory: [&mut Memory; 2],
        instruction: &Instruction,
        mask: Mask,
    ) -> Result<()> {
        let operands = &instruction.operands;
        match instruction.op {
            Op::Load(space, ty) => self.load(launch, memory, space, ty, operands, mask),
            Op::Store(space, ty) => self.store(launch, memory, space, ty, operands, mask),
            Op::Swap(space, ty) => self.swap(launch, memory, space, ty, operands, mask),
            Op::Copy => {
                let mut spaces = [[0; WARP]; 4];
                let [to, from, whole, bytes] = self.operands(launch, operands, &mut spaces).map(|of| *of);
                for lane in lanes(mask) {
                    let piece = Piece::new(to[lane], from[lane], whole[lane], bytes[lane]);
                    let piece = piece.map_err(|fault| (lane, fault))?;
                    self.copies[lane].begin(piece);
                }
                Ok(())
            }
            Op::EndCopies => {
                lanes(mask).for_each(|lane| self.copies[lane].end_group());
                Ok(())
            }
            Op::WaitForCopies => self.wait_for_copies(launch, memory, &operands[0], mask),
            Op::Move(ty) => {
                let moved = self.moved(launch, ty, &operands[1]);
                self.put_moved(ty, &operands[0], &moved, mask);
                Ok(())
            }
            _ => {
                let result = self.result(launch, instruction);
                self.set(&operands[0], mask, &result);
                Ok(())
            }
        }
    }

    /// The values of operands, of which there may be fewer: the others are zero.
    fn operands<'v, const N: usize>(
        &'v self,
        launch: &Launch<'_>,
        operands: &[Operand],
        spaces: &'v mut [Lanes; N],
    ) -> [&'v Lanes; N] {
        let mut at = 0..;
        spaces.each_mut().map(|space| match at.next().and_then(|at: usize| operands.get(at)) {
            Some(operand) => self.values(launch, operand, space),
            None => space,
        })
    }

    /// The operands of an instruction that come after its result.
    pub(crate) fn sources<'v>(
        &'v self,
        launch: &Launch<'_>,
        instruction: &Instruction,
        spaces: &'v mut [Lanes; 3],
    ) -> [&'v Lanes; 3] {
        self.operands(launch, instruction.operands.get(1..).unwrap_or_default(), spaces)
    }

    /// What an instruction computes from registers alone.
    fn result(&self, launch: &Launch<'_>, instruction: &Instruction) -> Lanes {
        let mut spaces = [[0; WARP]; 3];
        let of = self.sources(launch, instruction, &mut spaces);
        match instruction.op {
            Op::Alu(op, ty) => alu::compute(op, ty, of),
            Op::Compare(comparison, ty) => alu::compare(comparison, ty, of),
            Op::Convert { to, from, rounding, saturate } => {
                of[0].map(|value| convert(to, from, rounding, saturate, value))
            }
            Op::Permute => alu::each(of, alu::permute),
            Op::Dot4 { left, right } => alu::each(of, |[a, b, c]| alu::dot4(left, right, a, b, c)),
            _ => [0; WARP],
        }
    }

    /// A value, or the values of a vector beside each other.
    fn moved(&self, launch: &Launch<'_>, ty: Type, operand: &Operand) -> Lanes {
        let mut space = [0; WARP];
        let Operand::Vector(parts) = operand else {
            return self.values(launch, operand, &mut space).map(|value| ty.low(value));
        };
        let part = Type { class: Class::Bits, bits: ty.bits / parts.len() as u32 };
        let mut moved = [0; WARP];
        for (operand, shift) in parts.iter().zip((0..).step_by(part.bits as usize)) {
            let values = self.values(launch, operand, &mut space);
            moved.iter_mut().zip(values).for_each(|(moved, value)| *moved |= part.low(*value) << shift);
        }
        moved
    }

    /// Puts a value into a register, or its parts into those of a vector.
    fn put_moved(&mut self, ty: Type, operand: &Operand, moved: &Lanes, mask: Mask) {
        let Operand::Vector(parts) = operand else { return self.set(operand, mask, moved) };
        let part = Type { class: Class::Bits, bits: ty.bits / parts.len() as u32 };
        for (operand, shift) in parts.iter().zip((0..).step_by(part.bits as usize)) {
            self.set(operand, mask, &moved.map(|value| part.low(value >> shift)));
        }
    }

    fn visitor(&self, lane: usize) -> Visitor<'_> {
        let (clock, clocks) = (self.clock[lane], &self.clocks[lane]);
        Visitor { block: self.block, thread: self.first + lane, clock, clocks }
    }

    fn load(
        &mut self,
        launch: &Launch<'_>,
        memory: [&mut Memory; 2],
        space: Space,
        ty: Type,
        operands: &[Operand],
        mask: Mask,
    ) -> Result<()> {
        let targets = parts(&operands[0]);
        let mut address_space = [0; WARP];
        let addresses = *self.values(launch, &operands[1], &mut address_space);
        let mut memory = of(space, memory);
        let mut values = [0; WARP];
        for (at, target) in targets.iter().enumerate() {
            for lane in lanes(mask) {
                let fail = |fault| (lane, fault);
                whole(addresses[lane], ty, targets).map_err(fail)?;
                let address = addresses[lane] + (at * ty.bytes()) as u64;
                let value = match &mut memory {
                    Some(memory) => memory.load(self.visitor(lane), address, ty.bytes()).map_err(fail)?,
                    None => {
                        let known = launch.parameters.get((address / 8) as usize);
                        let outside = Fault::OutOfBounds { address, bytes: ty.bytes() };
                        *known.filter(|_| address.is_multiple_of(8)).ok_or((lane, outside))?
                    }
                };
                // The register may be wider; a signed value is extended in it.
                values[lane] =
                    if ty.class == Class::Signed { ty.signed(value) as u64 } else { ty.low(value) };
            }
            self.set(target, mask, &values);
        }
        Ok(())
    }

    fn store(
        &mut self,
        launch: &Launch<'_>,
        memory: [&mut Memory; 2],
        space: Space,
        ty: Type,
        operands: &[Operand],
        mask: Mask,
    ) -> Result<()> {
        let sources = parts(&operands[1]);
        let mut spaces = [[0; WARP]; 2];
        let [address_space, value_space] = &mut spaces;
        let addresses = self.values(launch, &operands[0], address_space);
        let Some(memory) = of(space, memory) else { return Ok(()) };
        for (at, source) in sources.iter().enumerate() {
            let values = self.values(launch, source, value_space);
            for lane in lanes(mask) {
                let fail = |fault| (lane, fault);
                whole(addresses[lane], ty, sources).map_err(fail)?;
                let address = addresses[lane] + (at * ty.bytes()) as u64;
                memory.store(self.visitor(lane), address, ty.bytes(), values[lane]).map_err(fail)?;
            }
        }
        Ok(())
    }

    /// Compares and swaps, a lane after the other.
    fn swap(
        &mut self,
        launch: &Launch<'_>,
        memory: [&mut Memory; 2],
        space: Space,
        ty: Type,
        operands: &[Operand],
        mask: Mask,
    ) -> Result<()> {
        let mut spaces = [[0; WARP]; 3];
        let [addresses, expected, values] = self.operands(launch, &operands[1..], &mut spaces);
        let Some(memory) = of(space, memory) else { return Ok(()) };
        let mut before = [0; WARP];
        for lane in lanes(mask) {
            let (expected, value) = (ty.low(expected[lane]), ty.low(values[lane]));
            let found = memory.swap(addresses[lane], ty.bytes(), expected, value);
            before[lane] = found.map_err(|fault| (lane, fault))?;
        }
        self.set(&operands[0], mask, &before);
        Ok(())
    }

    /// Makes the copies of all groups but the last so many.
    fn wait_for_copies(
        &mut self,
        launch: &Launch<'_>,
        [global, shared]: [&mut Memory; 2],
        left: &Operand,
        mask: Mask,
    ) -> Result<()> {
        let mut space = [0; WARP];
        let left = *self.values(launch, left, &mut space);
        for lane in lanes(mask) {
            for copy in self.copies[lane].but(left[lane] as usize) {
                let visitor = self.visitor(lane);
                for (from, to, bytes) in copy.words() {
                    let value = from.map_or(Ok(0), |address| global.load(visitor, address, bytes));
                    let stored = value.and_then(|value| shared.store(visitor, to, bytes, value));
                    stored.map_err(|fault| (lane, fault))?;
                }
            }
        }
        Ok(())
    }

    /// A product of matrices by all lanes.
    pub(crate) fn multiply(&mut self, launch: &Launch<'_>, operands: &[Operand]) {
        let words = |operand: &Operand| {
            let mut space = [0; WARP];
            parts(operand).iter().map(|part| *self.values(launch, part, &mut space)).collect::<Vec<_>>()
        };
        let [a, b, c] = [1, 2, 3].map(|at| words(&operands[at]));
        for (target, sums) in parts(&operands[0]).iter().zip(matrix::multiply(&a, &b, &c)) {
            self.set(target, Mask::MAX, &sums);
        }
    }
}

/// The memory of a space; parameters are in none.
fn of(space: Space, [global, shared]: [&mut Memory; 2]) -> Option<&mut Memory> {
    match space {
        Space::Parameter => None,
        Space::Global => Some(global),
        Space::Shared => Some(shared),
    }
}

/// The elements of a vector, or the operand itself.
fn parts(operand: &Operand) -> &[Operand] {
    match operand {
        Operand::Vector(parts) => parts,
        one => std::slice::from_ref(one),
    }
}

/// A vector must lie at a multiple of its size as a whole.
fn whole(address: u64, ty: Type, parts: &[Operand]) -> std::result::Result<(), Fault> {
    let bytes = ty.bytes() * parts.len();
    if address.is_multiple_of(bytes as u64) { Ok(()) } else { Err(Fault::Misaligned { address, bytes }) }
}
