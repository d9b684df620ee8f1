"""ONNX Runtime on the encoder of `benches/language.rs` (12 layers, d = 768, 12 heads, 128 tokens): in f32, and with dynamically quantised
bytes. The median time of a call, random weights.

    pip install onnxruntime onnx numpy
    python benches/compare/onnx_encoder.py [COMMAND ...]

A command, as a rule `cargo bench --package benches --bench language -- encoder`, runs between two halves of the measurement, so that both are
of one run. Bytes are the faster of weights with one scale and with a scale for each output.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

LAYERS, D, H, HEADS, TOKENS, SECONDS = 12, 768, 3072, 12, 128, 6.0


class Net:
    """A graph under construction; each method gives the name of its result."""

    def __init__(self):
        self.nodes, self.weights, self.rng = [], [], np.random.default_rng(0)

    def tensor(self, value):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def node(self, op, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def linear(self, x, rows, columns):
        weight = self.tensor(self.rng.normal(0, 0.02, (rows, columns)).astype(np.float32))
        bias = self.tensor(np.zeros(columns, np.float32))
        return self.node("Add", self.node("MatMul", x, weight), bias)

    def norm(self, x):
        scale, bias = self.tensor(np.ones(D, np.float32)), self.tensor(np.zeros(D, np.float32))
        return self.node("LayerNormalization", x, scale, bias, axis=-1, epsilon=1e-12)

    def heads(self, x, perm):
        shape = self.tensor(np.array([0, 0, HEADS, D // HEADS], np.int64))
        return self.node("Transpose", self.node("Reshape", x, shape), perm=perm)

    def gelu(self, x):
        root, one, half = (self.tensor(np.float32(v)) for v in (2**0.5, 1, 0.5))
        erf = self.node("Erf", self.node("Div", x, root))
        return self.node("Mul", self.node("Mul", x, self.node("Add", erf, one)), half)

    def block(self, x):
        query, key = self.heads(self.linear(x, D, D), [0, 2, 1, 3]), self.heads(self.linear(x, D, D), [0, 2, 3, 1])
        value = self.heads(self.linear(x, D, D), [0, 2, 1, 3])
        scores = self.node("Div", self.node("MatMul", query, key), self.tensor(np.float32((D / HEADS) ** 0.5)))
        mixed = self.node("MatMul", self.node("Softmax", scores, axis=-1), value)
        shape = self.tensor(np.array([0, 0, D], np.int64))
        joined = self.node("Reshape", self.node("Transpose", mixed, perm=[0, 2, 1, 3]), shape)
        y = self.norm(self.node("Add", x, self.linear(joined, D, D)))
        return self.norm(self.node("Add", y, self.linear(self.gelu(self.linear(y, D, H)), H, D)))


def encoder():
    net, x = Net(), "x"
    for _ in range(LAYERS):
        x = net.block(x)
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", "T", D]) for name in ("x", x)]
    graph = helper.make_graph(net.nodes, "encoder", shapes[:1], shapes[1:], net.weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def session(model, threads):
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def measure(sessions, times, x):
    """Calls all of them in turns."""
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        for name, each in sessions.items():
            start = time.perf_counter()
            each.run(None, {"x": x})
            times[name].append(time.perf_counter() - start)


def main():
    x = np.random.default_rng(1).normal(0, 1, (1, TOKENS, D)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder:
        floats = Path(folder, "f32.onnx")
        onnx.save(encoder(), floats)
        files = {"f32": floats}
        for name, per_channel in (("bytes", False), ("bytes, a scale an output", True)):
            files[name] = Path(folder, f"bytes{per_channel}.onnx")
            quantize_dynamic(floats, files[name], per_channel=per_channel, weight_type=QuantType.QInt8)
        sessions = {(name, threads): session(file, threads) for name, file in files.items() for threads in (1, 2)}
    times = {name: [] for name in sessions}
    measure(sessions, times, x)
    if len(sys.argv) > 1:
        subprocess.run(sys.argv[1:], check=True)
        measure(sessions, times, x)
    print(f"onnxruntime {ort.__version__}\n\n| weights | threads | ms |\n|---|---:|---:|")
    for (name, threads), found in times.items():
        print(f"| {name} | {threads} | {statistics.median(found) * 1e3:.2f} |")


if __name__ == "__main__":
    main()
