"""Products by ternary weights of ggml (TQ2_0), through its shared library: that of the package llama-cpp-python.

Activations are f32 and weights 2.06 bits each; a call quantises the activations, multiplies and scales. The number of columns is a multiple
of 256. Where the package is not installed, GGML_LIBRARIES names a folder with libggml-base.so and libggml-cpu.so built from its source.
"""

import ctypes
import importlib.util
import os
import pathlib

import numpy

F32, TQ2_0 = 0, 35
BLOCK, BLOCK_BYTES = 256, 66


class Params(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("buffer", ctypes.c_void_p), ("no_alloc", ctypes.c_bool)]


class Plan(ctypes.Structure):
    _fields_ = [
        ("work_size", ctypes.c_size_t),
        ("work", ctypes.c_void_p),
        ("threads", ctypes.c_int),
        ("pool", ctypes.c_void_p),
        ("abort", ctypes.c_void_p),
        ("abort_data", ctypes.c_void_p),
        ("use_reference", ctypes.c_bool),
    ]


class PoolParams(ctypes.Structure):
    _fields_ = [
        ("mask", ctypes.c_bool * 512),
        ("threads", ctypes.c_int),
        ("priority", ctypes.c_int),
        ("poll", ctypes.c_uint32),
        ("strict", ctypes.c_bool),
        ("paused", ctypes.c_bool),
    ]


def folder():
    """Where the libraries are, or None."""
    if named := os.environ.get("GGML_LIBRARIES"):
        return pathlib.Path(named)
    package = importlib.util.find_spec("llama_cpp")
    return pathlib.Path(package.origin).parent / "lib" if package else None


class Ggml:
    """The libraries, with the types of the functions used."""

    def __init__(self, path):
        self.base = ctypes.CDLL(str(path / "libggml-base.so"), mode=ctypes.RTLD_GLOBAL)
        self.cpu = ctypes.CDLL(str(path / "libggml-cpu.so"), mode=ctypes.RTLD_GLOBAL)
        pointer, size = ctypes.c_void_p, ctypes.c_int64
        for library, name, result, arguments in [
            (self.base, "ggml_init", pointer, [Params]),
            (self.base, "ggml_free", None, [pointer]),
            (self.base, "ggml_new_tensor_2d", pointer, [pointer, ctypes.c_int, size, size]),
            (self.base, "ggml_get_data", pointer, [pointer]),
            (self.base, "ggml_mul_mat", pointer, [pointer, pointer, pointer]),
            (self.base, "ggml_new_graph", pointer, [pointer]),
            (self.base, "ggml_build_forward_expand", None, [pointer, pointer]),
            (self.base, "ggml_quantize_chunk", ctypes.c_size_t, [ctypes.c_int, *[pointer] * 2, *[size] * 3, pointer]),
            (self.base, "ggml_threadpool_params_default", PoolParams, [ctypes.c_int]),
            (self.cpu, "ggml_cpu_init", None, []),
            (self.cpu, "ggml_threadpool_new", pointer, [ctypes.POINTER(PoolParams)]),
            (self.cpu, "ggml_threadpool_free", None, [pointer]),
            (self.cpu, "ggml_graph_plan", Plan, [pointer, ctypes.c_int, pointer]),
            (self.cpu, "ggml_graph_compute", ctypes.c_int, [pointer, ctypes.POINTER(Plan)]),
        ]:
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        self.cpu.ggml_cpu_init()


class Product:
    """One call multiplies by each of `copies` equal weights in turn."""

    def __init__(self, ggml, rows, columns, batch, threads, copies):
        self.ggml, base, cpu = ggml, ggml.base, ggml.cpu
        bytes = rows * columns // BLOCK * BLOCK_BYTES
        size = copies * (bytes + 4 * rows * batch + 4096) + 4 * columns * batch + (16 << 20)
        self.context = base.ggml_init(Params(size, None, False))
        generator = numpy.random.default_rng(1)
        x = generator.standard_normal((batch, columns), dtype=numpy.float32)
        values = generator.integers(-1, 2, (rows, columns)).astype(numpy.float32)
        activations = base.ggml_new_tensor_2d(self.context, F32, columns, batch)
        ctypes.memmove(base.ggml_get_data(activations), x.ctypes.data, x.nbytes)
        packed = ctypes.create_string_buffer(bytes)
        base.ggml_quantize_chunk(TQ2_0, values.ctypes.data, packed, 0, rows, columns, None)
        self.graph = base.ggml_new_graph(self.context)
        for _ in range(copies):
            weights = base.ggml_new_tensor_2d(self.context, TQ2_0, columns, rows)
            ctypes.memmove(base.ggml_get_data(weights), packed, bytes)
            self.result = base.ggml_mul_mat(self.context, weights, activations)
            base.ggml_build_forward_expand(self.graph, self.result)
        self.pool = cpu.ggml_threadpool_new(ctypes.byref(base.ggml_threadpool_params_default(threads)))
        self.plan = cpu.ggml_graph_plan(self.graph, threads, self.pool)
        self.work = ctypes.create_string_buffer(max(self.plan.work_size, 1))
        self.plan.work = ctypes.cast(self.work, ctypes.c_void_p)
        self()
        self.check(x, values)

    def __call__(self):
        if self.ggml.cpu.ggml_graph_compute(self.graph, ctypes.byref(self.plan)) != 0:
            raise RuntimeError("ggml did not compute")

    def check(self, x, values):
        """Holds the result to the product: activations were rounded to eight bits."""
        batch, rows = len(x), len(values)
        data = ctypes.cast(self.ggml.base.ggml_get_data(self.result), ctypes.POINTER(ctypes.c_float))
        result = numpy.ctypeslib.as_array(data, (batch, rows))
        error = numpy.abs(result - x @ values.T).max() / numpy.abs(result).max()
        if not error < 0.05:
            raise RuntimeError(f"the result of ggml is not the product: relative error {error}")

    def close(self):
        self.ggml.cpu.ggml_threadpool_free(self.pool)
        self.ggml.base.ggml_free(self.context)
