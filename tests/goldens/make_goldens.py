#!/usr/bin/env python3
"""Creates the golden files for Ebb's cells and optimisers with PyTorch.

    python3 tests/goldens/make_goldens.py

Values are drawn with fixed seeds. Parameters are written in Ebb's layout: matrices [in, out] (PyTorch has the transpose),
one bias where PyTorch's two always appear as a sum. Each file names the PyTorch version.
"""
import functools
import json
import pathlib
import re

import torch

from written_cells import WRITTEN

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
    """PyTorch's parameters in Ebb's orientation, with their gradients."""
    values = {n: p.detach().T if p.dim() == 2 else p.detach() for n, p in module.named_parameters()}
    grads = {n: p.grad.T if p.dim() == 2 else p.grad for n, p in module.named_parameters() if p.requires_grad}
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


class Written(torch.nn.Module):
    """A cell written out from its paper's equations: parameters in Ebb's layout, step(self, x, *state) -> state, and
    output(self, x, *state), by default the first field. A tensor in place of a shape is not trained."""

    def __init__(self, shapes, step, output=lambda self, x, *state: state[0]):
        super().__init__()
        self.names, self.step, self.output = list(shapes), step, output
        for name, shape in shapes.items():
            fixed = torch.is_tensor(shape)
            value = shape if fixed else torch.rand(shape) * 1.6 - 0.8
            setattr(self, name, torch.nn.Parameter(value, requires_grad=not fixed))

    def forward(self, x, state):
        state = [s[0] for s in (state if isinstance(state, tuple) else (state,))]
        out = []
        for x_t in x:
            state = self.step(self, x_t, *state)
            out.append(self.output(self, x_t, *state))
        end = tuple(s[None] for s in state)
        return torch.stack(out), end if len(end) > 1 else end[0]

    def layout(self, values, grads, hidden):
        own = lambda d: {n: d[n].T if d[n].dim() == 2 else d[n] for n in self.names if n in d}  # undoes matrices(): already [in, out]
        return own(values), own(grads)


def written(cell):
    step, fields, shapes, *output = WRITTEN[cell]
    made = []

    def make(input, hidden):
        made.append(Written(shapes(input, hidden), step, *output))
        return made[-1]
    return make, lambda *a: made[-1].layout(*a), fields


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
        "gradients": arrays({**grads, "x": x.grad, **{"start/" + n: torch.zeros_like(s) if s.grad is None else s.grad
                                                      for n, s in start.items()}}),
    }


def to(data, dtype):
    return {k: to(v, dtype) if isinstance(v, dict) else v.to(dtype) for k, v in data.items()}


def case(make, layout, fields, shape, seed):
    T, B, I, H = shape
    torch.manual_seed(seed)
    module = make(I, H)
    rand = lambda *s: torch.rand(s) * 2 - 1
    extents = fields(I, H) if callable(fields) else {f: (H,) for f in fields}
    data = {"x": rand(T, B, I), "start": {f: rand(B, *e) + 2 * (f == "n") for f, e in extents.items()},
            "weights": rand(T, B, H), "end_weights": {f: rand(B, *e) for f, e in extents.items()}}
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
    todo += [(re.sub("[^a-z0-9]+", "_", re.sub("(:|,)(block|heads|states|depth|modules|order|theta|window)=[0-9.]+", "", cell)), cell, *written(cell))
             for cell in WRITTEN]
    for k, (name, cell, make, layout, fields) in enumerate(todo):
        shapes = SHAPES[1:] if "greff" in name else SHAPES  # of nine variants, the small case
        if cell in ("sru", "s4d:states=6"):
            shapes = SHAPES + [(4, 2, 3, 3)]  # the input as wide as the state
        write(name + ".json", {"cell": cell, "cases": [case(make, layout, fields, s, 100 * k + n)
                                                       for n, s in enumerate(shapes)]})


class Lion(torch.optim.Optimizer):
    """Not in PyTorch: Chen et al. 2023, algorithm 2."""

    def __init__(self, parameters, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (beta1, beta2), lr = group["betas"], group["lr"]
            for w in group["params"]:
                m = self.state[w].setdefault("m", torch.zeros_like(w))
                update = torch.sign(beta1 * m + (1 - beta1) * w.grad)
                w.sub_(lr * (update + group["weight_decay"] * w))
                m.copy_(beta2 * m + (1 - beta2) * w.grad)


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
            ("adamw", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.2}, o.AdamW),
            ("adagrad", {"lr": 0.1}, o.Adagrad),
            ("adagrad", {"lr": 0.1, "lr_decay": 0.05, "weight_decay": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-6}, o.Adagrad),
            ("adadelta", {"lr": 1.0}, o.Adadelta),
            ("adadelta", {"lr": 0.7, "rho": 0.8, "eps": 1e-4, "weight_decay": 0.1}, o.Adadelta),
            ("adamax", {"lr": 0.05}, o.Adamax),
            ("adamax", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.2}, o.Adamax),
            ("nadam", {"lr": 0.05}, o.NAdam),
            ("nadam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.2, "momentum_decay": 0.02}, o.NAdam),
            ("radam", {"lr": 0.05}, o.RAdam),
            ("radam", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.2}, o.RAdam),
            ("amsgrad", {"lr": 0.05}, functools.partial(o.Adam, amsgrad=True)),
            ("amsgrad", {"lr": 0.05, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.2}, functools.partial(o.Adam, amsgrad=True)),
            ("lion", {"lr": 0.02}, Lion),
            ("lion", {"lr": 0.02, "betas": [0.8, 0.95], "weight_decay": 0.2}, Lion)]
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


def schedules():
    """The rate at each of 40 updates."""
    rules = torch.optim.lr_scheduler

    def rates(make, losses=None):
        adam = torch.optim.Adam([torch.zeros(1, requires_grad=True)], lr=0.5)
        rule, list_ = make(adam), []
        for u in range(40):
            list_.append(adam.param_groups[0]["lr"])
            adam.step()
            rule.step(*([losses[u]] if losses else []))
        return list_
    losses = [4 / (1 + u) if u < 9 else 0.41 + 0.02 * (u % 4) - (0.2 if u > 28 else 0) for u in range(40)]
    write("schedules.json", {
        "lr": 0.5, "losses": losses,
        "step": rates(lambda a: rules.StepLR(a, 7, 0.3)), "exponential": rates(lambda a: rules.ExponentialLR(a, 0.9)),
        "cosine": rates(lambda a: rules.CosineAnnealingLR(a, 39, 0.01)),
        "one_cycle": rates(lambda a: rules.OneCycleLR(a, 0.5, total_steps=41, cycle_momentum=False)),
        "plateau": rates(lambda a: rules.ReduceLROnPlateau(a, factor=0.5, patience=3, min_lr=0.02), losses)})


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    cells()
    optimizers()
    schedules()
