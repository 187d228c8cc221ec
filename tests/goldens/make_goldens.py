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


class Written(torch.nn.Module):
    """A cell written out from its paper's equations: parameters in Ebb's layout, step(self, x, *state) -> state."""

    def __init__(self, shapes, step):
        super().__init__()
        self.names, self.step = list(shapes), step
        for name, shape in shapes.items():
            setattr(self, name, torch.nn.Parameter(torch.rand(shape) * 1.6 - 0.8))

    def forward(self, x, state):
        state = [s[0] for s in (state if isinstance(state, tuple) else (state,))]
        out = []
        for x_t in x:
            state = self.step(self, x_t, *state)
            out.append(state[0])
        end = tuple(s[None] for s in state)
        return torch.stack(out), end if len(end) > 1 else end[0]

    def layout(self, values, grads, hidden):
        own = lambda d: {n: d[n].T if d[n].dim() == 2 else d[n] for n in self.names}  # undoes matrices(): already [in, out]
        return own(values), own(grads)


def norm(x, gain, shift):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gain, shift, 1e-5)


def positive(a):
    return torch.where(a >= 0, a + 0.5, torch.sigmoid(a))


sigma, tanh = torch.sigmoid, torch.tanh


def lstm_peephole(p, x, h, c):
    i, f, g, o = (x @ p.Wx + h @ p.Wh + p.b).chunk(4, 1)
    new = sigma(f + p.pf * c) * c + sigma(i + p.pi * c) * tanh(g)
    return sigma(o + p.po * new) * tanh(new), new


def cifg(p, x, h, c):
    f, g, o = (x @ p.Wx + h @ p.Wh + p.b).chunk(3, 1)
    new = sigma(f) * c + (1 - sigma(f)) * tanh(g)
    return sigma(o) * tanh(new), new


def lstm_layernorm(p, x, h, c):
    i, f, g, o = (norm(x @ p.Wx, p.gx, p.sx) + norm(h @ p.Wh, p.gh, p.sh) + p.b).chunk(4, 1)
    new = sigma(f) * c + sigma(i) * tanh(g)
    return sigma(o) * tanh(norm(new, p.gc, p.sc)), new


def irnn(p, x, h):
    return torch.relu(x @ p.W + h @ p.U + p.b),


def janet(p, x, h):
    s, g = (x @ p.Wx + h @ p.Wh + p.b).chunk(2, 1)
    return sigma(s) * h + (1 - sigma(s - 1)) * tanh(g),


def mingru(p, x, h):
    z, n = (x @ p.W + p.b).chunk(2, 1)
    return (1 - sigma(z)) * h + sigma(z) * positive(n),


def minlstm(p, x, h):
    f, i, n = (x @ p.W + p.b).chunk(3, 1)
    total = sigma(f) + sigma(i)
    return sigma(f) / total * h + sigma(i) / total * positive(n),


def fastgrnn(p, x, h):
    a = x @ p.W + h @ p.U
    z, n = sigma(a + p.bz), tanh(a + p.bn)
    return z * h + (sigma(p.zeta) * (1 - z) + sigma(p.nu)) * n,


def cornn(p, y_in, y, z, dt=0.042, gamma=2.7, epsilon=4.7):
    z = z + dt * (tanh(y @ p.W + z @ p.Wz + y_in @ p.V + p.b) - gamma * y - epsilon * z)
    return y + dt * z, z


def lem(p, x, y, z):
    d1, d2, u = (y @ p.Wy + x @ p.Vx + p.b).chunk(3, 1)
    z = (1 - sigma(d2)) * z + sigma(d2) * tanh(u)
    return (1 - sigma(d1)) * y + sigma(d1) * tanh(z @ p.Wz + x @ p.Vz + p.bz), z


def indrnn(p, x, h):
    return torch.relu(x @ p.W + p.u * h + p.b),


def antisymmetric(p, x, h, gamma=0.01, epsilon=0.1):
    return h + epsilon * tanh(h @ (p.M - p.M.T) - gamma * h + x @ p.V + p.b),


def antisymmetric_gated(p, x, h, gamma=0.01, epsilon=0.1):
    a = h @ (p.M - p.M.T - gamma * torch.eye(len(p.M), dtype=x.dtype))
    return h + epsilon * sigma(a + x @ p.Vz + p.bz) * tanh(a + x @ p.V + p.b),


def exprnn(p, x, h):
    z = x @ p.W + h @ torch.matrix_exp(p.A.triu(1) - p.A.triu(1).T)
    return torch.sign(z) * torch.relu(z.abs() + p.b),


