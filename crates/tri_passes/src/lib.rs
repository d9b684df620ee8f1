//! Optimisation passes over tensor IR, one file each.
