"""A small fault, a slip that somebody could make, with the test that notices it.

`test_planted_faults` puts each into a copy of the tree. A fault is an exact replacement in one
file; what is replaced must stand there once, so whoever moves it on moves it on here too. The
faults stand in `faults_forwards`, `faults_backwards`, `faults_trees`, `faults_forest` and
`faults_around`.
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
