#!/usr/bin/env python3
"""Creates midi.json: pieces as piano rolls, and their MIDI files written and read by mido.

    pip install mido
    python3 tests/goldens/make_midi.py

mido writes each file from messages composed here, then reads it back for its notes in seconds.
"""
import importlib.metadata
import io
import json
import pathlib

import mido

HERE = pathlib.Path(__file__).parent

SHORT = [[60, 64, 67], [60, 65, 69], [], [60], [60, 72]]
PIECES = {
    "chords, some notes held": dict(steps=SHORT),
    "no notes": dict(steps=[]),
    "rests only": dict(steps=[[]] * 9),
    "the lowest and the highest key of a piano": dict(steps=[[21, 108], [21], [108]]),
    "the lowest and the highest note there is": dict(steps=[[0, 127], [0, 127]]),
    "every key at once": dict(steps=[list(range(21, 109))] * 2),
    "a repeated note after one step of silence": dict(steps=[[60], [], [60], [], [60]]),
    "long rests": dict(steps=[[]] * 127 + [[60]] + [[]] * 128 + [[61]] + [[]] * 16384 + [[62]] + [[]] * 300),
    "a very long note": dict(steps=[[60]] * 20000),
    "another tempo and instrument": dict(steps=SHORT, tempo=133.7, program=0, velocity=127, ticks=96, step=24),
    "the slowest": dict(steps=SHORT, tempo=4, program=127, velocity=1, ticks=32767, step=1),
}


def notes_of(steps):
    """(begin, end, note) of each run of steps in which a note sounds, found key by key."""
    notes = []
    for key in range(128):
        held = [key in set(step) for step in steps] + [False]
        for t, sounds in enumerate(held):
            if sounds and (t == 0 or not held[t - 1]):
                notes.append((t, held.index(False, t), key))
    return notes


def file_of(steps, tempo=72, program=19, velocity=80, ticks=480, step=480):
    events = []
    for begin, end, note in notes_of(steps):
        events += [(end * step, 0, note), (begin * step, velocity, note)]
    events.sort(key=lambda e: (e[0], e[1] > 0, e[2]))
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(tempo)),
                            mido.MetaMessage("time_signature", numerator=4, denominator=4),
                            mido.Message("program_change", program=program)])
    now = 0
    for tick, loudness, note in events:
        track.append(mido.Message("note_on", note=note, velocity=loudness, time=tick - now))
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=len(steps) * step - now))
    out = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=ticks, tracks=[track]).save(file=out)
    return out.getvalue()


def read_back(data):
    """Seconds at which notes begin and end, and the file's length."""
    file = mido.MidiFile(file=io.BytesIO(data))
    now, open_at, notes = 0, {}, []
    for message in file:
        now += message.time
        if message.type == "note_on" and message.velocity:
            open_at[message.note] = now
        elif message.type == "note_on":
            notes.append([message.note, round(open_at.pop(message.note), 6), round(now, 6)])
    assert not open_at
    return {"length": round(file.length, 6), "notes": notes}


def main():
    pieces = []
    for name, piece in PIECES.items():
        data = file_of(**piece)
        steps = piece.pop("steps")
        runs = []                       # [how often, step], for long pieces
        for step in steps:
            if runs and runs[-1][1] == step:
                runs[-1][0] += 1
            else:
                runs.append([1, step])
        pieces.append({"name": name, "steps": runs, "options": piece, "bytes": data.hex(), "read_back": read_back(data)})
    content = {"made_by": f"tests/goldens/make_midi.py with mido {importlib.metadata.version('mido')}", "pieces": pieces}
    (HERE / "midi.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
