"""Faults planted around the compiler: grammar, checks, formatter, unfolding, training, files."""

from __future__ import annotations

from tests.faults import Fault

FRONT = {
    "a power binds to the left": Fault(
        "grammars/rnn.lark",
        "?power: postfix | postfix POWER signed_power -> binary",
        "?power: postfix | power POWER postfix -> binary",
        "tests/test_syntax.py::test_precedence[a ^ b ^ c-(a ^ (b ^ c))]",
    ),
    "a sign binds looser than a product": Fault(
        "grammars/rnn.lark",
        "?signed: matrix | MINUS signed -> unary",
        "?signed: matrix | MINUS product -> unary",
        "tests/test_syntax.py::test_precedence[-a * b-((- a) * b)]",
    ),
    "brackets after a minus are not printed": Fault(
        "rnndsl/syntax/printer.py",
        'right = _at(expr.right, level + (not is_power), signed=level >= LEVELS["@"])',
        'right = _at(expr.right, level, signed=level >= LEVELS["@"])',
        "tests/test_syntax.py::test_brackets_that_are_needed_are_printed[a @ (b @ c)]",
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
        "rnndsl/graph/directions.py",
        "return bool(self.back and self.ahead)",
        "return bool(self.back and self.ahead and self.still)",
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
        "if position - shift in self.elided[axis]:",
        "if position + shift in self.elided[axis]:",
        "tests/test_unfold.py::test_positions_left_out_become_one_node_a_name",
    ),
    "a boundary is unfolded at another position": Fault(
        "rnndsl/graph/unfold.py",
        'start = {"index": reader, "start": 0, "end": self.steps[place.axis]}[place.anchor]',
        'start = {"index": reader, "start": 1, "end": self.steps[place.axis]}[place.anchor]',
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
        "total += loss / batch.scale * batch.weight\n        weight += batch.weight",
        "total += loss / batch.scale\n        weight += 1",
        "tests/test_training_arrays.py::test_a_validation_loss_is_that_of_all_positions",
    ),
}
