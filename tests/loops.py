"""The loops over positions of each spec's code: written by hand, from the equations.

A loop is there only where a value needs itself from another position: one strongly connected
component of the equations that holds a shift is one loop, and so is its adjoint, the other way.
Outputs, losses, products with the input and weight gradients are computed for all positions at
once. Nothing depends on the level: what `-O1` moves out of a loop leaves the loop there. Along a
fixed axis there is no loop: each of its positions has equations of its own.
"""

from __future__ import annotations

MODES = ("teacher", "free", "scheduled")
LEVELS = (0, 1, 2)

Loops = tuple[str, ...]
"""One mode's: `+t` runs forwards over t, `-t` backwards; `+v` from leaves up, `-v` down."""

NONE: Loops = ()
ONE = ("+t",)


def in_every_mode(*loops: str) -> dict[str, Loops]:
    """For specs that run alike in all modes."""
    return dict.fromkeys(MODES, loops)


def taught(teacher: Loops, free: Loops) -> dict[str, Loops]:
    """For specs with `teach`: scheduled code must be ready for either."""
    return {"teacher": teacher, "free": free, "scheduled": free}


def way_back(loops: Loops) -> Loops:
    """The loops of the gradients."""
    return tuple(("-" if loop[0] == "+" else "+") + loop[1:] for loop in loops)


LOOPS: dict[str, dict[str, Loops]] = {
    # s needs s at t-1.
    "dynamical_system": in_every_mode("+t"),
    # h needs h at t-1.
    "driven_system": in_every_mode("+t"),
    # a needs h at t-1, and h needs a; o, yhat and the loss need nothing of another step.
    "elman": in_every_mode("+t"),
    # h needs o at t-1, and o needs h: both are in the loop.
    "output_recurrence": in_every_mode("+t"),
    # With the teacher h needs y at t-1, which is data: nothing waits. Running free it needs o
    # at t-1, which needs h.
    "teacher_forcing": taught(NONE, ONE),
    # h needs h at t-1; what reads h[T] runs once.
    "sequence_to_one": in_every_mode("+t"),
    # h needs h at t-1 and g needs g at t+1, and neither needs the other.
    "bidirectional": in_every_mode("+t", "-t"),
    # f, g, q and s need h at t-1, and h needs s and q: one component.
    "lstm": in_every_mode("+t"),
    # h needs u, r and h at t-1, and u and r need h at t: one component.
    "gru": in_every_mode("+t"),
    # u, r, hnew and h need h at t-1, and h needs all of them: one component.
    "gru_usual": in_every_mode("+t"),
    # As lstm: rows are picked for all positions at once.
    "char_lstm": in_every_mode("+t"),
    # As gru_usual; the embedding v is outside.
    "char_gru": in_every_mode("+t"),
    # As elman: the context is no value of another step, nor is the start.
    "context_input": in_every_mode("+t"),
    "context_start": in_every_mode("+t"),
    # As teacher_forcing; z[0] needs only the context.
    "context_both": taught(NONE, ONE),
    # h needs h at t-1, whoever says the token before; running free o and z join it.
    "vector_to_sequence": taught(ONE, ONE),
    "hidden_and_output": taught(ONE, ONE),
    # h needs h at i-1; s needs s at j-1 and, running free, z there, which needs o and s.
    "encoder_decoder": taught(("+i", "+j"), ("+i", "+j")),
    # As encoder_decoder; e needs s at j-1, and s needs ctx, alpha and e.
    "attention": taught(("+i", "+j"), ("+i", "+j")),
    # s as in encoder_decoder; e and the softmax over i join it only when running free.
    "pointer": taught(("+i", "+j"), ("+i", "+j")),
    # h needs h at t-1, z needs z at t-1, and h does not need z: two loops in a row.
    "deep_states": in_every_mode("+t", "+t"),
    # g needs h at t-1, and h needs g; u is before the loop, r and o behind.
    "deep_layers": in_every_mode("+t"),
    "deep_skip": in_every_mode("+t"),
    # h needs h at t-1 and t-d, or at t-d alone.
    "skip_through_time": in_every_mode("+t"),
    "removed_connections": in_every_mode("+t"),
    # v needs mu at t-1, and mu needs v and mu at t-1.
    "leaky_fixed": in_every_mode("+t"),
    "leaky_learned": in_every_mode("+t"),
    # Two layers: as lstm, for each; the lower does not need the upper.
    "lstm_stacked": in_every_mode("+t", "+t"),
    "lstm_by_use": in_every_mode("+t", "+t"),
    # Two layers, in each one way and the other.
    "gru_bidirectional": in_every_mode("+t", "+t", "-t", "-t"),
    # Each group is written as reading all at t-1, though `where` takes but the slower ones.
    "clockwork": in_every_mode("+t"),
    # As lstm. Without f s still needs itself, g and q need h at t-1, and h needs s and q.
    "lstm_1997": in_every_mode("+t"),
    "lstm_peephole": in_every_mode("+t"),
    "lstm_coupled": in_every_mode("+t"),
    "lstm_layer_norm": in_every_mode("+t"),
    # As gru_usual.
    "gru_reset_after": in_every_mode("+t"),
    "minimal_gated": in_every_mode("+t"),
    "language_model": in_every_mode("+t"),
    # h needs h at t-1.
    "irnn": in_every_mode("+t"),
    # h needs h at t-1; the gate needs the input alone.
    "min_gru": in_every_mode("+t"),
    # Every position needs the others, but of values that need nothing of any: no loop.
    "self_attention": in_every_mode(),
    # p needs u at k-1, and u needs p.
    "memory_network": in_every_mode("+k"),
    # The same along a fixed axis: three times the equations, one after the other.
    "memory_network_untied": in_every_mode(),
    # h needs r at t-1, r needs w and M, and these need h: one component, with all of the heads.
    "ntm": in_every_mode("+t"),
    "ntm_lstm": in_every_mode("+t"),
    "ntm_two_heads": in_every_mode("+t"),
    "ntm_two_heads_lstm": in_every_mode("+t"),
    # h needs h of both children: from the leaves up; the rest once for each example.
    "recursive_network": in_every_mode("+v"),
    # s needs s and h of the children, and h needs s; o, yhat and the loss come behind.
    "tree_lstm_binary": in_every_mode("+v"),
    "tree_lstm_child_sum": in_every_mode("+v"),
    # h needs h of the children; then d needs d of the parent, from the root down.
    "tree_top_down": in_every_mode("+v", "-v"),
    # f needs f at t-1, r needs r at t+1; then h needs h of both children.
    "tree_over_bidirectional": in_every_mode("+t", "-t", "+v"),
}
