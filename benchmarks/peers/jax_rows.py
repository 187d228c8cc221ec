"""JAX's side of benchmarks/compare: the cell written out, lax.scan over time, value_and_grad, jitted (spelling scan). One
row of the table, see work.py."""
import os
import sys
import time

import work

row = work.Row(sys.argv[1:])
os.environ["JAX_PLATFORMS"] = "cpu"
if row.dtype == "float64":
    os.environ["JAX_ENABLE_X64"] = "1"
# The driver also holds the process to as many processors as it may have threads.
if row.threads == 1:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false " + os.environ.get("XLA_FLAGS", "")

import jax  # noqa: E402
import jax.numpy as np  # noqa: E402
from jax.nn import sigmoid  # noqa: E402


def rnn(p, x, state):
    (h,) = state
    return (np.tanh(x @ p["Wx"] + h @ p["Wh"] + p["b"]),)


def lstm(p, x, state):
    h, c = state
    i, f, g, o = np.split(x @ p["Wx"] + h @ p["Wh"] + p["b"], 4, axis=1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru(p, x, state):
    (h,) = state
    xr, xz, xn = np.split(x @ p["Wx"] + p["b"], 3, axis=1)
    hr, hz, hn = np.split(h @ p["Wh"], 3, axis=1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + r * (hn + p["c"]))
    return ((1 - z) * n + z * h,)


def mgu(p, x, state):
    (h,) = state
    xf, xn = np.split(x @ p["Wx"] + p["b"], 2, axis=1)
    f = sigmoid(xf + h @ p["Uf"])
    n = np.tanh(xn + (f * h) @ p["Un"])
    return ((1 - f) * h + f * n,)


def layer_main():
    """The layer alone, on the parameters and images that the problem lists."""
    head, weights = work.read_problem(row)
    p = {name: np.asarray(value) for name, value in weights.items()}

    def conv2d(p, x):
        k, stride, _, _ = work.convolution(row)
        kernel = p["W"].T.reshape(row.H, row.I, k, k)
        y = jax.lax.conv_general_dilated(p.get("x", x), kernel, (stride, stride), [(k // 2, k // 2)] * 2)
        return np.mean((y + p["b"][:, None, None]) ** 2)

    def cross_entropy(p, targets):
        return -np.mean(np.take_along_axis(jax.nn.log_softmax(p["logits"]), targets[:, None], 1))

    head = np.asarray(head if head is not None else 0)
    begin = time.monotonic()
    compiled = jax.jit(jax.value_and_grad(locals()[row.work])).lower(p, head).compile()
    more = {"compile_s": time.monotonic() - begin}

    def first():
        value, gradients = jax.block_until_ready(compiled(p, head))
        return lambda: (float(value), gradients)

    work.run(row, first, lambda: jax.block_until_ready(compiled(p, head)), jax.__version__, "", more=more)


def main():
    if row.work in work.LAYERS:
        return layer_main()
    x, weights = work.read_problem(row)
    cell, layers = globals()[row.cell], 2 if row.work == "two_layers" else 1
    start = tuple(np.zeros((row.B, row.H), row.dtype) for _ in range(2 if row.cell == "lstm" else 1))

    def parameters(k):
        p = {name[2:]: np.asarray(value) for name, value in weights.items() if name.startswith(f"{k + 1}.")}
        if row.cell == "mgu":
            Wh = p.pop("Wh")
            p.update(Uf=Wh[:, :row.H], Un=Wh[:, row.H:])
        return p

    def loss(all_p, x):
        def step(states, x_t):
            after = []
            for p, state in zip(all_p, states):
                after.append(cell(p, x_t, state))
                x_t = after[-1][0]
            return tuple(after), None

        states, _ = jax.lax.scan(step, (start,) * layers, x)
        return np.mean(states[-1][0] ** 2)

    x, p = np.asarray(x), [parameters(k) for k in range(layers)]
    begin = time.monotonic()
    compiled = jax.jit(jax.value_and_grad(loss)).lower(p, x).compile()
    more = {"compile_s": time.monotonic() - begin}

    def first():
        value, gradients = jax.block_until_ready(compiled(p, x))

        def numbers():
            found = {}
            for k, g in enumerate(gradients):
                if row.cell == "mgu":
                    g["Wh"] = np.concatenate([g.pop("Uf"), g.pop("Un")], axis=1)
                found.update({f"{k + 1}.{name}": value for name, value in g.items()})
            return float(value), found
        return numbers

    work.run(row, first, lambda: jax.block_until_ready(compiled(p, x)), jax.__version__, "", more=more)


main()
