"""ONNX Runtime's f32 dense feed-forward layer (512 -> 2048 -> 512, relu) on one thread: the least time of many runs.

    pip install onnxruntime onnx numpy
    python benches/compare/onnx_dense.py [COMMAND ...]

A command, as a rule `cargo bench --package benches --bench routing`, runs between two halves of the measurement, so that both are of one run.
"""

import subprocess
import sys
import time

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

D, H = 512, 2048
rng = np.random.default_rng(0)
weights = {"up": rng.normal(0, 0.04, (D, H)), "down": rng.normal(0, 0.02, (H, D))}
graph = helper.make_graph(
    [
        helper.make_node("MatMul", ["x", "up"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "down"], ["y"]),
    ],
    "ffn",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", D])],
    [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", D])],
    [numpy_helper.from_array(w.astype(np.float32), name) for name, w in weights.items()],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
print(f"onnxruntime {ort.__version__}")
inputs = {rows: rng.normal(0, 1, (rows, D)).astype(np.float32) for rows in (1, 16, 256, 4096)}
least = dict.fromkeys(inputs, float("inf"))


def measure():
    """Takes the least time of a second for each number of rows."""
    for rows, x in inputs.items():
        begin = time.perf_counter()
        while time.perf_counter() - begin < 1.0:
            start = time.perf_counter()
            session.run(None, {"x": x})
            least[rows] = min(least[rows], time.perf_counter() - start)


measure()
if sys.argv[1:]:
    subprocess.run(sys.argv[1:], check=True)
    measure()
for rows, seconds in least.items():
    print(f"{rows:5} rows {seconds * 1e6:10.1f} us")
