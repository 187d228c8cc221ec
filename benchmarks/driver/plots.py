"""The plots of a run, from its compare.json: `python plots.py FOLDER`. Needs matplotlib, so it runs in the environment of
the Python peers."""
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402


def lines(rows, along, **fixed):
    """{"Ebb textbook": [(x, row), ...]} of the LSTM's rows that have these values."""
    found = {}
    wanted = {"work": "cell", "cell": "lstm", "dtype": "float32", **fixed}
    for row in rows:
        if all(row[key] == value for key, value in wanted.items()):
            found.setdefault(f"{row['who']} {row['spelling']}", []).append((row[along], row))
    return {who: sorted(points, key=lambda p: p[0]) for who, points in sorted(found.items()) if len(points) > 1}


def draw(path, title, found, x, y, figure, flat=False):
    if not found:
        return
    plt.figure(figsize=(7, 4.5))
    for who, points in found.items():
        plt.plot([at for at, _ in points], [figure(row) for _, row in points], "o-", label=who,
                 linewidth=2 if who.startswith("Ebb") else 1)
    plt.xscale("log", base=2)
    if not flat:
        plt.yscale("log")
    else:
        plt.ylim(bottom=0)
    ticks = sorted({at for points in found.values() for at, _ in points})
    plt.xticks(ticks, list(map(str, ticks)))
    plt.xlabel(x)
    plt.ylabel(y)
    plt.title(title)
    plt.grid(alpha=.3)
    plt.legend(fontsize=8)
    plt.tight_layout()
    plt.savefig(path)
    plt.close()
    print(path)


def bars(path, title, found, y):
    """found: {group: {who: height}}, drawn group by group."""
    whos = list(dict.fromkeys(who for heights in found.values() for who in heights))
    if not whos:
        return
    plt.figure(figsize=(7, 4.5))
    for k, who in enumerate(whos):
        at = [g + (k - (len(whos) - 1) / 2) * .8 / len(whos) for g, heights in enumerate(found.values()) if who in heights]
        drawn = plt.bar(at, [heights[who] for heights in found.values() if who in heights], .8 / len(whos), label=who)
        plt.bar_label(drawn, fmt="%.3g", fontsize=7)
    plt.xticks(range(len(found)), list(found))
    plt.ylabel(y)
    plt.ylim(top=1.3 * max(h for heights in found.values() for h in heights.values()))   # room for the legend
    plt.title(title)
    plt.grid(alpha=.3, axis="y")
    plt.legend(fontsize=8, loc="upper center", ncols=3)
    plt.tight_layout()
    plt.savefig(path)
    plt.close()
    print(path)


def medians(rows, group, **fixed):
    found = {}
    for row in rows:
        if all(row[key] == value for key, value in fixed.items()):
            found.setdefault(group(row), {})[f"{row['who']} {row['spelling']}"] = row["ms_median"]
    return found


def draw_all(folder):
    rows = json.loads((folder / "compare.json").read_text())
    by_T = lines(rows, "T", B=32, I=64, H=64, threads=2)
    name = "LSTM, B=32, I=H=64, 2 threads"
    draw(folder / "time_by_T.svg", name, by_T, "T, steps", "ms a training step and time step", lambda r: r["ms_median"] / r["T"], True)
    draw(folder / "bytes_by_T.svg", name, by_T, "T, steps", "peak memory of the process, MB", lambda r: r["rss_mb"])
    by_B = lines(rows, "B", T=100, I=128, H=128, threads=2)
    name = "LSTM, T=100, I=H=128, 2 threads"
    draw(folder / "time_by_batch.svg", name, by_B, "B, rows", "ms a training step", lambda r: r["ms_median"])
    draw(folder / "bytes_by_batch.svg", name, by_B, "B, rows", "peak memory of the process, MB", lambda r: r["rss_mb"])
    by_threads = lines(rows, "threads", T=100, B=32, I=128, H=128)
    draw(folder / "time_by_threads.svg", "LSTM, T=100, B=32, I=H=128", by_threads, "threads", "ms a training step",
         lambda r: r["ms_median"])
    threads = lambda r: f"{r['threads']} thread{'s' * (r['threads'] > 1)}"
    bars(folder / "two_layers.svg", "Two layers of LSTM, (100,64,256,256)", medians(rows, threads, work="two_layers"), "ms a training step")
    bars(folder / "float64.svg", "float64, (100,32,128,128), 2 threads", medians(rows, lambda r: r["cell"], work="cell", dtype="float64"),
         "ms a training step")
    compiled = json.loads((folder / "compare_run.json").read_text()).get("compile_of_a_cell", [])
    bars(folder / "compile_time.svg", "Compiling a cell's file, g++ -O2", {"": {what: seconds for what, seconds, _ in compiled}}, "s")


draw_all(Path(sys.argv[1]))
