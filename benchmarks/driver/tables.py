"""compare.json (rows), compare.md (the same as a page, with ratios), compare_run.json (everything else about the run)."""
import json
import os
from itertools import groupby

PEERS = [("PyTorch", "builtin", "nn"), ("PyTorch", "eager", "eager"), ("PyTorch", "compiled", "compiled"),
         ("JAX", "scan", "JAX"), ("PyTorch", "layer", "PyTorch"), ("JAX", "layer", "JAX"), ("oneDNN", "builtin", "oneDNN")]
SPELLING = {("PyTorch", "builtin"): "nn.RNN / LSTM / GRU", ("PyTorch", "eager"): "written out, eager",
            ("PyTorch", "compiled"): "written out, torch.compile", ("JAX", "scan"): "jit of lax.scan", ("oneDNN", "builtin"): "lstm",
            ("Ebb", "layer"): "layer", ("PyTorch", "layer"): "eager", ("JAX", "layer"): "jit"}


def replace(path, text):
    """Writes the file atomically, even if the run is interrupted."""
    beside = path.with_name(path.name + ".part")
    beside.write_text(text)
    os.replace(beside, path)


def case_of(row):
    return tuple(row[key] for key in ("work", "dtype", "threads", "cell", "T", "B", "I", "H"))


def save(out, rows, run):
    replace(out / "compare.json", "[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    replace(out / "compare_run.json", json.dumps(run, indent=1) + "\n")
    replace(out / "compare.md", "\n".join(markdown(rows, run)) + "\n")


def markdown(rows, run):
    yield "# Ebb compared with other frameworks"
    yield ""
    yield from (f"- {line}" for line in run["about"])
    versions = dict.fromkeys(f"{r['who']} {r['version']}" for r in rows if r["who"] != "Ebb")
    if versions:
        yield f"- versions: {', '.join(versions)}"
    for who, why in run["missing"].items():
        yield f"- **missing**: {who}: {why}"
    for rejection in run["rejected"]:
        yield f"- **rejected**: {rejection}"
    yield ""
    yield from peak_lines(run)
    for key, group in groupby(sorted(rows, key=lambda r: (r["work"], r["dtype"], -r["threads"])),
                              lambda r: (r["work"], r["dtype"], r["threads"])):
        yield from section(key, list(group), run)
    for title, lines in run.get("more", {}).items():
        yield from ["", f"## {title}", "", *lines]


def peak_lines(run):
    if not run["products"]:
        return
    yield from ["## Matrix products, GFLOP/s (best of the run)", "",
                "Ebb packed: as in training, with the weight packed in advance (forward, dh), or the adjoint packed each time (dW)."]
    for key, rates in run["products"].items():
        whos = list(dict.fromkeys(who for by_who in rates.values() for who in by_who))
        yield from ["", f"{key}; peak {run['peak'][key]}", "", "| | " + " | ".join(whos) + " |", "|---" * (len(whos) + 1) + "|"]
        for name, by_who in rates.items():
            yield f"| {name} | " + " | ".join(f"{by_who[who]:.1f}" if who in by_who else "" for who in whos) + " |"


def section(key, rows, run):
    work, dtype, threads = key
    columns = [peer for peer in PEERS if any((r["who"], r["spelling"]) == peer[:2] for r in rows)]
    yield from ["", f"## {work}, {dtype}, {threads} thread{'s' * (threads > 1)}", "",
                "ms per training step; \"x NAME\": that framework's median divided by this row's, above 1 if this row is faster.", "",
                "| cell (T,B,I,H) | who | ms median | ms min | GFLOP/s | of peak | first ms | compile s | MB | "
                + "".join(f"x {name} | " for _, _, name in columns), "|---" * (9 + len(columns)) + "|"]
    for case, group in groupby(sorted(rows, key=case_of), case_of):
        group = list(group)
        medians = {(r["who"], r["spelling"]): r["ms_median"] for r in group}
        shape = f"{case[3]} ({','.join(map(str, case[4:]))})"
        for r in group:
            ratios = "".join(f"{medians[p[:2]] / r['ms_median']:.2f} | " if p[:2] in medians else " | " for p in columns)
            name = f"{r['who']} {SPELLING.get((r['who'], r['spelling']), r['spelling'])}"
            share = "" if r["share_of_peak"] is None else f"{100 * r['share_of_peak']:.0f} %"
            compiled = run["compile_s"].get(f"{' '.join(map(str, case))} {r['who']} {r['spelling']}")
            yield (f"| {shape} | {name} | {r['ms_median']:.3f} | {r['ms_min']:.3f} | {r['gflops']:.1f} | {share} | {r['first_ms']:.0f} | "
                   f"{'' if compiled is None else f'{compiled:.1f}'} | {r['rss_mb']:.0f} | {ratios}")
