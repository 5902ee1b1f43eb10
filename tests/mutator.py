"""Broken specs by the hundred thousand: seeded mutations of good ones, as slips and worse.

A mutation works on characters, on words or on lines. `mutant(n)` is the same text on every
machine; what `examine` finds wrong with the compiler's answer to it, it raises.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from time import process_time

from rnndsl.driver import check
from rnndsl.gallery import specs
from rnndsl.model.load import text_source
from rnndsl.model.model import Model
from rnndsl.runtime.intermediate import show_intermediate
from rnndsl.text.render import render_all
from rnndsl.text.source import Source
from rnndsl.text.stories import codes
from tests.zoo import MODELS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "language.md"
WORD = re.compile(r"\.\.|[=!<>]=|[A-Za-z]\w*|\d+\.?\d*|\s+|.", re.DOTALL)
NAME, NUMBER = re.compile(r"[A-Za-z]\w*"), re.compile(r"\d+\.?\d*")
OPERATORS = ("+", "-", "*", "/", "%", "^", "@", "=", "==", "!=", "<", "<=", ">", ">=", "..")
OPERATORS += ("and", "or", "not", ",", ":", ".", "**", "//", "+=", ":=", "&&", "->", " ")
BRACKETS = ("(", ")", "[", "]", "{", "}", "((", "))", "[[", "]]", "()", "[]", ")(", '"', "#")
NUMBERS = ("0", "1", "-1", "2", "1.5", "0.0", "1e308", "1e999", "-1e-999", "9" * 19, "9" * 400)
NUMBERS += ("007", "1.", ".5", "1e", "0x10", "1_000", "9223372036854775807", "9223372036854775808")
ODD = (
    "é",
    "α",
    "Σ",
    "∑",
    "²",
    "ₜ",
    "·",
    "×",
    "−",
    "≤",
    "→",
    "“",
    "”",
    "’",
    "\u00a0",
    "\u200b",
    "٣",
)
ODD += ("𝔥", "\u0301", "\u202e", "\ufeff", "😀", "\ud800", "ﬁ", "Ⅳ", "\u2028", "\x85", "\uffff")
CONTROL = (
    "\0",
    "\x01",
    "\x08",
    "\t",
    "\x0b",
    "\f",
    "\r",
    "\x1a",
    "\x1b[31m",
    "\x7f",
    "\r\n",
    "\n\r",
)
WORDS = (
    "axis",
    "size",
    "input",
    "target",
    "param",
    "const",
    "output",
    "clip",
    "use",
    "model",
    "as",
)
WORDS += ("in", "tree", "reverse", "leaf", "root", "children", "parent", "loss", "norm", "value")
WORDS += ("sum", "softmax", "argmax", "teach", "where", "concat", "token", "position", "one_hot")
WORDS += ("t", "T", "h", "x", "y", "W", "b", "n", "m", "k", "np", "self", "True", "None", "def")
NESTS = ("(", "tanh(", "-", "not ", "b[", "sum[t](", "concat(b, ", "where(b > 0, b, ", "[", "b ^ ")
CLOSERS = {"(": ")", "[": "]"}
PLANNED = 50
"""Of so many sound mutants one goes through the compiler up to the plan."""

Change = Callable[[str, random.Random], str]


@cache
def corpus() -> tuple[str, ...]:
    """The good specs: the gallery, the zoo, and the pages of the language."""
    found = [path.read_text(encoding="utf-8") for _, path in sorted(specs().items())]
    blocks = re.findall(r"^```rnn\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return (*found, *blocks, *(text for _, text in sorted(MODELS.items())))


def _parts(text: str, chance: random.Random) -> list[str]:
    """A text in characters, in words or in lines."""
    match chance.choices("cwl", (2, 5, 3))[0]:
        case "c":
            return list(text)
        case "w":
            return WORD.findall(text)
    return text.splitlines(keepends=True)


def _arranged(text: str, chance: random.Random) -> str:
    """Parts lost, doubled, swapped, moved or turned round."""
    parts = _parts(text, chance)
    at, other = chance.randrange(len(parts)), chance.randrange(len(parts))
    match chance.randrange(6):
        case 0:
            del parts[at]
        case 1:
            parts.insert(at, parts[at])
        case 2:
            parts[at], parts[other] = parts[other], parts[at]
        case 3:
            parts.insert(at, parts.pop(other))
        case 4:
            del parts[at : at + chance.randint(2, 12)]
        case _:
            parts[at : at + 4] = parts[at : at + 4][::-1]
    return "".join(parts)


def _spliced(text: str, chance: random.Random) -> str:
    """A piece of another spec in the place of a piece of this one."""
    parts, others = _parts(text, chance), _parts(chance.choice(corpus()), chance)
    at, start = chance.randrange(len(parts)), chance.randrange(len(others))
    parts[at : at + chance.randint(0, 3)] = others[start : start + chance.randint(1, 8)]
    return "".join(parts)


def _inserted(text: str, chance: random.Random) -> str:
    """A word of the language, an operator, a bracket, a number or an odd character."""
    parts = _parts(text, chance)
    word = chance.choice(chance.choice((WORDS, OPERATORS, BRACKETS, NUMBERS, ODD, CONTROL)))
    parts.insert(chance.randrange(len(parts) + 1), word)
    return "".join(parts)


def _replaced(text: str, chance: random.Random) -> str:
    """Another name, number or operator; or another name everywhere."""
    kind = chance.randrange(4)
    pattern = (NAME, NUMBER, re.compile(r"[-+*/%^@=<>,:()\[\]]"), NAME)[kind]
    places = list(pattern.finditer(text))
    if not places:
        return _inserted(text, chance)
    place = chance.choice(places)
    names = [chance.choice(places).group(), chance.choice(WORDS), chance.choice(ODD)]
    new = chance.choice((names, NUMBERS, (*OPERATORS, *BRACKETS), names)[kind])
    if kind == 3:
        return re.sub(rf"\b{re.escape(place.group())}\b", lambda _: new, text)
    return text[: place.start()] + new + text[place.end() :]


def _nested(text: str, chance: random.Random) -> str:
    """Brackets, signs or calls nested deep, closed or not."""
    places = [place.start() for place in NAME.finditer(text)]
    at = chance.choice(places) if places else 0
    nest, depth = chance.choice(NESTS), chance.choice((2, 20, 90, 110, 400, 3_000))
    closing = "".join(CLOSERS[char] for char in reversed(nest) if char in CLOSERS)
    close = closing * chance.choice((depth, depth, depth - 1, depth + 1, 0))
    end = at + len(text[at:].split(None, 1)[0]) if text[at:].split() else at
    return text[:at] + nest * depth + text[at:end] + close + text[end:]


def _long(text: str, chance: random.Random) -> str:
    """A line or a name of thousands of characters, or thousands of lines."""
    parts = text.splitlines(keepends=True)
    at = chance.randrange(len(parts))
    line, times = parts[at].rstrip("\n"), chance.choice((3, 30, 300))
    match chance.randrange(5):
        case 0:
            parts[at] = line * times + "\n"
        case 1:
            parts[at] = line + " + b" * times + "\n"
        case 2:
            parts[at] = f"{'a' * times * 10} = {line}\n"
        case 3:
            parts[at] = parts[at] * min(times, 30)
        case _:
            parts[at] = line + " " * times * 10 + "+\n" + "\n" * times
    return "".join(parts)


def _system(text: str, chance: random.Random) -> str:
    """Line breaks of other systems, a byte order mark, no end, no comments, one line."""
    match chance.randrange(6):
        case 0:
            return text.replace("\n", chance.choice(("\r\n", "\r", "\n\r", "\u2028", "\x85", ";")))
        case 1:
            return "\ufeff" * chance.randint(1, 2) + text
        case 2:
            return text[: chance.randrange(len(text) + 1)]
        case 3:
            return text[chance.randrange(len(text) + 1) :]
        case 4:
            return text.replace(chance.choice("\n#[](),:=@ "), chance.choice("\n#[](),:=@ "))
    return text.upper() if chance.random() < 0.5 else text.replace(" ", "")


CHANGES: tuple[tuple[Change, int], ...] = (
    (_arranged, 30),
    (_spliced, 15),
    (_inserted, 20),
    (_replaced, 25),
    (_nested, 3),
    (_long, 3),
    (_system, 4),
)


def mutant(number: int) -> str:
    """The text of a number: a good spec after one to five changes."""
    chance = random.Random(f"mutant {number}")
    text = min(chance.choices(corpus(), k=3), key=len)
    changes, weights = zip(*CHANGES, strict=True)
    for change in chance.choices(changes, weights, k=chance.choice((1, 1, 1, 2, 2, 3, 5))):
        text = change(text, chance) or " "
    return text


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(codes())


def examine(text: str, through: bool = False) -> Model | None:
    """Check a text; AssertionError where the answer is none, whatever else it raises is a fault.

    With `through` a sound model goes on to its plan.
    """
    source = text_source(text)
    model, diagnostics = check(source)
    said = render_all(diagnostics, source)
    assert bool(said) == bool(diagnostics)
    assert (model is None) == any(item.is_error for item in diagnostics)
    for item in diagnostics:
        assert item.code in _codes(), item
        assert item.message, item
        _require_places(source, [label.span.start for label in item.labels])
        _require_places(source, [label.span.end for label in item.labels])
        assert all(label.span.start <= label.span.end for label in item.labels), item
    if model is not None and through:
        shown = show_intermediate(model, "plan", 2)
        assert shown or not (model.loss or model.outputs)  # what nobody asks for has no plan
    return model


def _require_places(source: Source, offsets: list[int]) -> None:
    assert all(0 <= at <= max(1, len(source.text)) for at in offsets), offsets


def seconds(text: str) -> float:
    """Of the processor, for examining a text."""
    start = process_time()
    examine(text)
    return process_time() - start
