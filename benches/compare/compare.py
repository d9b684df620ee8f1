#!/usr/bin/env python3
"""Kernels of Tri beside those of ONNX Runtime and ggml, in one run on one machine.

    pip install onnxruntime onnx numpy llama-cpp-python
    cargo build --release
    python benches/compare/compare.py [--threads N] [--n 1,8,64] [--level avx2] [ROWSxCOLUMNS ...]

Tri multiplies int8 activations by trits in two bits. Peers: ggml's TQ2_0 and ONNX Runtime's MatMulNBits of two bits, which take f32 activations and
quantise them in the call; and ONNX Runtime's MatMulInteger, int8 by int8. All take turns, in several rounds; a figure is the best round's median
in GFLOP/s (a multiplication and an addition are two). For one vector, ternary weights come from memory: calls go through copies of 256 MiB together,
as Tri's do. Otherwise, and for int8, weights are in a cache if they fit. Ratios: Tri to the better ternary peer, and to int8.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

import onnxruntime

import ggml
import onnx_products

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDS = 3
SECONDS = 0.2
COLD_BYTES = 256 << 20


def rate(call, operations):
    """GFLOP/s of the median call."""
    times, end = [], time.perf_counter() + SECONDS
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return operations / statistics.median(times) / 1e9


def ours(args, rows, columns, batch):
    """GFLOP/s of the median call."""
    command = [args.triton, "--format=json", "bench-kernels", f"--shape={rows}x{columns}", f"--n={batch}"]
    command += [f"--threads={args.threads}", f"--milliseconds={int(1000 * SECONDS)}"]
    command += [f"--level={args.level}"] if args.level else []
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    place = "memory" if batch == 1 else "cache"
    return next(row["median_operations_per_second"] / 1e9 for row in report["rows"] if row["from"] == place)


def compare(args, library, rows, columns, batch):
    """The best rates: Tri, ggml, ONNX Runtime in two bits and in bytes; None where a peer has no such product."""
    operations = 2 * rows * columns * batch
    copies = max(3, -(-COLD_BYTES // (rows * columns // 4))) if batch == 1 else 1
    calls = {"tri": None}
    if library and columns % ggml.BLOCK == 0:
        calls["ggml"] = (ggml.Product(library, rows, columns, batch, args.threads, copies), copies)
    calls["two bits"] = (onnx_products.TwoBits(rows, columns, batch, args.threads, copies), copies)
    calls["int8"] = (onnx_products.Int8(rows, columns, batch, args.threads), 1)
    best = dict.fromkeys(["tri", "ggml", "two bits", "int8"], None)
    for _ in range(ROUNDS):
        for name, call in calls.items():
            if name == "tri":
                result = ours(args, rows, columns, batch)
            else:
                product, times = call
                result = rate(product, operations * times)
            best[name] = max(best[name] or 0.0, result)
    if "ggml" in calls:
        calls["ggml"][0].close()
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shapes = ["4096x4096", "14336x4096", "4096x14336", "6912x2560", "2560x6912", "512x2048", "4095x4093"]
    parser.add_argument("shapes", nargs="*", default=shapes)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--n", default="1,8,64")
    parser.add_argument("--level", help="cap Tri's CPU level")
    parser.add_argument("--triton", default=ROOT / "target/release/triton")
    args = parser.parse_args()
    if not pathlib.Path(args.triton).exists():
        sys.exit(f"{args.triton} does not exist: build it with `cargo build --release`")
    path = ggml.folder()
    library = ggml.Ggml(path) if path else None
    print(f"onnxruntime {onnxruntime.__version__}, ggml {'of llama-cpp-python' if library else 'not installed'}")
    print(f"{args.threads} threads, GFLOP/s")
    print("weights       n      Tri  ggml TQ2_0  ORT 2 bits  ORT int8  to ternary  to int8")
    for shape in args.shapes:
        rows, columns = map(int, shape.split("x"))
        for batch in map(int, args.n.split(",")):
            best = compare(args, library, rows, columns, batch)
            tri, ternary = best["tri"], max(best["ggml"] or 0.0, best["two bits"])
            peer = f"{best['ggml']:.0f}" if best["ggml"] else "-"
            print(
                f"{shape:<11} {batch:>3}  {tri:>7.0f}  {peer:>10}  {best['two bits']:>10.0f}  {best['int8']:>8.0f}  "
                f"{tri / ternary:>10.2f}  {tri / best['int8']:>7.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
