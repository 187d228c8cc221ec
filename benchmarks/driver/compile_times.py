"""The time and peak memory for compiling the file of a cell with g++ -O2, and those for the same cell with libtorch."""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .programs import PEERS, PYTHON, ROOT


def compile_once(command):
    """Seconds and MB."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "CCACHE_DISABLE": "1"})
    _, status, usage = os.wait4(process.pid, 0)   # g++ itself holds little: its own children count here too
    if status:
        raise RuntimeError("does not compile: " + " ".join(command))
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def ebb_includes(folder):
    """Only the folders that a cell may include, as in the build tree."""
    for name in ("ops", "autograd", "nn"):
        (folder / name / "ebb").mkdir(parents=True)
        (folder / name / "ebb" / name).symlink_to(ROOT / name)
    return [f"-I{folder / name}" for name in ("ops", "autograd", "nn")]


def torch_includes():
    find = subprocess.run([PYTHON, "-c", "from importlib.util import find_spec as f; print(f('torch').submodule_search_locations[0])"],
                          capture_output=True, text=True)
    root = Path(find.stdout.strip()) / "include" if find.returncode == 0 else None
    return [f"-I{root}", f"-I{root / 'torch' / 'csrc' / 'api' / 'include'}"] if root and root.exists() else None


def measure(quick):
    """[(what, median seconds, MB)]. In a separate process, because a compiler's peak would include the memory of its parent."""
    ran = subprocess.run([sys.executable, "-m", "driver.compile_times", *(["--quick"] if quick else [])], capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(ran.stderr.strip())
    return json.loads(ran.stdout)


def measure_here(quick):
    found = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        def add(what, file, includes, times):
            command = ["g++", "-std=c++20", "-O2", *includes, "-c", str(file), "-o", str(folder / "cell.o")]
            results = [compile_once(command) for _ in range(times)]
            found.append((what, statistics.median(r[0] for r in results), max(r[1] for r in results)))
        includes = ebb_includes(folder)
        for file in sorted((ROOT / "benchmarks" / "cells").glob("lstm_*.cpp")):
            add(f"Ebb, {file.stem.replace('_', ' ')}", file, includes, 5)
        if not quick and torch_includes():
            add("libtorch, lstm", PEERS / "libtorch_lstm.cpp", torch_includes(), 1)
    return found


if __name__ == "__main__":
    print(json.dumps(measure_here("--quick" in sys.argv)))
