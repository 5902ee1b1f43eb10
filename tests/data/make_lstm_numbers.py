"""Makes `lstm_numbers.json`: what the interpreter says of `specs/lstm.rnn`.

    python tests/data/make_lstm_numbers.py

The parameters are the compiled model's `init`; from there on only the interpreter computes, its
gradients by complex steps. Two steps of gradient descent are taken, the second with gradients so
large that the spec's `clip norm 5` holds them back; it is written out here once more.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from rnndsl.gallery import specs
from rnndsl.interpreter.batch import Batch
from rnndsl.interpreter.gradients import complex_step_gradients
from rnndsl.model.load import load_model
from rnndsl.runtime.compile import compile_model

FILE = Path(__file__).with_name("lstm_numbers.json")
SEED, RATE, LIMIT = 7, 0.5, 5.0
SIZES = {"n": 2, "m": 3, "k": 4}
LENGTHS = (4, 6, 1, 3, 2)
FACTORS = (1.0, 100.0)
Arrays = dict[str, np.ndarray]


def descend(params: Arrays, grads: Arrays, factor: float) -> Arrays:
    """One step with gradients `factor` times as large, clipped by their norm."""
    norm = factor * np.sqrt(sum(np.sum(grad**2) for grad in grads.values()))
    scale = RATE * factor * min(1.0, LIMIT / norm)
    return {key: item - scale * grads[key] for key, item in params.items()}


def numbers() -> dict[str, object]:
    """Everything that is committed, as lists."""
    model = load_model(specs()["lstm"])
    rng = np.random.default_rng(SEED)
    shape = (max(LENGTHS), len(LENGTHS))
    data = {
        "x": rng.standard_normal((*shape, SIZES["n"])).round(3),
        "y": rng.integers(SIZES["k"], size=shape),
    }
    params = compile_model(model, optimize=0, dtype="float64").init(seed=SEED, **SIZES)
    found: Arrays = {}
    for step, factor in enumerate(FACTORS):
        arguments = (model, SIZES, params, data, {"t": LENGTHS})
        batch = Batch(*arguments)
        grads = complex_step_gradients(*arguments)
        data_grads = {key: grads.pop(key) for key in model.inputs}
        found |= {f"params{step}/{key}": item for key, item in params.items()}
        found |= {f"outputs{step}/{key}": item.real for key, item in batch.outputs().items()}
        found |= {f"grads{step}/{key}": item for key, item in grads.items()}
        found |= {f"data_grads{step}/{key}": item for key, item in data_grads.items()}
        found[f"losses{step}/loss"] = np.array(batch.loss().real)
        params = descend(params, grads, factor)
    found |= {f"params{len(FACTORS)}/{key}": item for key, item in params.items()}
    return {
        "seed": SEED,
        "rate": RATE,
        "factors": FACTORS,
        "sizes": SIZES,
        "lengths": LENGTHS,
        "data": {key: item.tolist() for key, item in data.items()},
        "numbers": {key: item.tolist() for key, item in found.items()},
    }


def laid_out(value: object) -> str:
    """JSON with one entry of a mapping a line."""
    if not isinstance(value, dict):
        return json.dumps(value)
    return "{\n" + ",\n".join(f"{json.dumps(k)}: {laid_out(v)}" for k, v in value.items()) + "\n}"


if __name__ == "__main__":
    FILE.write_text(laid_out(numbers()) + "\n", encoding="utf-8")
