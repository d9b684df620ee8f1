//! Tensor IR: builder, printer, parser, verifier.
