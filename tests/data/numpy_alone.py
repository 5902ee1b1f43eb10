"""Runs a generated module where nothing but NumPy and the standard library can be imported.

    python -I -S numpy_alone.py SITE_PACKAGES GENERATED.py NUMBERS.json RESULT.npz

It does with the module what `make_lstm_numbers.py` does with the interpreter, and writes what it
found under the same names. It compares nothing.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType


class OnlyNumpy:
    """Finds `numpy` among the installed packages, and nothing else."""

    def __init__(self, packages: str) -> None:
        self.packages = packages

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [self.packages]) if name == "numpy" else None


def load(path: str) -> ModuleType:
    """The file as a module."""
    spec = importlib.util.spec_from_file_location("generated", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(packages: str, generated: str, numbers: str, result: str) -> None:
    """Two steps of gradient descent from `init`, the second with gradients 100 times as large."""
    for name in ("rnndsl", "lark", "networkx", "numpy"):
        assert importlib.util.find_spec(name) is None, f"{name} can be imported"
    sys.meta_path.append(OnlyNumpy(packages))
    import numpy as np

    module = load(generated)
    given = json.loads(Path(numbers).read_text(encoding="utf-8"))
    data = {key: np.array(item) for key, item in given["data"].items()}
    lengths = {"t": np.array(given["lengths"])}
    params = module.init(seed=given["seed"], **given["sizes"])
    found = {}
    for step, factor in enumerate(given["factors"]):
        found |= {f"params{step}/{key}": np.copy(item) for key, item in params.items()}
        outputs = module.forward(params, lengths=lengths, **data)
        found |= {f"outputs{step}/{key}": np.copy(item) for key, item in outputs.items()}
        loss, grads, data_grads = module.loss_and_grads(
            params, inputs=True, lengths=lengths, **data
        )
        found |= {f"grads{step}/{key}": np.copy(item) for key, item in grads.items()}
        found |= {f"data_grads{step}/{key}": np.copy(item) for key, item in data_grads.items()}
        found[f"losses{step}/loss"] = np.array(loss)
        larger = {key: item * factor for key, item in grads.items()}
        module.sgd_step(params, larger, given["rate"])
    found |= {f"params{len(given['factors'])}/{key}": item for key, item in params.items()}
    np.savez(result, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
