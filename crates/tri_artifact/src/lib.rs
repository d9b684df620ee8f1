//! The .tria container: write, map, verify.
