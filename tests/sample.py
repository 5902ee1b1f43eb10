"""How the default suite stays quick: what it takes of many alike, and many cells as one test.

The rest of what is alike follows in the long suite.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import wraps
from inspect import Parameter, signature
from typing import Any

import pytest

SAMPLE = {
    "attention",
    "bidirectional",
    "char_lstm",
    "clockwork",
    "deep_skip",
    "dynamical_system",
    "elman",
    "encoder_decoder",
    "gru",
    "lstm",
    "lstm_layer_norm",
    "lstm_stacked",
    "memory_network",
    "ntm",
    "pointer",
    "recursive_network",
    "self_attention",
    "teacher_forcing",
    "tree_lstm_child_sum",
}
DRAWN = SAMPLE & {
    "attention",
    "clockwork",
    "deep_skip",
    "encoder_decoder",
    "lstm",
    "lstm_stacked",
    "pointer",
    "self_attention",
    "teacher_forcing",
}
"""Of the sample, for what Graphviz has to lay out."""
FEW_FUNCTIONS = {
    "where_guard",
    "softmax",
    "norm",
    "matrices",
    "numbers",
    "conditions",
    "dropout",
    "pick",
}
"""Of those of the zoo, for what each function has as every other does."""


def sampled(names: Iterable[str], sample: Collection[str] = SAMPLE) -> list[Any]:
    """Names for a parametrisation, those beyond the sample marked as long."""
    found = []
    for name in names:
        marks = [] if name in sample else [pytest.mark.long]
        found.append(pytest.param(name, id=name, marks=marks))
    return found


def by_level(*groups: tuple[int, ...]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test of one `level` becomes one test a group of levels, all but the first long.

    The levels of a group are tried one after the other; a failure names its level.
    """
    marks = [(), *[pytest.mark.long] * (len(groups) - 1)]
    cells = [
        pytest.param(group, id="-O" + "".join(map(str, group)), marks=mark)
        for group, mark in zip(groups, marks, strict=True)
    ]

    def together(test: Callable[..., None]) -> Callable[..., None]:
        @wraps(test)
        def one_after_the_other(levels: tuple[int, ...], **given: Any) -> None:
            for level in levels:
                try:
                    test(level=level, **given)
                except BaseException as fault:
                    fault.add_note(f"at level {level}")
                    raise

        known = signature(test)
        asked = [
            one.replace(name="levels") if name == "level" else one
            for name, one in known.parameters.items()
        ]
        asked = [one.replace(kind=Parameter.KEYWORD_ONLY, annotation=Any) for one in asked]
        one_after_the_other.__dict__["__signature__"] = known.replace(parameters=asked)
        return pytest.mark.parametrize("levels", cells)(one_after_the_other)

    return together
