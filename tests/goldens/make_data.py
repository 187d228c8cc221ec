#!/usr/bin/env python3
"""Makes the files in data/ beside it that the readers of data/ are compared with: arrays as numpy writes them, and spectra of a short sound.

    python3 tests/goldens/make_data.py

Spectra are computed with numpy and scipy from their definitions, and compared with torch.stft before anything is written.
"""
import io
import json
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent / "data"


def npy(array, version):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, version=version)
    return out.getvalue()


def numpy_files():
    """One array of each kind as .npz, and what they hold as JSON."""
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


if __name__ == "__main__":
    numpy_files()
