//! safetensors and NumPy files in and out.
