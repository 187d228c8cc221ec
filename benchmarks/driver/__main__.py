"""benchmarks/compare, after everything is built. The epilogue below describes it."""
import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from . import compile_times, peak, programs, rows, tables, timing
from .machine import Others, processor, revision

EXAMPLES = """
Runs Ebb and other frameworks (PyTorch, JAX, oneDNN) in turn on the same work: forward and backward of a recurrent
cell over T steps, with the mean square of the last hidden state as the loss, and the gradients of all weights. Two
layers are measured alone; their shape is height of the image, images, channels in and out (conv2d) or 1, rows, 1,
classes (cross_entropy). Before a row is timed, its loss and gradients must agree with the others' for the same weights,
to 1e-3 of the largest entry; otherwise it is rejected.
Saved after each row: compare.json (rows), compare.md (the same as a page), compare_run.json (matrix products, compile
times, missing and rejected rows), and plots as SVG. Installs what it needs into build/compare/venv, and Debian
packages if it may.

examples:
  benchmarks/compare --quick                          only (100,32,128,128): under 2 minutes after installation
  benchmarks/compare                                  everything: up to 40 minutes
  benchmarks/compare --only cell=lstm --only threads=2 --only shape=100x32x64x64
  benchmarks/compare --only who=ebb --only who=jax --only work=cell
  benchmarks/compare --list --quick                   what would run
"""
KEYS = ("work", "cell", "shape", "dtype", "threads", "who", "spelling")


def arguments():
    parser = argparse.ArgumentParser(prog="benchmarks/compare", formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description="Compares Ebb with other frameworks in one table.", epilog=EXAMPLES)
    parser.add_argument("--quick", action="store_true", help="only the second workload, without torch.compile")
    parser.add_argument("--out", type=Path, metavar="DIR", default=programs.ROOT / "build" / "compare",
                        help="folder for the tables (build/compare)")
    parser.add_argument("--only", action="append", default=[], metavar="KEY=VALUE",
                        help=f"select rows; KEY is one of {', '.join(KEYS)}; several values of one key are alternatives")
    parser.add_argument("--build", type=Path, metavar="DIR", default=programs.ROOT / "build" / "bench",
                        help="build folder of Ebb (build/bench), to measure another version of it")
    parser.add_argument("--list", action="store_true", help="print the rows that would run, and exit")
    given = parser.parse_args()
    programs.use_build(given.build)
    only = {}
    for word in given.only:
        key, _, value = word.partition("=")
        if key not in KEYS or not value:
            parser.error(f"--only takes KEY=VALUE with KEY one of {', '.join(KEYS)}, not '{word}'")
        only.setdefault(key, set()).add(value.lower())
    cores = len(os.sched_getaffinity(0))
    given.rows = list(rows.selected(rows.quick_rows() if given.quick else rows.full_rows(cores), only))
    if not given.rows:
        parser.error("no row matches these filters")
    return given


