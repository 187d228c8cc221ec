"""Ebb's cells written out in PyTorch from their papers' equations, for make_goldens.py: a function from the parameters
p, the input x and the fields of the state to the next fields, of which the first is the output.
"""
import torch


def norm(x, gain, shift):
    return torch.nn.functional.layer_norm(x, x.shape[-1:], gain, shift, 1e-5)


def positive(a):
    return torch.where(a >= 0, a + 0.5, torch.sigmoid(a))


sigma, tanh = torch.sigmoid, torch.tanh


def lstm_peephole(p, x, h, c):
    i, f, g, o = (x @ p.Wx + h @ p.Wh + p.b).chunk(4, 1)
    new = sigma(f + p.pf * c) * c + sigma(i + p.pi * c) * tanh(g)
    return sigma(o + p.po * new) * tanh(new), new


def cifg(p, x, h, c):
    f, g, o = (x @ p.Wx + h @ p.Wh + p.b).chunk(3, 1)
    new = sigma(f) * c + (1 - sigma(f)) * tanh(g)
    return sigma(o) * tanh(new), new


def lstm_layernorm(p, x, h, c):
    i, f, g, o = (norm(x @ p.Wx, p.gx, p.sx) + norm(h @ p.Wh, p.gh, p.sh) + p.b).chunk(4, 1)
    new = sigma(f) * c + sigma(i) * tanh(g)
    return sigma(o) * tanh(norm(new, p.gc, p.sc)), new


def irnn(p, x, h):
    return torch.relu(x @ p.W + h @ p.U + p.b),


def janet(p, x, h):
    s, g = (x @ p.Wx + h @ p.Wh + p.b).chunk(2, 1)
    return sigma(s) * h + (1 - sigma(s - 1)) * tanh(g),


def mingru(p, x, h):
    z, n = (x @ p.W + p.b).chunk(2, 1)
    return (1 - sigma(z)) * h + sigma(z) * positive(n),


def minlstm(p, x, h):
    f, i, n = (x @ p.W + p.b).chunk(3, 1)
    total = sigma(f) + sigma(i)
    return sigma(f) / total * h + sigma(i) / total * positive(n),


def fastgrnn(p, x, h):
    a = x @ p.W + h @ p.U
    z, n = sigma(a + p.bz), tanh(a + p.bn)
    return z * h + (sigma(p.zeta) * (1 - z) + sigma(p.nu)) * n,


def cornn(p, y_in, y, z, dt=0.042, gamma=2.7, epsilon=4.7):
    z = z + dt * (tanh(y @ p.W + z @ p.Wz + y_in @ p.V + p.b) - gamma * y - epsilon * z)
    return y + dt * z, z


def lem(p, x, y, z):
    d1, d2, u = (y @ p.Wy + x @ p.Vx + p.b).chunk(3, 1)
    z = (1 - sigma(d2)) * z + sigma(d2) * tanh(u)
    return (1 - sigma(d1)) * y + sigma(d1) * tanh(z @ p.Wz + x @ p.Vz + p.bz), z


def indrnn(p, x, h):
    return torch.relu(x @ p.W + p.u * h + p.b),


def antisymmetric(p, x, h, gamma=0.01, epsilon=0.1):
    return h + epsilon * tanh(h @ (p.M - p.M.T) - gamma * h + x @ p.V + p.b),


def antisymmetric_gated(p, x, h, gamma=0.01, epsilon=0.1):
    a = h @ (p.M - p.M.T - gamma * torch.eye(len(p.M), dtype=x.dtype))
    return h + epsilon * sigma(a + x @ p.Vz + p.bz) * tanh(a + x @ p.V + p.b),


def exprnn(p, x, h):
    z = x @ p.W + h @ torch.matrix_exp(p.A.triu(1) - p.A.triu(1).T)
    return torch.sign(z) * torch.relu(z.abs() + p.b),


def slstm(p, x, h, c, n, m, heads=3):
    new = []
    for k, (pre, h, c, n, m) in enumerate(zip(*(t.chunk(heads, 1) for t in (x @ p.W + p.b, h, c, n, m)))):
        i, f, z, o = (pre + h @ getattr(p, f"R{k + 1}")).chunk(4, 1)
        log_f = torch.nn.functional.logsigmoid(f)
        m_new = torch.maximum(i, m + log_f)
        i, f = torch.exp(i - m_new), torch.exp(m + log_f - m_new)
        c, n = f * c + i * tanh(z), f * n + i
        new.append((sigma(o) * c / n, c, n, m_new))
    return tuple(torch.cat(t, 1) for t in zip(*new))


