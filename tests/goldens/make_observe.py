#!/usr/bin/env python3
"""Makes observe.json: spectra of long products and Lyapunov exponents, which tests/observe/ compares with.

    python3 tests/goldens/make_observe.py

Singular values of products of 200 matrices of 8 x 8 in mpmath: the product itself is formed with as many digits as its singular values
span and 50 more. Exponents by a QR of every step in mpmath with 50 digits, those of the tanh network from its equations. Both sides make
the matrices from one generator of whole numbers, so that they agree to the last bit.
"""
import json
import pathlib
import sys

import mpmath as mp
import numpy as np

HERE = pathlib.Path(__file__).parent
S, K = 8, 200


class Numbers:
    """x -> 1664525 x + 1013904223 mod 2^32 (Numerical Recipes), as numbers in [-1, 1) that float64 holds exactly."""

    def __init__(self, seed):
        self.x = seed

    def next(self):
        self.x = (1664525 * self.x + 1013904223) % 2**32
        return self.x / 2**31 - 1

    def matrix(self, rows, columns):
        return [[self.next() for _ in range(columns)] for _ in range(rows)]


def random_factors():
    n = Numbers(1)
    return [n.matrix(S, S) for _ in range(K)]


def graded_factors():
    """Columns scaled by 8^-j, exact: one step alone has a condition of about 1e7."""
    n = Numbers(2)
    return [[[x * 8.0**-j for j, x in enumerate(row)] for row in n.matrix(S, S)] for _ in range(K)]


def triangular_factors():
    """Lower triangular with the smaller element first: growth in the opposite order of the axes."""
    n = Numbers(3)
    return [[[(j + 1) / 8 if i == j else x / 4 if j < i else 0.0 for j, x in enumerate(row)] for i, row in enumerate(n.matrix(S, S))]
            for _ in range(K)]


def contracting_factors():
    """Nearly the identity, as of a cell with its forget gates open: singular values that stay close together."""
    n = Numbers(4)
    return [[[(0.96875 if i == j else 0.0) + x / 64 for j, x in enumerate(row)] for i, row in enumerate(n.matrix(S, S))]
            for _ in range(K)]


def log_singular_values(factors):
    with mp.workdps(2500):
        product = mp.eye(S)
        for a in factors:
            product = mp.matrix(a) * product
        gram_values = mp.svd_r(product, compute_uv=False)
        logs = sorted((mp.log(x) for x in gram_values), reverse=True)
    with mp.workdps(50):
        return [float(+x) for x in logs]


def exponents(factors):
    """Means of ln |R[i, i]|, in the order of the axes."""
    with mp.workdps(50):
        q, sums = mp.eye(S), [mp.mpf(0)] * S
        for a in factors:
            q, r = mp.qr(mp.matrix(a) * q)
            sums = [s + mp.log(abs(r[i, i])) for i, s in enumerate(sums)]
        return sorted((float(s / len(factors)) for s in sums), reverse=True)


def tanh_network(T=60, H=6, width=2):
    """h' = tanh(x W + h U + b), from zero; the exponents over all steps and the last state."""
    n = Numbers(5)
    W, U = np.array(n.matrix(width, H)), 0.75 * np.array(n.matrix(H, H))
    b, x = np.array(n.matrix(1, H))[0], np.array(n.matrix(T, width))
    h, q, sums = np.zeros(H), np.eye(H), np.zeros(H)
    for t in range(T):
        h = np.tanh(x[t] @ W + h @ U + b)
        q, r = np.linalg.qr(((1 - h**2)[:, None] * U.T) @ q)
        sums += np.log(np.abs(np.diag(r)))
    return {'exponents': sorted((sums / T).tolist(), reverse=True), 'end': h.tolist()}


def measures(seed):
    """Of one matrix: what is asked of a Jacobian."""
    with mp.workdps(50):
        a = mp.matrix(Numbers(seed).matrix(S, S))
        s = sorted((x for x in mp.svd_r(a, compute_uv=False)), reverse=True)
        values = mp.eig(a, left=False, right=False)
        total = mp.fsum(s)
        entropy = -mp.fsum(x / total * mp.log(x / total) for x in s)
        frobenius = mp.fsum(x * x for x in s)
        normal = mp.fsum(abs(v)**2 for v in values)
        values = sorted(((float(mp.re(v)), float(mp.im(v))) for v in values), key=lambda z: (-np.hypot(*z), -z[0], -z[1]))
        return {'log_singular': [float(mp.log(x)) for x in s], 'real': [z[0] for z in values], 'imag': [z[1] for z in values],
                'log_condition': float(mp.log(s[0] / s[-1])), 'effective_rank': float(mp.exp(entropy)),
                'departure': float(mp.sqrt((frobenius - normal) / frobenius))}


def main():
    kinds = {'random': random_factors, 'graded': graded_factors, 'triangular': triangular_factors, 'contracting': contracting_factors}
    golden = {'made_by': f'mpmath {mp.__version__}, numpy {np.__version__}, python {sys.version.split()[0]}'}
    golden['products'] = {name: {'log_singular_values': log_singular_values(f()), 'exponents': exponents(f())} for name, f in kinds.items()}
    golden['tanh'] = tanh_network()
    golden['measures'] = [measures(seed) for seed in (6, 7, 8)]
    (HERE / 'observe.json').write_text(json.dumps(golden, indent=1) + '\n')


if __name__ == '__main__':
    main()
