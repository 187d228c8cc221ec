"""Runs GradBench's evals with Ebb's tool, as GradBench's intermediary does, and times both tools on the same inputs."""
import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

EVALS = {  # the arguments of a small run; without them an eval has GradBench's sizes
    "hello": [], "lse": ["-n", "2500", "40000"], "llsq": ["-n", "16", "1024"], "lstm": ["-l", "2", "6", "-c", "1024"],
    "kmeans": ["-k", "10", "100", "-n", "1000", "-d", "8"], "gmm": ["-d", "2", "10", "-k", "5", "25"],
    "ode": ["-n", "1000", "10000", "-s", "1", "10"], "ba": ["--max", "2"], "det": ["-l", "5", "6", "7", "8", "9"]}


def options():
    p = argparse.ArgumentParser(prog="benchmarks/gradbench/run [GRADBENCH]", description=__doc__)
    p.add_argument("evals", nargs="*", metavar="EVAL", help=f"of {', '.join(EVALS)}; default: all")
    p.add_argument("--quick", action="store_true", help="small inputs only")
    p.add_argument("--eval-arguments", default="", help="for the eval itself, as in '-l 6 -c 8192'; instead of --quick")
    p.add_argument("--seconds", type=float, default=1, help="CPU seconds for each timing, at least one run (default 1)")
    p.add_argument("--check-only", action="store_true", help="no timing")
    p.add_argument("--source", type=Path, default=Path("build/gradbench/source"), help=argparse.SUPPRESS)
    p.add_argument("--tool", type=Path, default=Path("build/bench/benchmarks/gradbench_ebb"), help=argparse.SUPPRESS)
    o = p.parse_args()
    unknown = [name for name in o.evals if name not in EVALS]
    if unknown:
        p.error(f"no eval {unknown[0]} here; there are {', '.join(EVALS)}")
    return o


class Session:
    """One eval with one tool: forwards each message and each response, and keeps what was evaluated."""

    def __init__(self, source, tool, name, arguments):
        script = source / "python/gradbench/gradbench/evals" / name / "run.py"
        environment = os.environ | {"PYTHONPATH": str((source / "python/gradbench").resolve())}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.eval = subprocess.Popen([sys.executable, script.resolve(), *arguments], cwd=source, env=environment, **pipes)
        self.tool = subprocess.Popen([tool.resolve()], **pipes)

    def rows(self):
        """(message, response, analysis) of each evaluation; the analysis is None if the tool failed."""
        row = None
        for line in self.eval.stdout:
            message = json.loads(line)
            self.tool.stdin.write(line)
            self.tool.stdin.flush()
            answer = self.tool.stdout.readline()
            if not answer:
                raise SystemExit(f"the tool ended at message {message['id']}")
            if message["kind"] == "define" and not json.loads(answer)["success"]:
                raise SystemExit(json.loads(answer)["error"])
            if row and message["kind"] != "analysis":
                yield row
                row = None
            if message["kind"] == "evaluate":
                row = [message, json.loads(answer), None]
            elif message["kind"] == "analysis":
                row[2] = message
                yield row
                row = None
            self.eval.stdin.write(answer)
            self.eval.stdin.flush()
        if row:
            yield row
        self.tool.stdin.close()
        if self.eval.wait() != 0 or self.tool.wait() != 0:
            raise SystemExit(f"the eval ended with {self.eval.returncode}, the tool with {self.tool.returncode}")


def cpu_of(command, problem, runs):
    """User and system seconds of a whole process that evaluates `runs` times."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(problem | {"min_runs": runs, "min_seconds": 0}, file)
        file.flush()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with open(file.name) as standard_input:
            subprocess.run([word if word != "FILE" else file.name for word in command], stdin=standard_input,
                           stdout=subprocess.DEVNULL, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def seconds_a_run(command, problem, seconds):
    """CPU seconds of one evaluation: the difference between processes with one run and with as many more as take `seconds`."""
    one, more = cpu_of(command, problem, 1), 1
    while True:
        taken = cpu_of(command, problem, 1 + more) - one
        if taken >= seconds or more >= 1_000_000:
            return taken / more
        more = math.ceil(more * max(2, 1.2 * seconds / max(taken, seconds / 100)))


def milliseconds(seconds):
    return f"{1e3 * seconds:.3g}"


def main():
    o = options()
    if not (o.source / "evals").exists():
        raise SystemExit(f"GradBench is not in {o.source}: benchmarks/gradbench/run --help")
    print("CPU milliseconds of an evaluation, on one thread; the checks are GradBench's\n")
    print("| eval | function | input | check | Ebb | manual | manual / Ebb |\n|---|---|---|---|---|---|---|", flush=True)
    wrong = 0
    for name in o.evals or EVALS:
        given = o.eval_arguments.split() or (EVALS[name] if o.quick else [])
        given = given if name == "hello" else [*given, "--min-seconds", "0"]
        for message, response, analysis in Session(o.source, o.tool, name, given).rows():
            valid = bool(response["success"] and analysis and analysis["valid"])
            wrong += not valid
            cells = ["", "", ""]
            if valid and name != "hello" and not o.check_only:
                function = message["function"]
                ebb = seconds_a_run([o.tool, name, function], message["input"], o.seconds)
                manual = seconds_a_run([o.source / "tools/manual/bin" / name, "FILE", function], message["input"], o.seconds)
                cells = [milliseconds(ebb), milliseconds(manual), f"{manual / ebb:.2f}"]
            described = message.get("description", json.dumps(message["input"]))
            print(f"| {name} | {message['function']} | {described} | {'valid' if valid else 'WRONG'} | " +
                  " | ".join(cells) + " |", flush=True)
            if not valid:
                print((analysis or response).get("error", "no reason given"), file=sys.stderr)
    print(f"\n{wrong} wrong", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
