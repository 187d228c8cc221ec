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


draw_all(Path(sys.argv[1]))
