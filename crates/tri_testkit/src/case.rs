//! A program with what is done with it: weights, and calls of its entry points in a session.
//!
//! As text it is a `.tri` file that begins with comments:
//!
//! ```text
//! // weights ordinary:7
//! // call forward B=3 T=17 inputs small:1
//! model Main() { ... }
//! ```

use std::fmt::Write as _;

use crate::fill::Fill;

/// A program and its script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// The program; one file, which imports at most the library.
    pub text: String,
    /// What the parameters hold.
    pub weights: Fill,
    /// What is called, in one session.
    pub calls: Vec<Call>,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Name of the entry point.
    pub entry: String,
    /// The sizes of its dims, by name.
    pub sizes: Vec<(String, i64)>,
    /// What its inputs hold.
    pub inputs: Fill,
}

impl Case {
    /// The program with its script in front.
    pub fn to_file(&self) -> String {
        let mut file = format!("// weights {}\n", self.weights);
        for call in &self.calls {
            let _ = write!(file, "// call {}", call.entry);
            for (name, size) in &call.sizes {
                let _ = write!(file, " {name}={size}");
            }
            let _ = writeln!(file, " inputs {}", call.inputs);
        }
        file.push_str(&self.text);
        file
    }

    /// Reads what [`Case::to_file`] wrote. Other comments may stand before and between the lines of the script.
    ///
    /// # Errors
    /// A line of the script that is none, in words.
    pub fn from_file(file: &str) -> Result<Case, String> {
        let (mut weights, mut calls) = (None, Vec::new());
        for line in file.lines().map_while(|line| line.strip_prefix("// ")) {
            if let Some(fill) = line.strip_prefix("weights ") {
                weights = Some(fill.parse()?);
            } else if let Some(call) = line.strip_prefix("call ") {
                calls.push(Call::read(call)?);
            }
        }
        let weights = weights.ok_or("the first comment has no line `// weights small:1`")?;
        Ok(Case { text: file.to_owned(), weights, calls })
    }
}

impl Call {
    fn read(line: &str) -> Result<Call, String> {
        let (head, inputs) = line.split_once(" inputs ").ok_or_else(|| format!("`{line}` has no inputs"))?;
        let mut words = head.split(' ');
        let entry = words.next().unwrap_or_default().to_owned();
        let size = |word: &str| {
            let (name, size) = word.split_once('=')?;
            Some((name.to_owned(), size.parse().ok()?))
        };
        let sizes = words.map(|word| size(word).ok_or_else(|| format!("`{word}` is no size, like `B=3`")));
        Ok(Call { entry, sizes: sizes.collect::<Result<_, _>>()?, inputs: inputs.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fill::Kind;

    #[test]
    fn a_file_holds_the_whole_case() {
        let fill = Fill { kind: Kind::Wild, seed: 9 };
        let call = |sizes| Call { entry: "f".to_owned(), sizes, inputs: fill };
        let calls = vec![call(vec![("B".to_owned(), 3), ("T".to_owned(), 0)]), call(Vec::new())];
        let case = Case { text: "model M() {}\n".to_owned(), weights: fill, calls };
        let read = Case::from_file(&format!("// What went wrong.\n{}", case.to_file()));
        let read = read.expect("it was written so");
        assert_eq!((read.weights, &read.calls), (case.weights, &case.calls));
        assert!(read.text.ends_with(&case.text));
    }

    #[test]
    fn a_line_that_is_no_line_is_told() {
        for (file, part) in [
            ("model M() {}", "weights"),
            ("// weights lots:1", "lots:1"),
            ("// weights small:1\n// call f B inputs small:1", "`B`"),
            ("// weights small:1\n// call f", "no inputs"),
        ] {
            assert!(Case::from_file(file).is_err_and(|error| error.contains(part)), "{file}");
        }
    }
}
