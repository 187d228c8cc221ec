"""The initial values of all contenders, and the check that their losses and gradients agree."""
import operator
import random
import sys
from array import array
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
from work import count, head_of, layout  # noqa: E402

TOLERANCE = 1e-3  # of the largest entry of each gradient


def write(case, path):
    """Weights uniform in +-1/sqrt(H), inputs in +-1.7 (variance one), tokens uniform; the same for every run."""
    draw = random.Random(1).random
    numbers_before, integers = head_of(case)
    if integers:
        numbers = array("f", (int(draw() * integers) for _ in range(numbers_before)))
    else:
        numbers = array("f", [3.4 * draw() - 1.7 for _ in range(numbers_before)])
    bound = case.H ** -.5
    for _, shape in layout(case):
        numbers.extend([bound * (2 * draw() - 1) for _ in range(count(shape))])
    with open(path, "wb") as file:
        numbers.tofile(file)


def read(case, path):
    """Loss and gradients, [("loss", [x]), ("1.Wx", [...]), ...]"""
    numbers = array("d", Path(path).read_bytes())
    parts, at = [("loss", numbers[:1])], 1
    for name, shape in layout(case):
        parts.append((name, numbers[at:at + count(shape)]))
        at += count(shape)
    if at != len(numbers):
        raise ValueError(f"{path} holds {len(numbers)} numbers, not {at}")
    return parts


def disagreement(result, reference):
    """Largest difference, as a share of the largest entry of the same gradient, and which gradient that is."""
    worst = (0.0, "loss")
    for (name, got), (_, wanted) in zip(result, reference):
        largest = max(map(abs, wanted)) or 1.0
        difference = max(map(abs, map(operator.sub, got, wanted)))
        if any(x != x for x in got):
            difference = float("inf")
        worst = max(worst, (difference / largest, name))
    return worst


def reference_of(contenders):
    """Whose gradients the others are compared with: never Ebb's if there is another framework."""
    order = ["PyTorch eager", "PyTorch builtin", "PyTorch layer", "JAX scan", "oneDNN builtin", "Ebb textbook"]
    return min(contenders, key=lambda c: order.index(str(c)) if str(c) in order else len(order))
