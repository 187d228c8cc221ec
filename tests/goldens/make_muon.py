#!/usr/bin/env python3
"""Creates muon.json: updates of Muon for tests/optim/muon_test.cpp.

    python3 tests/goldens/make_muon.py

The authors' reference and PyTorch iterate only in bfloat16, so the algorithm is reimplemented here in float64, with matrices
[out, in] as in theirs, and compared with torch.optim.Muon to bfloat16's precision.
"""
import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
A, B, C = 3.4445, -4.7750, 2.0315
LR, MOMENTUM, DECAY, UPDATES = 0.02, 0.95, 0.1, 12


def orthogonal(u, iterations):
    x = u if u.shape[0] <= u.shape[1] else u.T
    x = x / (x.norm() + 1e-7)
    for _ in range(iterations):
        gram = x @ x.T
        x = A * x + (B * gram + C * gram @ gram) @ x
    return x if u.shape[0] <= u.shape[1] else x.T


def hidden(w, grads, iterations=5, nesterov=True):
    m, path = torch.zeros_like(w), []
    for g in grads:
        m = MOMENTUM * m + (1 - MOMENTUM) * g
        u = (1 - MOMENTUM) * g + MOMENTUM * m if nesterov else m
        scale = max(1, w.shape[0] / w.shape[1])**0.5
        w = w * (1 - LR * DECAY) - LR * scale * orthogonal(u, iterations)
        path.append(w)
    return path


def other(w, grads, lr=3e-4):
    """AdamW, by PyTorch."""
    w = w.clone().requires_grad_()
    rule = torch.optim.AdamW([w], lr=lr, betas=(0.9, 0.95), eps=1e-10, weight_decay=DECAY)
    path = []
    for g in grads:
        w.grad = g.clone()
        rule.step()
        path.append(w.detach().clone())
    return path


def check_by_pytorch(w, grads):
    p = torch.nn.Parameter(w.clone())
    rule = torch.optim.Muon([p], lr=LR, momentum=MOMENTUM, weight_decay=DECAY)
    for g, wanted in zip(grads, hidden(w, grads)):
        p.grad = g.clone()
        rule.step()
        # a step with bfloat16 products is accurate to about 1 % of its norm
        assert (p - wanted).abs().max() < 0.02 * LR * UPDATES, (p - wanted).abs().max()


def written(t):
    t = t.T if t.dim() == 2 else t       # into Ebb's [in, out]
    return {"shape": list(t.shape), "values": t.flatten().tolist()}


torch.manual_seed(5)
shapes = {"rnn/Wx": (6, 4), "rnn/Wh": (3, 3), "rnn/V": (2, 5), "rnn/b": (6,), "emb/W": (4, 7), "out/W": (5, 3), "out/b": (5,)}
start = {name: torch.randn(shape) for name, shape in shapes.items()}
grads = {name: [torch.randn(shape) * (1e-3 if name == "rnn/Wh" else 1) for _ in range(UPDATES)] for name, shape in shapes.items()}
kinds = {name: name.startswith("rnn/") and len(shape) == 2 for name, shape in shapes.items()}
for name in shapes:
    if kinds[name]:
        check_by_pytorch(start[name], grads[name])
runs = []
for options in ({"iterations": 5, "nesterov": True}, {"iterations": 3, "nesterov": False}):
    paths = {name: hidden(start[name], grads[name], **options) if kinds[name] else other(start[name], grads[name]) for name in shapes}
    runs.append({**options, "path": [{name: written(paths[name][u]) for name in shapes} for u in range(UPDATES)]})
content = {"made_by": "tests/goldens/make_muon.py with PyTorch " + torch.__version__, "lr": LR, "decay": DECAY,
           "start": {name: written(t) for name, t in start.items()},
           "grads": [{name: written(grads[name][u]) for name in shapes} for u in range(UPDATES)], "runs": runs}
(HERE / "muon.json").write_text(json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")
