//! Ternary encodings: scalar reference and conversions.
