//! Kernel IR: schedule, fusion, memory plan, printer, verifier.
