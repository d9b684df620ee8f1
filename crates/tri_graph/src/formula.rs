//! Amounts as people read them: `231 M × B`, `9.2 KiB`.

use std::fmt::{self, Display, Formatter};

use tri_dims::Atom;
use tri_ir::{Dim, Symbol};

/// A number that may depend on sizes known only when the model runs, in units of a thousand or of 1024.
#[derive(Clone, Copy, Debug)]
pub struct Formula<'a> {
    /// The number.
    pub value: &'a Dim,
    /// Names of the sizes.
    pub symbols: &'a [String],
    /// Whether it is a number of bytes.
    pub is_bytes: bool,
}

impl Display for Formula<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let shown = |n: u64| if self.is_bytes { bytes(n) } else { amount(n) };
        if self.value.terms().is_empty() {
            return f.write_str(&shown(0));
        }
        // Powers that grow fastest first, as is usual.
        for (at, (monomial, n)) in self.value.terms().iter().rev().enumerate() {
            f.write_str(match (at, *n < 0) {
                (0, false) => "",
                (0, true) => "-",
                (_, false) => " + ",
                (_, true) => " - ",
            })?;
            let n = n.unsigned_abs();
            let is_plain = n == 1 && !monomial.is_empty() && !self.is_bytes;
            if !is_plain {
                f.write_str(&shown(n))?;
            }
            for (at, (atom, power)) in monomial.iter().enumerate() {
                f.write_str(if at == 0 && is_plain { "" } else { " × " })?;
                f.write_str(&self.atom(atom))?;
                match power {
                    1 => {}
                    2 => f.write_str("²")?,
                    3 => f.write_str("³")?,
                    power => write!(f, "^{power}")?,
                }
            }
        }
        Ok(())
    }
}

impl Formula<'_> {
    fn atom(&self, atom: &Atom<Symbol>) -> String {
        let shown = |dim: &Dim| {
            let text = dim_text(dim, self.symbols);
            if text.contains(' ') { format!("({text})") } else { text }
        };
        match atom {
            Atom::Var(symbol) => name(*symbol, self.symbols).to_owned(),
            Atom::Floor(n, d) => format!("floor({} / {})", shown(n), shown(d)),
            Atom::Ceil(n, d) => format!("ceil({} / {})", shown(n), shown(d)),
            Atom::Exact(n, d) => format!("({} / {})", shown(n), shown(d)),
            Atom::Rem(n, d) => format!("({} % {})", shown(n), shown(d)),
        }
    }
}

fn name(symbol: Symbol, symbols: &[String]) -> &str {
    symbols.get(symbol.index()).map_or("?", String::as_str)
}

/// A size as the source writes it.
pub(crate) fn dim_text(dim: &Dim, symbols: &[String]) -> String {
    dim.display(&|symbol: &Symbol, f: &mut Formatter<'_>| f.write_str(name(*symbol, symbols))).to_string()
}

/// `231 M`: three digits and a unit of thousands.
pub fn amount(n: u64) -> String {
    scaled(n, 1000.0, &["", " k", " M", " G", " T", " P", " E"])
}

/// `9.2 KiB`: three digits and a unit of 1024.
pub fn bytes(n: u64) -> String {
    scaled(n, 1024.0, &[" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"])
}

fn scaled(n: u64, base: f64, units: &[&str]) -> String {
    let (mut value, mut unit) = (n as f64, 0);
    // What would round up to the next unit is shown in it.
    while value >= base - 0.5 && unit + 1 < units.len() {
        value /= base;
        unit += 1;
    }
    let digits = match value {
        _ if unit == 0 => 0,
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let text = format!("{value:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_three_digits() {
        let shown = [0, 7, 999, 1000, 1234, 12_345, 118_013_952, 999_999].map(amount);
        assert_eq!(shown, ["0", "7", "999", "1 k", "1.23 k", "12.3 k", "118 M", "1 M"]);
        assert_eq!([1023, 1024, 9408, 8 << 20].map(bytes), ["1023 B", "1 KiB", "9.19 KiB", "8 MiB"]);
        assert_eq!(amount(u64::MAX), "18.4 E");
    }

    #[test]
    fn formulas_name_their_sizes_and_show_the_largest_powers_first() {
        let symbols = ["B".to_owned(), "T".to_owned()];
        let (batch, time) = (Dim::var(Symbol(0)), Dim::var(Symbol(1)));
        let tokens = batch.mul(&time).unwrap();
        let value = tokens.mul(&time).unwrap().mul(&Dim::constant(512)).unwrap();
        let value = value.add(&tokens.mul(&Dim::constant(262_144)).unwrap()).unwrap();
        let formula = Formula { value: &value, symbols: &symbols, is_bytes: false };
        assert_eq!(formula.to_string(), "512 × B × T² + 262 k × B × T");
        let formula = Formula { value: &tokens, symbols: &symbols, is_bytes: false };
        assert_eq!(formula.to_string(), "B × T");
        let half = time.floor_div(&Dim::constant(2)).unwrap();
        let formula = Formula { value: &half, symbols: &symbols, is_bytes: true };
        assert_eq!(formula.to_string(), "1 B × floor(T / 2)");
    }
}
