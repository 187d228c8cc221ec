#!/usr/bin/env python3
"""Prints lane_coefficients.hpp: the polynomials of lane_math.hpp, fitted with mpmath (near minimax) and rounded.

    python3 ops/lane_coefficients.py > ops/lane_coefficients.hpp
"""
import struct
import sys
from mpmath import mp, mpf, cos, erf, erfc, exp, log, lu_solve, matrix, pi, sin, sqrt, atanh, chebyt, floor

mp.dps = 70


def fit(f, lo, hi, degree, weight):
    """Coefficients, constant term first, that nearly minimise the maximum of weight * |p - f| on [lo, hi]."""
    n = 12 * (degree + 1)
    nodes = [cos(pi * (2 * i + 1) / (2 * n)) for i in range(n)]
    xs = [(lo + hi) / 2 + (hi - lo) / 2 * t for t in nodes]
    basis = matrix(n, degree + 1)
    for i, t in enumerate(nodes):
        for k in range(degree + 1):
            basis[i, k] = chebyt(k, t)
    target = [f(x) for x in xs]
    w = [weight(x) for x in xs]
    share = [mpf(1) / n] * n
    best, best_error = None, None
    for _ in range(30):  # Lawson: least squares, reweighted towards the largest error
        m = matrix(degree + 1, degree + 1)
        b = matrix(degree + 1, 1)
        for i in range(n):
            s = share[i] * w[i] ** 2
            for k in range(degree + 1):
                b[k] += s * basis[i, k] * target[i]
                for j in range(k + 1):
                    m[k, j] += s * basis[i, k] * basis[i, j]
        for k in range(degree + 1):
            for j in range(k):
                m[j, k] = m[k, j]
        c = lu_solve(m, b)
        errors = [w[i] * abs(sum(c[k] * basis[i, k] for k in range(degree + 1)) - target[i]) for i in range(n)]
        if best is None or max(errors) < best_error:
            best, best_error = c, max(errors)
        total = sum(share[i] * errors[i] for i in range(n))
        share = [share[i] * errors[i] / total for i in range(n)]
    return monomials(best, lo, hi), best_error


def monomials(c, lo, hi):
    """Converts Chebyshev coefficients over [lo, hi] into those of a polynomial in x."""
    def times_t(p):  # t = (2x - lo - hi) / (hi - lo)
        out = [mpf(0)] * (len(p) + 1)
        for k, v in enumerate(p):
            out[k] -= v * (lo + hi) / (hi - lo)
            out[k + 1] += v * 2 / (hi - lo)
        return out

    def add(p, q, scale):
        size = max(len(p), len(q))
        return [(p[k] if k < len(p) else 0) + scale * (q[k] if k < len(q) else 0) for k in range(size)]
    before, now = [mpf(1)], times_t([mpf(1)])
    total = add([c[0]], now, c[1]) if len(c) > 1 else [c[0]]
    for k in range(2, len(c)):
        before, now = now, add([2 * v for v in times_t(now)], before, -1)
        total = add(total, now, c[k])
    return total


def near_zero(f, series, x):
    """f, or its series where f would suffer cancellation."""
    return series(x) if abs(x) < mpf(10) ** -12 else f(x)


half_ln2 = log(2) / 2 * mpf("1.0005")
third = (3 - 2 * sqrt(mpf(2))) ** 2 * mpf("1.001")   # ((sqrt(2) - 1) / (sqrt(2) + 1))^2
quarter = (pi / 4) ** 2 * mpf("1.001")
two_over_root_pi = 2 / sqrt(pi)


def q_exp(r):
    return near_zero(lambda x: (exp(x) - 1 - x) / x**2, lambda x: mpf(1) / 2 + x / 6, r)


def r_log(z):
    return near_zero(lambda x: (2 * atanh(sqrt(x)) / sqrt(x) - 2) / x, lambda x: mpf(2) / 3 + 2 * x / 5, z)


def s_sin(z):
    return near_zero(lambda x: (sin(sqrt(x)) / sqrt(x) - 1) / x, lambda x: -mpf(1) / 6 + x / 120, z)


def c_cos(z):
    return near_zero(lambda x: (cos(sqrt(x)) - 1 + x / 2) / x**2, lambda x: mpf(1) / 24 - x / 720, z)


