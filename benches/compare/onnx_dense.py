"""ONNX Runtime's f32 dense feed-forward layer (512 -> 2048 -> 512, relu) on one thread: the least time of many runs.

    pip install onnxruntime onnx numpy
    python benches/compare/onnx_dense.py
"""

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
for rows in (1, 16, 256, 4096):
    x = rng.normal(0, 1, (rows, D)).astype(np.float32)
    least, begin = float("inf"), time.perf_counter()
    while time.perf_counter() - begin < 1.5:
        start = time.perf_counter()
        session.run(None, {"x": x})
        least = min(least, time.perf_counter() - start)
    print(f"{rows:5} rows {least * 1e6:10.1f} us")
