"""How many loops over positions each spec's code has: written by hand, from the equations.

A loop is there only where a value needs itself from another position: one strongly connected
component of the equations that holds a shift is one loop, and so is its adjoint. Outputs,
losses, products with the input and weight gradients are computed for all positions at once.
The numbers do not depend on the level: what `-O1` moves out of a loop leaves the loop there.
"""

from __future__ import annotations

from typing import NamedTuple


class Loops(NamedTuple):
    """Loops of one mode: in the code of the values, and in that of the gradients."""

    forward: int
    backward: int


NONE = Loops(0, 0)
ONE = Loops(1, 1)
TWO = Loops(2, 2)

MODES = ("teacher", "free", "scheduled")
LEVELS = (0, 1, 2)


def in_every_mode(loops: Loops) -> dict[str, Loops]:
    """For specs without `teach`, which run alike in all modes."""
    return dict.fromkeys(MODES, loops)


LOOPS: dict[str, dict[str, Loops]] = {
    # s needs s at t-1.
    "dynamical_system": in_every_mode(ONE),
    # h needs h at t-1.
    "driven_system": in_every_mode(ONE),
    # a needs h at t-1, and h needs a; o, yhat and the loss need nothing of another step.
    "elman": in_every_mode(ONE),
    # h needs o at t-1, and o needs h: both are in the loop.
    "output_recurrence": in_every_mode(ONE),
    # With the teacher h needs y at t-1, which is data: nothing waits. Running free it needs o
    # at t-1, which needs h; scheduled code must be ready for either.
    "teacher_forcing": {"teacher": NONE, "free": ONE, "scheduled": ONE},
    # h needs h at t-1; what reads h[T] runs once.
    "sequence_to_one": in_every_mode(ONE),
    # h needs h at t-1 and g needs g at t+1, and neither needs the other.
    "bidirectional": in_every_mode(TWO),
    # f, g, q and s need h at t-1, and h needs s and q: one component.
    "lstm": in_every_mode(ONE),
    # h needs u, r and h at t-1, and u and r need h at t: one component.
    "gru": in_every_mode(ONE),
    # u, r, hnew and h need h at t-1, and h needs all of them: one component.
    "gru_usual": in_every_mode(ONE),
    # As lstm: rows are picked for all positions at once.
    "char_lstm": in_every_mode(ONE),
    # As gru_usual; the embedding v is outside.
    "char_gru": in_every_mode(ONE),
}
