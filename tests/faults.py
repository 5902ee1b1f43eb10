"""Small faults, each a slip that somebody could make, with the test that notices it.

`test_planted_faults` puts each into a copy of the tree. A fault is an exact replacement in one
file; what is replaced must stand there once, so whoever moves it on moves it on here too.
"""

from __future__ import annotations

from typing import NamedTuple


class Fault(NamedTuple):
    """`old` becomes `new` in `file`, and then `test` must fail."""

    file: str
    old: str
    new: str
    test: str


def construct(name: str, mode: str = "teacher") -> str:
    """The test that holds a model of the zoo against the interpreter, level by level."""
    return f"tests/test_agreement.py::test_every_construct[{name}-{mode}]"


CLIPPED = (
    "tests/test_generated_ragged.py::"
    "test_what_goes_back_along_a_reference_is_clipped_for_each_example"
)

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
    "the longest delay but one decides on the room": Fault(
        "rnndsl/emit/context.py",
        "return gap is not None and gap >= 0",
        "return gap is not None and gap <= 0",
        construct("delays"),
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
        "live = np.arange(positions)[:, None] < lengths",
        "live = np.arange(positions)[:, None] <= lengths",
        construct("over_positions"),
    ),
    "sums over positions take in the padding": Fault(
        "rnndsl/emit/carried/positions.py",
        "return np.where(_widen(live, x.ndim - 2), x, filler)",
        "return x",
        construct("over_positions"),
    ),
    "positions are counted from 0": Fault(
        "rnndsl/emit/carried/positions.py",
        "return np.argmax(_over(x, live, _lowest(x)), axis=0) + 1",
        "return np.argmax(_over(x, live, _lowest(x)), axis=0)",
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
    "a draw forgets one round": Fault(
        "rnndsl/emit/carried/chance.py",
        "for part in (site, np.arange(examples)[:, None], position, np.arange(components)):",
        "for part in (site, np.arange(examples)[:, None], position):",
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
    "a window hands on values one position early": Fault(
        "rnndsl/emit/carried/ends.py",
        "rows = before + lengths[None, :] - count + np.arange(count)[:, None]",
        "rows = before + lengths[None, :] - count + np.arange(count)[:, None] - 1",
        "tests/test_generated_state.py::test_ragged_windows_with_state_agree_with_the_interpreter[1-delay_3-teacher]",
    ),
    "gates change places": Fault(
        "specs/lstm.rnn",
        "s[t]: m = f[t] * s[t-1] + g[t] *",
        "s[t]: m = g[t] * s[t-1] + f[t] *",
        "tests/test_lstm_committed.py::test_float64[1]",
    ),
    "the interpreter forgets the boundaries": Fault(
        "rnndsl/interpreter/evaluate.py",
        "if at == (self.position(boundary.place, ()),):",
        "if at == (self.position(boundary.place, ()) + 1,):",
        "tests/test_interpreter_by_hand.py::test_boundaries_hold_at_their_positions_alone",
    ),
}

BACKWARDS = {
    "adjoints flow the way that values do": Fault(
        "rnndsl/graph/differentiate.py",
        '"shift", (self.flows[shift],), by=-by, outside=0',
        '"shift", (self.flows[shift],), by=by, outside=0',
        construct("delays"),
    ),
    "a boundary before the start gets no gradient": Fault(
        "rnndsl/graph/differentiate.py",
        "            self._add(bound, node)\n",
        "",
        construct("delays"),
    ),
    "a boundary that is read at one position gets no gradient": Fault(
        "rnndsl/graph/differentiate.py",
        "            self._add(bound, self.b.where(hit, d, 0))\n",
        "            assert hit is not None\n",
        construct("fixed_positions"),
    ),
    "the last reader overwrites what the others sent back": Fault(
        "rnndsl/graph/differentiate.py",
        "total = total + part",
        "total = part",
        construct("sigmoid"),
    ),
    "a loop back reads what lies behind the end": Fault(
        "rnndsl/graph/differentiate.py",
        "return arriving if is_back else self.b.spread(arriving)",
        "return arriving",
        construct("backwards_far"),
    ),
    "positions read twice count once": Fault(
        "rnndsl/emit/carried/ends.py",
        "np.add.at(result, (position[inside] - 1, examples[inside]), d[inside])",
        "result[position[inside] - 1, examples[inside]] = d[inside]",
        construct("positions_as_data"),
    ),
    "rows picked twice count once": Fault(
        "rnndsl/emit/carried/tokens.py",
        "result[found] = np.add.reduceat(rows[order], starts, axis=0)",
        "result[found] = rows[order][starts]",
        construct("embedding"),
    ),
    "the gradient of a square matrix is turned": Fault(
        "rnndsl/emit/carried/products.py",
        "return x.T @ y",
        "return y.T @ x if x.shape == y.shape else x.T @ y",
        construct("sigmoid"),
    ),
    "what is kept in the padding is not cleared": Fault(
        "rnndsl/emit/carried/ends.py",
        "            array[~live] = 0\n",
        "            array[~live] = array[~live]\n",
        "tests/test_generated_ragged.py::test_padding_that_overflows_reaches_no_gradient[1]",
    ),
    "a replaced boundary still gets a gradient": Fault(
        "rnndsl/emit/carried/ends.py",
        "return np.zeros_like(d) if name in state and len(state[name]) >= back else d",
        "return d",
        "tests/test_generated_state.py::test_no_gradient_reaches_a_boundary_that_a_state_replaced[1]",
    ),
    "the mean over examples is a sum": Fault(
        "rnndsl/emit/carried/running.py",
        'seeds = {"loss": np.full(examples, 1.0 / examples, DTYPE)}',
        'seeds = {"loss": np.full(examples, 1.0, DTYPE)}',
        construct("sigmoid"),
    ),
    "a clipped gradient is clipped twice as much": Fault(
        "rnndsl/emit/carried/clipping.py",
        "scale = limit / (total / top)",
        "scale = limit / (total / top) / 2",
        "tests/test_generated_steps.py::test_clip_by_norm",
    ),
    "a flow is clipped by the norm of the whole batch": Fault(
        "rnndsl/emit/carried/flow.py",
        "norm = np.sqrt(np.sum(flat * flat, axis=-1))",
        "norm = np.sqrt(np.sum(flat * flat, axis=-1)) * d.shape[0]",
        f"{CLIPPED}[norm-1]",
    ),
    "branches not taken make gradients infinite": Fault(
        "rnndsl/graph/differentiate.py",
        "source = self._guard(node, d) if node in self.guarded else self._under_its_name(node)",
        "source = self._under_its_name(node)",
        "tests/test_generated_values.py::test_where_lets_nothing_through[1-log]",
    ),
}

FRONT = {
    "a power binds to the left": Fault(
        "grammars/rnn.lark",
        "?power: postfix | postfix POWER signed_power -> binary",
        "?power: postfix | power POWER postfix -> binary",
        "tests/test_syntax.py::test_precedence[a ^ b ^ c-(a ^ (b ^ c))]",
    ),
    "a sign binds tighter than a product of matrices": Fault(
        "grammars/rnn.lark",
        "?matrix: power | matrix AT signed_power -> binary",
        "?matrix: signed_power | matrix AT signed_power -> binary",
        "tests/test_syntax.py::test_precedence[-a @ b-(- (a @ b))]",
    ),
    "brackets after a minus are not printed": Fault(
        "rnndsl/syntax/printer.py",
        'right = _at(expr.right, level + (not is_power), signed=level >= LEVELS["@"])',
        'right = _at(expr.right, level, signed=level >= LEVELS["@"])',
        "tests/test_syntax.py::test_what_is_printed_reads_as_the_same_tree",
    ),
    "two different sizes are one": Fault(
        "rnndsl/model/unify.py",
        "raise Mismatch(str(self.dim(left)), str(self.dim(right)))",
        "return",
        "tests/test_shapes_laws.py::test_different_sizes_never_unify",
    ),
    "an equation may need itself": Fault(
        "rnndsl/graph/causality.py",
        "if len(names) > 1 or any(graph.has_edge(name, name) for name in names):",
        "if len(names) > 1:",
        "tests/test_causality.py::test_what_no_order_computes[h[t] = W @ h[t]-wanted0]",
    ),
    "a loop may run both ways": Fault(
        "rnndsl/graph/causality.py",
        "if back and ahead:",
        "if back and ahead and still:",
        "tests/test_causality.py::test_what_no_order_computes[h[t] = W @ h[t-1] + h[t+1]-wanted2]",
    ),
    "the formatter loses comments": Fault(
        "rnndsl/syntax/formatter.py",
        'yield from (f"{code:<{width}}{comment}" for code, comment in run)',
        "yield from (code for code, _ in run)",
        "tests/test_cli_fmt.py::test_the_layout",
    ),
    "a row of dots has no edge from the step before": Fault(
        "rnndsl/graph/unfold.py",
        "if shift and position - shift in self.elided:",
        "if shift and position + shift in self.elided:",
        "tests/test_unfold.py::test_positions_left_out_become_one_node_a_name",
    ),
    "a boundary is unfolded at another position": Fault(
        "rnndsl/graph/unfold.py",
        'start = {"index": reader, "start": 0, "end": self.steps}[place.anchor]',
        'start = {"index": reader, "start": 1, "end": self.steps}[place.anchor]',
        "tests/test_unfold.py::test_a_boundary_given_stands_with_what_it_reads",
    ),
}

TRAINING = {
    "a resumed run forgets the moments": Fault(
        "rnndsl/runtime/standing.py",
        'optimiser.load(_below("optimiser", arrays))',
        'optimiser.load({k: v * (v.ndim == 0) for k, v in _below("optimiser", arrays).items()})',
        "tests/test_training_resume.py::test_a_checkpoint_in_the_midst_of_an_epoch_serves",
    ),
    "a resumed run forgets how many steps were made": Fault(
        "rnndsl/runtime/optimisers.py",
        'self._steps = int(state["steps"])',
        "self._steps = 0",
        "tests/test_training_resume.py::test_a_checkpoint_in_the_midst_of_an_epoch_serves",
    ),
    "a resumed run forgets the state of the window before": Fault(
        "rnndsl/runtime/standing.py",
        'self.state = _below("state", arrays) or None',
        "self.state = None",
        "tests/test_training_resume.py::test_a_checkpoint_in_the_midst_of_an_epoch_serves",
    ),
    "a file is written in place": Fault(
        "rnndsl/text/files.py",
        "_replace(Path(os.path.realpath(target)), payload)",
        "Path(os.path.realpath(target)).write_bytes(payload)",
        "tests/test_training_files.py::test_nothing_is_left_of_a_write_that_fails",
    ),
    "the second moment is not corrected": Fault(
        "rnndsl/runtime/optimisers.py",
        "root = np.sqrt(square / correction2) + self.epsilon",
        "root = np.sqrt(square / correction) + self.epsilon",
        "tests/test_training_optimisers.py::test_adam_corrects_its_moments",
    ),
    "a warm-up begins with no step": Fault(
        "rnndsl/runtime/schedules.py",
        "warm = min(1.0, (step + 1) / settings.warmup)",
        "warm = min(1.0, step / settings.warmup)",
        "tests/test_training_schedules.py::test_a_constant_rate_is_constant_after_its_warm_up",
    ),
    "a log holds what JSON has not": Fault(
        "rnndsl/runtime/log.py",
        'file.write(json.dumps(finite) + "\\n")',
        'file.write(json.dumps(record) + "\\n")',
        "tests/test_training_schedules.py::test_a_number_that_is_none_is_null",
    ),
    "the lengths of a file are not passed on": Fault(
        "rnndsl/runtime/array_data.py",
        'fed["lengths"] = lengths',
        'fed["lengths"] = {axis: np.full_like(n, n.max()) for axis, n in lengths.items()}',
        "tests/test_training_arrays.py::test_a_batch_holds_its_own_examples_as_long_as_the_longest",
    ),
    "a window predicts what it reads": Fault(
        "rnndsl/runtime/text_data.py",
        "return Window(self._streams[start:end], self._streams[start + 1 : end + 1])",
        "return Window(self._streams[start:end], self._streams[start:end])",
        "tests/test_training_text.py::test_windows_hold_the_streams_in_order",
    ),
    "what is held back is weighed by batches": Fault(
        "rnndsl/runtime/validation.py",
        "total += float(loss) / batch.scale * batch.weight\n        weight += batch.weight",
        "total += float(loss) / batch.scale\n        weight += 1",
        "tests/test_training_arrays.py::test_a_validation_loss_is_that_of_all_positions",
    ),
}

FAULTS = FORWARDS | BACKWARDS | FRONT | TRAINING
