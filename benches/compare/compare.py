#!/usr/bin/env python3
"""Kernels of Tri beside those of ONNX Runtime, in one run on one machine.

    pip install onnxruntime onnx numpy
    cargo build --release
    python benches/compare/compare.py [--threads N] [--n 1,8,64] [ROWSxCOLUMNS ...]

Both multiply int8 activations by weights; ONNX Runtime's are int8 (MatMulInteger), Tri's are trits in two bits. The two take turns, in
several rounds; a figure is the best round's median in GFLOP/s (a multiplication and an addition are two). Weights of ONNX Runtime are in a
cache if they fit, and so are Tri's in the rows `from cache`.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import numpy
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDS = 3
SECONDS = 0.2


def session(rows, columns, threads):
    """A model of one MatMulInteger by constant weights."""
    weights = numpy.random.default_rng(1).integers(-1, 2, (columns, rows), dtype=numpy.int8)
    graph = helper.make_graph(
        [helper.make_node("MatMulInteger", ["x", "w"], ["y"])],
        "product",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, [None, columns])],
        [helper.make_tensor_value_info("y", TensorProto.INT32, [None, rows])],
        [numpy_helper.from_array(weights, "w")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])


def peer(model, rows, columns, batch):
    """GFLOP/s of the median call."""
    x = numpy.random.default_rng(2).integers(0, 256, (batch, columns), dtype=numpy.uint8)
    times, end = [], time.perf_counter() + SECONDS
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        model.run(None, {"x": x})
        times.append(time.perf_counter() - start)
    return 2 * rows * columns * batch / statistics.median(times) / 1e9


def ours(triton, rows, columns, batch, threads):
    """GFLOP/s of the median call, by where weights are."""
    command = [triton, "--format=json", "bench-kernels", f"--shape={rows}x{columns}", f"--n={batch}"]
    command += [f"--threads={threads}", f"--milliseconds={int(1000 * SECONDS)}"]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {row["from"]: row["median_operations_per_second"] / 1e9 for row in report["rows"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", default=["4096x4096", "6912x2560", "512x2048", "4095x4093"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--n", default="1,8,64")
    parser.add_argument("--triton", default=ROOT / "target/release/triton")
    args = parser.parse_args()
    if not pathlib.Path(args.triton).exists():
        sys.exit(f"{args.triton} does not exist: build it with `cargo build --release`")
    print(f"onnxruntime {onnxruntime.__version__}, {args.threads} threads, GFLOP/s")
    print("weights       n  from    Tri i8_t2  ORT int8  ratio")
    for shape in args.shapes:
        rows, columns = map(int, shape.split("x"))
        model = session(rows, columns, args.threads)
        for batch in map(int, args.n.split(",")):
            best, theirs = {}, 0.0
            for _ in range(ROUNDS):
                theirs = max(theirs, peer(model, rows, columns, batch))
                for place, rate in ours(args.triton, rows, columns, batch, args.threads).items():
                    best[place] = max(best.get(place, 0.0), rate)
            for place, rate in best.items():
                print(f"{shape:<11} {batch:>3}  {place:<6}  {rate:>9.0f}  {theirs:>8.0f}  {rate / theirs:>5.2f}")


if __name__ == "__main__":
    main()
