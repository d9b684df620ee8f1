"""ONNX Runtime on the networks of `benches/models.rs`, in f32 with random weights: the median time of a call.

    pip install onnxruntime onnx numpy
    python benches/compare/onnx_models.py

Batch norms are folded into the convolutions, as ONNX Runtime's own optimiser would fold them.
"""

import statistics
import time

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

SECONDS = 6.0


class Net:
    """A graph under construction; each method gives the name of its result."""

    def __init__(self):
        self.nodes, self.weights, self.rng = [], [], np.random.default_rng(0)

    def weight(self, *shape):
        name = f"w{len(self.weights)}"
        fan = int(np.prod(shape[1:])) or 1
        value = self.rng.normal(0, 1.4 / fan**0.5, shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(value, name))
        return name

    def node(self, op, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], **attributes))
        return name

    def conv(self, x, cin, cout, size, stride=1, groups=1):
        pad = [(size - 1) // 2] * 4
        weight, bias = self.weight(cout, cin // groups, size, size), self.weight(cout)
        attributes = {"strides": [stride] * 2, "pads": pad, "kernel_shape": [size] * 2, "group": groups}
        return self.node("Conv", x, weight, bias, **attributes)

    def relu(self, x):
        return self.node("Relu", x)

    def relu6(self, x):
        low, high = (numpy_helper.from_array(np.float32(v), f"clip{v}") for v in (0, 6))
        for bound in (low, high):
            if all(bound.name != weight.name for weight in self.weights):
                self.weights.append(bound)
        return self.node("Clip", x, low.name, high.name)

    def head(self, x, width):
        pooled = self.node("Flatten", self.node("GlobalAveragePool", x))
        return self.node("Gemm", pooled, self.weight(1000, width), self.weight(1000), transB=1)

    def session(self, result, threads):
        graph = helper.make_graph(
            self.nodes,
            "net",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 3, 224, 224])],
            [helper.make_tensor_value_info(result, TensorProto.FLOAT, ["B", 1000])],
            self.weights,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def resnet(blocks, bottleneck):
    net = Net()
    x = net.relu(net.conv("x", 3, 64, 7, 2))
    x = net.node("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    channels = 64
    for stage, count in enumerate(blocks):
        width = 64 << stage
        out = 4 * width if bottleneck else width
        for block in range(count):
            stride = 2 if stage > 0 and block == 0 else 1
            if bottleneck:
                y = net.relu(net.conv(x, channels, width, 1))
                y = net.relu(net.conv(y, width, width, 3, stride))
                y = net.conv(y, width, out, 1)
            else:
                y = net.relu(net.conv(x, channels, width, 3, stride))
                y = net.conv(y, width, out, 3)
            shortcut = x if stride == 1 and channels == out else net.conv(x, channels, out, 1, stride)
            x, channels = net.relu(net.node("Add", y, shortcut)), out
    return net, net.head(x, channels)


def mobilenet():
    net = Net()
    x, channels = net.relu6(net.conv("x", 3, 32, 3, 2)), 32
    stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expand, out, count, first in stages:
        for block in range(count):
            stride, wide = (first if block == 0 else 1), expand * channels
            y = net.relu6(net.conv(x, channels, wide, 1)) if expand > 1 else x
            y = net.relu6(net.conv(y, wide, wide, 3, stride, wide))
            y = net.conv(y, wide, out, 1)
            x = net.node("Add", x, y) if stride == 1 and channels == out else y
            channels = out
    return net, net.head(net.relu6(net.conv(x, 320, 1280, 1)), 1280)


def main():
    print(f"onnxruntime {ort.__version__}\n\n| model | threads | batch | ms |\n|---|---:|---:|---:|")
    nets = {"resnet18": resnet([2] * 4, False), "resnet50": resnet([3, 4, 6, 3], True), "mobilenet_v2": mobilenet()}
    for name, (net, result) in nets.items():
        for threads in (1, 2):
            session = net.session(result, threads)
            for batch in (1, 8):
                x = np.random.default_rng(1).normal(0, 1, (batch, 3, 224, 224)).astype(np.float32)
                times, end = [], time.perf_counter() + SECONDS
                while len(times) < 3 or time.perf_counter() < end:
                    start = time.perf_counter()
                    session.run(None, {"x": x})
                    times.append(time.perf_counter() - start)
                print(f"| {name} | {threads} | {batch} | {statistics.median(times) * 1e3:.2f} |", flush=True)


if __name__ == "__main__":
    main()
