//! The standard library, embedded in the compiler.

macro_rules! library {
    ($($name:literal),* $(,)?) => {
        /// Modules of `std` with their texts: `nn` is `std.nn`.
        pub const LIBRARY: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../stdlib/", $name, ".tri")))),*];
    };
}

library!["act", "attention", "init", "lm", "loss", "moe", "nn", "ops", "quant", "trix", "vision"];
