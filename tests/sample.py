"""Which specs of the gallery the default suite takes for what every one of them must have.

The rest of them follow in the long suite.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    "self_attention",
    "teacher_forcing",
}


def sampled(names: Iterable[str]) -> list[Any]:
    """Names for a parametrisation, those beyond the sample marked as long."""
    found = []
    for name in names:
        marks = [] if name in SAMPLE else [pytest.mark.long]
        found.append(pytest.param(name, id=name, marks=marks))
    return found
