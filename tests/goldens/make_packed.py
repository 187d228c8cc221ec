#!/usr/bin/env python3
"""Creates packed.json: two bidirectional layers of PyTorch over packed sequences of lengths 7, 5, 5, 1.

    python3 tests/goldens/make_packed.py
"""
import torch
from make_goldens import array, arrays, gru_layout, lstm_layout, rnn_layout, write

LENGTHS, INPUT, HIDDEN = [5, 7, 1, 5], 3, 4   # not sorted: that is the library's work
KINDS = {"rnn": (torch.nn.RNN, rnn_layout), "lstm": (torch.nn.LSTM, lstm_layout), "gru": (torch.nn.GRU, gru_layout)}


def one(kind):
    make, layout = KINDS[kind]
    torch.manual_seed(7)
    net = make(INPUT, HIDDEN, num_layers=2, bidirectional=True)
    x = torch.randn(max(LENGTHS), len(LENGTHS), INPUT, requires_grad=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False)
    y, end = net(packed)
    y, _ = torch.nn.utils.rnn.pad_packed_sequence(y)
    end = end if isinstance(end, tuple) else (end,)
    weights = torch.randn_like(y)
    end_weights = [torch.randn_like(e) for e in end]
    loss = (y * weights).sum() + sum((e * w).sum() for e, w in zip(end, end_weights))
    loss.backward()
    parameters, gradients = {}, {}
    for layer in (0, 1):
        for suffix, direction in (("", "forward"), ("_reverse", "backward")):
            own = {n.replace(f"_l{layer}{suffix}", "_l0"): p for n, p in net.named_parameters() if n.endswith(f"_l{layer}{suffix}")}
            turn = lambda t: t.T if t.dim() == 2 else t
            values, grads = layout({n: turn(p.detach()) for n, p in own.items()}, {n: turn(p.grad) for n, p in own.items()}, HIDDEN)
            parameters.update({f"{layer + 1}/{direction}/{n}": v for n, v in values.items()})
            gradients.update({f"{layer + 1}/{direction}/{n}": v for n, v in grads.items()})
    # PyTorch's final states are ordered by layer, forward before backward.
    return {"cell": kind, "lengths": LENGTHS, "input": INPUT, "hidden": HIDDEN, "parameters": arrays(parameters), "x": array(x),
            "weights": array(weights), "end_weights": [array(w) for w in end_weights], "loss": loss.item(), "outputs": array(y),
            "end": [array(e) for e in end], "gradients": arrays({**gradients, "x": x.grad})}


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    write("packed.json", {"cases": [one(kind) for kind in KINDS]})