def mgu(p, x, h):
    f = sigma(x @ p.Wf + h @ p.Uf + p.bf)
    return (1 - f) * h + f * tanh(x @ p.Wn + (f * h) @ p.Un + p.bn),


def minimalrnn(p, x, h):
    v = tanh(x @ p.W + p.bv)
    u = sigma(h @ p.U + v @ p.V + p.bu)
    return u * h + (1 - u) * v,


def mi_lstm(p, x, h, c):
    u, v = x @ p.Wx, h @ p.Wh
    i, f, g, o = (p.alpha * u * v + p.beta1 * v + p.beta2 * u + p.b).chunk(4, 1)
    new = sigma(f) * c + sigma(i) * tanh(g)
    return sigma(o) * tanh(new), new


def greff(variant):
    """Each gate from its own block, if the variant has it; fgr's gates are i, f, o as the next step sees them."""

    def step(p, x, h, c, gates=None):
        a = dict(zip(GREFF_BLOCKS.get(variant, "ifgo"), (x @ p.Wx + h @ p.Wh + p.b).split(h.shape[1], 1)))
        back = dict(zip("ifo", (gates @ p.R).chunk(3, 1))) if gates is not None else {"i": 0, "f": 0, "o": 0}
        see = lambda name, c: 0 if variant == "np" else getattr(p, "p" + name) * c
        i = sigma(a["i"] + see("i", c) + back["i"]) if "i" in a else 1
        f = sigma(a["f"] + see("f", c) + back["f"]) if "f" in a else 1 - i if variant == "cifg" else 1
        new = f * c + i * (a["g"] if variant == "niaf" else tanh(a["g"]))
        o = sigma(a["o"] + see("o", new) + back["o"]) if "o" in a else 1
        h = o * (new if variant == "noaf" else tanh(new))
        return (h, new) if gates is None else (h, new, torch.cat([i, f, o], 1))
    return step


GREFF_BLOCKS = {"nig": "fgo", "nfg": "igo", "nog": "ifg", "cifg": "igo"}


def greff_shapes(variant):
    blocks = GREFF_BLOCKS.get(variant, "ifgo")
    return lambda I, H: {
        "Wx": (I, len(blocks) * H), "Wh": (H, len(blocks) * H), "b": (len(blocks) * H,),
        **{"p" + n: (H,) for n in blocks if n != "g" and variant != "np"}, **({"R": (3 * H, 3 * H)} if variant == "fgr" else {})}


def sru(p, x, h, c):
    width = h.shape[1]
    pre = x @ p.W
    y = pre[:, 3 * width:] if pre.shape[1] == 4 * width else 3**0.5 * x
    f = sigma(pre[:, width:2 * width] + p.vf * c + p.bf)
    r = sigma(pre[:, 2 * width:3 * width] + p.vr * c + p.br)
    new = f * c + (1 - f) * pre[:, :width]
    return r * new + (1 - r) * y, new


def unicornn(p, x, y, z, dt=0.19, alpha=30.65):
    z = z - dt * sigma(p.c) * (tanh(p.w * y + x @ p.V + p.b) + alpha * y)
    return y + dt * sigma(p.c) * z, z


def rhn(p, x, h):
    width = h.shape[1]
    for k in 1, 2, 3:
        pre = h @ getattr(p, f"R{k}") + getattr(p, f"b{k}") + (x @ p.W if k == 1 else 0)
        t = sigma(pre[:, width:])
        h = tanh(pre[:, :width]) * t + h * (1 - t)
    return h,


def clockwork(p, x, h, clock):
    n = len(p.periods)
    width = h.shape[1] // n
    new, ticks = [], []
    for k in range(n):
        own = slice(k * width, (k + 1) * width)
        moved = tanh(x @ p.W[:, own] + h[:, k * width:] @ getattr(p, f"U{k + 1}") + p.b[own])
        due = (clock[:, k] < 0.5)
        new.append(torch.where(due, moved, h[:, own]))
        ticks.append(torch.where(due, p.periods[k] - 1, clock[:, k] - 1))
    return torch.cat(new, 1), torch.stack(ticks, 1)


