#!/usr/bin/env python3
"""Creates statistics.json with scipy (distributions, intervals, Wilcoxon's test) and statsmodels (Holm, power).

    python3 tests/goldens/make_statistics.py
"""
import json
import pathlib
from types import SimpleNamespace

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(16)


def distributions():
    normal = [{"x": x, "p": stats.norm.cdf(x)} for x in (-8.0, -1.96, -.3, 0.0, .7, 3.1)]
    t = [{"x": x, "degrees": d, "p": stats.t.cdf(x, d)} for d in (1, 2, 4, 19, 200) for x in (-40.0, -2.5, -.1, 0.0, 1.3)]
    quantiles = [{"p": p, "degrees": d, "x": stats.t.ppf(p, d)} for d in (1, 2, 4, 19, 200) for p in (.005, .2, .975, .9995)]
    noncentral = [{"x": x, "degrees": d, "noncentrality": c, "p": stats.ncf.sf(x * x, 1, d, c * c)}   # T^2 is a noncentral F; nct.cdf has no value for some
                  for d in (1, 2, 4, 13, 49, 900) for x in (2.0, 4.3, 12.7) for c in (.05, .4, 2.8, 9.0)]
    return {"normal": normal, "t": t, "t_quantile": quantiles, "noncentral_t": noncentral}


def t_intervals():
    out = []
    for n in (2, 3, 5, 12, 19):
        x = rng.normal(.3, 1, n)
        low, high = stats.ttest_1samp(x, 0).confidence_interval(.95)
        out.append({"x": x.tolist(), "mean": x.mean(), "low": low, "high": high, "p": stats.ttest_1samp(x, 0).pvalue})
    return out


def bca_intervals():
    """With given means of resamples, so that the random numbers do not matter."""
    out = []
    for x in (rng.normal(0, 1, 20), rng.exponential(1, 25), rng.lognormal(0, 1, 40)):
        means = rng.choice(x, (400, x.size)).mean(axis=1)
        for tail in (.025, .016):
            ci = stats.bootstrap((x,), np.mean, n_resamples=0, confidence_level=1 - 2 * tail, method="BCa",
                                 bootstrap_result=SimpleNamespace(bootstrap_distribution=means)).confidence_interval
            out.append({"x": x.tolist(), "means": means.tolist(), "tail": tail, "low": ci.low, "high": ci.high})
    return out


def signed_ranks():
    cases = {f"{n} differences": rng.normal(.4, 1, n) for n in (2, 5, 6, 7, 10, 20, 50, 51, 120)}
    cases["all of one sign"] = np.arange(1, 7) / 8
    cases["6 with ties"] = np.array([1, 1, 2, -1, 3, 3]) / 4
    cases["13 with ties and zeros"] = np.array([0, 1, 1, 2, -1, 3, 3, 0, -2, 5, 4, 4, 6]) / 4
    cases["14 with ties"] = np.array([1, 1, 2, -1, 3, 3, -2, 5, 4, 4, 6, 7, 8, -3]) / 4
    cases["20 with zeros"] = np.concatenate([[0, 0], rng.normal(.4, 1, 18)])
    cases["60 with ties and zeros"] = rng.integers(-4, 8, 60) / 2
    out = []
    for name, d in cases.items():
        r = stats.wilcoxon(d)
        out.append({"name": name, "d": d.tolist(), "statistic": r.statistic, "p": r.pvalue})
    return out


def holms():
    out = []
    for p in ([.01], [.03, .2], [.04, .01, .03, .005], [.5, .5, .02, .9, .013, .013], rng.random(15).tolist()):
        out.append({"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()})
    return out


def powers():
    out = [{"effect": e, "n": n, "power": TTestPower().power(e, n, .05)} for e in (.1, .5, 1.2, 4.0) for n in (2, 3, 5, 14, 60)]
    needed = []
    for e in (.05, .2, .5, .8, 1.1, 2.0, 5.0, 12.0, 40.0):
        n = 2
        while TTestPower().power(min(e, 20), n, .05) < .8:
            n += 1
        needed.append({"effect": e, "n": n})
    return {"power": out, "needed": needed}


golden = {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "numpy": np.__version__,
          "distributions": distributions(), "t": t_intervals(), "bca": bca_intervals(), "signed_rank": signed_ranks(),
          "holm": holms(), "power": powers()}
(HERE / "statistics.json").write_text(json.dumps(golden, default=float, allow_nan=False) + "\n")
print(f"scipy {scipy.__version__}, statsmodels {statsmodels.__version__}")
