#!/usr/bin/env python3
"""Reads what `ebb runs export` wrote with the real packages, and compares it with the runs.

    python3 -m pip install 'wandb<0.20' mlflow tensorboard pandas    # later versions of wandb have no reader in Python
    ebb runs export --to csv --out EXPORTS/runs.csv
    for tool in wandb mlflow tensorboard; do ebb runs export --to $tool --out EXPORTS/$tool; done
    tools/read_exports.py runs EXPORTS

Every update of every learning curve below the first folder is compared with what each package reads, as are the options,
the test loss, the tags and the note. A package that is missing is skipped with a message. Exits with 1 if something differs, with
77 if every package is missing.
"""
import csv
import glob
import importlib
import json
import math
import os
import sys


def curves_of(runs):
    """{"gru" or "gru/seed-2": (folder, seed, rows of curve.csv)}"""
    found = {}
    for path in sorted(glob.glob(os.path.join(runs, "**", "curve*.csv"), recursive=True)):
        folder, file = os.path.split(path)
        if os.path.basename(folder) == "figures":
            continue
        name, seed = os.path.relpath(folder, runs), None
        if file != "curve.csv":
            seed = file[len("curve-"):-len(".csv")]
            name += "/seed-" + seed
        with open(path) as f:
            found[name] = (folder, seed, list(csv.DictReader(f)))
    return found


def scalars_of(folder, seed, rows):
    """{tag: [(update, value)]}, and the summary of the seed."""
    with open(os.path.join(folder, "summary.json")) as f:
        seeds = json.load(f)["runs"]
    summary = seeds[seed] if seed else next(iter(seeds.values()))
    valid = "valid/" + summary.get("validated_by", "loss").replace(" ", "_")
    tags = {"train/loss": "loss", "train/gradient_norm": "gradient_norm", "train/clipped": "clipped", "train/lr": "lr", valid: "valid"}
    scalars = {}
    for tag, column in tags.items():
        values = [(int(r["step"]), float(r[column])) for r in rows if r[column] and math.isfinite(float(r[column]))]
        if values:
            scalars[tag] = values
    return scalars, summary


def plain(x):
    """A value of summary.json as Ebb exports it."""
    return int(x) if isinstance(x, bool) else ",".join(map(str, x)) if isinstance(x, list) else x


def options_of(run, seed):
    """The options of a seed, by their names in lower case."""
    with open(os.path.join(run, "summary.json")) as f:
        options = {k.lower(): plain(x) for k, x in json.load(f)["options"].items() if x is not None and k != "out"}
    return {**options, "seed": int(seed)} if seed else options


def notes_of(run):
    path = os.path.join(run, "notes.json")
    if not os.path.exists(path):
        return [], ""
    with open(path) as f:
        notes = json.load(f)
    return notes["tags"], notes["note"]


class Check:
    def __init__(self):
        self.count = self.wrong = 0

    def __call__(self, fine, what):
        self.count += 1
        if not fine:
            self.wrong += 1
            print("differs:", what)

    def series(self, name, expected, found, digits):
        for tag, values in expected.items():
            got = found.get(tag, [])
            same = len(got) == len(values) and all(
                a[0] == b[0] and abs(a[1] - b[1]) <= digits * abs(a[1]) for a, b in zip(values, got))
            self(same, f"{name}, {tag}: {values[:2]} ... ({len(values)}) and {got[:2]} ... ({len(got)})")


    def options(self, name, expected, found):
        for key, x in expected.items():
            got = found.get(key)
            same = got is not None and (str(got) == x if isinstance(x, str) else float(got) == x)
            self(same, f"{name}, option {key}: {x!r} and {got!r}")

    def notes(self, name, run, tags, note):
        self((sorted(tags), note) == notes_of(run), f"{name}, tags and note: {notes_of(run)} and {tags, note}")


def read_tensorboard(curves, folder, check):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    for name, (run, seed, rows) in curves.items():
        events = EventAccumulator(os.path.join(folder, name), size_guidance={"scalars": 0})
        events.Reload()
        found = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
        check.series(name, scalars_of(run, seed, rows)[0], found, 1e-6)  # float32


