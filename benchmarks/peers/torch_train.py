"""PyTorch's side of benchmarks/train: nn.Embedding, nn.LSTM, nn.Linear, the losses of nn.functional, and fused Adam. The
variational dropout of a state, which nn.LSTM does not have, needs the cell written out. One training, see training.py."""
import sys

import torch
import training
from torch.nn import functional as F


def parameter(array):
    return torch.nn.Parameter(torch.from_numpy(array.copy()))


class BuiltinLstm(torch.nn.Module):
    """nn.LSTM. Of its two biases the second stays zero, so that the number of parameters is the same."""

    def __init__(self, Wx, Wh, b):
        super().__init__()
        self.net = torch.nn.LSTM(Wx.shape[0], Wh.shape[0])
        with torch.no_grad():
            self.net.weight_ih_l0.copy_(torch.from_numpy(Wx).T)
            self.net.weight_hh_l0.copy_(torch.from_numpy(Wh).T)
            self.net.bias_ih_l0.copy_(torch.from_numpy(b))
            self.net.bias_hh_l0.zero_().requires_grad_(False)

    def forward(self, x, state=None):
        return self.net(x, state)


class VariationalLstm(torch.nn.Module):
    """One mask per sequence on the input and on the state in the recurrent product (Gal & Ghahramani 2016)."""

    def __init__(self, Wx, Wh, b, p):
        super().__init__()
        self.Wx, self.Wh, self.b, self.p = parameter(Wx), parameter(Wh), parameter(b), p

    def mask(self, rows, width):
        return torch.empty(rows, width).bernoulli_(1 - self.p).div_(1 - self.p)

    def forward(self, x, state=None):
        T, B, _ = x.shape
        h, c = (s[0] for s in state) if state else x.new_zeros(2, B, self.Wh.shape[0])
        kept = None
        if self.training:
            x, kept = x * self.mask(B, x.shape[2]), self.mask(B, self.Wh.shape[0])
        outputs = []
        for projected in (x.flatten(0, 1) @ self.Wx + self.b).view(T, B, -1).unbind(0):
            i, f, g, o = torch.addmm(projected, h if kept is None else h * kept, self.Wh).chunk(4, 1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
            outputs.append(h)
        return torch.stack(outputs), (h.unsqueeze(0), c.unsqueeze(0))


def lstm(w, scope, p=0):
    parts = [w[f"{scope}/{name}"] for name in ("Wx", "Wh", "b")]
    return VariationalLstm(*parts, p) if p > 0 else BuiltinLstm(*parts)


def linear(w):
    layer = torch.nn.Linear(*w["out/W"].shape)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(w["out/W"]).T)
        layer.bias.copy_(torch.from_numpy(w["out/b"]))
    return layer


class Model(torch.nn.Module):
    def measure(self, b, state):
        """What validation averages."""
        return self.loss(b, state)


class Chars(Model):
    def __init__(self, s, w):
        super().__init__()
        self.embedding = torch.nn.Embedding.from_pretrained(torch.from_numpy(w["embedding/W"].copy()), freeze=False)
        self.net, self.out = lstm(w, "cell", s.dropout), linear(w)

    def prepare(self, b):
        return {**b, "x": torch.from_numpy(b["x"]).long(), "y": torch.from_numpy(b["y"]).long().flatten()}

    def loss(self, b, state):
        y, (h, c) = self.net(self.embedding(b["x"]), state)
        return F.cross_entropy(self.out(y).flatten(0, 1), b["y"]), (h.detach(), c.detach())


class Sentiment(Model):
    """Padded batches, not packed ones: nn.LSTM is several times as fast on them, and in this direction reads the padding
    only after the sentence."""

    def __init__(self, s, w):
        super().__init__()
        self.embedding = torch.nn.Embedding.from_pretrained(torch.from_numpy(w["words"].copy()), freeze=False)
        self.net, self.out, self.s = lstm(w, "forward"), linear(w), s

    def prepare(self, b):
        padding = torch.arange(b["x"].shape[0])[:, None] >= torch.from_numpy(b["lengths"])
        return {**b, "x": torch.from_numpy(b["x"]).long(), "y": torch.from_numpy(b["y"]).long(),
                "padding": padding.unsqueeze(2)}

    def scores(self, b):
        x = b["x"]
        if self.training:
            x = x.masked_fill(torch.rand(x.shape) < self.s.word_dropout, training.UNKNOWN)
        y, _ = self.net(F.dropout(self.embedding(x), self.s.input_dropout, self.training))
        largest = y.masked_fill(b["padding"], -1e9).amax(0)
        return self.out(F.dropout(largest, self.s.output_dropout, self.training))

    def loss(self, b, _):
        return F.cross_entropy(self.scores(b), b["y"]), None

    def measure(self, b, _):
        return 100 * (self.scores(b).argmax(1) != b["y"]).float().mean(), None


class Music(Model):
    def __init__(self, s, w):
        super().__init__()
        self.net, self.out, self.s = lstm(w, "cell", s.dropout), linear(w), s

    def prepare(self, b):
        real = torch.arange(b["x"].shape[0])[:, None] < torch.from_numpy(b["lengths"])
        return {**b, "x": torch.from_numpy(b["x"]), "y": torch.from_numpy(b["y"]), "real": real.unsqueeze(2).float(),
                "steps": int(b["lengths"].sum())}

    def loss(self, b, _):
        y, _ = self.net(b["x"].float())
        logits = self.out(F.dropout(y, self.s.output_dropout, self.training))
        sum = F.binary_cross_entropy_with_logits(logits, b["y"].float(), weight=b["real"], reduction="sum")
        return sum / b["steps"], None


class Trainer:
    compile_s = 0

    def __init__(self, problem, threads):
        torch.set_num_threads(threads)
        torch.set_flush_denormal(True)  # as Ebb and XLA do; before the first parallel loop, whose threads inherit it
        torch.manual_seed(1)
        self.s, self.rates = problem.settings, problem.rates()
        self.model = {"chars": Chars, "sentiment": Sentiment, "music": Music}[problem.task](self.s, problem.weights)
        self.leaves = [p for p in self.model.parameters() if p.requires_grad]
        self.parameters = sum(p.numel() for p in self.leaves)
        make = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[self.s.optimizer]
        self.optimizer = make(self.leaves, lr=self.s.lr, fused=True)
        self.batches = {"train": [self.model.prepare(b) for b in problem.train],
                        "valid": [self.model.prepare(b) for b in problem.valid]}
        self.state = None

    def first(self):
        """Loss and norm of the gradient of the first batch, without dropout."""
        self.model.eval()
        loss, _ = self.model.loss(self.batches["train"][0], None)
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.leaves, float("inf"))
        self.optimizer.zero_grad()
        return loss.item(), norm.item()

    def update(self, k):
        b = self.batches["train"][k]
        self.model.train()
        loss, self.state = self.model.loss(b, self.state if b["continues"] else None)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.leaves, self.s.clip)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rates[k]
        self.optimizer.step()

    @torch.no_grad()
    def valid(self):
        self.model.eval()
        state, losses = None, []
        for b in self.batches["valid"]:
            loss, state = self.model.measure(b, state if b["continues"] else None)
            losses.append(loss.item())
        return training.weighted(self.batches["valid"], losses)


training.run(sys.argv[1:], Trainer, torch.__version__)
