#!/usr/bin/env python3
"""Creates the golden files layers_*.json with PyTorch in float64, for Ebb's convolutions, pools, attention, temporal
convolutional network and Transformer.

    python3 tests/goldens/make_layers.py

A case has options, inputs, the weights of the loss sum(weights * output), outputs, and the gradients of that loss. Parameters
are in Ebb's layout, and sequences are [T, B, C].
"""
import json
import pathlib

import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)


def array(t):
    return {"shape": list(t.shape), "values": t.detach().flatten().tolist()}


def arrays(named):
    return {name: array(t) for name, t in named.items()}


def write(name, content):
    content = {"made_by": "tests/goldens/make_layers.py with PyTorch " + torch.__version__, **content}
    (HERE / name).write_text(json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")


def drawn(*shape):  # few digits, so that the files stay small
    return torch.round((torch.rand(shape) * 2 - 1) * 1000) / 1000


def case(options, inputs, run, layout=None):
    """Runs `run` on inputs with gradients; `layout` turns named tensors into Ebb's layout."""
    layout = layout or (lambda name, t: t)
    given = {n: t.clone().requires_grad_() for n, t in inputs.items()}
    outputs = run(**given)
    outputs = outputs if isinstance(outputs, dict) else {"y": outputs}
    weights = {n: drawn(*t.shape) for n, t in outputs.items()}
    loss = sum((weights[n] * t).sum() for n, t in outputs.items())
    grads = torch.autograd.grad(loss, list(given.values()))
    return {"options": options, "inputs": arrays({n: layout(n, t) for n, t in inputs.items()}), "weights": arrays(weights),
            "outputs": arrays(outputs), "gradients": arrays({n: layout(n, g) for n, g in zip(given, grads)})}


def kernel_rows(name, t):
    """PyTorch's kernels as Ebb's matrices: [O, I, K] -> [K I, O], [O, I, Kh, Kw] -> [I Kh Kw, O]."""
    if name != "W":
        return t
    if t.dim() == 3:
        return t.permute(2, 1, 0).reshape(-1, t.shape[0])
    return t.reshape(t.shape[0], -1).T.contiguous()


def conv1d(T, B, I, O, kernel, stride, dilation, padding):
    reach = dilation * (kernel - 1)
    before = {"none": 0, "same": reach // 2, "causal": reach}[padding]
    after = reach - before if padding == "same" else 0

    def run(x, W, b):
        y = F.conv1d(F.pad(x.permute(1, 2, 0), (before, after)), W, b, stride=stride, dilation=dilation)
        if padding == "same":
            torch.testing.assert_close(y, F.conv1d(x.permute(1, 2, 0), W, b, padding="same", dilation=dilation))
        return y.permute(2, 0, 1)

    options = dict(kernel=kernel, stride=stride, dilation=dilation, padding=padding, input=I, output=O)
    return case(options, {"x": drawn(T, B, I), "W": drawn(O, I, kernel), "b": drawn(O)}, run, kernel_rows)


def conv2d(B, I, O, size, kernel, stride, padding, dilation):
    def run(x, W, b):
        return F.conv2d(x, W, b, stride=stride, padding=padding, dilation=dilation)

    options = dict(kernel=kernel, stride=stride, padding=padding, dilation=dilation, input=I, output=O)
    return case(options, {"x": drawn(B, I, *size), "W": drawn(O, I, *kernel), "b": drawn(O)}, run, kernel_rows)


def pool1d(T, B, C, kernel, stride, padding):
    turned = lambda f: lambda x: f(x.permute(1, 2, 0), kernel, stride, padding).permute(2, 0, 1)
    run = lambda x: {"max": turned(F.max_pool1d)(x), "mean": turned(F.avg_pool1d)(x)}
    return case(dict(kernel=kernel, stride=stride, padding=padding), {"x": drawn(T, B, C)}, run)


def pool2d(B, C, size, kernel, stride, padding):
    run = lambda x: {"max": F.max_pool2d(x, kernel, stride, padding), "mean": F.avg_pool2d(x, kernel, stride, padding)}
    return case(dict(kernel=kernel, stride=stride, padding=padding), {"x": drawn(B, C, *size)}, run)


def make_conv():
    torch.manual_seed(1)
    write("layers_conv.json", {
        "conv1d": [conv1d(7, 3, 2, 4, 3, 1, 1, "none"), conv1d(11, 2, 3, 2, 3, 2, 2, "none"), conv1d(9, 1, 2, 3, 4, 1, 3, "same"),
                   conv1d(8, 3, 1, 2, 3, 1, 4, "causal"), conv1d(10, 2, 2, 2, 2, 3, 1, "causal"), conv1d(5, 2, 3, 2, 1, 1, 1, "none"),
                   conv1d(6, 2, 3, 2, 1, 2, 1, "none"), conv1d(3, 2, 2, 3, 3, 1, 1, "none"), conv1d(2, 2, 2, 2, 5, 1, 2, "same")],
        "conv2d": [conv2d(2, 3, 4, (5, 6), (3, 3), (1, 1), (0, 0), (1, 1)), conv2d(3, 2, 3, (7, 5), (3, 2), (2, 1), (1, 1), (1, 1)),
                   conv2d(1, 2, 2, (6, 7), (2, 3), (1, 3), (2, 0), (2, 2)), conv2d(2, 3, 2, (4, 3), (1, 1), (1, 1), (0, 0), (1, 1)),
                   conv2d(2, 1, 3, (5, 5), (5, 5), (2, 2), (2, 2), (1, 1)), conv2d(1, 2, 3, (2, 3), (3, 3), (1, 1), (3, 4), (1, 2)),
                   conv2d(2, 3, 4, (9, 11), (5, 5), (2, 2), (2, 2), (1, 1)), conv2d(2, 2, 3, (8, 7), (3, 4), (3, 2), (1, 2), (2, 1)),
                   conv2d(1, 2, 3, (7, 10), (1, 2), (2, 3), (0, 1), (1, 1))],
        "pool1d": [pool1d(8, 2, 3, 2, 2, 0), pool1d(7, 3, 2, 3, 2, 1), pool1d(5, 1, 2, 3, 1, 0), pool1d(5, 2, 2, 1, 3, 0)],
        "pool2d": [pool2d(2, 3, (6, 4), (2, 2), (2, 2), (0, 0)), pool2d(1, 2, (7, 5), (3, 2), (2, 1), (1, 1)),
                   pool2d(2, 2, (5, 5), (3, 3), (3, 3), (1, 0))],
    })


def unseen(B, I, T, lengths, causal):
    """True for masked keys, [B, I, T]."""
    mask = torch.zeros(B, I, T, dtype=torch.bool)
    if lengths:
        mask |= (torch.arange(T) >= torch.tensor(lengths)[:, None])[:, None]
    if causal:
        mask |= torch.ones(I, T, dtype=torch.bool).triu(1)
    return mask


def attend(T, B, D, E, I, lengths=None, causal=False, scaled=True):
    mask = unseen(B, max(I, 1), T, lengths, causal)

    def run(q, K, V):
        q = (q if I else q[None]).transpose(0, 1)
        K, V = K.transpose(0, 1), V.transpose(0, 1)
        y = F.scaled_dot_product_attention(q, K, V, attn_mask=~mask, scale=None if scaled else 1.0)
        s = (q @ K.transpose(1, 2)) * (D**-0.5 if scaled else 1)
        p = torch.softmax(s.masked_fill(mask, -torch.inf), -1)
        return {"result": y.transpose(0, 1), "weights": p} if I else {"result": y[:, 0], "weights": p[:, 0]}

    options = dict(lengths=lengths or [], causal=causal, scaled=scaled)
    return case(options, {"q": drawn(*([I] if I else []), B, D), "K": drawn(T, B, D), "V": drawn(T, B, E)}, run)


def additive(T, B, Q, D, E, A, I, lengths=None):
    """The scores of Bahdanau et al. 2015, appendix A.1.2, one pair at a time, as in the paper."""
    mask = unseen(B, max(I, 1), T, lengths, False)

    def run(q, K, V, W, U, v):
        steps = q if I else q[None]
        s = torch.stack([torch.stack([(torch.tanh(step @ W + key @ U) @ v)[:, 0] for key in K], -1) for step in steps], 1)
        p = torch.softmax(s.masked_fill(mask, -torch.inf), -1)
        y = torch.einsum("bit,tbe->ibe", p, V)
        return {"result": y, "weights": p} if I else {"result": y[0], "weights": p[:, 0]}

    return case(dict(lengths=lengths or [], query=Q, key=D, width=A),
                {"q": drawn(*([I] if I else []), B, Q), "K": drawn(T, B, D), "V": drawn(T, B, E), "W": drawn(Q, A), "U": drawn(D, A),
                 "v": drawn(A, 1)}, run)


def multi_head(T, B, I, D, heads, keys, values, lengths=None, causal=False):
    """torch.nn.MultiheadAttention with separate projections, as for different widths."""
    module = torch.nn.MultiheadAttention(D, heads, kdim=keys, vdim=values)
    same = keys == values == D

    def run(q, K, V, Wq, Wk, Wv, Wo, bq, bk, bv, bo):
        given = {"in_proj_bias": torch.cat([bq, bk, bv]), "out_proj.weight": Wo.T, "out_proj.bias": bo}
        if same:
            given["in_proj_weight"] = torch.cat([Wq.T, Wk.T, Wv.T])
        else:
            given |= {"q_proj_weight": Wq.T, "k_proj_weight": Wk.T, "v_proj_weight": Wv.T}
        options = dict(average_attn_weights=False,
                       key_padding_mask=unseen(B, 1, T, lengths, False)[:, 0] if lengths else None,
                       attn_mask=torch.ones(I, T, dtype=torch.bool).triu(1) if causal else None)
        y, p = torch.func.functional_call(module, given, (q, K, V), options)
        return {"result": y, "weights": p}

    inputs = {"q": drawn(I, B, D), "K": drawn(T, B, keys), "V": drawn(T, B, values), "Wq": drawn(D, D), "Wk": drawn(keys, D),
              "Wv": drawn(values, D), "Wo": drawn(D, D)} | {b: drawn(D) for b in ("bq", "bk", "bv", "bo")}
    return case(dict(width=D, heads=heads, keys=keys, values=values, lengths=lengths or [], causal=causal), inputs, run)


def make_attention():
    torch.manual_seed(2)
    write("layers_attention.json", {
        "attend": [attend(4, 3, 2, 3, 0), attend(5, 2, 3, 2, 0, [5, 2]), attend(4, 2, 3, 3, 4, causal=True),
                   attend(5, 3, 4, 2, 3, [1, 5, 3]), attend(5, 2, 2, 2, 5, [4, 3], True), attend(3, 2, 3, 2, 4, scaled=False),
                   attend(3, 1, 2, 2, 5, causal=True), attend(1, 2, 2, 3, 1)],
        "additive": [additive(4, 3, 2, 3, 2, 4, 0), additive(5, 2, 3, 2, 3, 3, 0, [5, 2]), additive(3, 3, 2, 2, 2, 3, 2, [1, 3, 2])],
        "multi_head": [multi_head(4, 2, 3, 4, 2, 4, 4), multi_head(5, 3, 2, 6, 3, 3, 2, [5, 1, 3]),
                       multi_head(4, 2, 4, 4, 1, 4, 4, causal=True), multi_head(5, 2, 5, 4, 4, 4, 4, [3, 4], True)],
    })


def tcn_rows(name, t):
    """Normalised kernels [O, I, K] -> [K I, O] and their norms [O, 1, 1] -> [O]; others unchanged."""
    return kernel_rows("W", t) if name.endswith("/v") else t


def tcn(T, B, input, channels, kernel):
    """A block of Bai et al. 2018, with PyTorch's own weight normalisation."""
    inputs, width = {"x": drawn(T, B, input)}, input
    for l, out in enumerate(channels, 1):
        for part, columns in (("first", width), ("second", out)):
            inputs |= {f"{l}/{part}/v": drawn(out, columns, kernel), f"{l}/{part}/g": drawn(out) + 1.5, f"{l}/{part}/b": drawn(out)}
        if width != out:
            inputs |= {f"{l}/S": drawn(width, out), f"{l}/s": drawn(out)}
        width = out

    def run(x, **w):
        y = x.permute(1, 2, 0)
        for l in range(1, len(channels) + 1):
            h, dilation = y, 2 ** (l - 1)
            for part in ("first", "second"):
                v, g, b = (w[f"{l}/{part}/{n}"] for n in "vgb")
                W = torch._weight_norm(v, g[:, None, None], 0)
                h = F.relu(F.conv1d(F.pad(h, ((kernel - 1) * dilation, 0)), W, b, dilation=dilation))
            skip = torch.einsum("bit,io->bot", y, w[f"{l}/S"]) + w[f"{l}/s"][:, None] if f"{l}/S" in w else y
            y = F.relu(h + skip)
        return y.permute(2, 0, 1)

    return case(dict(input=input, channels=channels, kernel=kernel), inputs, run, tcn_rows)


def make_tcn():
    torch.manual_seed(3)
    write("layers_tcn.json", {"cases": [tcn(9, 2, 2, [3, 3], 2), tcn(7, 3, 1, [2, 4, 2], 3), tcn(4, 1, 3, [3], 5)]})


def sinusoids(T, D):
    angle = torch.arange(T)[:, None] / 10000 ** (torch.arange(0, D, 2) / D)
    return torch.stack([torch.sin(angle), torch.cos(angle)], -1).flatten(1)[:, :D]


def transformer(T, B, D, heads, layers, feed, longest, learned):
    """torch.nn.TransformerEncoder, pre-norm, with a causal mask; positions are added first."""
    layer = torch.nn.TransformerEncoderLayer(D, heads, feed, dropout=0, activation="gelu", norm_first=True)
    module = torch.nn.TransformerEncoder(layer, layers, norm=torch.nn.LayerNorm(D), enable_nested_tensor=False)
    inputs = {"x": drawn(T, B, D), "last/gain": drawn(D) + 1, "last/shift": drawn(D)}
    if learned:
        inputs["positions/P"] = drawn(longest, D)
    for l in range(1, layers + 1):
        for norm in ("before_attention", "before_feed"):
            inputs |= {f"{l}/{norm}/gain": drawn(D) + 1, f"{l}/{norm}/shift": drawn(D)}
        inputs |= {f"{l}/attention/W{n}": drawn(D, D) for n in "qkvo"} | {f"{l}/attention/b{n}": drawn(D) for n in "qkvo"}
        inputs |= {f"{l}/up/W": drawn(D, feed), f"{l}/up/b": drawn(feed), f"{l}/down/W": drawn(feed, D), f"{l}/down/b": drawn(D)}

    def run(x, **w):
        given = {"norm.weight": w["last/gain"], "norm.bias": w["last/shift"]}
        for l in range(layers):
            of = lambda n: w[f"{l + 1}/{n}"]
            given |= {f"layers.{l}." + name: t for name, t in {
                "self_attn.in_proj_weight": torch.cat([of(f"attention/W{n}").T for n in "qkv"]),
                "self_attn.in_proj_bias": torch.cat([of(f"attention/b{n}") for n in "qkv"]),
                "self_attn.out_proj.weight": of("attention/Wo").T, "self_attn.out_proj.bias": of("attention/bo"),
                "linear1.weight": of("up/W").T, "linear1.bias": of("up/b"),
                "linear2.weight": of("down/W").T, "linear2.bias": of("down/b"),
                "norm1.weight": of("before_attention/gain"), "norm1.bias": of("before_attention/shift"),
                "norm2.weight": of("before_feed/gain"), "norm2.bias": of("before_feed/shift")}.items()}
        positions = w["positions/P"][:T] if learned else sinusoids(T, D)
        mask = torch.nn.Transformer.generate_square_subsequent_mask(T)
        return torch.func.functional_call(module, given, (x + positions[:, None],), dict(mask=mask))

    options = dict(width=D, heads=heads, layers=layers, feed=feed, longest=longest, learned=learned)
    return case(options, inputs, run)


def make_transformer():
    torch.manual_seed(4)
    write("layers_transformer.json", {"cases": [transformer(5, 2, 4, 2, 2, 6, 7, True), transformer(6, 3, 6, 3, 1, 24, 6, False)]})


if __name__ == "__main__":
    make_conv()
    make_attention()
    make_tcn()
    make_transformer()
