"""What every Python program of the comparison shares; row.hpp is the same for the C++ ones.

A program does one row. It is started with arguments key=value, reads the problem, computes one gradient, writes it, says
that it is ready, and then waits: for each line "SECONDS COUNT" it does training steps for that long, at least COUNT of
them, and prints their times. So several programs can be timed in turn, none of them while another works.
"""
import json
import sys
import time

GATES = {"rnn": 1, "lstm": 4, "gru": 3, "mgu": 2}


class Row:
    """A row's arguments: sizes as numbers, everything else as text."""

    def __init__(self, words):
        self.values = dict(word.split("=", 1) for word in words)
        for key, value in self.values.items():
            setattr(self, key, int(value) if key in ("T", "B", "I", "H", "V", "threads", "started") else value)


def scopes(work, I, H):
    """Cells of the network, and the width of what each sees; f and b are the directions."""
    if work == "bidirectional":
        return [("1f", I), ("1b", I), ("2f", 2 * H), ("2b", 2 * H)]
    return [("1", I), ("2", H)] if work == "two_layers" else [("1", I)]


def lengths(row):
    """Of the batch's sequences in the work `bidirectional`: spread evenly from T / 10 to T, in no order."""
    least = row.T // 10
    return [least + (53 * k % row.B) * (row.T - least) // max(row.B - 1, 1) for k in range(row.B)]


def layout(work, cell, I, H, V):
    """Names and shapes of the parameters, in the order in which a problem and a result hold them."""
    g = GATES[cell]
    blocks = [("emb.W", (V, I))] if work == "train_chars" else []
    for scope, width in scopes(work, I, H):
        blocks += [(f"{scope}.Wx", (width, g * H)), (f"{scope}.Wh", (H, g * H)), (f"{scope}.b", (g * H,))]
        if cell == "gru":
            blocks.append((f"{scope}.c", (H,)))
    if work == "train_chars":
        blocks += [("out.W", (H, V)), ("out.b", (V,))]
    return blocks


def count(shape):
    n = 1
    for extent in shape:
        n *= extent
    return n


def read_problem(row):
    """The input (x, or tokens and the next ones) and the parameters by name, as numpy arrays of the row's type."""
    import numpy as np
    numbers = np.fromfile(row.problem, np.float32)
    tokens = row.T * row.B
    if row.work == "train_chars":
        head = tuple(numbers[k * tokens:(k + 1) * tokens].reshape(row.T, row.B).astype(np.int64) for k in range(2))
        at = 2 * tokens
    else:
        at = tokens * row.I
        head = numbers[:at].reshape(row.T, row.B, row.I).astype(row.dtype)
    weights = {}
    for name, shape in layout(row.work, row.cell, row.I, row.H, row.V):
        weights[name] = numbers[at:at + count(shape)].reshape(shape).astype(row.dtype)
        at += count(shape)
    assert at == numbers.size
    return head, weights


def write_result(row, loss, gradients):
    """Gradients by name, in the problem's shapes."""
    import numpy as np
    parts = [np.array([loss], np.float64)]
    for name, shape in layout(row.work, row.cell, row.I, row.H, row.V):
        assert gradients[name].shape == shape, name
        parts.append(np.asarray(gradients[name], np.float64).ravel())
    np.concatenate(parts).tofile(row.result)


def peak_mb():
    """Most memory this program ever held. Not from getrusage, whose figure survives exec and so may be the driver's."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def say(**what):
    print(json.dumps(what), flush=True)


def serve(step):
    for line in sys.stdin:
        seconds, least = line.split()
        step()  # caches and threads were another program's a moment ago
        ms, begin = [], time.monotonic()
        at = begin
        while at - begin < float(seconds) or len(ms) < int(least):
            step()
            end = time.monotonic()
            ms.append((end - at) * 1e3)
            at = end
        say(rss_mb=peak_mb(), ms=ms)


def run(row, first, step, version, isa, more):
    """`first()` returns, once the first gradient is there, what gives loss and gradients in numpy; `step()` is what is
    timed; `more` is said along."""
    values = first()
    first_ms = (time.monotonic_ns() - row.started) * 1e-6
    write_result(row, *values())
    say(version=version, isa=isa, first_ms=first_ms, rss_mb=peak_mb(), **more)
    serve(step)
