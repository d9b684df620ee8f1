//! Loads artifacts, binds weights, runs entry points.
