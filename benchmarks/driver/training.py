"""benchmarks/train, after everything is built. The epilogue below describes it."""
import argparse
import json
import math
import os
import statistics
import tempfile
import time
from pathlib import Path

from . import jobs, programs
from .machine import Others, processor
from .tables import replace

EXAMPLES = """
Trains the tasks of the command in Ebb, PyTorch and JAX in turn: `ebb train` itself, whose own log gives the times and
validation losses (for sentiment the error), and the same training in the other frameworks. They start from the same
weights, read the same batches in the same order and validate on the same ones at the same updates; dropout, clipping,
optimiser and learning rates are the same, the random masks are not. Before a training is timed, loss and gradient of
the first batch, the validation loss of the initial weights (both without dropout) and the number of parameters must be
Ebb's, to 1e-3; otherwise it is rejected.

The loss to reach is the highest of the lowest validation losses of all runs of a training, so that each of them reaches
it; the seconds are interpolated between the two validations around it. They include the validations, but
not starting, reading data and, in JAX, compiling, which have columns of their own. No program stops early or writes
checkpoints.

Data: chars and music are built in; sentiment needs rt-polarity.neg and rt-polarity.pos of Pang & Lee 2005, from the
folder given as --data or EBB_DATA, and is skipped without them.
Saved after each training: train.json (all runs) and train.md. Installs what it needs into build/compare/venv.

examples:
  benchmarks/train --quick                            about a minute after installation
  benchmarks/train --data FOLDER                      everything: about ten minutes on two cores
  benchmarks/train --only chars --only music --seeds 3
  benchmarks/train --threads 1 --only sentiment --data FOLDER
  benchmarks/train --list                             the trainings, with the command that Ebb runs
"""
TOLERANCE = 1e-3


def arguments():
    parser = argparse.ArgumentParser(prog="benchmarks/train", formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description="Seconds of whole trainings to the same loss, beside other frameworks.",
                                     epilog=EXAMPLES)
    names = [job.name for job in jobs.JOBS]
    parser.add_argument("--quick", action="store_true", help="few updates, one of the two trainings of chars")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help=f"one of {', '.join(names)}; repeatable")
    parser.add_argument("--who", action="append", default=[], metavar="WHO",
                        help=f"one of {', '.join(jobs.WHO)}; repeatable (default: all)")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where the data of sentiment are (default: EBB_DATA)")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="runs of each training, of which medians are shown (1)")
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="threads and processors of each program (2)")
    parser.add_argument("--out", type=Path, metavar="DIR", default=programs.ROOT / "build" / "train",
                        help="folder for the results (build/train)")
    parser.add_argument("--build", type=Path, metavar="DIR", default=programs.ROOT / "build" / "bench",
                        help="build folder of Ebb (build/bench), to measure another version of it")
    parser.add_argument("--list", action="store_true", help="print the trainings, and exit")
    given = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    for name in given.only:
        if name not in names:
            parser.error(f"--only {name}: the trainings are {', '.join(names)}")
    for who in given.who:
        if who not in jobs.WHO:
            parser.error(f"--who {who}: the frameworks are {', '.join(jobs.WHO)}")
    if given.seeds < 1:
        parser.error(f"--seeds must be at least 1, not {given.seeds}")
    if not 1 <= given.threads <= cores:
        parser.error(f"--threads must be from 1 to {cores}, the processors of this machine, not {given.threads}")
    if given.data and not given.data.is_dir():
        parser.error(f"--data {given.data}: there is no such folder")
    given.jobs = [job for job in jobs.JOBS if not given.only or job.name in given.only]
    if given.quick and not given.only:
        given.jobs = [job for job in given.jobs if job.quick_updates]
    given.whos = [who for who in jobs.WHO if not given.who or who in given.who]
    if not given.list and (absent := jobs.not_built(given.build)):
        parser.error(f"{absent} is not built: cmake --build {given.build} --target train_programs")
    programs.use_build(given.build)
    return given


def updates_of(job, quick):
    return (job.quick_updates or 10) if quick else job.updates


