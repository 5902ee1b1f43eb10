"""The node cases of the ONNX backend for RNN, GRU and LSTM, run through specs of ours.

They are weak on the order of gates (their weights are all alike), so the vectors of another
framework stand beside them in `test_torch_vectors`.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import rnndsl

onnx = pytest.importorskip("onnx", reason="the extra `dev` brings the ONNX cases")

HEAD = """
axis t = 1..T
size n, m
input x[t]: n
"""
CELLS = {
    "RNN": """
input h0_{d}: m
param W_{d}, R_{d}, b_{d}, c_{d}
h_{d}[t]: m = tanh(W_{d} @ x[t] + R_{d} @ h_{d}[{before}] + b_{d} + c_{d})
h_{d}[{start}] = h0_{d}
""",
    "GRU": """
input h0_{d}: m
param Wz_{d}, Rz_{d}, bz_{d}, cz_{d}, Wr_{d}, Rr_{d}, br_{d}, cr_{d}, Wh_{d}, Rh_{d}, bh_{d}, ch_{d}
z_{d}[t] = sigmoid(Wz_{d} @ x[t] + Rz_{d} @ h_{d}[{before}] + bz_{d} + cz_{d})
r_{d}[t] = sigmoid(Wr_{d} @ x[t] + Rr_{d} @ h_{d}[{before}] + br_{d} + cr_{d})
g_{d}[t] = tanh(Wh_{d} @ x[t] + Rh_{d} @ (r_{d}[t] * h_{d}[{before}]) + ch_{d} + bh_{d})
h_{d}[t]: m = (1 - z_{d}[t]) * g_{d}[t] + z_{d}[t] * h_{d}[{before}]
h_{d}[{start}] = h0_{d}
""",
    "LSTM": """