class Run:
    def __init__(self, given):
        self.given, self.rows, self.gone = given, [], programs.missing()
        self.revision, self.spellings = revision(given.build), programs.ebb_spellings()
        self.effort = timing.QUICK if given.quick else timing.FULL
        self.rejected, self.peaks = [], {}
        about = [f"{processor()}, {len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f} at the start",
                 f"{'quick' if given.quick else 'full'} run of {time.strftime('%Y-%m-%d %H:%M')}, Ebb{self.revision}"]
        if given.quick:
            about.append("a quick run omits torch.compile and all shapes but one")
        else:
            about.append("omitted: torch.compile except at two shapes (it takes most of a minute), JAX in train_chars, oneDNN except "
                         "for float32 LSTM of one layer")
        about.append("oneDNN's LSTM always computes the gradient of x too; no other row of `cell` does, and its GFLOP/s do not count it")
        if programs.has_avx512():
            about.append("OpenBLAS and BLIS are set to use their AVX-512 kernels (OPENBLAS_CORETYPE, BLIS_ARCH_TYPE, unless already set)")
        self.facts = {"about": about, "missing": self.gone, "rejected": [], "products": {}, "peak": {}, "compile_s": {}, "more": {}}

    def measure_peaks(self):
        wanted = ["512^3", "1024^3", "forward B=32 H=128", "dh B=32 H=128", "dW H=128"] if self.given.quick else None
        for dtype, threads in dict.fromkeys((case.dtype, case.threads) for case, _ in self.given.rows):
            with tempfile.TemporaryDirectory() as folder:
                rates = peak.measure(dtype, threads, Path(folder), self.gone, .08 if self.given.quick else .15, wanted)
            key = f"{dtype}, {threads} thread{'s' * (threads > 1)}"
            rate, who, at = peak.best(rates)
            self.peaks[dtype, threads] = rate
            self.facts["products"][key], self.facts["peak"][key] = rates, f"{rate:.1f} GFLOP/s ({who}, {at})"
            print(f"peak {key}: {self.facts['peak'][key]}", flush=True)

    def there(self, contenders):
        """Those that are available. A spelling of Ebb without a cell counts as missing."""
        for c in contenders:
            if c.who != "Ebb":
                if c.who not in self.gone:
                    yield c
            elif c.spelling == "layer" or any(name.endswith("-" + c.spelling) for name in self.spellings):
                yield c
            else:
                self.gone[f"Ebb {c.spelling}"] = "there are no cells with this spelling"

    def row(self, case, contenders):
        before = len(self.rejected)
        found, compile_s = timing.run(case, list(self.there(contenders)), self.effort, self.rejected,
                                      self.peaks[case.dtype, case.threads], self.revision)
        self.rows += found
        for name, seconds in compile_s.items():
            self.facts["compile_s"][f"{' '.join(map(str, tables.case_of(found[0])))} {name}"] = round(seconds, 2)
        for _, contender, why in self.rejected[before:]:
            self.facts["rejected"].append(f"{case}: {contender}: {why}")
            print(f"rejected {self.facts['rejected'][-1]}", flush=True)
        for r in found:
            print(f"{str(case):48} {r['who'] + ' ' + r['spelling']:20} {r['ms_median']:10.3f} ms  {r['gflops']:7.1f} GFLOP/s"
                  f"  {100 * (r['share_of_peak'] or 0):3.0f} %  first {r['first_ms']:7.0f} ms  {r['rss_mb']:6.0f} MB", flush=True)
        self.save()

    def save(self):
        tables.save(self.given.out, self.rows, self.facts)

    def compile_files(self):
        found = self.facts["compile_of_a_cell"] = compile_times.measure(self.given.quick)
        self.facts["more"]["Compile time of a cell's file, g++ -O2"] = [
            "| | s, median | MB |", "|---|---|---|", *(f"| {what} | {seconds:.2f} | {mb:.0f} |" for what, seconds, mb in found)]
        self.save()

    def plot(self):
        names = subprocess.run([programs.PYTHON, Path(__file__).with_name("plots.py"), self.given.out], capture_output=True, text=True)
        if names.returncode:
            self.facts["more"]["Plots"] = [f"missing: {(names.stderr.strip().splitlines() or ['no output'])[-1]}"]
        else:
            self.facts["more"]["Plots"] = [f"![]({Path(name).name})" for name in names.stdout.split()]
        self.save()


def main():
    given = arguments()
    if given.list:
        for case, contenders in given.rows:
            print(f"{str(case):48} {', '.join(map(str, contenders))}")
        return
    given.out.mkdir(parents=True, exist_ok=True)
    begin, others = time.monotonic(), Others()
    run = Run(given)
    for who, why in run.gone.items():
        print(f"missing  {who}: {why}", flush=True)
    run.measure_peaks()
    for case, contenders in given.rows:
        run.row(case, contenders)
    if not given.only:
        run.compile_files()
        if not given.quick and programs.PYTHON.exists():
            run.plot()
    run.facts["about"].append(f"took {time.monotonic() - begin:.0f} s; {others}")
    run.save()
    print(f"{given.out / 'compare.md'}: {run.facts['about'][-1]}")


main()
