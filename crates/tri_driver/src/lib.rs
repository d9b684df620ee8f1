//! The compiler pipeline: options, stages, timing.