input h0_{d}: m, s0_{d}: m
param Wi_{d}, Ri_{d}, bi_{d}, ci_{d}, Pi_{d}: m, Wo_{d}, Ro_{d}, bo_{d}, co_{d}, Po_{d}: m
param Wf_{d}, Rf_{d}, bf_{d}, cf_{d}, Pf_{d}: m, Wc_{d}, Rc_{d}, bc_{d}, cc_{d}
gate_{d}(W, R, P, s, b, c) = sigmoid(W @ x[t] + R @ h_{d}[{before}] + P * s + b + c)
i_{d}[t] = gate_{d}(Wi_{d}, Ri_{d}, Pi_{d}, s_{d}[{before}], bi_{d}, ci_{d})
f_{d}[t] = gate_{d}(Wf_{d}, Rf_{d}, Pf_{d}, s_{d}[{before}], bf_{d}, cf_{d})
g_{d}[t] = tanh(Wc_{d} @ x[t] + Rc_{d} @ h_{d}[{before}] + bc_{d} + cc_{d})
s_{d}[t]: m = f_{d}[t] * s_{d}[{before}] + i_{d}[t] * g_{d}[t]
o_{d}[t] = gate_{d}(Wo_{d}, Ro_{d}, Po_{d}, s_{d}[t], bo_{d}, co_{d})
h_{d}[t]: m = o_{d}[t] * tanh(s_{d}[t])
h_{d}[{start}] = h0_{d}
s_{d}[{start}] = s0_{d}
output s_{d}[{end}]
""",
}
GATES = {"RNN": ("",), "GRU": ("z", "r", "h"), "LSTM": ("i", "o", "f", "c")}
WAYS = {"d": ("t-1", "0", "T"), "u": ("t+1", "T+1", "1")}
"""Forwards and backwards in time: the state before, where it starts, where it ends."""
DIRECTIONS = {b"forward": "d", b"reverse": "u", b"bidirectional": "du"}


def cases() -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case import node
        from onnx.backend.test.case.node import gru, lstm, rnn  # noqa: F401 (they list their cases)
    every = {case.name: case for case in node._NodeTestCases}
    found = [case for case in every.values() if case.model.graph.node[0].op_type in CELLS]
    return [pytest.param(case, id=case.name) for case in found]


def test_all_of_them_are_there() -> None:
    """Twelve that run forwards; newer versions of ONNX have six more, backwards or both ways."""
    names = [case.id for case in cases()]
    turned = [name for name in names if name.endswith(("_reverse", "_bidirectional"))]
    assert len(names) - len(turned) >= 12
    assert not turned or len(turned) >= 6


def spec(kind: str, ways: str) -> str:
    """The cell in each of its directions."""
    parts = [HEAD]
    for d in ways:
        before, start, end = WAYS[d]
        names = {"d": d, "before": before, "start": start, "end": end}
        parts.append(CELLS[kind].format(**names) + f"output h_{d}[t], h_{d}[{end}]\n")
    return "".join(parts)


def weights(kind: str, way: str, given: dict[str, np.ndarray], m: int) -> dict[str, Any]:
    """Weights of one direction, cut into gates; what is not given is 0."""
    found: dict[str, Any] = {}
    for k, gate in enumerate(GATES[kind]):
        rows = slice(k * m, (k + 1) * m)
        found[f"W{gate}_{way}"] = given["W"][rows]
        found[f"R{gate}_{way}"] = given["R"][rows]
        both = given.get("B", np.zeros(2 * len(GATES[kind]) * m)).reshape(2, -1)
        found[f"b{gate}_{way}"], found[f"c{gate}_{way}"] = both[0][rows], both[1][rows]
    peepholes = given.get("P", np.zeros(3 * m)).reshape(3, m)
    if kind == "LSTM":
        found |= {f"P{gate}_{way}": p for gate, p in zip("iof", peepholes, strict=True)}
    return found


@pytest.mark.parametrize("case", cases())
@pytest.mark.parametrize("level", [0, 1, 2])
def test_the_case(case: Any, level: int) -> None:
    node = case.model.graph.node[0]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    arrays, expected = case.data_sets[0]
    given = dict(zip(node.input, arrays, strict=True))
    is_batch_first, m = attributes.get("layout", 0) == 1, attributes["hidden_size"]
    ways = DIRECTIONS[attributes.get("direction", b"forward")]
    x = np.moveaxis(given["X"], 0, 1) if is_batch_first else given["X"]
    model = rnndsl.parse(spec(node.op_type, ways))
    program = model.compile(optimize=level, dtype="float64", n=x.shape[2], m=m)
    params: dict[str, Any] = {}
    data: dict[str, Any] = {"x": x}
    for k, way in enumerate(ways):
        own = {name: array[k] for name, array in given.items() if name in "WRBP"}
        params |= weights(node.op_type, way, own, m)
        for name, key in (("h0", "initial_h"), ("s0", "initial_c")):
            if name == "h0" or node.op_type == "LSTM":
                start = given[key][k] if key in given else np.zeros((x.shape[1], m))
                data[f"{name}_{way}"] = start
    if "sequence_lens" in given:
        data["lengths"] = {"t": given["sequence_lens"]}
    got = program.forward({name: params[name] for name in program.init(0)}, **data)
    assert_as_expected(dict(zip(node.output, expected_of(node, expected), strict=True)), got, ways)


def expected_of(node: Any, expected: list[np.ndarray]) -> list[np.ndarray | None]:
    """What a case expects of each output; None of those that it leaves out."""
    rest = iter(expected)
    return [next(rest) if name else None for name in node.output]


def assert_as_expected(
    expected: dict[str, np.ndarray | None], got: dict[str, np.ndarray], ways: str
) -> None:
    checked = 0
    for k, way in enumerate(ways):
        end = WAYS[way][2]
        for name, label in (("Y_h", f"h_{way}[{end}]"), ("Y_c", f"s_{way}[{end}]")):
            want = expected.get(name)
            if want is not None:
                mine = want[:, k] if want.shape[0] == got[label].shape[0] != len(ways) else want[k]
                np.testing.assert_allclose(got[label], mine, rtol=1e-6, atol=1e-7)
                checked += 1
    assert checked
