#!/usr/bin/env python3
"""Compares the spectra that Ebb computes with numpy's, from Jacobians that Ebb has written.

    ebb observe --cell lstm --hidden 8 --measure jacobians --export 40 --out run
    tools/compare_with_numpy.py run/jacobians-*.safetensors

For each file, the largest differences over all steps and rows of
    sigma       the singular values of each Jacobian, relative to the largest
    lambda      its eigenvalues, paired, relative to the largest singular value; sigma_min(J - lambda I) instead where eigenvalues
                nearly coincide, as their errors are roots of the rounding error there
    product     the logarithms of the largest singular values of the product of all Jacobians, those within 1e-6 of the largest
    exponents   Lyapunov exponents by QR over all steps, in nats per step, those of lost directions left out
Exits with 1 if a difference exceeds 1e-9.
"""
import json
import sys

import numpy as np

BOUND = 1e-9


def read(path):
    """The arrays and strings of a safetensors file."""
    with open(path, "rb") as file:
        head = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = file.read()
    kinds = {"F64": np.float64, "F32": np.float32}
    arrays = {
        name: np.frombuffer(data[e["data_offsets"][0]:e["data_offsets"][1]], kinds[e["dtype"]]).reshape(e["shape"])
        for name, e in head.items() if name != "__metadata__"
    }
    return arrays, head["__metadata__"]


def singular_difference(J, log_sigma):
    expected = np.linalg.svd(J, compute_uv=False)
    return np.abs(np.exp(log_sigma) - expected).max() / max(expected[..., 0].max(), 1e-300)


def eigenvalue_difference(J, values):
    """Each of numpy's eigenvalues with the nearest one that is left."""
    scale = max(np.linalg.norm(J, 2), 1e-300)
    expected, left, worst = np.linalg.eigvals(J), list(values), 0.0
    for x in expected:
        k = int(np.argmin([abs(y - x) for y in left]))
        y = left.pop(k)
        apart = abs(y - x) / scale
        if apart > BOUND:
            apart = np.linalg.svd(J - y * np.eye(len(J)), compute_uv=False)[-1] / scale
        worst = max(worst, apart)
    return worst


def product_difference(J, log_sigma):
    """J [T, B, S, S]; numpy forms the product, scaled by its norm after each step."""
    worst = 0.0
    for row in range(J.shape[1]):
        product, scale = np.eye(J.shape[2]), 0.0
        for step in J[:, row]:
            product = step @ product
            norm = np.linalg.norm(product)
            if norm == 0:
                break
            product, scale = product / norm, scale + np.log(norm)
        expected = np.linalg.svd(product, compute_uv=False)
        kept = expected > 1e-6 * max(expected[0], 1e-300)
        if expected[0] > 0:
            worst = max(worst, np.abs(np.log(expected[kept]) + scale - log_sigma[row][kept]).max())
    return worst


def exponents_difference(J, exponents):
    worst, T = 0.0, J.shape[0]
    for row in range(J.shape[1]):
        Q, total = np.eye(J.shape[2]), np.zeros(J.shape[2])
        for step in J[:, row]:
            A = step @ Q
            Q, R = np.linalg.qr(A)
            size = np.abs(np.diag(R))
            lost = size <= 1e-14 * np.maximum(np.linalg.norm(A, axis=0), 1e-300)
            total += np.log(np.where(lost, 1, size))
            total[lost] = -np.inf
        mine, theirs = np.sort(exponents[row])[::-1], np.sort(total / T)[::-1]
        kept = np.isfinite(mine)
        if not np.array_equal(kept, np.isfinite(theirs)):
            return np.inf
        if kept.any():
            worst = max(worst, np.abs(mine[kept] - theirs[kept]).max())
    return worst


def main(paths):
    if not paths:
        sys.exit(__doc__)
    print(f"{'cell':24}{'S':>5}{'sigma':>10}{'lambda':>10}{'product':>10}{'exponents':>11}")
    worst = np.zeros(4)
    for path in paths:
        a, strings = read(path)
        J, values = a["jacobians"], a["eigenvalues_real"] + 1j * a["eigenvalues_imag"]
        differences = np.array([
            max(singular_difference(J[t, b], a["log_singular_values"][t, b]) for t, b in np.ndindex(J.shape[:2])),
            max(eigenvalue_difference(J[t, b], values[t, b]) for t, b in np.ndindex(J.shape[:2])),
            product_difference(J, a["product_log_singular_values"]),
            exponents_difference(J, a["exponents"]),
        ])
        worst = np.maximum(worst, differences)
        print(f"{strings['cell']:24}{J.shape[2]:5}" + "".join(f"{x:10.1e}" for x in differences[:3]) + f"{differences[3]:11.1e}")
    print(f"{'largest':29}" + "".join(f"{x:10.1e}" for x in worst[:3]) + f"{worst[3]:11.1e}")
    return not (worst <= BOUND).all()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
