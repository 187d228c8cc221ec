"""The trainings of benchmarks/train, and how a contender trains one."""
import csv
import subprocess
import time
from dataclasses import dataclass

from . import programs

COMMAND, PROBLEM = "ebb", "benchmarks/training_problem"
PEERS = {"PyTorch": [programs.PYTHON, programs.PEERS / "torch_train.py"],
         "JAX": [programs.PYTHON, programs.PEERS / "jax_train.py"]}
WHO = ("Ebb", *PEERS)
PATIENCE = 3600  # s: of a whole training


@dataclass(frozen=True)
class Job:
    """`ebb train TASK` with these options and otherwise its defaults, for so many updates (--quick: quick_updates)."""
    name: str
    task: str
    options: tuple
    updates: int
    quick_updates: int   # 0: not part of a quick run


# Without dropout the network of `chars` is nn.LSTM; its default, variational dropout, is not in any framework's LSTM.
JOBS = (Job("chars", "chars", (), 100, 10),
        Job("chars-without-dropout", "chars", ("dropout=0",), 100, 0),
        Job("sentiment", "sentiment", (), 600, 60),
        Job("music", "music", (), 300, 60))


class Skipped(Exception):
    pass


def options_of(job, data):
    """key=value for training_problem and --key value for ebb."""
    return [*job.options, *([f"data={data}"] if data else [])]


def write_problem(build, job, data, updates, seed, path):
    """Errors: Skipped with the program's own message, such as that the data are missing."""
    words = [build / PROBLEM, job.task, path, f"seed={seed}", f"steps={updates}", *options_of(job, data)]
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        said = done.stderr.strip().removeprefix("training_problem: ")
        raise Skipped(" ".join(said.split()) or f"training_problem ended with exit code {done.returncode}")


def train_ebb(build, job, data, updates, seed, threads, folder):
    """What the command's own log of the run says. Errors: programs.Failed."""
    out = folder / "run"
    words = [build / COMMAND, "train", job.task, "--steps", updates, "--seed", seed, "--threads", threads, "--patience", 0,
             "--checkpoint-every", updates, "--out", out, "--force"]
    for option in options_of(job, data):
        key, _, value = option.partition("=")
        words += [f"--{key}", value]
    begin = time.monotonic()
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, env=programs.environment(threads),
                          preexec_fn=programs.pinned(threads), stdin=subprocess.DEVNULL, timeout=PATIENCE)
    process_s = time.monotonic() - begin
    if done.returncode:
        raise programs.Failed(f"exit code {done.returncode}: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    with open(out / "curve.csv") as file:
        rows = list(csv.DictReader(file))
    seconds = [0.] + [float(r["seconds"]) for r in rows]
    return {"curve": [(int(r["step"]), float(r["valid"]), float(r["seconds"])) for r in rows if r["valid"]],
            "ms": [1e3 * (b - a) for a, b, r in zip(seconds, seconds[1:], rows) if not r["valid"]],
            "first_update": float(rows[0]["loss"]), "process_s": process_s, "compile_s": 0.}


def train_peer(who, problem, threads, folder, check):
    """The same of another framework's program. `check` is called with what it says before it trains. Errors: programs.Failed."""
    begin = time.monotonic()
    program = programs.Program([*PEERS[who], f"problem={problem}", f"threads={threads}"], threads, folder / f"{who}.log")
    said = program.read(PATIENCE)
    try:
        check(said)
        said.update(program.ask("train", PATIENCE))
    finally:
        program.close()
    return {**said, "process_s": time.monotonic() - begin}


def version_of_ebb(build):
    return subprocess.run([build / COMMAND, "--version"], capture_output=True, text=True).stdout.split("\n")[0].strip()


def not_built(build):
    """A program of Ebb that is not there."""
    return next((build / program for program in (COMMAND, PROBLEM) if not (build / program).exists()), None)


def missing():
    return {who: why for who, why in programs.missing().items() if who in PEERS}
