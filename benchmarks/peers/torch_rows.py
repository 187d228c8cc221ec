"""PyTorch's side of benchmarks/compare: nn.RNN, nn.LSTM, nn.GRU (spelling builtin), the cell written out (eager), and the
same under torch.compile (compiled). One row of the table, see work.py."""
import sys
import time

import torch
import work

BUILTIN = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def parameter(array):
    return torch.nn.Parameter(torch.from_numpy(array.copy()))


class Builtin(torch.nn.Module):
    """PyTorch keeps two biases; the second is zero here, but for the one inside the GRU's reset."""

    def __init__(self, row, weights):
        super().__init__()
        self.row, self.scopes = row, [scope for scope, _ in work.scopes(row.work, row.I, row.H)]
        self.packed = row.work == "bidirectional"
        self.net = BUILTIN[row.cell](row.I, row.H, num_layers=2 if len(self.scopes) > 1 else 1, bidirectional=self.packed,
                                     dtype=getattr(torch, row.dtype))
        with torch.no_grad():
            for scope in self.scopes:
                self.of("weight_ih", scope).copy_(torch.from_numpy(weights[f"{scope}.Wx"]).T)
                self.of("weight_hh", scope).copy_(torch.from_numpy(weights[f"{scope}.Wh"]).T)
                self.of("bias_ih", scope).copy_(torch.from_numpy(weights[f"{scope}.b"]))
                self.of("bias_hh", scope).zero_()
                if row.cell == "gru":
                    self.of("bias_hh", scope)[2 * row.H:].copy_(torch.from_numpy(weights[f"{scope}.c"]))

    def of(self, name, scope):
        return getattr(self.net, f"{name}_l{int(scope[0]) - 1}{'_reverse' if scope.endswith('b') else ''}")

    def forward(self, x):
        """Outputs [T, B, H]; of packed sequences [1, N, 2 H], so that the last of them is all that is real."""
        if not self.packed:
            return self.net(x)[0]
        lengths = torch.tensor(work.lengths(self.row))
        packed = torch.nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
        return self.net(packed)[0].data.unsqueeze(0)

    def gradients(self):
        found = {}
        for scope in self.scopes:
            found[f"{scope}.Wx"] = self.of("weight_ih", scope).grad.T
            found[f"{scope}.Wh"] = self.of("weight_hh", scope).grad.T
            found[f"{scope}.b"] = self.of("bias_ih", scope).grad
            if self.row.cell == "gru":
                found[f"{scope}.c"] = self.of("bias_hh", scope).grad[2 * self.row.H:]
        return found


