//! What a program's comments claim of it. A comment speaks of the line that it ends; alone on its line, of the next one.
//!
//! - `// error: [E2003] "part of what it says"`: an error begins on this line. Several may stand one after another.
//! - `// warning: [W0002] "..."`: likewise. A program without one may have any warnings.
//! - `// revealed: f32[B, D]`: the type of the value that begins on this line.

/// A diagnostic that must come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The line of its file, from 1.
    pub(crate) line: usize,
    /// `error` or `warning`.
    pub(crate) severity: String,
    /// Its code.
    pub(crate) code: String,
    /// Part of what it says.
    pub(crate) text: String,
}

/// A type that a value must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revealed {
    /// The line of its file, from 1.
    pub(crate) line: usize,
    /// The type as the compiler writes it.
    pub(crate) ty: String,
}

/// The claims of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Claims {
    /// Diagnostics.
    pub(crate) wanted: Vec<Wanted>,
    /// Types.
    pub(crate) revealed: Vec<Revealed>,
}

impl Claims {
    /// The claims of the file with this text. A claim that cannot be read is a failure, not a comment.
    pub(crate) fn of(text: &str) -> Result<Claims, String> {
        let mut claims = Claims::default();
        let mut pending = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let Some(at) =
                ["// error:", "// warning:", "// revealed:"].iter().filter_map(|key| text.find(key)).min()
            else {
                claims.take(pending.drain(..), line)?;
                continue;
            };
            let (code, comment) = text.split_at(at);
            pending.push(comment.to_owned());
            if !code.trim().is_empty() {
                claims.take(pending.drain(..), line)?;
            }
        }
        match pending.pop() {
            None => Ok(claims),
            Some(comment) => Err(format!("no line follows `{comment}`")),
        }
    }

    fn take(&mut self, comments: impl Iterator<Item = String>, line: usize) -> Result<(), String> {
        for comment in comments {
            // A quoted part may hold anything but a quote.
            for claim in comment.split("// ").filter(|claim| !claim.trim().is_empty()) {
                self.claim(claim.trim(), line)
                    .ok_or_else(|| format!("line {line}: what does `{claim}` claim?"))?;
            }
        }
        Ok(())
    }

    fn claim(&mut self, claim: &str, line: usize) -> Option<()> {
        let (severity, rest) = claim.split_once(": ")?;
        if severity == "revealed" {
            self.revealed.push(Revealed { line, ty: rest.to_owned() });
            return Some(());
        }
        let (code, text) = rest.strip_prefix('[')?.split_once("] \"")?;
        let text = text.strip_suffix('"')?.to_owned();
        let severity = ["error", "warning"].contains(&severity).then(|| severity.to_owned())?;
        self.wanted.push(Wanted { line, severity, code: code.to_owned(), text });
        Some(())
    }
}

#[test]
fn claims_end_a_line_or_stand_before_it() {
    let text =
        "let y = x // error: [E1001] \"`x`\" // error: [E2001] \"b\"\n// revealed: f32[2]\nlet z = 1\n";
    let claims = Claims::of(text).unwrap();
    let lines: Vec<_> =
        claims.wanted.iter().map(|wanted| (wanted.line, &*wanted.code, &*wanted.text)).collect();
    assert_eq!(lines, [(1, "E1001", "`x`"), (1, "E2001", "b")]);
    assert_eq!(claims.revealed, [Revealed { line: 3, ty: "f32[2]".to_owned() }]);
    assert!(Claims::of("x // error: E1001").is_err());
    assert!(Claims::of("// error: [E1001] \"\"\n").is_err());
}
