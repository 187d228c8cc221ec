"""PyTorch's matrix product, for the peak (see matmul.hpp for the lines it reads). Arguments: dtype, threads."""
import json
import sys
import time

import torch

dtype = getattr(torch, sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
print(json.dumps({"version": torch.__version__}), flush=True)
for line in sys.stdin:
    M, K, N, ta, tb = map(int, line.split()[:5])
    seconds = float(line.split()[5])
    a = torch.rand((K, M) if ta else (M, K), dtype=dtype)
    b = torch.rand((N, K) if tb else (K, N), dtype=dtype)
    a, b = a.T if ta else a, b.T if tb else b
    c = torch.empty(M, N, dtype=dtype)
    flop, best, end = 2 * M * K * N, 1e30, time.monotonic() + seconds
    calls = max(1, int(1e7 / flop))
    torch.mm(a, b, out=c)
    while True:
        begin = time.monotonic()
        for _ in range(calls):
            torch.mm(a, b, out=c)
        best = min(best, (time.monotonic() - begin) / calls)
        if time.monotonic() > end:
            break
    print(round(flop / best * 1e-9, 3), flush=True)