def slstm(p, x, h, c, n, m, heads=3):
    new = []
    for k, (pre, h, c, n, m) in enumerate(zip(*(t.chunk(heads, 1) for t in (x @ p.W + p.b, h, c, n, m)))):
        i, f, z, o = (pre + h @ getattr(p, f"R{k + 1}")).chunk(4, 1)
        log_f = torch.nn.functional.logsigmoid(f)
        m_new = torch.maximum(i, m + log_f)
        i, f = torch.exp(i - m_new), torch.exp(m + log_f - m_new)
        c, n = f * c + i * tanh(z), f * n + i
        new.append((sigma(o) * c / n, c, n, m_new))
    return tuple(torch.cat(t, 1) for t in zip(*new))


def mgu(p, x, h):
    f = sigma(x @ p.Wf + h @ p.Uf + p.bf)
    return (1 - f) * h + f * tanh(x @ p.Wn + (f * h) @ p.Un + p.bn),


# name in Ebb -> (step, fields of the state, shapes of the parameters for input I and hidden H)
WRITTEN = {
    "lstm-peephole": (lstm_peephole, "hc", lambda I, H: {"Wx": (I, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,), "pi": (H,),
                                                         "pf": (H,), "po": (H,)}),
    "cifg": (cifg, "hc", lambda I, H: {"Wx": (I, 3 * H), "Wh": (H, 3 * H), "b": (3 * H,)}),
    "lstm-layernorm": (lstm_layernorm, "hc", lambda I, H: {
        "Wx": (I, 4 * H), "Wh": (H, 4 * H), **{n: (4 * H,) for n in ("b", "gx", "sx", "gh", "sh")}, "gc": (H,), "sc": (H,)}),
    "irnn": (irnn, "h", lambda I, H: {"W": (I, H), "U": (H, H), "b": (H,)}),
    "janet": (janet, "h", lambda I, H: {"Wx": (I, 2 * H), "Wh": (H, 2 * H), "b": (2 * H,)}),
    "mingru": (mingru, "h", lambda I, H: {"W": (I, 2 * H), "b": (2 * H,)}),
    "minlstm": (minlstm, "h", lambda I, H: {"W": (I, 3 * H), "b": (3 * H,)}),
    "fastgrnn": (fastgrnn, "h", lambda I, H: {"W": (I, H), "U": (H, H), "bz": (H,), "bn": (H,), "zeta": (1,), "nu": (1,)}),
    "cornn": (cornn, "yz", lambda I, H: {"W": (H, H), "Wz": (H, H), "V": (I, H), "b": (H,)}),
    "lem": (lem, "yz", lambda I, H: {"Wy": (H, 3 * H), "Vx": (I, 3 * H), "b": (3 * H,), "Wz": (H, H), "Vz": (I, H), "bz": (H,)}),
    "indrnn": (indrnn, "h", lambda I, H: {"W": (I, H), "u": (H,), "b": (H,)}),
    "antisymmetric": (antisymmetric, "h", lambda I, H: {"M": (H, H), "V": (I, H), "b": (H,)}),
    "antisymmetric:gate=input": (antisymmetric_gated, "h", lambda I, H: {
        "M": (H, H), "V": (I, H), "b": (H,), "Vz": (I, H), "bz": (H,)}),
    "exprnn": (exprnn, "h", lambda I, H: {"W": (I, H), "A": (H, H), "b": (H,)}),
    "slstm:heads=3": (slstm, "hcnm", lambda I, H: {
        "W": (I, 4 * H), "b": (4 * H,), **{f"R{k}": (H // 3, 4 * (H // 3)) for k in (1, 2, 3)}}),
    "mgu": (mgu, "h", lambda I, H: {f"{m}{g}": (I, H) if m == "W" else (H, H) if m == "U" else (H,) for g in "fn" for m in "WUb"}),
}


def written(cell):
    step, fields, shapes = WRITTEN[cell]
    made = []

    def make(input, hidden):
        made.append(Written(shapes(input, hidden), step))
        return made[-1]
    return make, lambda *a: made[-1].layout(*a), list(fields)


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
    data = {"x": rand(T, B, I), "start": {f: rand(B, H) + 2 * (f == "n") for f in fields}, "weights": rand(T, B, H),
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
    todo += [(re.sub("[^a-z]", "_", cell.split("heads")[0].strip(":")), cell, *written(cell)) for cell in WRITTEN]
    for k, (name, cell, make, layout, fields) in enumerate(todo):
        write(name + ".json", {"cell": cell, "cases": [case(make, layout, fields, s, 100 * k + n)
                                                       for n, s in enumerate(SHAPES)]})


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
