# TensorBoard's own reader reads the event files of ebb train and ebb compare: scalars under the names of their measures,
# histograms, texts, pictures and hparams. Skipped where python3 (or EBB_TENSORBOARD_PYTHON) has no tensorboard.
set -eu
python=${EBB_TENSORBOARD_PYTHON:-python3}
"$python" -c 'import tensorboard' 2>error || { echo "skipped: $python has no tensorboard ($(tail -1 error))"; exit 77; }
"$EBB" train series --quick --steps 60 --hidden 8 --cell gru --out run/series >log
"$EBB" train chars --quick --steps 40 --hidden 8 --out run/chars >log
"$EBB" train --resume run/chars --steps 60 >log
"$EBB" compare --quick --cells rnn,gru --lengths 0 --seeds 1 --steps 40 --out run/compare >log
"$EBB" observe --quick --cell gru --seeds 1 --measure lyapunov --length 60 --out run/observe >log
"$python" - <<'END'
import csv, io, json, struct
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import plugin_data_pb2

def read(folder):
    events = EventAccumulator(folder, size_guidance={k: 0 for k in ("scalars", "histograms", "images", "tensors")})
    events.Reload()
    return events

def hparams(events):
    content = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    found = plugin_data_pb2.HParamsPluginData.FromString(content).session_start_info.hparams
    return {k: getattr(v, v.WhichOneof("kind")) for k, v in found.items()}

def curve(path):
    return list(csv.DictReader(open(path)))

def close(a, b):
    return abs(a - float(b)) <= 1e-6 * abs(float(b)) + 1e-30   # float32 of nine digits

series = read("run/series/tensorboard")
tags = series.Tags()
assert "valid/NRMSE" in tags["scalars"] and "valid/loss" not in tags["scalars"], tags["scalars"]
assert "test/loss" in tags["scalars"] and "test/NRMSE" in tags["scalars"], tags["scalars"]
points = curve("run/series/curve.csv")
for tag, column in (("train/loss", "loss"), ("train/gradient_norm", "gradient_norm"), ("train/lr", "lr")):
    got = series.Scalars(tag)
    assert [e.step for e in got] == [int(p["step"]) for p in points], tag
    assert all(close(e.value, p[column]) for e, p in zip(got, points)), tag
validated = [p for p in points if p["valid"]]
assert [e.step for e in series.Scalars("valid/NRMSE")] == [int(p["step"]) for p in validated]

names = sorted(t.split("/", 1)[1] for t in tags["histograms"] if t.startswith("weights/"))
assert names and names == sorted(t.split("/", 1)[1] for t in tags["histograms"] if t.startswith("gradients/"))
assert any("cell/" in n for n in names), names
for name in names:
    for kind in ("weights/", "gradients/"):
        found = series.Histograms(kind + name)
        assert [e.step for e in found] == [int(p["step"]) for p in validated], (kind + name, [e.step for e in found])
        for e in found:
            h = e.histogram_value
            assert h.num == sum(h.bucket) > 0 and h.min <= h.max == h.bucket_limit[-1], kind + name
# The gradients' norm is that of the curve.
for k, p in enumerate(validated):
    squares = sum(series.Histograms("gradients/" + n)[k].histogram_value.sum_squares for n in names)
    assert abs(squares ** .5 - float(p["gradient_norm"])) < 1e-4 * float(p["gradient_norm"]), p["step"]

pictures = [t for t in tags["images"] if t.startswith("weights/")]
assert pictures
for tag in pictures:
    image = series.Images(tag)[0]
    assert image.encoded_image_string.startswith(b"\x89PNG")
    assert struct.unpack(">II", image.encoded_image_string[16:24]) == (image.width, image.height)
    try:
        from PIL import Image
    except ImportError:
        continue
    assert Image.open(io.BytesIO(image.encoded_image_string)).convert("RGB").size == (image.width, image.height)

def text(events, tag):
    return events.Tensors(tag + "/text_summary")[0].tensor_proto.string_val[0].decode()
assert 'task = "series"' in text(series, "config") and text(series, "data")
assert series.SummaryMetadata("config/text_summary").plugin_data.plugin_name == "text"
h = hparams(series)
assert h["cell"] == "gru" and h["hidden"] == 8 and h["quick"] is True and h["seed"] == 1, h
assert series.SummaryMetadata("_hparams_/session_end_info").plugin_data.plugin_name == "hparams"

chars = read("run/chars/tensorboard")   # extended: histograms of both parts, one end
assert len(text(chars, "generated")) > 100
assert len(chars.Scalars("train/loss")) == 60 and len(chars.Scalars("test/loss")) == 1
first = chars.Tags()["histograms"][0]
steps = [e.step for e in chars.Histograms(first)]
assert steps == sorted(set(steps)) and steps[0] == 2 and steps[-1] == 60, steps

for cell in ("rnn", "gru"):
    trial = read(f"run/compare/tensorboard/{cell}/seed-1")
    assert len(trial.Scalars("train/loss")) == 40 and "test/loss" in trial.Tags()["scalars"]
    assert hparams(trial)["cell"] == cell and hparams(trial)["hidden"] > 0

observed = read("run/observe/tensorboard/gru")
assert "lyapunov/sum" in observed.Tags()["scalars"], observed.Tags()["scalars"]
print("read by TensorBoard", __import__("tensorboard").__version__)
END
