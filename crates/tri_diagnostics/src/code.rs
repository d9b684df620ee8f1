//! The stable codes of diagnostics, one line each. A code keeps its number and meaning for ever; its page is
//! `docs/diagnostics/<code>.md`.
//!
//! E0 lexical and syntax, E1 names, E2 shapes and types, E3 ternary and numeric, E4 files and artifacts, E5 targets,
//! W warnings.

macro_rules! codes {
    ($($code:ident $title:literal,)*) => {
        /// A stable code such as `E2003`. To add one, add a line to the table in `code.rs` and its page.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code {
            $(#[doc = $title] $code,)*
        }

        impl Code {
            /// Every code, in order of the table.
            pub const ALL: &'static [Code] = &[$(Code::$code,)*];

            /// The code as printed: `E2003`.
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)* }
            }

            /// What the code is about, in a few words.
            pub fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)* }
            }
        }
    };
}

codes! {
    E0001 "a character that is not part of Tri",
    E0002 "a string that does not end",
    E0003 "an unknown escape in a string",
    E0004 "a block comment that does not end",
    E0005 "a malformed number",
    E0006 "something unexpected here",
    E0007 "a bracket without its partner",
    E0008 "code nested too deeply",
    E0009 "a comparison of a comparison",
    E0010 "an assignment to something that cannot be assigned",
    E0011 "a positional argument after a named one",
    E0012 "a file that is not UTF-8",
    E0013 "a spelling from another language",
    E0014 "a file that is too large",
    E2003 "two sizes or dims that must agree do not",
    E2901 "something that lowering does not support yet",
    E2902 "a program too large or too deeply nested to elaborate",
    E2903 "a static value that is wrong where it stands",
    E2904 "no one model to compile",
}

impl Code {
    /// The code printed as `text`, if there is one.
    pub fn parse(text: &str) -> Option<Code> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