def mingru_signed(p, x, h):
    z, n = (x @ p.W + p.b).chunk(2, 1)
    return (2 * (1 - sigma(z)) - 1) * h + sigma(z) * positive(n),


def qrnn(pool):
    def step(p, x, h, c, past):
        seen = torch.cat([x, past], 1)
        pre = (seen @ p.W + p.b).split(h.shape[1], 1)
        f = sigma(pre[1])
        new = f * c + (sigma(pre[3]) if pool == "ifo" else 1 - f) * tanh(pre[0])
        return new if pool == "f" else sigma(pre[2]) * new, new, seen[:, :past.shape[1]]
    return step


def qrnn_shapes(window, blocks):
    return lambda I, H: {"W": (window * I, blocks * H), "b": (blocks * H,)}


def lru(p, x, re, im):
    eigenvalues = torch.exp(torch.complex(-torch.exp(p.nu), torch.exp(p.theta)))
    z = eigenvalues * torch.complex(re, im) + torch.exp(p.gamma) * torch.complex(*(x @ p.B).chunk(2, 1))
    return z.real, z.imag


def lru_output(p, x, re, im):
    real, minus_imaginary = p.C.chunk(2, 0)
    return (torch.complex(re, im) @ torch.complex(real, -minus_imaginary)).real + x @ p.D


def lru_real(signed):
    def step(p, x, h):
        decay = torch.exp(-torch.exp(p.nu))
        return (2 * decay - 1 if signed else decay) * h + torch.exp(p.gamma) * (x @ p.B),
    return step


def lru_real_output(p, x, h):
    return h @ p.C + x @ p.D


def s4d_input(p, x):
    return x @ p.W if hasattr(p, "W") else x


def s4d(p, x, re, im):
    dA = torch.exp(p.log_dt) * torch.complex(-torch.exp(p.A_re), p.A_im)
    z = torch.exp(dA) * torch.complex(re, im) + s4d_input(p, x)[:, :, None]
    return z.real, z.imag


def s4d_output(p, x, re, im):
    A = torch.complex(-torch.exp(p.A_re), p.A_im)
    C = torch.complex(p.C_re, p.C_im) * (torch.exp(torch.exp(p.log_dt) * A) - 1) / A
    y = 2 * (C * torch.complex(re, im)).sum(2).real + p.D * s4d_input(p, x)
    return torch.nn.functional.glu(torch.nn.functional.gelu(y) @ p.Wo + p.bo, 1)


def lmu(p, x, h, m):
    u = x @ p.ex + h @ p.eh + m @ p.em
    m = m @ p.A + u @ p.B
    return tanh(x @ p.Wx + h @ p.Wh + m @ p.Wm), m


def legendre_delay(order, theta):
    """A and B for row vectors: the zero-order hold of theta m' = a m + b u (Voelker et al. 2019, equations 1 and 2)."""
    a = torch.tensor([[(2 * i + 1) * (-1.0 if i < j else (-1.0)**(i - j + 1)) for j in range(order)] for i in range(order)])
    b = torch.tensor([[(2 * i + 1) * (-1.0)**i] for i in range(order)])
    A = torch.matrix_exp(a / theta)
    return {"A": A.T.contiguous(), "B": torch.linalg.solve(a, (A - torch.eye(order)) @ b).T.contiguous()}


def mlstm(p, x, C, n, m):
    """The paper's equations; like Ebb, m contains the logarithm of a key's norm, if that is above one."""
    heads, d = n.shape[1:]
    k, v = (t.reshape(-1, heads, d) for t in (x @ p.Wkv + p.bkv).chunk(2, 1))
    i, f = (x @ p.Wg + p.bg).chunk(2, 1)
    k, log_f = k / d**0.5, torch.nn.functional.logsigmoid(f)
    norm = k.norm(dim=2).clamp(min=1)
    new = torch.maximum(log_f + m[:, :, 0], i + torch.log(norm))
    f, i = torch.exp(log_f + m[:, :, 0] - new), torch.exp(i - new)
    C = f[:, :, None] * C + i[:, :, None] * torch.einsum("bha,bhc->bhac", v, k).flatten(2)
    return C, f[:, :, None] * n + i[:, :, None] * k, new[:, :, None]


