#!/usr/bin/env python3
"""torch on an NVIDIA GPU, for the cases of `benches/gpu.rs`: bf16 products, a device copy, a dense feed-forward layer, and ResNet-18 in fp32.

    python benches/compare/gpu.py FILE.json

Times are between CUDA events around graphs of 20 calls, the median of 5; operands of small products rotate through copies of 256 MiB together. ResNet-18 is
measured eager, without a graph, as its bar says, and without tf32.
`cargo xtask gpu-bench` calls it where torch is installed.
"""

import json
import statistics
import sys

import torch
from torch import nn

COLD = 256 << 20
CALLS = 20
ROUNDS = 5


def eager_microseconds(call):
    """Of one call, without a graph."""
    for _ in range(3):
        call()
    times = []
    for _ in range(ROUNDS):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(CALLS):
            call()
        end.record()
        end.synchronize()
        times.append(start.elapsed_time(end) * 1000 / CALLS)
    return statistics.median(times)


def microseconds(call):
    """Of one call; `call(i)` is given the number of the call."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for i in range(3):
            call(i)
        stream.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream):
            for i in range(CALLS):
                call(i)
        times = []
        for _ in range(ROUNDS):
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record(stream)
            graph.replay()
            end.record(stream)
            end.synchronize()
            times.append(start.elapsed_time(end) * 1000 / CALLS)
    return statistics.median(times)


def product(out, width, rows):
    copies = max(1, min(CALLS, -(-COLD // (out * width * 2))))
    weights = [torch.randn(width, out, device="cuda", dtype=torch.bfloat16) for _ in range(copies)]
    x = torch.randn(rows, width, device="cuda", dtype=torch.bfloat16)
    time = microseconds(lambda i: torch.matmul(x, weights[i % copies]))
    return {"case": "product", "out": out, "in": width, "rows": rows, "microseconds": time}


def feed_forward(rows, width=512, hidden=2048):
    up = torch.randn(width, hidden, device="cuda", dtype=torch.bfloat16)
    down = torch.randn(hidden, width, device="cuda", dtype=torch.bfloat16)
    x = torch.randn(rows, width, device="cuda", dtype=torch.bfloat16)
    time = microseconds(lambda _: torch.relu(x @ up) @ down)
    return {"case": "ffn", "entry": "in_dense", "rows": rows, "microseconds": time}


class Block(nn.Module):
    """A basic block of ResNet-18."""

    def __init__(self, width, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(width, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        same = stride == 1 and width == out
        down = [nn.Conv2d(width, out, 1, stride, bias=False), nn.BatchNorm2d(out)]
        self.down = nn.Identity() if same else nn.Sequential(*down)

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.down(x))


def resnet18(batch):
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    widths = [64, 64, 64, 128, 128, 256, 256, 512, 512]
    blocks = [Block(a, b, 1 if a == b else 2) for a, b in zip(widths, widths[1:])]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)]
    model = nn.Sequential(*stem, *blocks, *head).cuda().eval()
    x = torch.randn(batch, 3, 224, 224, device="cuda")
    time = eager_microseconds(lambda: model(x))
    return {"case": "images", "model": "resnet18 fp32 eager", "batch": batch, "microseconds": time}


def copy(size):
    source = torch.empty(size // 4, device="cuda")
    target = torch.empty_like(source)
    time = microseconds(lambda _: target.copy_(source))
    return {"case": "copy", "bytes": size, "microseconds": time, "gigabytes_a_second": 2 * size / time / 1e3}


@torch.inference_mode()
def main():
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    cases = [copy(COLD)]
    for out, width in [(2560, 2560), (6912, 2560), (2560, 6912), (8192, 8192), (28672, 8192)]:
        cases.append(product(out, width, 1))
    cases.append(product(8192, 8192, 4096))
    cases += [feed_forward(rows) for rows in [1, 16, 256, 1024, 4096, 16384]]
    cases.append(resnet18(32))
    result = {"torch": torch.__version__, "cuda": torch.version.cuda, "cases": cases}
    with open(sys.argv[1], "w") as file:
        json.dump(result, file, indent=2)


if __name__ == "__main__":
    main()
