"""The programs of the comparison: where they are, which are missing, and communication with one that runs a row."""
import json
import os
import select
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "benchmarks" / "peers"
PYTHON = ROOT / "build" / "compare" / "venv" / "bin" / "python"
ROWS, PRODUCTS = {}, {}


def use_build(folder):
    """Where CMake put Ebb's programs and the libraries'."""
    built = folder.resolve() / "benchmarks"
    ROWS.update({"Ebb": [built / "compare_ebb"], "PyTorch": [PYTHON, PEERS / "torch_rows.py"],
                 "JAX": [PYTHON, PEERS / "jax_rows.py"], "oneDNN": [built / "onednn_lstm"]})
    PRODUCTS.update({"Ebb": [built / "matmul_ebb"], "Ebb packed": [built / "matmul_ebb", "packed"],
                     "OpenBLAS": [built / "matmul_openblas"], "BLIS": [built / "matmul_blis"],
                     "oneDNN": [built / "matmul_onednn"], "PyTorch": [PYTHON, PEERS / "torch_matmul.py"]})


PACKAGES = {"PyTorch": "torch", "JAX": "jax"}
DEBIAN = {"OpenBLAS": "libopenblas-dev", "BLIS": "libblis-dev", "oneDNN": "libdnnl-dev"}


class Failed(Exception):
    pass


def python_has(package):
    return PYTHON.exists() and subprocess.run([PYTHON, "-c", f"import importlib.metadata as m; m.version('{package}')"],
                                              capture_output=True).returncode == 0


def missing():
    """Frameworks that are not available, with the reason."""
    gone = {}
    for who in ROWS.keys() | PRODUCTS.keys():
        if who in PACKAGES:
            if not python_has(PACKAGES[who]):
                gone[who] = f"Python package {PACKAGES[who]} is not in {PYTHON.parent.parent.relative_to(ROOT)}"
        elif not all(command[0].exists() for command in (ROWS.get(who), PRODUCTS.get(who)) if command):
            gone[who] = f"not built: is {DEBIAN[who]} installed?" if who in DEBIAN else "not built"
    return gone


def ebb_spellings():
    """{"lstm-textbook", ...}"""
    return set(subprocess.run([*ROWS["Ebb"], "list"], capture_output=True, text=True, check=True).stdout.split())


def has_avx512():
    with open("/proc/cpuinfo") as info:
        return any(line.startswith("flags") and " avx512f" in line for line in info)


def environment(threads):
    held = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "BLIS_NUM_THREADS", "MKL_NUM_THREADS")}
    held["TORCHINDUCTOR_FORCE_DISABLE_CACHES"] = "1"   # otherwise a second compilation would seem fast
    if has_avx512():   # libraries take a processor newer than they are for an older one: half the speed, or a sixth
        held = {"OPENBLAS_CORETYPE": "SkylakeX", "BLIS_ARCH_TYPE": "skx", **held}
    return {**held, **os.environ, **{name: held[name] for name in held if name.endswith("_THREADS")}}


def pinned(threads):
    """For preexec_fn: on as many processors as it has threads."""
    processors = sorted(os.sched_getaffinity(0))[:threads]
    return lambda: os.sched_setaffinity(0, processors)


class Program:
    """A running program that answers each line with a line. It is pinned to as many processors as it has threads."""

    def __init__(self, command, threads, log):
        self.log = log
        with open(log, "w") as errors:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                env=environment(threads), preexec_fn=pinned(threads))
        self.rest = b""

    def read(self, patience):
        """One line, as JSON. Raises Failed with the program's last words if it ends or takes too long."""
        end = time.monotonic() + patience
        while b"\n" not in self.rest:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                self.close()
                raise Failed(f"took more than {patience} s")
            more = os.read(self.process.stdout.fileno(), 1 << 16)
            if not more:
                raise Failed(self.last_words())
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return json.loads(line)

    def ask(self, line, patience=300):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(self.last_words()) from None
        return self.read(patience)

    def last_words(self):
        self.process.wait()
        lines = Path(self.log).read_text(errors="replace").strip().splitlines()
        return f"exit code {self.process.returncode}: {lines[-1] if lines else 'no output'}"

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def start_row(case, contender, folder, vocabulary):
    """Starts a contender on a case, up to its first gradient. Returns the program, what it said, and where its gradients are."""
    result = folder / f"{contender.who}-{contender.spelling}.result"
    facts = {**{key: getattr(case, key) for key in ("work", "cell", "dtype", "T", "B", "I", "H", "threads")},
             "spelling": contender.spelling, "V": vocabulary, "problem": folder / "problem", "result": result}
    words = [f"{key}={value}" for key, value in facts.items()] + [f"started={time.monotonic_ns()}"]
    program = Program([*ROWS[contender.who], *words], case.threads, folder / f"{contender.who}-{contender.spelling}.log")
    return program, program.read(600 if contender.spelling == "compiled" else 120), result
