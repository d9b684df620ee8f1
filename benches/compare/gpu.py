#!/usr/bin/env python3
"""torch on an NVIDIA GPU, for the cases of `benches/gpu.rs`: bf16 products, a device copy, and a dense feed-forward layer.

    python benches/compare/gpu.py FILE.json

Times are between CUDA events around graphs of 20 calls, the median of 5; operands of small products rotate through copies of 256 MiB together.
`cargo xtask gpu-bench` calls it where torch is installed.
"""

import json
import statistics
import sys

import torch

COLD = 256 << 20
CALLS = 20
ROUNDS = 5


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


def copy(size):
    source = torch.empty(size // 4, device="cuda")
    target = torch.empty_like(source)
    time = microseconds(lambda _: target.copy_(source))
    return {"case": "copy", "bytes": size, "microseconds": time, "gigabytes_a_second": 2 * size / time / 1e3}


def main():
    cases = [copy(COLD)]
    for out, width in [(2560, 2560), (6912, 2560), (2560, 6912), (8192, 8192), (28672, 8192)]:
        cases.append(product(out, width, 1))
    cases.append(product(8192, 8192, 4096))
    cases += [feed_forward(rows) for rows in [1, 16, 256, 1024, 4096, 16384]]
    result = {"torch": torch.__version__, "cuda": torch.version.cuda, "cases": cases}
    with open(sys.argv[1], "w") as file:
        json.dump(result, file, indent=2)


if __name__ == "__main__":
    main()
