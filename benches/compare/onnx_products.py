"""Products of ONNX Runtime by constant weights: bytes (MatMulInteger) and weights of two bits (MatMulNBits)."""

import numpy
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

# Columns that share a scale.
BLOCK = 64


def start(nodes, kind, rows, columns, initializers, outputs, threads):
    """A session for rows of activations `x`."""
    graph = helper.make_graph(
        nodes,
        "product",
        [helper.make_tensor_value_info("x", kind, [None, columns])],
        [helper.make_tensor_value_info(name, of, [None, rows]) for name, of in outputs],
        [numpy_helper.from_array(array, name) for name, array in initializers],
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


class Int8:
    """u8 activations by i8 weights, results in i32."""

    def __init__(self, rows, columns, batch, threads):
        weights = numpy.random.default_rng(1).integers(-1, 2, (columns, rows), dtype=numpy.int8)
        node = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
        outputs = [("y", TensorProto.INT32)]
        self.session = start([node], TensorProto.UINT8, rows, columns, [("w", weights)], outputs, threads)
        self.x = numpy.random.default_rng(2).integers(0, 256, (batch, columns), dtype=numpy.uint8)

    def __call__(self):
        self.session.run(None, {"x": self.x})


class TwoBits:
    """f32 activations, quantised to bytes in the call, by `copies` equal weights of two bits in turn, results in f32."""

    def __init__(self, rows, columns, batch, threads, copies):
        blocks = -(-columns // BLOCK)
        codes = numpy.random.default_rng(1).integers(0, 256, (rows, blocks, BLOCK // 4), dtype=numpy.uint8)
        scales = numpy.ones((rows * blocks,), dtype=numpy.float32)
        sizes = {"K": columns, "N": rows, "bits": 2, "block_size": BLOCK, "accuracy_level": 4}
        nodes, initializers = [], []
        for copy in range(copies):
            names = ["x", f"w{copy}", f"s{copy}"]
            nodes.append(helper.make_node("MatMulNBits", names, [f"y{copy}"], domain="com.microsoft", **sizes))
            # Equal initialisers would be made one.
            initializers += [(names[1], numpy.roll(codes, copy, 0)), (names[2], scales * (copy + 1))]
        outputs = [(f"y{copy}", TensorProto.FLOAT) for copy in range(copies)]
        self.session = start(nodes, TensorProto.FLOAT, rows, columns, initializers, outputs, threads)
        self.x = numpy.random.default_rng(2).standard_normal((batch, columns), dtype=numpy.float32)

    def __call__(self):
        self.session.run(None, {"x": self.x})
