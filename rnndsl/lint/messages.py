"""What is said of models that are sound and hardly what was meant, one function a diagnostic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnndsl.model.expr import Expr
from rnndsl.model.model import Equation, Model, Parameter
from rnndsl.text.diagnostics import Diagnostic, Label, warning
from rnndsl.text.source import Span


@dataclass(frozen=True)
class Obstacle:
    """Where the way from the loss ends: `why` is `flat` (no derivative), `zero` (a factor 0),
    `unread` (a boundary that nothing reads), `components` or `positions` (a softmax takes away
    what is the same in all of them; along `index`)."""

    why: str
    expr: Expr
    span: Span
    index: str = ""


HERE = {
    "flat": "passes no gradient",
    "zero": "multiplied by 0",
    "unread": "nothing reads this position",
    "components": "the same number for every component",
    "positions": "the same at every position",
}
HELP = {
    "flat": "a weight between 0 and 1 (`sigmoid`, `softmax`) can be learned, a choice cannot; "
    "what is not to be learned is an `input` or a `const`",
    "components": "remove it, or declare a vector, which adds to each component its own",
}


def useless_parameters(
    group: Sequence[Parameter], found: Obstacle | None, has_loss: bool
) -> Diagnostic:
    """`o + s` under a softmax with a scalar `s`, say."""
    place, goal = group[0].span, "the loss" if has_loss else "an output"
    names = ", ".join(f"`{item.name}`" for item in group)
    one = len(group) == 1
    who = f"the parameter{'s' * (not one)} {names}"
    it = "it" if one else "them"
    if found is None:
        help = f"add to the loss what is made with {it}, or remove {it}"
        return warning("RNN703", f"{goal} does not depend on {who}", place, help=help)
    message = f"{who} cannot change {goal}"
    if found.why == "flat":
        kept = "it keeps the value it starts" if one else "they keep the values they start"
        message = f"no gradient reaches {who}: {kept} with"
    notes = []
    if found.why in ("components", "positions"):
        over = f"[{found.index}]" if found.index else ""
        where = "at all positions" if found.index else "to all components"
        notes = [f"`softmax{over}` gives the same whatever number is added {where}"]
    more = [Label(found.span, HERE[found.why])]
    help = HELP.get(found.why, f"remove {it}")
    return warning("RNN703", message, place, more=more, notes=notes, help=help)


def open_gate(model: Model, gate: Expr, other: Expr, equation: Equation | None) -> Diagnostic:
    """`f[t] * s[t-1]` with `f[t] = b + W @ x[t]`."""
    written = bare(model.source.slice(gate.span))
    label = f"a gate, next to `{bare(model.source.slice(other.span))}`"
    more, help = [], f"squash it: `sigmoid({written})`"
    if equation is not None:
        left, _, right = one_line(equation.text).partition(" = ")
        more = [Label(equation.span, "a sum, which can be any number")]
        help = f"squash it: `{left} = sigmoid({right})`"
    return warning(
        "RNN704",
        f"nothing keeps the gate `{written}` between 0 and 1",
        gate.span,
        label,
        more=more,
        notes=["beyond 1 it makes the state grow without bound, below 0 it turns its sign"],
        help=help,
    )


def nearly(
    place: Span, spec: Model, left: str, difference: str, would_be: str | None
) -> Diagnostic:
    """A cell of the gallery but for one thing: the `difference` in the equation of `left`;
    `would_be` is how that reads in the gallery, in the names of the file."""
    return warning(
        "RNN705",
        f"this is `{spec.name}` of the gallery, except that `{left}` {difference}",
        place,
        notes=[f"`{spec.name}` is: {spec.title}"],
        help=f"there it reads `{would_be}`" if would_be else f"compare `{spec.name}.rnn`",
    )


def one_line(text: str) -> str:
    """A piece of the file without line breaks and comments."""
    return " ".join(" ".join(line.partition("#")[0] for line in text.split("\n")).split())


def bare(text: str) -> str:
    """A piece of the file on one line, without brackets around the whole of it."""
    text = one_line(text)
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1].strip()
    return text


def _closing(text: str) -> int:
    """Where the bracket that a text begins with is closed; -1 where it is not."""
    depth = 0
    for number, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return number
    return -1
