"""Expressions of generated Python, printed by precedence."""

from __future__ import annotations

from dataclasses import dataclass

LOWEST, COMPARE, BITS, ADD, MUL, UNARY, POWER, ATOM = range(8)


@dataclass(frozen=True)
class Code:
    """A Python expression and how tightly it binds."""

    text: str
    level: int = ATOM

    def at(self, level: int) -> str:
        """The text, in brackets where it binds looser than `level`."""
        return self.text if self.level >= level else f"({self.text})"

    def __str__(self) -> str:
        return self.text


def infix(operator: str, level: int, left: Code, right: Code) -> Code:
    """A left-associative operator; comparisons are not, Python would chain them."""
    return Code(f"{left.at(level + (level == COMPARE))} {operator} {right.at(level + 1)}", level)


def call(function: str, *arguments: Code | str) -> Code:
    """A call."""
    return Code(f"{function}({', '.join(str(item) for item in arguments)})")


def subscript(base: Code, text: str) -> Code:
    """`base[text]`."""
    return Code(f"{base.at(ATOM)}[{text}]")


def attribute(base: Code, text: str) -> Code:
    """`base.text`."""
    return Code(f"{base.at(ATOM)}.{text}")