def checked(said, head, parameters):
    """Errors: programs.Failed, if a program does not compute what Ebb computes."""
    for what, wanted in {**head["first"], "parameters": parameters}.items():
        one_item = .5 if what == "valid" and head["measure"] == "error, %" else 0   # near a score of 1/2
        if not math.isclose(said[what], wanted, rel_tol=TOLERANCE, abs_tol=one_item):
            name = {"norm": "norm of the gradient", "valid": "validation loss"}.get(what, what)
            raise programs.Failed(f"before training its {name} is {said[what]}, Ebb's is {wanted}")


def seconds_to(target, run):
    """Interpolated between the two validations around the first that is at most `target`; None if there is none."""
    before = (run["start"], 0.)
    for _, loss, seconds in run["curve"]:
        if loss <= target:
            return before[1] + (seconds - before[1]) * (before[0] - target) / max(before[0] - loss, 1e-12)
        before = (loss, seconds)
    return None


def number(x, text):
    return "" if x is None else text.format(x)


class Run:
    def __init__(self, given):
        self.given, self.gone = given, jobs.missing()
        self.whos = [who for who in given.whos if who not in self.gone]
        self.runs, self.skipped, self.rejected, self.versions = [], {}, [], {}
        self.about = [f"{processor()}, {len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f} at the start",
                      f"{'quick' if given.quick else 'full'} run of {time.strftime('%Y-%m-%d %H:%M')}, "
                      f"{given.threads} thread{'s' * (given.threads > 1)}, {given.seeds} seed{'s' * (given.seeds > 1)}"]

    def job(self, job):
        updates, data = updates_of(job, self.given.quick), self.given.data if job.task == "sentiment" else None
        for seed in range(1, self.given.seeds + 1):
            with tempfile.TemporaryDirectory() as temporary:
                folder = Path(temporary)
                try:
                    jobs.write_problem(self.given.build, job, data, updates, seed, folder / "problem")
                except jobs.Skipped as why:
                    self.skipped[job.name] = str(why)
                    print(f"{job.name}: skipped: {why}", flush=True)
                    return
                with open(folder / "problem", "rb") as file:
                    head = json.loads(file.readline())
                for who in self.whos:
                    self.one(job, who, data, updates, seed, folder, head)
            self.save()

    def one(self, job, who, data, updates, seed, folder, head):
        parameters = sum(math.prod(shape) for name, _, shape in head["arrays"] if name.startswith("w/"))
        try:
            if who == "Ebb":
                found = jobs.train_ebb(self.given.build, job, data, updates, seed, self.given.threads, folder)
                per_loss = head["unit_per_loss"]
                of_log = (lambda x: 100 - x) if head["measure"] == "error, %" else (lambda x: x / per_loss)   # which has accuracies
                found["curve"] = [(step, of_log(x), seconds) for step, x, seconds in found["curve"]]
                first = found.pop("first_update") / per_loss   # with dropout
                if not math.isclose(first, head["first"]["loss"], rel_tol=.1):
                    raise programs.Failed(f"the loss of its first update is {first}, without dropout {head['first']['loss']}")
                self.versions[who] = jobs.version_of_ebb(self.given.build).removeprefix("ebb ")
            else:
                found = jobs.train_peer(who, folder / "problem", self.given.threads, folder,
                                        lambda said: checked(said, head, parameters))
                self.versions[who] = found["version"]
        except programs.Failed as why:
            self.rejected.append(f"{job.name}, seed {seed}: {who}: {why}")
            print(f"rejected {self.rejected[-1]}", flush=True)
            return
        ms = found.pop("ms")
        found = {"job": job.name, "who": who, "seed": seed, "measure": head["measure"], "threads": self.given.threads,
                 "updates": updates, "parameters": parameters,
                 "start": head["first"]["valid"], "final": found["curve"][-1][1], "seconds": found["curve"][-1][2],
                 "ms_per_update": statistics.median(ms) if ms else None, "ms_least": min(ms) if ms else None,
                 **{key: found[key] for key in ("curve", "compile_s", "process_s")}}
        self.runs.append(found)
        each = number(found["ms_per_update"], "{:.1f} ms/update, ")
        print(f"{job.name:22} {who:8} seed {seed}: {found['final']:.4f} {head['measure']} after {updates} updates and "
              f"{found['seconds']:.1f} s; {each}compile {found['compile_s']:.1f} s, process {found['process_s']:.1f} s", flush=True)

    def rows(self):
        """One for each training and framework: medians over the seeds."""
        for name in dict.fromkeys(r["job"] for r in self.runs):
            runs = [r for r in self.runs if r["job"] == name]
            target = {seed: max(min(loss for _, loss, _ in r["curve"]) for r in runs if r["seed"] == seed)
                      for seed in {r["seed"] for r in runs}}
            for who in dict.fromkeys(r["who"] for r in runs):
                own = [r for r in runs if r["who"] == who]
                middle = lambda of: statistics.median(map(of, own))
                yield {"job": name, "who": who, "runs": len(own), "updates": own[0]["updates"],
                       "parameters": own[0]["parameters"],
                       "measure": own[0]["measure"],
                       "target": middle(lambda r: target[r["seed"]]), "to_target_s": middle(lambda r: seconds_to(target[r["seed"]], r)),
                       "final": middle(lambda r: r["final"]), "compile_s": middle(lambda r: r["compile_s"]),
                       "process_s": middle(lambda r: r["process_s"]),
                       **{key: None if own[0][key] is None else middle(lambda r: r[key]) for key in ("ms_per_update", "ms_least")}}

    def markdown(self):
        yield from ["# Seconds to the same validation loss", "", *(f"- {line}" for line in self.about)]
        if self.versions:
            yield "- versions: " + ", ".join(f"{who} {version}" for who, version in self.versions.items())
        yield from (f"- **missing**: {who}: {why}" for who, why in self.gone.items())
        yield from (f"- **rejected**: {line}" for line in self.rejected)
        yield from ["", "\"x Ebb\": that framework's seconds to the loss divided by Ebb's.", "",
                    "| training | updates | parameters | to reach | who | s to it | x Ebb | ... with compiling | ms/update | "
                    "x Ebb | least | x Ebb | at the end | compile s | whole process s |", "|---" * 15 + "|"]
        rows = list(self.rows())
        for r in rows:
            ebb = next((e for e in rows if e["job"] == r["job"] and e["who"] == "Ebb"), None)
            ratio = lambda key: f"{r[key] / ebb[key]:.2f}" if ebb and r[key] and ebb[key] else ""
            yield (f"| {r['job']} | {r['updates']} | {r['parameters']:,} | {r['target']:.4g} {r['measure']} | {r['who']} | "
                   f"{r['to_target_s']:.2f} | {ratio('to_target_s')} | {r['to_target_s'] + r['compile_s']:.2f} | "
                   f"{number(r['ms_per_update'], '{:.1f}')} | {ratio('ms_per_update')} | "
                   f"{number(r['ms_least'], '{:.1f}')} | {ratio('ms_least')} | {r['final']:.4f} | {r['compile_s']:.1f} | {r['process_s']:.1f} |")
        yield from (f"| {name} | skipped: {why} |" + " |" * 13 for name, why in self.skipped.items())

    def save(self):
        replace(self.given.out / "train.json", json.dumps({"about": self.about, "versions": self.versions, "missing": self.gone,
                                                           "rejected": self.rejected, "skipped": self.skipped,
                                                           "rows": list(self.rows()), "runs": self.runs}, indent=1) + "\n")
        replace(self.given.out / "train.md", "\n".join(self.markdown()) + "\n")


def main():
    given = arguments()
    if given.list:
        for job in given.jobs:
            words = [job.task, *(f"--{o.replace('=', ' ')}" for o in job.options), f"--steps {updates_of(job, given.quick)}"]
            print(f"{job.name:22} ebb train {' '.join(words)} --patience 0; {', '.join(given.whos)}")
        return
    given.out.mkdir(parents=True, exist_ok=True)
    begin, others = time.monotonic(), Others()
    run = Run(given)
    for who, why in run.gone.items():
        print(f"missing  {who}: {why}", flush=True)
    for job in given.jobs:
        run.job(job)
    run.about.append(f"took {time.monotonic() - begin:.0f} s; {others}")
    run.save()
    print(f"{given.out / 'train.md'}: {run.about[-1]}")


main()
