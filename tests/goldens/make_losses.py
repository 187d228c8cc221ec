#!/usr/bin/env python3
"""Creates losses.json and ctc.json with PyTorch: values and gradients of the losses in float64.

    python3 tests/goldens/make_losses.py

The gradient is that of the sum of (loss times fixed weights), so that each row's gradient counts differently.
"""
import json
import pathlib

import torch
import torch.nn.functional as F

torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
HERE = pathlib.Path(__file__).parent


def array(t):
    return {"shape": list(t.shape), "values": t.detach().flatten().tolist()}


def case(name, x, loss, **more):
    """loss(x) gives one value per row; the gradient weights rows differently."""
    x = x.clone().requires_grad_()
    y = loss(x)
    g = torch.linspace(.5, 1.5, y.numel()).reshape(y.shape)
    (dx,) = torch.autograd.grad((y * g).sum(), x)
    return {"name": name, "x": array(x), "loss": array(y), "g": array(g), "dx": array(dx), **more}


def classes():
    """[T, B, V] logits; PyTorch expects the classes on axis 1, so the rows are flattened."""
    T, B, V = 3, 4, 5
    targets = torch.randint(0, V, (T, B))
    targets[0, 1] = targets[2, 3] = -7
    weights = torch.tensor([.3, 2., 1., 0., 1.7])
    out = []
    for smoothing in (0., .1, 1.):
        for w in (None, weights):
            for ignored in (False, True):
                t = targets if ignored else targets.clamp(min=0)
                options = {"weight": w, "ignore_index": -7 if ignored else -100, "label_smoothing": smoothing}
                x = torch.randn(T, B, V) * 2
                c = case("cross_entropy", x,
                         lambda x: F.cross_entropy(x.reshape(-1, V), t.reshape(-1), reduction="none", **options).reshape(T, B),
                         targets=t.flatten().tolist(), smoothing=smoothing, ignored=ignored)
                if w is not None:
                    c["weights"] = array(w)
                x = x.requires_grad_()
                mean = F.cross_entropy(x.reshape(-1, V), t.reshape(-1), **options)
                (dx,) = torch.autograd.grad(mean, x)
                c["mean"], c["mean_dx"] = mean.item(), array(dx)
                out.append(c)
    for w in (None, weights):
        t = targets
        c = case("nll", F.log_softmax(torch.randn(T, B, V), -1),
                 lambda x: F.nll_loss(x.reshape(-1, V), t.reshape(-1), weight=w, ignore_index=-7, reduction="none").reshape(T, B),
                 targets=t.flatten().tolist(), smoothing=0, ignored=True)
        if w is not None:
            c["weights"] = array(w)
        out.append(c)
    return out


def regression():
    x, target = torch.randn(3, 4, 6) * 2, torch.randn(3, 4, 6)
    out = []
    for d in (.3, 1., 2.5):
        out.append(case("huber", x, lambda x: F.huber_loss(x, target, delta=d, reduction="none").mean(-1), target=array(target),
                        parameter=d))
    for d in (0., .3, 1.):
        out.append(case("smooth_l1", x, lambda x: F.smooth_l1_loss(x, target, beta=d, reduction="none").mean(-1), target=array(target),
                        parameter=d))
    return out


def margins():
    out = []
    signs = torch.randint(0, 2, (4, 3)).double() * 2 - 1
    targets = torch.randint(0, 5, (6,))
    for margin in (1., .4):
        for p in (1, 2):
            more = {"parameter": margin, "squared": p == 2}
            out.append(case("hinge", torch.randn(4, 3) * 2, lambda x: ((margin - signs * x).clamp(min=0)**p).sum(-1),
                            target=array(signs), **more))
            out.append(case("multiclass_hinge", torch.randn(6, 5),
                            lambda x: F.multi_margin_loss(x, targets, p=p, margin=margin, reduction="none"),
                            targets=targets.tolist(), **more))
    return out


def ctc():
    """Rows of different lengths, repeated labels, no labels, one label; the last case has a row without an alignment."""
    out = []
    for T, V, blank, lengths, labels in (
            (6, 4, 0, [6, 4, 5, 6], [[1, 2, 2], [3], [], [1, 1, 3]]),
            (9, 3, 2, [9, 7, 9], [[0, 1, 0, 1], [0, 0, 0, 0], [1]]),
            (40, 6, 0, [40, 31], [[1, 5, 5, 2, 3, 4, 4, 1, 2, 2], [3, 1, 2]]),
            (5, 4, 0, [5, 2, 3], [[1, 2, 3], [1, 1], [2, 3]])):
        width = max(map(len, labels))
        padded = torch.tensor([row + [blank] * (width - len(row)) for row in labels])
        x = torch.randn(T, len(lengths), V) * 1.5
        out.append(case("ctc", x, lambda x: F.ctc_loss(
            F.log_softmax(x, -1), padded, torch.tensor(lengths), torch.tensor([len(row) for row in labels]), blank=blank,
            reduction="none", zero_infinity=True), blank=blank, lengths=lengths, labels=padded.flatten().tolist(),
            label_lengths=[len(row) for row in labels]))
    return out


def write(name, cases):
    content = {"made_by": "tests/goldens/make_losses.py with PyTorch " + torch.__version__, "cases": cases}
    (HERE / name).write_text(json.dumps(content, separators=(",", ":")).replace('},{"name"', '},\n{"name"') + "\n")


def main():
    write("losses.json", classes() + regression() + margins())
    write("ctc.json", ctc())


if __name__ == "__main__":
    main()
