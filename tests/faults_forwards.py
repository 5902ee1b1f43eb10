"""Faults planted in what is computed forwards: order, rooms, padding, tokens, chance, axes."""

from __future__ import annotations

from tests.faults import Fault, construct

RAGGED = "tests/test_generated_state.py::test_ragged_windows_with_state_agree_with_the_interpreter"

FORWARDS = {
    "the loop runs the wrong way": Fault(
        "rnndsl/plan/schedule.py",
        "return -1 if least is not None and least > 0 else None",
        "return 1 if least is not None and least > 0 else None",
        construct("backwards"),
    ),
    "a boundary stands one position early": Fault(
        "rnndsl/emit/storage.py",
        "text = str(int(before.text) + int(row.text))",
        "text = str(int(before.text) + int(row.text) - 1)",
        construct("delays"),
    ),
    "a position that is looked up is the next one": Fault(
        "rnndsl/emit/carried/ends.py",
        "row = np.asarray(position) + (before - 1)",
        "row = np.asarray(position) + before",
        construct("positions_as_data"),
    ),
    "a boundary behind the end stands one position late": Fault(
        "rnndsl/emit/carried/ends.py",
        "rows = before + lengths + ahead - 1",
        "rows = before + lengths + ahead",
        construct("backwards"),
    ),
    "every example ends with the longest": Fault(
        "rnndsl/emit/carried/ends.py",
        "room[rows[inside], np.arange(len(lengths))[inside]] = value[inside]",
        "room[rows[inside].max()] = value",
        construct("backwards_far"),
    ),
    "a position one too many is alive": Fault(
        "rnndsl/emit/carried/reading.py",
        "np.arange(extents[axis])[:, None] < lengths[axis] for axis in AXES",
        "np.arange(extents[axis])[:, None] <= lengths[axis] for axis in AXES",
        construct("over_positions"),
    ),
    "sums over positions take in the padding": Fault(
        "rnndsl/emit/carried/positions.py",
        "return np.where(live.reshape(shape), x, filler)",
        "return x",
        construct("over_positions"),
    ),
    "positions are counted from 0": Fault(
        "rnndsl/emit/carried/positions.py",
        "return np.argmax(_over(x, live, _lowest(x), axis, indices), axis=axis) + 1",
        "return np.argmax(_over(x, live, _lowest(x), axis, indices), axis=axis)",
        construct("over_positions"),
    ),
    "a state of any step overwrites an operand": Fault(
        "rnndsl/emit/reuse.py",
        "is_alone = len(self.readers.get(item, ())) == 1",
        "is_alone = len(self.readers.get(item, ())) >= 1",
        construct("power"),
    ),
    "no token picks the last row": Fault(
        "rnndsl/emit/carried/tokens.py",
        "known = (index >= 0) & (index < len(table))",
        "known = index < len(table)",
        construct("embedding"),
    ),
    "no token has a loss": Fault(
        "rnndsl/emit/carried/tokens.py",
        "return np.where(known, total + (top - picked), 0)",
        "return total + (top - picked)",
        construct("embedding"),
    ),
    "teacher and free run change places": Fault(
        "rnndsl/graph/lower.py",
        'if self.graph.mode == "teacher":',
        'if self.graph.mode == "free":',
        construct("context"),
    ),
    "draws are counted from 0 in their chain": Fault(
        "rnndsl/emit/carried/chance.py",
        "z = _mix(z ^ ((np.asarray(part, np.uint64) + np.uint64(1)) * golden))",
        "z = _mix(z ^ (np.asarray(part, np.uint64) * golden))",
        construct("dropout"),
    ),
    "what is kept is not made up for what is dropped": Fault(
        "rnndsl/emit/carried/chance.py",
        "return np.where(kept, 1 / np.where(kept, 1 - p, 1), 0).astype(DTYPE)",
        "return kept.astype(DTYPE)",
        construct("dropout"),
    ),
    "a logarithm of a softmax stays as it is": Fault(
        "rnndsl/passes/stabilise.py",
        'if node.op == "nll" and _is(inner := _behind(node.inputs[0]), "softmax"):',
        'if node.op == "nll" and _is(inner := _behind(node.inputs[0]), "exp"):',
        "tests/test_generated_values.py::test_losses_of_extreme_logits[0-nll]",
    ),
    "sharpened weights are worked out as they are written": Fault(
        "rnndsl/passes/stabilise.py",
        'if node.op == "div":',
        'if node.op == "mod":',
        "tests/test_memory_addressing.py::test_no_sharpness_loses_the_weights[float32-0]",
    ),
    "a window hands on values one position early": Fault(
        "rnndsl/emit/carried/ends.py",
        "rows = before + lengths[None, :] - count + np.arange(count)[:, None]",
        "rows = before + lengths[None, :] - count + np.arange(count)[:, None] - 1",
        f"{RAGGED}[1-delay_3-teacher]",
    ),
    "gates change places": Fault(
        "specs/lstm.rnn",
        "s[t]: m = f[t] * s[t-1] + g[t] *",
        "s[t]: m = g[t] * s[t-1] + f[t] *",
        "tests/test_lstm_committed.py::test_float64[1]",
    ),
    "the interpreter forgets the boundaries": Fault(
        "rnndsl/interpreter/evaluate.py",
        "if position != self.position(place, ()):",
        "if position != self.position(place, ()) + 1:",
        "tests/test_interpreter_by_hand.py::test_boundaries_hold_at_their_positions_alone",
    ),
}

AXES = {
    "a position counts that an example has on one axis alone": Fault(
        "rnndsl/emit/expressions.py",
        'Code(" & ".join(part.at(ATOM) for part in parts), BITS)',
        'Code(" | ".join(part.at(ATOM) for part in parts), BITS)',
        construct("plane_data"),
    ),
    "a boundary along an index is written where an example has no position": Fault(
        "rnndsl/emit/storage.py",
        'mask = f", {self.mask(running, False)}" if running else ""',
        'mask = ""',
        construct("edges_behind"),
    ),
    "an unrolled position reads the parameter of the one before": Fault(
        "rnndsl/model/instances.py",
        "position - 1 if is_inside else -1",
        "max(position - 2, 0) if is_inside else -1",
        construct("depth"),
    ),
}
