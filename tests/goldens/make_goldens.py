#!/usr/bin/env python3
"""Makes the golden files beside it with PyTorch: what the cells and update rules of Ebb are compared with.

    python3 tests/goldens/make_goldens.py

Numbers are drawn from fixed seeds. Parameters are written in Ebb's layout: matrices [in, out] (PyTorch keeps the transpose),
one bias where PyTorch's two always appear as a sum. Each file names the version of PyTorch that made it.
"""
import json
import pathlib

import torch

HERE = pathlib.Path(__file__).parent
SHAPES = [(5, 3, 4, 6), (8, 2, 7, 3)]  # steps, rows, input, hidden


def array(t):  # json writes the shortest digits that give the same double, at most 17
    values = t.detach().flatten().tolist()
    if t.dtype == torch.float32:
        values = [float(format(v, ".9g")) for v in values]
    return {"shape": list(t.shape), "values": values}


def arrays(named):
    return {name: array(t) for name, t in named.items()}


def write(name, content):
    content = {"made_by": "tests/goldens/make_goldens.py with PyTorch " + torch.__version__, **content}
    (HERE / name).write_text(json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")


def matrices(module):
    """PyTorch's parameters in Ebb's orientation, and the gradients that belong to them."""
    values = {n: p.detach().T if p.dim() == 2 else p.detach() for n, p in module.named_parameters()}
    grads = {n: p.grad.T if p.dim() == 2 else p.grad for n, p in module.named_parameters()}
    return values, grads


def summed_bias(values, grads):
    torch.testing.assert_close(grads["bias_ih_l0"], grads["bias_hh_l0"])
    return values["bias_ih_l0"] + values["bias_hh_l0"], grads["bias_ih_l0"]


def rnn_layout(values, grads, hidden):
    b, db = summed_bias(values, grads)
    return ({"W": values["weight_ih_l0"], "U": values["weight_hh_l0"], "b": b},
            {"W": grads["weight_ih_l0"], "U": grads["weight_hh_l0"], "b": db})


def lstm_layout(values, grads, hidden):  # PyTorch's blocks stand in the order i f g o, as Ebb's do
    b, db = summed_bias(values, grads)
    return ({"Wx": values["weight_ih_l0"], "Wh": values["weight_hh_l0"], "b": b},
            {"Wx": grads["weight_ih_l0"], "Wh": grads["weight_hh_l0"], "b": db})


def gru_layout(values, grads, hidden):  # r z n; the recurrent bias of n stays apart, since r multiplies it
    two, n = 2 * hidden, "bias_hh_l0"
    b = torch.cat([values["bias_ih_l0"][:two] + values[n][:two], values["bias_ih_l0"][two:]])
    return ({"Wx": values["weight_ih_l0"], "Wh": values["weight_hh_l0"], "b": b, "bn": values[n][two:]},
            {"Wx": grads["weight_ih_l0"], "Wh": grads["weight_hh_l0"], "b": grads["bias_ih_l0"], "bn": grads[n][two:]})


class GruCourse(torch.nn.Module):
    """h = (1 - z) h + z n with the reset before the product, written out."""

    def __init__(self, input, hidden):
        super().__init__()
        self.hidden = hidden
        for name, shape in {"Wx": (input, 3 * hidden), "Wh": (hidden, 2 * hidden), "Un": (hidden, hidden),
                            "b": (3 * hidden,)}.items():
            setattr(self, name, torch.nn.Parameter((torch.rand(shape) * 2 - 1) / hidden**0.5))

    def forward(self, x, h):
        H, h, out = self.hidden, h[0], []
        for x_t in x:
            a = x_t @ self.Wx + self.b
            r = torch.sigmoid(a[:, :H] + h @ self.Wh[:, :H])
            z = torch.sigmoid(a[:, H:2 * H] + h @ self.Wh[:, H:])
            n = torch.tanh(a[:, 2 * H:] + (r * h) @ self.Un)
            h = (1 - z) * h + z * n
            out.append(h)
        return torch.stack(out), h[None]


def course_layout(values, grads, hidden):
    names = ["Wx", "Wh", "Un", "b"]
    own = lambda d: {n: d[n].T if d[n].dim() == 2 else d[n] for n in names}  # undoes matrices(): already [in, out]
    return own(values), own(grads)


def run(module, layout, data, hidden):
    """Outputs and all gradients of sum(outputs * weights) + sum(end state * weights)."""
    module.zero_grad()
    x = data["x"].clone().requires_grad_()
    start = {n: data["start"][n].clone().requires_grad_() for n in data["start"]}
    states = [s[None] for s in start.values()]
    outputs, end = module(x, tuple(states) if len(states) > 1 else states[0])
    end = {n: e[0] for n, e in zip(start, end if len(states) > 1 else [end])}
    loss = (outputs * data["weights"]).sum() + sum((end[n] * data["end_weights"][n]).sum() for n in end)
    loss.backward()
    values, grads = layout(*matrices(module), hidden)
    return values, {
        "loss": loss.item(),
        "outputs": array(outputs),
        "end": arrays(end),
        "gradients": arrays({**grads, "x": x.grad, **{"start/" + n: s.grad for n, s in start.items()}}),
    }


def to(data, dtype):
    return {k: to(v, dtype) if isinstance(v, dict) else v.to(dtype) for k, v in data.items()}


def case(make, layout, fields, shape, seed):
    T, B, I, H = shape
    torch.manual_seed(seed)
    module = make(I, H)
    rand = lambda *s: torch.rand(s) * 2 - 1
    data = {"x": rand(T, B, I), "start": {f: rand(B, H) for f in fields}, "weights": rand(T, B, H),
            "end_weights": {f: rand(B, H) for f in fields}}
    values, double = run(module, layout, data, H)
    _, single = run(module.float(), layout, to(data, torch.float32), H)
    return {"sizes": {"input": I, "hidden": H}, "parameters": arrays(values), "x": array(data["x"]),
            "start": arrays(data["start"]), "weights": array(data["weights"]),
            "end_weights": arrays(data["end_weights"]), "float64": double, "float32": single}


def cells():
    torch_rnn = lambda kind: lambda i, h: torch.nn.RNN(i, h, nonlinearity=kind)
    todo = [("rnn_tanh", "rnn", torch_rnn("tanh"), rnn_layout, ["h"]),
            ("rnn_relu", "rnn:activation=relu", torch_rnn("relu"), rnn_layout, ["h"]),
            ("lstm", "lstm", torch.nn.LSTM, lstm_layout, ["h", "c"]),
            ("gru", "gru", torch.nn.GRU, gru_layout, ["h"]),
            ("gru_course", "gru-course", GruCourse, course_layout, ["h"])]
    for k, (name, cell, make, layout, fields) in enumerate(todo):
        write(name + ".json", {"cell": cell, "cases": [case(make, layout, fields, s, 100 * k + n)
                                                       for n, s in enumerate(SHAPES)]})


def optimizers():
    """w after each of 100 updates on sum(a (w - target)^4 + w^2 / 2)."""
    o = torch.optim
    todo = [("sgd", {"lr": 0.02}, o.SGD), ("sgd", {"lr": 0.02, "momentum": 0.9}, o.SGD),
            ("sgd", {"lr": 0.02, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}, o.SGD),
            ("sgd", {"lr": 0.02, "momentum": 0.8, "nesterov": True, "weight_decay": 0.05}, o.SGD),
            ("rmsprop", {"lr": 0.01}, o.RMSprop),
            ("rmsprop", {"lr": 0.01, "alpha": 0.9, "eps": 1e-6, "momentum": 0.7, "weight_decay": 0.1}, o.RMSprop),
            ("rmsprop", {"lr": 0.01, "alpha": 0.95, "centered": True}, o.RMSprop),
            ("adam", {"lr": 0.05}, o.Adam),
            ("adam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.2}, o.Adam),
            ("adamw", {"lr": 0.05}, o.AdamW),
            ("adamw", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.2}, o.AdamW)]
    start, a, target = [1.5, -0.5, 0.25, 2.0], [0.5, 1.0, 0.25, 0.1], [-0.5, 0.75, 2.0, 0.0]
    runs = []
    for rule, options, make in todo:
        w = torch.tensor(start, requires_grad=True)
        rule_object = make([w], **{k: tuple(v) if isinstance(v, list) else v for k, v in options.items()})
        path = []
        for _ in range(100):
            rule_object.zero_grad()
            offset = w - torch.tensor(target)
            (torch.tensor(a) * offset**4 + w**2 / 2).sum().backward()
            rule_object.step()
            path.append(w.detach().tolist())
        runs.append({"rule": rule, "options": options, "path": path})
    write("optimizers.json", {"start": start, "a": a, "target": target, "runs": runs})


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    cells()
    optimizers()
