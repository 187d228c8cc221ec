"""The highest rate of matrix products that Ebb or any library reaches in this run, which is defined as 100 %."""
from . import programs
from .rows import SHAPES


def products():
    """{name: (M, K, N, ta, tb)}: 512^3 to 2048^3, and an LSTM's forward, dh and dW (of 512 deferred rows)."""
    found = {f"{n}^3": (n, n, n, 0, 0) for n in (512, 1024, 2048)}
    for _, B, _, H in SHAPES:
        found[f"forward B={B} H={H}"] = (B, H, 4 * H, 0, 0)
        found[f"dh B={B} H={H}"] = (B, 4 * H, H, 0, 1)
        found[f"dW H={H}"] = (H, 512, 4 * H, 1, 0)
    return found


def measure(dtype, threads, folder, gone, seconds, only=None):
    """GFLOP/s by product and library, the libraries in turn at each product."""
    running = {}
    for who, command in programs.PRODUCTS.items():
        if who in gone:
            continue
        program = programs.Program([*command, dtype, str(threads)], threads, folder / f"matmul-{who}.log")
        try:
            program.read(60)
            running[who] = program
        except programs.Failed as why:
            gone[f"{who}, products"] = str(why)   # its rows may run all the same
    rates = {}
    for name, product in products().items():
        if only and name not in only:
            continue
        rates[name] = {}
        for who, program in list(running.items()):
            try:
                rate = program.ask(" ".join(map(str, product)) + f" {seconds}")
            except programs.Failed as why:
                gone[f"{who}, products"] = str(why)
                del running[who]
                continue
            if rate:
                rates[name][who] = rate
    for program in running.values():
        program.close()
    return rates


def best(rates):
    """(GFLOP/s, who, at what)"""
    found = [(rate, who, name) for name, by_who in rates.items() for who, rate in by_who.items()]
    return max(found) if found else (0, "nobody", "nothing")
