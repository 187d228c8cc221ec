"""JAX's side of benchmarks/train: the cell in lax.scan, with the product of all inputs before it, and one jitted function
for a whole update, whose weights and moments are donated. Batches of other lengths are padded to a few lengths, so that
few functions are compiled, all of them before the training. One training, see training.py."""
import os
import sys
import time

import training

os.environ["JAX_PLATFORMS"] = "cpu"
if "threads=1" in sys.argv:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false " + os.environ.get("XLA_FLAGS", "")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax.nn import log_softmax, sigmoid, softplus  # noqa: E402

jax.config.update("jax_default_prng_impl", "rbg")  # on a CPU much faster than the default
PADDED_TO = 16  # steps: lengths are rounded up to multiples of this


def dropout(key, x, p, shape=None):
    """Zero with probability p, else divided by 1 - p; no key: in evaluation."""
    if key is None or p == 0:
        return x
    return jnp.where(jax.random.bernoulli(key, 1 - p, shape or x.shape), x / (1 - p), 0)


def lstm(p, x, state, key, rate):
    """Outputs [T, B, H] and the last state; dropout of input and state with one mask per sequence."""
    B, H = x.shape[1], p["Wh"].shape[0]
    input_key, state_key = (None, None) if key is None else jax.random.split(key)
    x = dropout(input_key, x, rate, (1, *x.shape[1:]))
    kept = dropout(state_key, jnp.ones((B, H)), rate)

    def step(state, projected):
        h, c = state
        i, f, g, o = jnp.split(projected + (h * kept if rate and key is not None else h) @ p["Wh"], 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
        h = sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    state, y = jax.lax.scan(step, state, x @ p["Wx"] + p["b"])
    return y, state


def cross_entropy(logits, labels):
    return -jnp.take_along_axis(log_softmax(logits), labels[..., None], -1).mean()


def chars(s, w, b, state, key):
    y, state = lstm(w["cell"], w["embedding"]["W"][b["x"]], state, key, s.dropout)
    return cross_entropy(y @ w["out"]["W"] + w["out"]["b"], b["y"]), state


def sentiment_scores(s, w, b, state, key):
    words, inputs, outputs = (None,) * 3 if key is None else jax.random.split(key, 3)
    x = b["x"]
    if words is not None:
        x = jnp.where(jax.random.bernoulli(words, s.word_dropout, x.shape), training.UNKNOWN, x)
    y, state = lstm(w["forward"], dropout(inputs, w["words"][x], s.input_dropout), state, None, 0)
    real = jnp.arange(x.shape[0])[:, None] < b["lengths"]
    largest = jnp.where(real[..., None], y, -1e9).max(0)
    return dropout(outputs, largest, s.output_dropout) @ w["out"]["W"] + w["out"]["b"], state


def sentiment(s, w, b, state, key):
    scores, state = sentiment_scores(s, w, b, state, key)
    return cross_entropy(scores, b["y"]), state


def sentiment_error(s, w, b, state, key):
    scores, state = sentiment_scores(s, w, b, state, key)
    return 100 * (scores.argmax(1) != b["y"]).mean(), state


def music(s, w, b, state, key):
    y, state = lstm(w["cell"], b["x"].astype(jnp.float32), state, None, 0)
    z = dropout(key, y, s.output_dropout) @ w["out"]["W"] + w["out"]["b"]
    real = jnp.arange(y.shape[0])[:, None] < b["lengths"]
    return jnp.where(real, (softplus(z) - b["y"] * z).sum(-1), 0).sum() / b["lengths"].sum(), state


def nested(weights):
    """{"cell/Wx": W} as {"cell": {"Wx": W}}."""
    found = {}
    for name, value in weights.items():
        *scopes, last = name.split("/")
        at = found
        for scope in scopes:
            at = at.setdefault(scope, {})
        at[last] = jnp.asarray(value)
    return found


def padded(batch):
    """The arrays of a batch, in lengths of few values."""
    b = {key: batch[key] for key in ("x", "y", "lengths") if key in batch}
    if "lengths" in b:
        more = -len(b["x"]) % PADDED_TO
        for key in ("x", "y"):
            if b[key].ndim > 1:
                b[key] = np.pad(b[key], [(0, more)] + [(0, 0)] * (b[key].ndim - 1))
    return jax.tree.map(jnp.asarray, b)


class Trainer:
    def __init__(self, problem, threads):
        s = self.s = problem.settings
        loss = {"chars": chars, "sentiment": sentiment, "music": music}[problem.task]
        measure = sentiment_error if problem.task == "sentiment" else loss   # what validation averages
        self.problem, self.rates = problem, problem.rates()
        self.w = nested(problem.weights)
        self.m, self.v = jax.tree.map(jnp.zeros_like, self.w), jax.tree.map(jnp.zeros_like, self.w)
        self.parameters = sum(x.size for x in jax.tree.leaves(self.w))
        self.train, self.valid_ones = ([padded(b) for b in part] for part in (problem.train, problem.valid))
        self.key, self.state = jax.random.key(1), None
        gradient = jax.value_and_grad(lambda w, *rest: loss(s, w, *rest), has_aux=True)
        decay = {"adam": 0, "adamw": 1e-2}[s.optimizer]

        def update(w, m, v, state, b, key, k, lr):
            (value, state), g = gradient(w, b, state, jax.random.fold_in(key, k))
            kept = jnp.minimum(1, s.clip / norm_of(g))
            g = jax.tree.map(lambda g: g * kept, g)
            m = jax.tree.map(lambda m, g: .9 * m + .1 * g, m, g)
            v = jax.tree.map(lambda v, g: .999 * v + .001 * g * g, v, g)
            m_all, v_all = (1 - beta ** (k + 1) for beta in (.9, .999))
            step = lambda w, m, v: (1 - lr * decay) * w - lr * (m / m_all) / (jnp.sqrt(v / v_all) + 1e-8)
            return jax.tree.map(step, w, m, v), m, v, state, value

        def norm_of(g):
            return jnp.sqrt(sum(jnp.vdot(x, x) for x in jax.tree.leaves(g)))

        def first(w, state, b):
            (value, _), g = gradient(w, b, state, None)
            return value, norm_of(g)

        self.first_of = jax.jit(first)
        self.functions = {}
        begin = time.monotonic()
        self.compile_all(jax.jit(update, donate_argnums=(0, 1, 2, 3)), jax.jit(lambda w, state, b: measure(s, w, b, state, None)))
        self.compile_s = time.monotonic() - begin

    def compile_all(self, update, evaluate):
        k, lr = np.int32(0), np.float32(0)
        for b in self.train:
            if ("train", self.shape(b)) not in self.functions:
                self.functions["train", self.shape(b)] = update.lower(
                    self.w, self.m, self.v, self.zeros(b), b, self.key, k, lr).compile()
        for b in self.valid_ones:
            if ("valid", self.shape(b)) not in self.functions:
                self.functions["valid", self.shape(b)] = evaluate.lower(self.w, self.zeros(b), b).compile()

    @staticmethod
    def shape(b):
        return b["x"].shape

    def zeros(self, b):
        return tuple(jnp.zeros((b["x"].shape[1], self.s.hidden)) for _ in range(2))

    def first(self):
        """Loss and norm of the gradient of the first batch, without dropout."""
        b = self.train[0]
        loss, norm = self.first_of(self.w, self.zeros(b), b)
        return float(loss), float(norm)

    def update(self, k):
        b = self.train[k]
        state = self.state if self.problem.train[k]["continues"] else self.zeros(b)
        self.w, self.m, self.v, self.state, loss = self.functions["train", self.shape(b)](
            self.w, self.m, self.v, state, b, self.key, np.int32(k), np.float32(self.rates[k]))
        loss.block_until_ready()

    def valid(self):
        state, losses = None, []
        for b, about in zip(self.valid_ones, self.problem.valid):
            loss, state = self.functions["valid", self.shape(b)](self.w, state if about["continues"] else self.zeros(b), b)
            losses.append(loss)
        return training.weighted(self.problem.valid, losses)


training.run(sys.argv[1:], Trainer, jax.__version__)