def read_mlflow(curves, folder, check):
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    import mlflow
    mlflow.set_tracking_uri("file://" + os.path.abspath(folder))
    table = mlflow.search_runs(search_all_experiments=True)
    check(len(table) >= len(curves), f"{len(table)} runs in MLflow, {len(curves)} learning curves")
    client = mlflow.tracking.MlflowClient()
    for name, (run, seed, rows) in curves.items():
        found = table[table["tags.mlflow.runName"] == name]
        if len(found) != 1:
            check(False, f"{name} is {len(found)} times in MLflow")
            continue
        row = found.iloc[0]
        scalars, summary = scalars_of(run, seed, rows)
        history = {tag: [(m.step, m.value) for m in client.get_metric_history(row.run_id, tag)] for tag in scalars}
        check.series(name, scalars, history, 1e-12)
        if summary["loss"] is not None:
            check(row["metrics.loss"] == summary["loss"], f"{name}: loss {row['metrics.loss']} and {summary['loss']}")
        check(row.status in ("FINISHED", "FAILED", "KILLED", "RUNNING"), f"{name}: status {row.status}")
        data = client.get_run(row.run_id).data
        check.options(name, options_of(run, seed), data.params)
        tags = [key[len("ebb.tag."):] for key in data.tags if key.startswith("ebb.tag.")]
        check.notes(name, run, tags, data.tags.get("mlflow.note.content", ""))


def read_wandb(curves, folder, check):
    import wandb
    wandb._assert_is_internal_process = True
    from wandb.proto import wandb_internal_pb2
    from wandb.sdk.internal.datastore import DataStore
    found = {}
    for path in glob.glob(os.path.join(folder, "offline-run-*", "run-*.wandb")):
        store = DataStore()
        store.open_for_scan(path)
        name, history, config, notes, summary, ended = None, {}, {}, (), {}, False
        while (data := store.scan_data()) is not None:
            record = wandb_internal_pb2.Record()
            record.ParseFromString(data)
            kind = record.WhichOneof("record_type")
            if kind == "run":
                name = record.run.display_name
                config = {i.key: json.loads(i.value_json) for i in record.run.config.update}
                notes = list(record.run.tags), record.run.notes
                check(path.endswith(f"run-{record.run.run_id}.wandb"), f"{path}: id {record.run.run_id}")
            elif kind == "history":
                values = {i.key: json.loads(i.value_json) for i in record.history.item}
                check(values["_step"] == record.history.step.num, f"{name}: step {values['_step']}")
                for key, value in values.items():
                    history.setdefault(key, []).append((record.history.step.num, value))
            elif kind == "summary":
                summary = {i.key: json.loads(i.value_json) for i in record.summary.update}
            elif kind == "exit":
                ended = True
        found[name] = (history, config, notes, summary, ended)
    for name, (run, seed, rows) in curves.items():
        if name not in found:
            check(False, f"{name} is not in W&B's folder")
            continue
        history, config, notes, summary, ended = found[name]
        scalars, expected = scalars_of(run, seed, rows)
        check.series(name, scalars, history, 1e-12)
        check(ended, f"{name}: no record of its end")
        if expected["loss"] is not None:
            check(summary["loss"] == expected["loss"], f"{name}: loss {summary['loss']} and {expected['loss']}")
        check.options(name, options_of(run, seed), config)
        check.notes(name, run, *notes)


def read_table(curves, path, check):
    import pandas
    table = pandas.read_csv(path)
    for name, (run, seed, _) in curves.items():
        row = table[table.run == (name.rsplit("/seed-", 1)[0] if seed else name)]
        check(len(row) == 1, f"{name} is {len(row)} times in {path}")
        losses = [s["loss"] for s in json.load(open(os.path.join(run, "summary.json")))["runs"].values() if s["loss"] is not None]
        if losses and len(row) == 1:
            mean = sum(losses) / len(losses)
            check(abs(row.iloc[0].loss - mean) <= 1e-12 * abs(mean), f"{name}: loss {row.iloc[0].loss} and {mean}")


def main():
    runs, exports = sys.argv[1:]
    curves = {name: c for name, c in curves_of(runs).items() if os.path.exists(os.path.join(c[0], "summary.json"))}
    if not curves:
        sys.exit(f"no learning curves below {runs}")
    read = 0
    wrong = 0
    for tool, module, reader, path in [
            ("pandas", "pandas", read_table, "runs.csv"), ("tensorboard", "tensorboard", read_tensorboard, "tensorboard"),
            ("mlflow", "mlflow", read_mlflow, "mlflow"), ("wandb", "wandb.proto.wandb_internal_pb2", read_wandb, "wandb")]:
        check = Check()
        try:
            importlib.import_module(module)
            if tool == "wandb":
                importlib.import_module("wandb.sdk.internal.datastore")
        except ImportError as e:
            print(f"{tool}: skipped, {e}")
            continue
        reader(curves, os.path.join(exports, path), check)
        print(f"{tool}: {check.count} checks of {len(curves)} learning curves, {check.wrong} differ")
        read += 1
        wrong += check.wrong
    sys.exit(77 if read == 0 else 1 if wrong else 0)


if __name__ == "__main__":
    main()
