#!/usr/bin/env python3
"""Creates tensorboard.json with TensorBoard's record writer: the bytes of an event file, in hexadecimal.

    python3 tests/goldens/make_tensorboard.py
"""
import io
import json
import pathlib

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter

STARTED = 1_700_000_000.25
CURVE = [  # step, seconds, loss, norm of the gradient, clipped, rate, validation loss or None
    (1, 0.125, 1.27674383, 3.08033127, True, 0.01, None),
    (2, 0.5, 0.851727992, 0.75, False, 0.005, None),
    (300, 7.75, 0.0, 1e-30, False, 1e-5, 0.1640625),
    (1_000_000, 86400.0, float("inf"), 2.0, True, 0.0, 12345.678),
]

file = io.BytesIO()
writer = RecordWriter(file)
writer.write(Event(wall_time=STARTED, file_version="brain.Event:2").SerializeToString())
for step, seconds, loss, norm, clipped, lr, valid in CURVE:
    event = Event(wall_time=STARTED + seconds, step=step)
    values = [("train/loss", loss), ("train/gradient_norm", norm), ("train/clipped", float(clipped)), ("train/lr", lr)]
    if valid is not None:
        values.append(("valid/loss", valid))
    for tag, value in values:
        event.summary.value.add(tag=tag, simple_value=value)
    writer.write(event.SerializeToString())

content = {"made_by": "tests/goldens/make_tensorboard.py with TensorBoard " + tensorboard.__version__, "started": STARTED,
           "curve": [["inf" if x == float("inf") else x for x in row] for row in CURVE], "hex": file.getvalue().hex()}
(pathlib.Path(__file__).parent / "tensorboard.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")
