#!/usr/bin/env python3
"""Creates weights and outputs of PyTorch's recurrent modules, which Ebb must load (tests/nn/files/torch_names_test.cpp).

    python3 tests/goldens/make_torch_names.py                   # writes torch_{rnn,lstm,gru}.safetensors, torch_names.json
    python3 tests/goldens/make_torch_names.py check KIND FILE   # loads what Ebb wrote into PyTorch and compares the outputs
"""
import json
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

HERE = pathlib.Path(__file__).parent
VOCABULARY, WIDTH, HIDDEN, LAYERS, CLASSES = 7, 3, 4, 2, 5


class Model(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.embedding = torch.nn.Embedding(VOCABULARY, WIDTH)
        self.rnn = getattr(torch.nn, kind.upper())(WIDTH, HIDDEN, LAYERS, bidirectional=True)
        self.out = torch.nn.Linear(2 * HIDDEN, CLASSES)

    def forward(self, tokens):
        return self.out(self.rnn(self.embedding(tokens))[0])


def make():
    torch.manual_seed(5)
    tokens = torch.randint(0, VOCABULARY, (6, 3))
    content = {"made_by": "tests/goldens/make_torch_names.py with PyTorch " + torch.__version__,
               "tokens": {"shape": list(tokens.shape), "values": tokens.flatten().tolist()}}
    for kind in ["rnn", "lstm", "gru"]:
        model = Model(kind)
        save_file(model.state_dict(), HERE / f"torch_{kind}.safetensors")
        y = model(tokens).detach()
        content[kind] = {"shape": list(y.shape), "values": [float(format(v, ".9g")) for v in y.flatten().tolist()]}
    (HERE / "torch_names.json").write_text(json.dumps(content, separators=(",", ":")).replace('},"', '},\n"') + "\n")


def check(kind, path):
    goldens = json.loads((HERE / "torch_names.json").read_text())
    model = Model(kind)
    model.load_state_dict(load_file(path))   # refuses missing and unexpected names
    tokens = torch.tensor(goldens["tokens"]["values"]).reshape(goldens["tokens"]["shape"])
    wanted = torch.tensor(goldens[kind]["values"]).reshape(goldens[kind]["shape"])
    print(kind, "largest difference", (model(tokens) - wanted).abs().max().item())


if __name__ == "__main__":
    check(sys.argv[2], sys.argv[3]) if sys.argv[1:2] == ["check"] else make()
