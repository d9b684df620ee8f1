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
    E1001 "a name that nothing declares",
    E1002 "a module that cannot be found",
    E1003 "a name declared twice",
    E1004 "a name of the wrong kind",
    E1005 "a conditional member outside its condition",
    E1006 "imports that lead in a circle",
    E2001 "a value of the wrong type",
    E2002 "another number of axes",
    E2003 "two sizes or dims that must agree do not",
    E2004 "a generic parameter that cannot be worked out",
    E2005 "a division that may leave a remainder",
    E2006 "a condition that is not known to hold",
    E2007 "an axis or index that is not there",
    E2008 "arguments that do not fit the parameters",
    E2009 "a run-time value where a static one is needed",
    E2010 "something that contains or calls itself",
    E2011 "a size that is none",
    E2012 "a reshape to another number of elements",
    E2013 "a malformed einsum pattern",
    E2900 "something that the checker does not support yet",
    E2901 "something that lowering does not support yet",
    E2902 "a program too large or too deeply nested to elaborate",
    E2903 "a static value that is wrong where it stands",
    E2904 "no one model to compile",
    E3001 "arithmetic that trits do not have",
    E3002 "dtypes that do not go together",
    E3003 "sums that may leave their integer type",
    E3004 "an operation that a dtype does not have",
    E4001 "a file that cannot be read",
    E4002 "a file that cannot be written",
    E4003 "a file name that does not say what the file is",
    E4004 "a malformed tensor file",
    E4005 "a dtype that the other side does not have",
    E4006 "a tensor that the file does not have",
    E4007 "a file without routing statistics",
    E4010 "a file that is no artifact",
    E4011 "an artifact of a later format",
    E4012 "an artifact that is too short or too long",
    E4013 "a damaged header or section table",
    E4014 "a damaged section",
    E4015 "an artifact whose parts do not go together",
    E4016 "an artifact without signature",
    E4017 "a signature that does not hold",
    E4018 "a signature by somebody else",
    E4019 "machine code that the program does not compile to",
    E4020 "a model without weights",
    E4021 "a weight that is missing",
    E4022 "a weight of another dtype",
    E4023 "a weight of another shape",
    E4024 "a tensor that no parameter takes",
    E4025 "an element that its dtype does not have",
    E4030 "an entry point that the model does not have",
    E4031 "a missing input",
    E4032 "an input that the entry point does not have",
    E4033 "an input of another dtype",
    E4034 "an input with another number of axes",
    E4035 "an input of another size",
    E4036 "a size outside its bounds",
    E4037 "bytes that do not make a tensor",
    E4038 "sizes that no call can have",
    E4039 "results that are not what was asked for",
    E4040 "an index outside its table",
    E4041 "a run-time size that its conditions exclude",
    E4042 "routing statistics that cannot be had",
    E4050 "a golden call with another result",
    E5001 "a program that cannot be compiled for this machine",
    E5002 "a CPU level that is not there",
    E5003 "memory or threads that the system refuses",
    E5004 "a configuration that cannot be followed",
    E5005 "a GPU that is not there",
    E5006 "no code for a GPU that may be executed",
    E5007 "a GPU that does not do what it is asked",
    W0001 "an import that nothing uses",
    W0002 "a local value that nothing reads",
    W0003 "a member that its layer does not read",
    W0004 "a dim that nothing uses",
    W0005 "a configuration parameter that its layer does not read",
    W0006 "a name that hides another",
    W0007 "a name in the wrong case",
    W0008 "a condition that is always the same",
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