def mlstm_output(p, x, C, n, m):
    heads, d = n.shape[1:]
    q = (x @ p.Wq + p.bq).reshape(-1, heads, d)
    weight = torch.maximum((n * q).sum(2).abs(), torch.exp(-m[:, :, 0]))
    read = torch.einsum("bhac,bhc->bha", C.reshape(-1, heads, d, d), q) / weight[:, :, None]
    return sigma(x @ p.Wo + p.bo) * read.reshape(len(x), -1)


def lstm_original(truncated):
    """One cell at a time: those of block k share the gates k."""

    def step(p, x, h, c, gates):
        seen = torch.cat([h, gates], 1)
        pre = x @ p.Wx + (seen.detach() if truncated else seen) @ p.Wh + p.b
        H, blocks = h.shape[1], gates.shape[1] // 2
        new = [[], []]
        for cell in range(H):
            k = H + cell // (H // blocks)
            new[1].append(c[:, cell] + sigma(pre[:, k]) * (4 * sigma(pre[:, cell]) - 2))
            new[0].append(sigma(pre[:, k + blocks]) * (2 * sigma(new[1][-1]) - 1))
        return torch.stack(new[0], 1), torch.stack(new[1], 1), sigma(pre[:, H:])
    return step


def lstm_original_shapes(I, H):
    width = H + 2 * (H // 3)
    return {"Wx": (I, width), "Wh": (width, width), "b": (width,)}


# name in Ebb -> (step, fields of the state, shapes of the parameters for input I and hidden H), and if the output is not
# the first field, its function. Fields of another width than H: a function of I and H, name -> extents
WRITTEN = {
    "lstm-peephole": (lstm_peephole, "hc", lambda I, H: {"Wx": (I, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,), "pi": (H,),
                                                         "pf": (H,), "po": (H,)}),
    "cifg": (cifg, "hc", lambda I, H: {"Wx": (I, 3 * H), "Wh": (H, 3 * H), "b": (3 * H,)}),
    "lstm-layernorm": (lstm_layernorm, "hc", lambda I, H: {
        "Wx": (I, 4 * H), "Wh": (H, 4 * H), **{n: (4 * H,) for n in ("b", "gx", "sx", "gh", "sh")}, "gc": (H,), "sc": (H,)}),
    "irnn": (irnn, "h", lambda I, H: {"W": (I, H), "U": (H, H), "b": (H,)}),
    "janet": (janet, "h", lambda I, H: {"Wx": (I, 2 * H), "Wh": (H, 2 * H), "b": (2 * H,)}),
    "mingru": (mingru, "h", lambda I, H: {"W": (I, 2 * H), "b": (2 * H,)}),
    "minlstm": (minlstm, "h", lambda I, H: {"W": (I, 3 * H), "b": (3 * H,)}),
    "fastgrnn": (fastgrnn, "h", lambda I, H: {"W": (I, H), "U": (H, H), "bz": (H,), "bn": (H,), "zeta": (1,), "nu": (1,)}),
    "cornn": (cornn, "yz", lambda I, H: {"W": (H, H), "Wz": (H, H), "V": (I, H), "b": (H,)}),
    "lem": (lem, "yz", lambda I, H: {"Wy": (H, 3 * H), "Vx": (I, 3 * H), "b": (3 * H,), "Wz": (H, H), "Vz": (I, H), "bz": (H,)}),
    "indrnn": (indrnn, "h", lambda I, H: {"W": (I, H), "u": (H,), "b": (H,)}),
    "antisymmetric": (antisymmetric, "h", lambda I, H: {"M": (H, H), "V": (I, H), "b": (H,)}),
    "antisymmetric:gate=input": (antisymmetric_gated, "h", lambda I, H: {
        "M": (H, H), "V": (I, H), "b": (H,), "Vz": (I, H), "bz": (H,)}),
    "exprnn": (exprnn, "h", lambda I, H: {"W": (I, H), "A": (H, H), "b": (H,)}),
    "slstm:heads=3": (slstm, "hcnm", lambda I, H: {
        "W": (I, 4 * H), "b": (4 * H,), **{f"R{k}": (H // 3, 4 * (H // 3)) for k in (1, 2, 3)}}),
    "mgu": (mgu, "h", lambda I, H: {f"{m}{g}": (I, H) if m == "W" else (H, H) if m == "U" else (H,) for g in "fn" for m in "WUb"}),
    "minimalrnn": (minimalrnn, "h", lambda I, H: {"W": (I, H), "bv": (H,), "U": (H, H), "V": (H, H), "bu": (H,)}),
    "mi-lstm": (mi_lstm, "hc", lambda I, H: {"Wx": (I, 4 * H), "Wh": (H, 4 * H), **{n: (4 * H,) for n in ("alpha", "beta1", "beta2", "b")}}),
    "np-rnn": (irnn, "h", lambda I, H: {"W": (I, H), "U": (H, H), "b": (H,)}),
    **{f"lstm-greff:variant={v}": (greff(v), "hc", greff_shapes(v)) for v in ("vanilla", "nig", "nfg", "nog", "niaf", "noaf", "np", "cifg")},
    "lstm-fgr": (greff("fgr"), lambda I, H: {"h": (H,), "c": (H,), "gates": (3 * H,)}, greff_shapes("fgr")),
    "sru": (sru, "hc", lambda I, H: {"W": (I, (3 if I == H else 4) * H), **{n: (H,) for n in ("vf", "vr", "bf", "br")}}),
    "unicornn": (unicornn, "yz", lambda I, H: {"V": (I, H), "w": (H,), "c": (H,), "b": (H,)}),
    "rhn:depth=3": (rhn, "h", lambda I, H: {"W": (I, 2 * H), **{f"R{k}": (H, 2 * H) for k in (1, 2, 3)}, **{f"b{k}": (2 * H,) for k in (1, 2, 3)}}),
    "clockwork:modules=3": (clockwork, lambda I, H: {"h": (H,), "clock": (3, 1)}, lambda I, H: {
        "W": (I, H), "b": (H,), **{f"U{k + 1}": (H - k * H // 3, H // 3) for k in range(3)}, "periods": torch.tensor([[1.0], [2.0], [4.0]])}),
    "mingru:eigenvalues=signed": (mingru_signed, "h", lambda I, H: {"W": (I, 2 * H), "b": (2 * H,)}),
    **{f"qrnn{options}": (qrnn(pool), lambda I, H, w=window: {"h": (H,), "c": (H,), "past": ((w - 1) * I,)}, qrnn_shapes(window, blocks))
       for options, pool, window, blocks in (("", "fo", 2, 3), (":pool=f", "f", 2, 2), (":pool=ifo,window=4", "ifo", 4, 4))},
    "lru": (lru, lambda I, H: {"re": (H,), "im": (H,)}, lambda I, H: {
        "B": (I, 2 * H), "C": (2 * H, H), "D": (I, H), "nu": (H,), "theta": (H,), "gamma": (H,)}, lru_output),
    **{f"lru-real:eigenvalues={kind}": (lru_real(kind == "signed"), "z", lambda I, H: {
        "B": (I, H), "C": (H, H), "D": (I, H), "nu": (H,), "gamma": (H,)}, lru_real_output) for kind in ("positive", "signed")},
    "lmu:order=5,theta=7.5": (lmu, lambda I, H: {"h": (H,), "m": (5,)}, lambda I, H: {
        "ex": (I, 1), "eh": (H, 1), "em": (5, 1), **legendre_delay(5, 7.5), "Wx": (I, H), "Wh": (H, H), "Wm": (5, H)}),
    "mlstm:heads=3": (mlstm, lambda I, H: {"C": (3, (H // 3)**2), "n": (3, H // 3), "m": (3, 1)}, lambda I, H: {
        "Wkv": (I, 2 * H), "bkv": (2 * H,), "Wq": (I, H), "bq": (H,), "Wo": (I, H), "bo": (H,), "Wg": (I, 6), "bg": (6,)}, mlstm_output),
    **{f"lstm-original:block=3{more}": (lstm_original(bool(more)), lambda I, H: {"h": (H,), "c": (H,), "gates": (2 * (H // 3),)},
                                        lstm_original_shapes) for more in ("", ",gradient=truncated")},
    "s4d:states=6": (s4d, lambda I, H: {"re": (H, 3), "im": (H, 3)}, lambda I, H: {
        **({"W": (I, H)} if I != H else {}), "A_re": (H, 3), "A_im": (H, 3), "log_dt": (H, 1), "C_re": (H, 3), "C_im": (H, 3),
        "D": (H,), "Wo": (H, 2 * H), "bo": (2 * H,)}, s4d_output),
}