def p_erf(z):
    return near_zero(lambda x: erf(sqrt(x)) / sqrt(x) - 1, lambda x: two_over_root_pi * (1 - x / 3) - 1, z)


def q_erf(u):
    return log(erfc(1 + u))


FITS = [
    # name, comment, function, range, weight (relative to the result), degrees for float and double
    ("exp", "(e^r - 1 - r) / r^2 on |r| <= ln2 / 2", q_exp, (-half_ln2, half_ln2), lambda r: r**2 * exp(-r), (4, 10)),
    ("log", "(2 atanh(s) / s - 2) / s^2 in s^2, s = (m - 1) / (m + 1), m in [sqrt(1/2), sqrt(2)]", r_log, (mpf(0), third), lambda z: z / 2, (2, 6)),
    ("sin", "(sin(r) / r - 1) / r^2 in r^2 on |r| <= pi / 4", s_sin, (mpf(0), quarter), lambda z: z, (2, 5)),
    ("cos", "(cos(r) - 1 + r^2 / 2) / r^4 in r^2 on |r| <= pi / 4", c_cos, (mpf(0), quarter), lambda z: z**2 * mpf("1.4"), (2, 5)),
    ("erf", "erf(x) / x - 1 in x^2 on |x| <= 1", p_erf, (mpf(0), mpf(1)), lambda z: mpf("0.9"), (6, 13)),
]
TAILS = [("erfc", "log(erfc(1 + u)) on 0 <= u <= 3 (float) or 5 (double)", q_erf, (mpf(3), mpf(5)), (8, 21))]


def rounded(x, bits):
    return struct.unpack("f" if bits == 24 else "d", struct.pack("f" if bits == 24 else "d", float(x)))[0]


def literal(x, bits):
    return float.hex(rounded(x, bits)) + ("f" if bits == 24 else "")


def table(name, comment, coefficients, bits, error):
    print(f"  // {comment}; error 2^{float(log(error, 2)):.1f}")
    kind = "float" if bits == 24 else "double"
    body = ", ".join(literal(c, bits) for c in coefficients)
    line, lines = "     ", []
    for item in body.split(", "):
        if len(line) + len(item) > 112:
            lines.append(line)
            line = "     "
        line += " " + item + ","
    lines.append(line)
    print(f"  static constexpr {kind} {name}[] = {{\n" + "\n".join(lines).rstrip(",") + "};")


def parts(x, widths):
    """Splits x into a sum of terms with the given bit counts, so that their products with small integers are exact."""
    out = []
    for w in widths:
        e = floor(log(abs(x), 2)) + 1
        scale = mpf(2) ** (w - e)
        head = floor(x * scale + mpf(1) / 2) / scale if w == 53 or w == 24 else (floor(x * scale) if x > 0 else -floor(-x * scale)) / scale
        out.append(head)
        x -= head
    return out


def main():
    print("#pragma once\n")
    print("// Generated by lane_coefficients.py; edit that file. Constant term first.")
    print("namespace ebb::lanes {\n\ntemplate <class T> struct Coefficients;\n")
    for bits in (24, 53):
        which = 0 if bits == 24 else 1
        kind = "float" if bits == 24 else "double"
        print(f"template <> struct Coefficients<{kind}> {{")
        for name, comment, f, (lo, hi), weight, degrees in FITS:
            c, error = fit(f, lo, hi, degrees[which], weight)
            table(name, comment, c, bits, error)
        for name, comment, f, tops, degrees in TAILS:
            c, error = fit(f, mpf(0), tops[which], degrees[which], lambda u: erfc(1 + u))
            table(name, comment, c, bits, error)
        print("  // Split into terms of few bits, so that their products with the integers that occur are exact.")
        for name, x, widths in (("ln2", log(2), (15, 24) if bits == 24 else (40, 53)),
                                ("half_pi", pi / 2, (9, 9, 9, 24) if bits == 24 else (30, 30, 30, 53))):
            body = ", ".join(literal(p, bits) for p in parts(x, widths))
            print(f"  static constexpr {kind} {name}[] = {{{body}}};")
        print("};\n" if bits == 24 else "};")
        sys.stdout.flush()
    print("\n}  // namespace ebb::lanes")


main()
