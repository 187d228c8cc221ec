#!/usr/bin/env python3
"""Creates the golden files for the readers of data/: arrays written by NumPy, and spectra of a short sound.

    python3 tests/goldens/make_data.py

Spectra are computed with NumPy and SciPy from their definitions, and compared with torch.stft before anything is written.
"""
import io
import json
import pathlib

import numpy as np
import scipy
import torch
from scipy.fft import dct
from scipy.io import wavfile

HERE = pathlib.Path(__file__).parent / "data"


def npy(array, version):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def numpy_files():
    """One array of each kind as .npz, and their contents as JSON."""
    a = (np.arange(24).reshape(2, 3, 4) - 5) / 8
    arrays = {
        "f4": a.astype("<f4"), "f8": a * np.pi, "i4": np.array([[1, -2, 3]], "<i4"), "i8": np.array([2**31 - 1, -2**31], "<i8"),
        "u1": np.arange(250, 256, dtype="u1").reshape(3, 2), "fortran": np.asfortranarray(a), "scalar": np.array(2.5),
        "fortran_i8": np.asfortranarray(np.arange(6).reshape(2, 3)), "four": np.arange(16.0).reshape(2, 2, 2, 2).copy("F"),
        "none": np.zeros((0, 3), "<f4"),
    }
    np.savez_compressed(HERE / "compressed.npz", **arrays)
    np.savez(HERE / "stored.npz", **arrays)
    for version in [(1, 0), (2, 0), (3, 0)]:
        (HERE / f"v{version[0]}.npy").write_bytes(npy(arrays["f8"], version=version))
    content = {"made_by": f"tests/goldens/make_data.py with numpy {np.__version__}",
               "arrays": {n: {"shape": list(x.shape), "values": x.astype("f8").flatten().tolist()} for n, x in arrays.items()}}
    (HERE / "arrays.json").write_text(json.dumps(content, separators=(",", ":")) + "\n")


RATE = 8000


def sound():
    """A rising tone and noise, as 16 bits."""
    t = np.arange(600) / RATE
    x = .5 * np.sin(2 * np.pi * (300 + 9000 * t) * t) + .05 * np.random.default_rng(1).standard_normal(600)
    return np.round(x * 32767).astype("i2")


def wav_files(x):
    wavfile.write(HERE / "i16.wav", RATE, x)
    wavfile.write(HERE / "f32.wav", RATE, x.astype("f4") / 32768)
    wavfile.write(HERE / "u8_stereo.wav", 16000, np.stack([np.arange(0, 256, 3), np.arange(255, -1, -3)], 1).astype("u1"))


def stft(x, window, hop, fft, centered):
    """From its definition: [frames, frequencies]."""
    w = .5 - .5 * np.cos(2 * np.pi * np.arange(window) / window)
    left = (fft - window) // 2
    w = np.pad(w, (left, fft - window - left))
    padded = np.pad(x, fft // 2, mode="reflect") if centered else x
    frames = [padded[s:s + fft] * w for s in range(0, len(padded) - fft + 1, hop)]
    kernel = np.exp(-2j * np.pi * np.outer(np.arange(fft), np.arange(fft // 2 + 1)) / fft)
    ours = np.array(frames) @ kernel
    theirs = torch.stft(torch.tensor(x), fft, hop, window, torch.hann_window(window, dtype=torch.float64), center=centered,
                        pad_mode="reflect", return_complex=True).T.numpy()
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)
    return ours


def mel_filters(fft, mels, low, high):
    points = np.linspace(*(2595 * np.log10(1 + np.array([low, high]) / 700)), mels + 2)
    hz = 700 * (10 ** (points / 2595) - 1)
    f = np.arange(fft // 2 + 1)[:, None] * RATE / fft
    return np.maximum(0, np.minimum((f - hz[:-2]) / (hz[1:-1] - hz[:-2]), (hz[2:] - f) / (hz[2:] - hz[1:-1])))


def spectra():
    """spectra.json: spectra of a sound of 600 samples."""
    pcm = sound()
    wav_files(pcm)
    x = pcm / 32768.
    cases = []
    for window, hop, fft, centered, mels, low, high in [(100, 60, 128, True, 20, 0, 4000), (75, 70, 75, False, 10, 200, 3500)]:
        s = stft(x, window, hop, fft, centered)
        filters = mel_filters(fft, mels, low, high)
        logs = np.log(np.maximum(np.abs(s) ** 2 @ filters, 1e-10))
        numbers = {"real": s.real, "imaginary": s.imag, "filters": filters, "log_mel": logs,
                   "mfcc": dct(logs, type=2, norm="ortho", axis=1)[:, :8]}
        cases.append({"window": window, "hop": hop, "fft": fft, "centered": centered, "mels": mels, "low": low, "high": high,
                      **{n: {"shape": list(a.shape), "values": a.flatten().tolist()} for n, a in numbers.items()}})
    versions = f"numpy {np.__version__}, scipy {scipy.__version__}, torch {torch.__version__}"
    content = {"made_by": "tests/goldens/make_data.py with " + versions, "rate": RATE, "pcm": pcm.tolist(), "cases": cases}
    (HERE / "spectra.json").write_text(json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    numpy_files()
    spectra()
