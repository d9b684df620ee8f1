//! Files, spans, diagnostics as data, and their renderers.
