"""Runs a case: starts all contenders one after the other, compares their results, and times them in turn."""
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import problem, programs
from .rows import VOCABULARY


@dataclass
class Effort:
    """How long each contender is timed: `rounds` turns of `seconds` each, at least `count` steps a turn."""
    rounds: int
    seconds: float
    count: int


QUICK, FULL = Effort(3, .1, 2), Effort(3, .2, 2)


def start_all(case, contenders, folder, rejected):
    running = {}
    for contender in contenders:
        try:
            running[contender] = programs.start_row(case, contender, folder, VOCABULARY)
        except programs.Failed as why:
            rejected.append((case, contender, str(why)))
    return running


def reject_disagreeing(case, running, rejected):
    chosen = problem.reference_of(running)
    reference = problem.read(case, running[chosen][2])
    for contender in list(running):
        error, where = problem.disagreement(problem.read(case, running[contender][2]), reference)
        if error <= problem.TOLERANCE:
            continue
        rejected.append((case, contender, f"{where} differs from {chosen}'s by {error:.2e} of the largest entry"))
        running.pop(contender)[0].close()


def time_in_turn(case, running, effort, rejected):
    times = {contender: [] for contender in running}
    memory = {contender: said["rss_mb"] for contender, (_, said, _) in running.items()}
    for _ in range(effort.rounds):
        for contender in list(running):
            time.sleep(.005)  # the previous contender's threads spin for a while before they sleep
            try:
                said = running[contender][0].ask(f"{effort.seconds} {effort.count}")
            except programs.Failed as why:
                rejected.append((case, contender, str(why)))
                del running[contender]
                continue
            times[contender] += said["ms"]
            memory[contender] = said["rss_mb"]
    return times, memory


def run(case, contenders, effort, rejected, peak, ebb_revision):
    """Rows of the table, and compile times by contender. Rejected ones are added to `rejected`."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        problem.write(case, folder / "problem")
        running = start_all(case, contenders, folder, rejected)
        if not running:
            return [], {}
        try:
            reject_disagreeing(case, running, rejected)
            times, memory = time_in_turn(case, running, effort, rejected)
        finally:
            for program, _, _ in running.values():
                program.close()
    rows = [row(case, contender, said, times[contender], memory[contender], peak, ebb_revision)
            for contender, (_, said, _) in running.items()]
    return rows, {str(c): said["compile_s"] for c, (_, said, _) in running.items() if "compile_s" in said}


def row(case, contender, said, ms, rss, peak, ebb_revision):
    median = statistics.median(ms)
    gflops = case.flop() / median * 1e-6
    return {"who": contender.who, "version": said["version"] + (ebb_revision if contender.who == "Ebb" else ""),
            "isa": said["isa"], "dtype": case.dtype, "work": case.work, "cell": case.cell, "spelling": contender.spelling,
            "T": case.T, "B": case.B, "I": case.I, "H": case.H, "threads": case.threads, "ms_median": round(median, 4),
            "ms_min": round(min(ms), 4), "gflops": round(gflops, 2), "share_of_peak": round(gflops / peak, 4) if peak else None,
            "first_ms": round(said["first_ms"], 2), "rss_mb": round(rss, 1)}
