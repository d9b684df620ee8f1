//! Fixtures and generators for tests.
