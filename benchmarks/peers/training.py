"""What the Python sides of benchmarks/train share: the problem, written by training_problem.cpp, and the conversation with
the driver.

A program trains one job. It is started with arguments key=value, reads the problem, compiles what it compiles, says what
it has found for the driver to check (loss, norm of the gradient and validation measure of the initial weights, without
dropout), and waits; for the line "train" it trains, and says the validation losses and the seconds since that line."""
import json
import sys
import time

import numpy as np
import work

VALIDATIONS = 20  # of a run, as in `ebb train`
UNKNOWN = 1  # the word that a dropped word becomes


class Settings:
    def __init__(self, values):
        self.__dict__.update(values)


class Problem:
    """Weights by name without "net/", and the batches of both splits: dicts of x, y, lengths, weight and continues."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.head = json.loads(file.readline())
            arrays = {}
            for name, kind, shape in self.head["arrays"]:
                arrays[name] = np.fromfile(file, kind, work.count(shape)).reshape(shape)
        self.task, self.settings = self.head["task"], Settings(self.head["settings"])
        self.weights = {name[2:].removeprefix("net/"): value for name, value in arrays.items() if name.startswith("w/")}
        self.train, self.valid = ([{**about, **{key: arrays[f"{split}/{k}/{key}"] for key in ("x", "y", "lengths")
                                               if f"{split}/{k}/{key}" in arrays}}
                                   for k, about in enumerate(self.head[split])] for split in ("train", "valid"))

    def rates(self):
        """The learning rate of each update: constant, or one cycle of half cosines (Smith & Topin 2018)."""
        s = self.settings
        if s.schedule == "constant":
            return np.full(s.steps, s.lr)
        assert s.schedule == "one-cycle", s.schedule
        begin, end, top = s.lr / 25, s.lr / 25e4, .3 * s.steps - 1
        u = np.arange(s.steps)
        rise, fall = np.clip(u / top, 0, 1), np.clip((u - top) / (s.steps - 1 - top), 0, 1)
        along = lambda a, b, share: b + (a - b) * (1 + np.cos(np.pi * share)) / 2
        return np.where(u < top, along(begin, s.lr, rise), along(s.lr, end, fall))


def tokens(batches):
    """Positions that are not padding."""
    return int(sum(b["lengths"].sum() if "lengths" in b else b["x"].size for b in batches))


def weighted(batches, losses):
    weights = [b["weight"] for b in batches]
    return float(np.dot(weights, [float(loss) for loss in losses]) / np.sum(weights))


def run(arguments, make, version):
    """`make(problem, threads)` returns a trainer with first() -> (loss, norm), update(k), valid() -> nats or %, `parameters`,
    and compile_s."""
    values = dict(word.split("=", 1) for word in arguments)
    problem = Problem(values["problem"])
    trainer = make(problem, int(values["threads"]))
    loss, norm = trainer.first()
    work.say(version=version, loss=loss, norm=norm, valid=trainer.valid(), parameters=trainer.parameters,
             tokens=tokens(problem.train), compile_s=trainer.compile_s)
    for line in sys.stdin:
        begin, curve, ms, steps = time.monotonic(), [], [], problem.settings.steps
        for k in range(steps):
            start = time.monotonic()
            trainer.update(k)
            ms.append((time.monotonic() - start) * 1e3)
            if (k + 1) % max(1, steps // VALIDATIONS) == 0:
                curve.append((k + 1, trainer.valid(), time.monotonic() - begin))
        work.say(curve=curve, ms=ms, rss_mb=work.peak_mb())
