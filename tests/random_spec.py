"""A random model in pieces, which can be written out and taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.random_terms import Term

FORMULAS = {
    "mix": "mix(f, u, v) = f * u + (1 - f) * v",
    "act": "act(a) = tanh(a) + 0.1 * sq(a)",
    "sq": "sq(a) = 0.5 * a * a",
}
CONSTS = {"alpha": "alpha = 0.9", "beta": "beta = alpha ^ 2 / 2", "two": "two = 2"}
WORD = re.compile(r"[A-Za-z]\w*")


@dataclass
class Line:
    """One equation or boundary: what stands left of `=`, the name it defines, its type."""

    left: str
    name: str
    term: Term
    type: str = ""
    is_bound: bool = False

    def __str__(self) -> str:
        return f"{self.left}{f': {self.type}' if self.type else ''} = {self.term}"


@dataclass
class Spec:
    """A model in pieces, and how it is run."""

    seed: int
    sizes: dict[str, int]
    derived: dict[str, str]
    axes: list[str]
    declared: dict[str, tuple[str, str]] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    loss: Term | None = None
    outputs: list[str] = field(default_factory=list)
    clips: list[str] = field(default_factory=list)
    lengths: tuple[int, ...] = (6, 1, 4, 2)
    head: str = "model random"
    defaults: tuple[str, ...] = ()
    """The sizes that have their number in the file."""

    def text(self) -> str:
        """The file; what nothing reads is not declared, but for a few."""
        body = [str(line) for line in self.lines]
        body += [f"loss = {self.loss}"] if self.loss is not None else []
        body += [f"output {', '.join(self.outputs)}"] if self.outputs else []
        body += self.clips
        head: list[str] = []
        words = _words(body)
        for name, text in FORMULAS.items():
            if name in words or (name == "sq" and "act" in words):
                head.append(text)
        for role in ("input", "target", "param"):
            kept = [t for n, (r, t) in self.declared.items() if r == role and n in words]
            head += [f"{role} {', '.join(kept)}"] if kept else []
        words |= _words(head)
        consts = [t for n, t in CONSTS.items() if n in words or (n == "alpha" and "beta" in words)]
        head += [f"const {', '.join(consts)}"] if consts else []
        derived = [f"{n} = {text}" for n, text in self.derived.items() if n in words]
        words |= _words([*derived, *self.axes])
        sizes = [name for name in self.sizes if name in words and name not in self.derived]
        sizes = [f"{n} = {self.sizes[n]}" if n in self.defaults else n for n in sizes]
        head += [f"size {', '.join([*sizes, *derived])}"] if sizes or derived else []
        lines = [*([self.head] if self.head else []), *self.axes, *head, *body]
        return "\n".join(lines) + "\n"


def _words(texts: list[str]) -> set[str]:
    return {word for text in texts for word in WORD.findall(text)}
