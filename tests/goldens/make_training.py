#!/usr/bin/env python3
"""Creates training.json: averaged descent, its trigger, and clipping, for tests/optim/.

    python3 tests/goldens/make_training.py

ASGD is PyTorch's. What PyTorch lacks is implemented here: adaptive clipping (Brock et al. 2021, equation 3) with PyTorch's
matrices [out, in], whose rows are the units, and the trigger of the AWD-LSTM (Merity et al. 2018, algorithm 1).
"""
import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent
START, A, TARGET = [1.5, -0.5, 0.25, 2.0], [0.5, 1.0, 0.25, 0.1], [-0.5, 0.75, 2.0, 0.0]   # as make_goldens.py's


def asgd(options):
    w = torch.tensor(START, requires_grad=True)
    rule = torch.optim.ASGD([w], **options)
    path, means = [], []
    for _ in range(100):
        rule.zero_grad()
        (torch.tensor(A) * (w - torch.tensor(TARGET))**4 + w**2 / 2).sum().backward()
        rule.step()
        path.append(w.detach().tolist())
        means.append(rule.state[w]["ax"].tolist())
    return {"options": options, "path": path, "means": means}


def polyak(begin, lr=0.02):
    """Plain descent, and the mean of all weights from update `begin` on (counted from 0)."""
    w = torch.tensor(START, requires_grad=True)
    seen, means = [], []
    for u in range(40):
        w.grad = None
        (torch.tensor(A) * (w - torch.tensor(TARGET))**4 + w**2 / 2).sum().backward()
        with torch.no_grad():
            w -= lr * w.grad
        seen.append(w.detach().clone())
        means.append((sum(seen[begin:]) / len(seen[begin:]) if u >= begin else seen[-1]).tolist())
    return {"begin": begin, "lr": lr, "means": means}


def trigger(n):
    torch.manual_seed(n)
    losses = [(3 * 0.9**u + 0.3 * torch.rand(1).item()) for u in range(40)]
    logs, first = [], -1
    for u, v in enumerate(losses):
        if first < 0 and u > n and v > min(logs[:u - n]):
            first = u
        logs.append(v)
    return {"n": n, "losses": losses, "first": first}


def clipping():
    torch.manual_seed(3)
    w = {"W": torch.randn(3, 5) * torch.tensor([[1.0], [0.0], [0.01]]), "b": torch.randn(3)}
    g = {"W": torch.randn(3, 5) * 0.3, "b": torch.randn(3) * 0.01}
    share, epsilon = 0.1, 1e-3
    adaptive = {}
    for name in w:
        dim = 1 if w[name].dim() == 2 else 0
        most = share * w[name].norm(dim=dim, keepdim=True).clamp(min=epsilon)
        norm = g[name].norm(dim=dim, keepdim=True)
        adaptive[name] = torch.where(norm > most, g[name] * most / norm, g[name])
    each = {}
    for name in w:
        p = torch.nn.Parameter(w[name].clone())
        p.grad = g[name].clone()
        norm = torch.nn.utils.clip_grad_norm_([p], 0.5)
        each[name] = p.grad if norm > 0.5 else g[name]   # PyTorch divides by the norm + 1e-6

    def turned(named):   # into Ebb's [in, out]
        named = {k: v.T if v.dim() == 2 else v for k, v in named.items()}
        return {k: {"shape": list(v.shape), "values": v.flatten().tolist()} for k, v in named.items()}
    return {"w": turned(w), "g": turned(g), "share": share, "epsilon": epsilon, "adaptive": turned(adaptive), "each": turned(each)}


content = {"made_by": "tests/goldens/make_training.py with PyTorch " + torch.__version__,
           "start": START, "a": A, "target": TARGET,
           "asgd": [asgd({"lr": 0.02}), asgd({"lr": 0.05, "lambd": 0.01, "alpha": 0.6, "t0": 20, "weight_decay": 0.1}),
                    asgd({"lr": 0.02, "lambd": 0.0, "t0": 0})],
           "polyak": [polyak(0), polyak(15)],
           "trigger": [trigger(0), trigger(3), trigger(5)], "clipping": clipping()}
(HERE / "training.json").write_text(json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")