class WrittenOut(torch.nn.Module):
    """The cell as a user writes it: gates side by side where the formula allows it."""

    def __init__(self, row, weights):
        super().__init__()
        self.row = row
        self.Wx, self.b = parameter(weights["1.Wx"]), parameter(weights["1.b"])
        if row.cell == "mgu":
            self.Uf, self.Un = (parameter(part) for part in (weights["1.Wh"][:, :row.H], weights["1.Wh"][:, row.H:]))
        else:
            self.Wh = parameter(weights["1.Wh"])
        if row.cell == "gru":
            self.c = parameter(weights["1.c"])

    def rnn(self, x, h):
        return torch.tanh(torch.addmm(self.b, x, self.Wx) + h @ self.Wh)

    def lstm(self, x, state):
        h, c = state
        i, f, g, o = (torch.addmm(self.b, x, self.Wx) + h @ self.Wh).chunk(4, 1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c

    def gru(self, x, h):
        xr, xz, xn = torch.addmm(self.b, x, self.Wx).chunk(3, 1)
        hr, hz, hn = (h @ self.Wh).chunk(3, 1)
        r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
        n = torch.tanh(xn + r * (hn + self.c))
        return (1 - z) * n + z * h

    def mgu(self, x, h):
        xf, xn = torch.addmm(self.b, x, self.Wx).chunk(2, 1)
        f = torch.sigmoid(xf + h @ self.Uf)
        n = torch.tanh(xn + (f * h) @ self.Un)
        return (1 - f) * h + f * n

    def forward(self, x):
        state = x.new_zeros(x.shape[1], self.row.H)
        if self.row.cell == "lstm":
            state = state, state
        step = getattr(self, self.row.cell)
        for t in range(x.shape[0]):
            state = step(x[t], state)
        return (state[0] if self.row.cell == "lstm" else state).unsqueeze(0)

    def gradients(self):
        found = {"1.Wx": self.Wx.grad, "1.b": self.b.grad}
        found["1.Wh"] = torch.cat([self.Uf.grad, self.Un.grad], 1) if self.row.cell == "mgu" else self.Wh.grad
        if self.row.cell == "gru":
            found["1.c"] = self.c.grad
        return found


class Chars(torch.nn.Module):
    """Embedding, one layer, softmax: what `ebb train chars` trains."""

    def __init__(self, row, weights):
        super().__init__()
        self.embedding = torch.nn.Embedding.from_pretrained(torch.from_numpy(weights["emb.W"].copy()), freeze=False)
        self.net = Builtin(row, weights)
        self.out = torch.nn.Linear(row.H, row.V)
        with torch.no_grad():
            self.out.weight.copy_(torch.from_numpy(weights["out.W"]).T)
            self.out.bias.copy_(torch.from_numpy(weights["out.b"]))

    def forward(self, tokens):
        return self.out(self.net(self.embedding(tokens)))

    def gradients(self):
        return {"emb.W": self.embedding.weight.grad, **self.net.gradients(), "out.W": self.out.weight.grad.T,
                "out.b": self.out.bias.grad}


class Convolution(torch.nn.Module):
    """nn.Conv2d. The image is a leaf, unless it is the one of a first layer."""

    def __init__(self, row, weights):
        super().__init__()
        k, stride, _, _ = work.convolution(row)
        self.net = torch.nn.Conv2d(row.I, row.H, k, stride, padding=k // 2)
        self.image = parameter(weights["x"]) if "x" in weights else None
        with torch.no_grad():
            self.net.weight.copy_(torch.from_numpy(weights["W"]).T.reshape(row.H, row.I, k, k))
            self.net.bias.copy_(torch.from_numpy(weights["b"]))

    def forward(self, x):
        return self.net(x if self.image is None else self.image).unsqueeze(0)

    def gradients(self):
        found = {"W": self.net.weight.grad.flatten(1).T, "b": self.net.bias.grad}
        return found if self.image is None else {**found, "x": self.image.grad}


class CrossEntropy(torch.nn.Module):
    def __init__(self, row, weights):
        super().__init__()
        self.logits = parameter(weights["logits"])

    def gradients(self):
        return {"logits": self.logits.grad}


def model_of(row, weights):
    own = {"train_chars": Chars, "conv2d": Convolution, "cross_entropy": CrossEntropy}
    return own.get(row.work, Builtin if row.spelling == "builtin" else WrittenOut)(row, weights)


def main():
    row = work.Row(sys.argv[1:])
    torch.set_num_threads(row.threads)
    torch.set_flush_denormal(True)  # as Ebb and XLA do; before the first parallel loop, whose threads inherit it
    head, weights = work.read_problem(row)
    chars = row.work == "train_chars"
    model = model_of(row, weights)
    if chars:
        tokens, following = (torch.from_numpy(part) for part in head)
        adam = torch.optim.Adam(model.parameters(), lr=1e-3)
        loss = lambda: torch.nn.functional.cross_entropy(model(tokens).flatten(0, 1), following.flatten())
    elif row.work == "cross_entropy":
        targets = torch.from_numpy(head)
        loss = lambda: torch.nn.functional.cross_entropy(model.logits, targets)
    else:
        x = None if head is None else torch.from_numpy(head)
        loss = lambda: model(x)[-1].square().mean()
    if row.spelling == "compiled":
        loss = torch.compile(loss)

    def gradient():
        model.zero_grad(set_to_none=True)
        value = loss()
        value.backward()
        return value

    def step():
        gradient()
        if chars:
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            adam.step()

    begin, more = time.monotonic(), {}
    def first():
        value = gradient()
        if row.spelling == "compiled":
            more["compile_s"] = time.monotonic() - begin
        return lambda: (value.item(), {name: g.numpy() for name, g in model.gradients().items()})

    work.run(row, first, step, torch.__version__, torch.backends.cpu.get_cpu_capability().lower(), more=more)


main()
