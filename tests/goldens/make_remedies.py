#!/usr/bin/env python3
"""Makes remedies.json: the regulariser Omega and the exponents of gradient flossing, with gradients by PyTorch's autograd in float64.

    python3 tests/goldens/make_remedies.py        PyTorch 2.13.0

Written from the papers' equations and, for the form `code`, from what the authors' program computes; independent of Ebb's way, which
works on steps of any cell: here every gradient of a state is that of a copy between steps, and Jacobians are formed by rows.
"""
import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)
T, B, I, H = 6, 3, 2, 4


def rnn(p, x, s):
    return (torch.tanh(x @ p["W"] + s[0] @ p["U"] + p["b"]),)


def lstm(p, x, s):
    h, c = s
    i, f, g, o = (x @ p["Wx"] + h @ p["Wh"] + p["b"]).chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def rnn_fixed_values(p, before, after):
    """J^T d of the simple recurrence with h constant: (d (1 - h^2)) U^T."""
    return lambda d: (d * (1 - after[0].detach() ** 2)) @ p["U"].T


CELLS = {
    "rnn": (rnn, 1, {"W": (I, H), "U": (H, H), "b": (H,)}),
    "lstm": (lstm, 2, {"Wx": (I, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,)}),
}


def boundary(s):
    return tuple(v * 1 for v in s)  # a copy between steps: its gradient is that of the state that enters the next step


def loss_of(states, y, every):
    each = [((s[0] - y[t]) ** 2).sum() for t, s in enumerate(states[1:])]
    return (sum(each) if every else each[-1]) / B


def total(ratios, kept, squared, averaged):
    terms = [torch.where(k, ((r**2 if squared else r) - 1) ** 2, torch.zeros_like(r)) for r, k in zip(ratios, kept)]
    s = sum(t.sum() for t in terms)
    return s / sum(k.sum() for k in kept) if averaged else s


def omega(name, p, x, y, every, squared, averaged, immediate, bound):
    step, fields, _ = CELLS[name]
    states = [boundary(tuple(torch.zeros(B, H, requires_grad=True) for _ in range(fields)))]
    for t in range(T):
        states.append(boundary(step(p, x[t], states[-1])))
    flat = [v for s in states[1:] for v in s]
    d = torch.autograd.grad(loss_of(states, y, every), flat, create_graph=True, allow_unused=True)
    d = [torch.zeros_like(v) if g is None else g for v, g in zip(flat, d)]   # the last c
    ratios, kept = [], []
    for t in range(T):
        dt = d[t * fields:(t + 1) * fields]
        if immediate:
            image = [rnn_fixed_values(p, states[t], states[t + 1])(dt[0].detach())]
            dt = [v.detach() for v in dt]
        else:
            image = torch.autograd.grad(states[t + 1], states[t], dt, create_graph=True)
        norm = torch.cat(dt, -1).norm(dim=-1)
        kept.append(norm**2 >= bound)
        ratios.append(torch.cat(list(image), -1).norm(dim=-1) / torch.where(kept[-1], norm, torch.ones_like(norm)))
    return total(ratios, kept, squared, averaged)


def exponents(name, p, x, warm_up, every):
    """All S exponents of each row; directions from the second half of the warm-up on."""
    step, fields, _ = CELLS[name]
    rows = []
    for b in range(B):
        s = torch.zeros(fields * H)
        apply = lambda s, t: torch.cat([v[0] for v in step(p, x[t, b:b + 1], tuple(v[None] for v in s.chunk(fields)))])
        Q, since, growth = torch.eye(fields * H), 0, torch.zeros(fields * H)
        for t in range(x.shape[0]):
            if t < warm_up // 2:
                s = apply(s, t)
                continue
            J = torch.autograd.functional.jacobian(lambda s: apply(s, t), s, create_graph=True)
            s = apply(s, t)
            Q = J @ Q
            since += 1
            if since < every and t + 1 not in (x.shape[0], warm_up):
                continue
            since = 0
            Q, R = torch.linalg.qr(Q)
            if t >= warm_up:
                growth = growth + R.diagonal().abs().log()
        rows.append(growth / (x.shape[0] - warm_up))
    return torch.stack(rows)


def numbers(v):
    return {"shape": list(v.shape), "values": v.detach().flatten().tolist()}


def with_gradients(value, p):
    g = torch.autograd.grad(value, list(p.values()), allow_unused=True)
    return {"value": value.item(), "gradients": {k: numbers(torch.zeros_like(v) if gk is None else gk) for (k, v), gk in zip(p.items(), g)}}


def drawn(name, seed, scale):
    torch.manual_seed(seed)
    p = {k: (torch.randn(shape) * scale).requires_grad_() for k, shape in CELLS[name][2].items()}
    return p, torch.randn(T, B, I), torch.randn(T, B, H)


def omega_cases():
    cases = []
    for seed, (name, every) in enumerate([("rnn", False), ("rnn", True), ("lstm", False), ("lstm", True)]):
        p, x, y = drawn(name, seed, 0.4)
        forms = {"paper": (False, False, False, 1e-20), "squared": (True, True, False, 1e-20)}
        if name == "rnn":
            forms |= {"code": (True, True, True, 1e-20), "eq10": (False, False, True, 1e-20), "bound": (True, True, True, 1.0)}
        cases.append({"cell": name, "every": every, "x": numbers(x), "y": numbers(y),
                      "parameters": {k: numbers(v) for k, v in p.items()},
                      "forms": {f: {"squared": o[0], "averaged": o[1], "immediate": o[2], "bound": o[3]} |
                                with_gradients(omega(name, p, x, y, every, *o), p) for f, o in forms.items()}})
    return cases


def flossing_cases():
    cases = []
    for seed, (name, warm_up, every) in enumerate([("rnn", 0, 1), ("rnn", 2, 2), ("lstm", 2, 1)]):
        p, x, _ = drawn(name, 10 + seed, 0.5)
        e = exponents(name, p, x, warm_up, every)
        cases.append({"cell": name, "warm_up": warm_up, "every": every, "x": numbers(x), "exponents": numbers(e),
                      "parameters": {k: numbers(v) for k, v in p.items()}} | with_gradients((e**2).mean(), p))
    return cases


content = {"made_by": "tests/goldens/make_remedies.py with PyTorch " + torch.__version__, "input": I, "hidden": H,
           "omega": omega_cases(), "flossing": flossing_cases()}
(HERE / "remedies.json").write_text(json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")
