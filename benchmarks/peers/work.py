"""What every Python program of the comparison shares; row.hpp is the same for the C++ ones.

A program does one row. It is started with arguments key=value, reads the problem, computes one gradient, writes it, says
that it is ready, and then waits: for each line "SECONDS COUNT" it does training steps for that long, at least COUNT of
them, and prints their times. So several programs can be timed in turn, none of them while another works.
"""
import json
import re
import sys
import time

LAYERS = ("conv2d", "cross_entropy")   # works without a cell
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


def convolution(row):
    """Side of the kernel, stride, and the image's height and width, from a name like kernel5-stride2-width96; T is the
    height. The padding is half a kernel."""
    said = {name: int(number) for name, number in re.findall("([a-z]+)([0-9]+)", row.cell)}
    return said["kernel"], said.get("stride", 1), row.T, said.get("width", row.T)


def lengths(row):
    """Of the batch's sequences in the work `bidirectional`: spread evenly from T / 10 to T, in no order."""
    least = row.T // 10
    return [least + (53 * k % row.B) * (row.T - least) // max(row.B - 1, 1) for k in range(row.B)]


def head_of(row):
    """What a problem holds before the parameters: how many numbers, and the bound of their integers, None for real ones."""
    if row.work == "train_chars":
        return 2 * row.T * row.B, row.V
    if row.work == "cross_entropy":
        return row.B, row.H
    if row.work == "conv2d":
        _, _, height, width = convolution(row)
        return (row.B * height * width if row.I == 1 else 0), None
    return row.T * row.B * row.I, None


def layout(row):
    """Names and shapes of the parameters, in the order in which a problem and a result hold them."""
    I, H, V = row.I, row.H, row.V
    if row.work == "cross_entropy":
        return [("logits", (row.B, H))]
    if row.work == "conv2d":   # the image of a first layer, of one channel, is no parameter
        kernel, _, height, width = convolution(row)
        image = [("x", (row.B, I, height, width))] if I > 1 else []
        return [("W", (I * kernel ** 2, H)), ("b", (H,)), *image]
    g = GATES[row.cell]
    blocks = [("emb.W", (V, I))] if row.work == "train_chars" else []
    for scope, width in scopes(row.work, I, H):
        blocks += [(f"{scope}.Wx", (width, g * H)), (f"{scope}.Wh", (H, g * H)), (f"{scope}.b", (g * H,))]
        if row.cell == "gru":
            blocks.append((f"{scope}.c", (H,)))
    if row.work == "train_chars":
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
    at, bound = head_of(row)
    if row.work == "train_chars":
        head = tuple(numbers[:at].reshape(2, row.T, row.B).astype(np.int64))
    elif bound:
        head = numbers[:at].astype(np.int64)
    else:
        shape = (row.B, row.I, *convolution(row)[2:]) if row.work == "conv2d" else (row.T, row.B, row.I)
        head = numbers[:at].reshape(shape).astype(row.dtype) if at else None
    weights = {}
    for name, shape in layout(row):
        weights[name] = numbers[at:at + count(shape)].reshape(shape).astype(row.dtype)
        at += count(shape)
    assert at == numbers.size
    return head, weights


def write_result(row, loss, gradients):
    """Gradients by name, in the problem's shapes."""
    import numpy as np
    parts = [np.array([loss], np.float64)]
    for name, shape in layout(row):
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
