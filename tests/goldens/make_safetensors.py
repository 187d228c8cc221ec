#!/usr/bin/env python3
"""Creates safetensors files written by PyTorch, which Ebb must read (tests/nn/files/safetensors_test.cpp).

    python3 tests/goldens/make_safetensors.py              # writes foreign.safetensors and foreign_f8.safetensors
    python3 tests/goldens/make_safetensors.py check FILE   # reads a file that Ebb wrote, and prints what is in it
"""
import pathlib
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def make():
    halves = [1.0, -2.5, 65504.0, 6.103515625e-05, 5.960464477539063e-08, -3.0e-05, float("inf"), 0.333251953125]
    save_file({
        "f64": torch.tensor([0.1, -1e300], dtype=torch.float64),
        "f32": torch.tensor([[0.1, 2.0], [-3.0, 1e-40]]),
        "f16": torch.tensor(halves, dtype=torch.float16),
        "bf16": torch.tensor([1.0, -2.5, 3.0e38, 1e-40], dtype=torch.bfloat16),
        "i64": torch.tensor([2**53, -2**53, 7]), "i32": torch.tensor([2**31 - 1, -2**31], dtype=torch.int32),
        "i16": torch.tensor([32767, -32768], dtype=torch.int16), "i8": torch.tensor([127, -128], dtype=torch.int8),
        "u8": torch.tensor([255, 0], dtype=torch.uint8), "bool": torch.tensor([True, False]),
        "number": torch.tensor(5), "none": torch.zeros(3, 0),
    }, HERE / "foreign.safetensors", metadata={"format": "pt", "made_by": "PyTorch " + torch.__version__})
    save_file({"weight": torch.tensor([1.0, 2.0]).to(torch.float8_e4m3fn)}, HERE / "foreign_f8.safetensors")


def check(path):
    with safe_open(path, "pt") as file:
        print(file.metadata())
        for name in file.keys():
            t = file.get_tensor(name)
            print(name, t.dtype, list(t.shape), t.flatten()[:8].tolist())


if __name__ == "__main__":
    check(sys.argv[2]) if sys.argv[1:2] == ["check"] else make()
