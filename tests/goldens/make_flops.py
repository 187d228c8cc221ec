#!/usr/bin/env python3
"""Creates flops.json with PyTorch's FlopCounterMode: flops of matrix products and convolutions, forward and backward.

    python3 tests/goldens/make_flops.py
"""
import json
import pathlib

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

HERE = pathlib.Path(__file__).parent


def leaf(*shape):
    return torch.randn(*shape, requires_grad=True)


def counted(f):
    with FlopCounterMode(display=False) as count:
        f().sum().backward()
    return count.get_total_flops()


def mlp():
    x, W, V = torch.randn(8, 5), leaf(5, 7), leaf(7, 3)
    return counted(lambda: torch.tanh(x @ W) @ V)


def batched():
    a, b = leaf(4, 3, 5), leaf(4, 5, 2)
    return counted(lambda: a @ b)


def rnn():
    """T = 6, B = 3, I = 2, H = 5: one product of the input for each step; a product of the first state, which has no gradient."""
    x, W, U = torch.randn(6, 3, 2), leaf(2, 5), leaf(5, 5)

    def f():
        h = torch.zeros(3, 5)
        for t in range(6):
            h = torch.tanh(x[t] @ W + h @ U)
        return h
    return counted(f)


def attention():
    """T = 7, B = 2, D = 4, one head, without projections."""
    q, k, v = leaf(2, 7, 4), leaf(2, 7, 4), leaf(2, 7, 4)
    return counted(lambda: torch.softmax(q @ k.transpose(1, 2), -1) @ v)


def conv():
    out = []
    for stride, padding in ((1, 0), (1, 1), (2, 1)):
        x, W = leaf(2, 3, 8, 9), leaf(4, 3, 3, 3)
        out.append({"stride": stride, "padding": padding,
                    "flops": counted(lambda: F.conv2d(x, W, stride=stride, padding=padding))})
    return out


golden = {"torch": torch.__version__, "mlp": mlp(), "batched": batched(), "rnn": rnn(), "attention": attention(), "conv2d": conv()}
(HERE / "flops.json").write_text(json.dumps(golden) + "\n")
print(golden)
