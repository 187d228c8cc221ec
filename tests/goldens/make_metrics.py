#!/usr/bin/env python3
"""Creates metrics.json with scikit-learn (classes) and sacrebleu (BLEU without smoothing or tokenising).

    python3 tests/goldens/make_metrics.py
"""
import json
import pathlib
import random

import numpy as np
import sacrebleu
import sklearn
from sklearn import metrics

HERE = pathlib.Path(__file__).parent
rng = np.random.default_rng(4)


def classes():
    out = []
    # The second never predicts class 0, and class 3 is never wanted; in the third class 4 does not occur; the last is binary.
    for count, predicted, wanted in ((4, range(4), range(4)), (4, range(1, 4), range(3)), (5, range(4), range(3)), (2, range(2), range(2))):
        p, w = rng.choice(list(predicted), 40), rng.choice(list(wanted), 40)
        p = np.where((rng.random(40) < .5) & np.isin(w, list(predicted)), w, p)
        c = {"classes": count, "predicted": p.tolist(), "wanted": w.tolist(), "accuracy": metrics.accuracy_score(w, p),
             "matrix": metrics.confusion_matrix(w, p, labels=range(count)).flatten().tolist()}
        for average in (None, "micro", "macro"):
            # Per-class values need all labels; the means use scikit-learn's default labels.
            more = {"labels": range(count)} if average is None else {}
            score = metrics.precision_recall_fscore_support(w, p, average=average, zero_division=0, **more)
            c[average or "each"] = [np.asarray(s).tolist() for s in score[:3]]
        out.append(c)
    return out


def top_k():
    scores, wanted = rng.normal(size=(30, 6)), rng.integers(0, 6, 30)
    return {"scores": scores.flatten().tolist(), "wanted": wanted.tolist(), "classes": 6,
            "accuracy": [metrics.top_k_accuracy_score(wanted, scores, k=k, labels=range(6)) for k in range(1, 6)]}


def bleu():
    draw = random.Random(7)
    out = []
    # drop: short translations; the last shares no 4-gram
    for references, vocabulary, drop in ((1, 6, 0), (3, 8, 0), (2, 5, 3), (1, 300, 0)):
        pairs = []
        for _ in range(6):
            base = [draw.randrange(vocabulary) for _ in range(draw.randrange(8, 16))]
            noisy = lambda s: [t if draw.random() < .8 else draw.randrange(vocabulary) for t in s[draw.randrange(3):]]
            pairs.append((noisy(base)[drop:], [noisy(base) for _ in range(references)]))
        if vocabulary == 300:
            pairs = [([1, 2, 3, 9], [[1, 2, 3, 4]]), ([5, 6], [[6, 5]])]
        text = lambda s: " ".join(map(str, s))
        score = sacrebleu.corpus_bleu([text(t) for t, _ in pairs], [[text(r[k]) for _, r in pairs] for k in range(len(pairs[0][1]))],
                                      smooth_method="none", tokenize="none", use_effective_order=False)
        out.append({"pairs": [{"translation": t, "references": r} for t, r in pairs], "bleu": score.score / 100, "brevity": score.bp,
                    "precisions": [p / 100 for p in score.precisions]})
    return out


def main():
    content = {"made_by": f"tests/goldens/make_metrics.py with scikit-learn {sklearn.__version__}, sacrebleu {sacrebleu.__version__}",
               "classes": classes(), "top_k": top_k(), "bleu": bleu()}
    (HERE / "metrics.json").write_text(json.dumps(content, separators=(",", ":")).replace('},{"', '},\n{"') + "\n")


if __name__ == "__main__":
    main()
