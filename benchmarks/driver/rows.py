"""The rows of the table: a Case is one workload, a Contender is one program that runs it."""
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
from work import LAYERS, convolution, lengths  # noqa: E402


GATES = {"rnn": 1, "lstm": 4, "gru": 3, "mgu": 2}
VOCABULARY = 65  # different characters in the built-in text of `ebb train chars`
LAYER_SHAPES = [("conv2d", "kernel5", 28, 100, 1, 16), ("conv2d", "kernel3", 14, 100, 16, 32),   # of `ebb train images`
                ("conv2d", "kernel5-stride2-width96", 64, 32, 1, 8), ("conv2d", "kernel5-stride2-width48", 32, 32, 8, 24),
                ("conv2d", "kernel3-stride2-width24", 16, 32, 24, 48), ("conv2d", "kernel3-width12", 8, 32, 48, 64),  # of caption
                ("conv2d", "kernel3", 16, 64, 32, 64),
                ("cross_entropy", "softmax", 1, 256, 1, 10_000), ("cross_entropy", "softmax", 1, 64, 1, 50_000)]
SHAPES = [(100, 32, 64, 64), (100, 32, 128, 128), (100, 64, 256, 256), (784, 32, 1, 128), (35, 20, 200, 200),
          (1000, 16, 64, 64), (100, 1, 64, 64)]
QUICK_SHAPE = SHAPES[1]
COMPILED_SHAPES = (SHAPES[0], SHAPES[4])
EBB = ("textbook", "concatenated", "fused")


@dataclass(frozen=True)
class Case:
    work: str
    cell: str
    dtype: str
    T: int
    B: int
    I: int
    H: int
    threads: int

    V = VOCABULARY

    @property
    def shape(self):
        return self.T, self.B, self.I, self.H

    def flop(self):
        """Forward and backward: each weight is used once forward, once for its own gradient, and once for the adjoint of
        its input, where that is needed."""
        if self.work == "conv2d":   # a first layer, of one channel, needs no gradient of the image
            kernel, stride, height, width = convolution(self)
            pixels = -(-height // stride) * -(-width // stride)
            return 2 * self.B * pixels * kernel ** 2 * self.I * self.H * (2 if self.I == 1 else 3)
        if self.work == "cross_entropy":   # difference from the maximum, exponential, sum, and both again for the gradient
            return 5 * self.B * self.H
        g, steps, H = GATES[self.cell], self.T * self.B, self.H
        if self.work == "two_layers":
            return 2 * steps * g * H * (2 * self.I + 3 * H) + 2 * steps * g * H * 6 * H
        if self.work == "bidirectional":
            return 2 * sum(lengths(self)) * g * H * 2 * (2 * self.I + 3 * H + 3 * 2 * H + 3 * H)
        if self.work == "train_chars":
            return 2 * steps * g * H * (3 * self.I + 3 * H) + 6 * steps * H * VOCABULARY
        return 2 * steps * g * H * (2 * self.I + 3 * H)

    def __str__(self):
        shape = ",".join(map(str, self.shape))
        return f"{self.work} {self.cell} ({shape}) {self.dtype} {self.threads} thread{'s' * (self.threads > 1)}"


@dataclass(frozen=True)
class Contender:
    who: str
    spelling: str

    def __str__(self):
        return f"{self.who} {self.spelling}"


def ebb(spellings=EBB):
    return [Contender("Ebb", s) for s in spellings]


def peers(case, eager=True, compiled=False):
    """The other frameworks that have this cell; eager: also written out in PyTorch."""
    if case.work in LAYERS:
        return [Contender("PyTorch", "layer"), Contender("JAX", "layer")]
    found = []
    if case.cell != "mgu":
        found.append(Contender("PyTorch", "builtin"))
    if case.work == "bidirectional":
        return found
    if eager or case.cell == "mgu":
        found.append(Contender("PyTorch", "eager"))
    if compiled:
        found.append(Contender("PyTorch", "compiled"))
    if case.work != "train_chars":
        found.append(Contender("JAX", "scan"))
    if case.cell == "lstm" and case.work == "cell" and case.dtype == "float32":
        found.append(Contender("oneDNN", "builtin"))
    return found


def quick_rows():
    for threads in (2, 1):
        for cell in ("lstm", "gru", "rnn", "mgu"):
            case = Case("cell", cell, "float32", *QUICK_SHAPE, threads)
            yield case, ebb() + peers(case)


def full_rows(cores):
    for threads in (2, 1):
        for shape in SHAPES:
            for cell in ("lstm", "gru", "rnn", "mgu"):
                case = Case("cell", cell, "float32", *shape, threads)
                yield case, ebb() + peers(case, compiled=shape in COMPILED_SHAPES)
    for threads in (2, 1):
        case = Case("two_layers", "lstm", "float32", 100, 64, 256, 256, threads)
        yield case, ebb() + peers(case, eager=False)
    for threads in (2, 1):
        case = Case("bidirectional", "lstm", "float32", *QUICK_SHAPE, threads)
        yield case, ebb() + peers(case)
    for cell in ("lstm", "gru", "rnn", "mgu"):
        case = Case("cell", cell, "float64", *QUICK_SHAPE, 2)
        yield case, ebb() + peers(case, eager=False)
    for cell, hidden in (("lstm", 512), ("gru", 512), ("lstm", 128), ("gru", 128)):
        case = Case("train_chars", cell, "float32", 100, 64, 128, hidden, 2)
        yield case, ebb() + peers(case, eager=False)
    yield from layer_rows()
    yield from sweeps(cores)


def layer_rows():
    for threads in (2, 1):
        for work, cell, *shape in LAYER_SHAPES:
            case = Case(work, cell, "float32", *shape, threads)
            yield case, ebb(("layer",)) + peers(case)


def sweeps(cores):
    """For the plots; the curves over time, batch and threads reuse rows that are already in the table."""
    contenders = [Contender("Ebb", "textbook"), Contender("Ebb", "fused"), Contender("PyTorch", "builtin"),
                  Contender("JAX", "scan")]
    for T in (64, 128, 256, 512, 1024, 2048, 4096):
        yield Case("cell", "lstm", "float32", T, 32, 64, 64, 2), contenders
    for B in (1, 4, 16, 64, 128, 256):
        yield Case("cell", "lstm", "float32", 100, B, 128, 128, 2), contenders
    threads = 4
    while threads <= cores:
        yield Case("cell", "lstm", "float32", *QUICK_SHAPE, threads), contenders
        threads *= 2


def selected(rows, only):
    """Rows that match every filter: {"cell": {"lstm", "gru"}, "shape": {"100x32x64x64"}, ...}."""
    seen = set()
    for case, contenders in rows:
        facts = {"work": case.work, "cell": case.cell, "dtype": case.dtype, "threads": str(case.threads),
                 "shape": "x".join(map(str, case.shape))}
        if case in seen or any(facts[key] not in only[key] for key in facts.keys() & only.keys()):
            continue
        kept = [c for c in contenders if c.who.lower() in only.get("who", {c.who.lower()})
                and c.spelling in only.get("spelling", {c.spelling})]
        if kept:
            seen.add(case)
            yield case, kept
