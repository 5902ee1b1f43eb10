"""Faults planted in gradients: the adjoint graph, derivatives, what is summed and clipped."""

from __future__ import annotations

from tests.faults import Fault, construct

CLIPPED = (
    "tests/test_generated_ragged.py::"
    "test_what_goes_back_along_a_reference_is_clipped_for_each_example"
)

BACKWARDS = {
    "adjoints flow the way that values do": Fault(
        "rnndsl/graph/differentiate.py",
        "back = tuple((index, -step) for index, step in by)",
        "back = by",
        construct("delays"),
    ),
    "a boundary before the start gets no gradient": Fault(
        "rnndsl/graph/differentiate.py",
        "self._add(bound, self.b.live(there, ahead))",
        "self._add(bound, None)",
        construct("delays"),
    ),
    "a boundary that is read at one position gets no gradient": Fault(
        "rnndsl/graph/sending.py",
        "yield bound, mine",
        "yield bound, b.where(met, 0, 0)",
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
        "return self.b.live(arriving, ahead)",
        "return arriving",
        construct("backwards_far"),
    ),
    "positions read twice count once": Fault(
        "rnndsl/emit/carried/ends.py",
        "np.add.at(result, tuple(row[inside] for row in rows), "
        "np.broadcast_to(d, lead + own)[inside])",
        "result[tuple(row[inside] for row in rows)] = np.broadcast_to(d, lead + own)[inside]",
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
        "is_guarded = node in self.guarded and node.op not in KIN",
        "is_guarded = False",
        "tests/test_generated_values.py::test_where_lets_nothing_through[1-log]",
    ),
    "a quotient is computed again from what is 0 in the padding": Fault(
        "rnndsl/plan/stages.py",
        "return not (row.is_singular and node.inputs[1].over)",
        "return True",
        construct("normalised"),
    ),
    "all positions of a fixed axis start as one matrix": Fault(
        "rnndsl/emit/carried/starts.py",
        "[_draw_start(inner, kind, arguments, rng) for _ in range(count)]",
        "[_draw_start(inner, kind, arguments, rng)] * count",
        "tests/test_generated_axes.py::test_each_position_of_a_fixed_axis_has_a_start_of_its_own",
    ),
}

DERIVATIVES = {
    "what is taken away gets its gradient with the wrong sign": Fault(
        "rnndsl/ops/elementwise.py",
        'lambda b, n, d: (d, -d), "np.subtract"',
        'lambda b, n, d: (d, d), "np.subtract"',
        construct("softplus"),
    ),
    "a softmax is differentiated as if its parts were free": Fault(
        "rnndsl/ops/components.py",
        'lambda b, n, d: (n * (d - b.op("sum", d * n)),)',
        "lambda b, n, d: (n * d,)",
        construct("softmax"),
    ),
    "a weight is not transposed on the way back": Fault(
        "rnndsl/ops/products.py",
        'b.op("vecmat", d, n.inputs[0])),',
        'b.op("matvec", n.inputs[0], d)),',
        "tests/test_agreement.py::test_the_gallery[dynamical_system-teacher]",
    ),
    "an outer product takes the wrong side back": Fault(
        "rnndsl/ops/products.py",
        '(b.op("matvec", d, n.inputs[1]), b.op("vecmat", n.inputs[0], d))',
        '(b.op("matvec", d, n.inputs[1]), b.op("matvec", d, n.inputs[0]))',
        construct("outer"),
    ),
    "a mean over positions is differentiated as a sum": Fault(
        "rnndsl/ops/positions.py",
        '(_back(b, n, d / b.length_along(n.attrs["index"])),)',
        "(_back(b, n, d),)",
        construct("over_positions"),
    ),
    "an index gets its other name on the way back, not its own": Fault(
        "rnndsl/ops/positions.py",
        'return {new: old for old, new in n.attrs["names"]}',
        'return {old: new for old, new in n.attrs["names"]}',
        construct("attending_to_itself"),
    ),
}
