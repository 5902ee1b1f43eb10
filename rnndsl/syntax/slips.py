"""Slips that people make who know other languages, each with its word and its mended text.

It looks at the place where a statement stopped to parse, and asks the parser whether the text
that may have been meant is a statement; it does not parse.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from rnndsl.syntax.declared import axis, comment, declaration, program, unknown_word
from rnndsl.syntax.foreign import foreign
from rnndsl.syntax.habits import ADJACENT, PRODUCTS, habit
from rnndsl.syntax.lines import KEYWORDS
from rnndsl.syntax.place import OPERAND, Place, Rule, Slip, open_brackets

ROUNDS = 5
"""So many slips of one statement are mended together."""
LONGEST = 120
FARTHEST, AHEAD = 600, 200
"""How far into a statement slips are looked for, and how much behind the place of a fault."""
ENDS_OPERAND = ")]_"
_LEFT = re.compile(rf"^({OPERAND}(?: *: *[^=<>!]{{1,40}}?)?) *==(?!=)")
_ASSIGNED = re.compile(rf"^({OPERAND}) *([-+*/@^%])= *(.*)$")
_CALLED = re.compile(r"^([A-Za-z]\w*)\(([^()]*)\)( *:)")

Parses = Callable[[str], Place | None]
"""Where a text stops to parse; None where it is a statement."""


def find_slip(place: Place, parses: Parses) -> Slip | None:
    """The slip behind a fault, if it is a known one; `mended` only where that is a statement."""
    if place.at > FARTHEST:
        return None
    if len(place.text) > place.at + AHEAD:
        slip = _first(replace(place, text=place.text[: place.at + AHEAD]))
        return slip and replace(slip, mended=None)
    slip = _first(place)
    if slip is None or slip.mended is None:
        return slip
    text: str | None = slip.mended
    for _ in range(ROUNDS):
        if text is None or "\n" in text or len(text) > LONGEST:
            break
        code, mark, _comment = text.partition("  #")
        if text.startswith("#") or text == "" or (fault := parses(code)) is None:
            return replace(slip, mended=text)
        more = None if mark else _first(fault)
        text = more.mended if more is not None and more.mended != text else None
    return replace(slip, mended=None)


def _first(place: Place) -> Slip | None:
    for rule in RULES:
        slip = rule(place)
        if slip is not None:
            return slip
    return None


def _equals(place: Place) -> Slip | None:
    """A second `=`, or one where there is no left side."""
    text, at = place.text, place.at
    if place.word != "=" or place.type == "$END":
        return None
    if place.before in KEYWORDS:
        return _keyword(place)
    if at == 0:
        return Slip("nothing is defined: the left side is missing", "write `h[t] = …`")
    if match := _ASSIGNED.match(text):
        left, operator, right = match.groups()
        return Slip(
            "an equation is no assignment: there is no `+=`, `-=` and so on",
            f"write the whole right side after one `=`: `{left} = … {operator} {right}`"
            if len(right) < LONGEST
            else "write the whole right side after one `=`",
        )
    if "=" in place.before.replace("==", "") and text[at - 1] not in "=<>!" and place.depth:
        mended = f"{text[:at]}=={text[at + 1 :]}"
        return Slip("a comparison is written `==`", "write `==`", mended=mended)
    if "=" in place.before.replace("==", "") and place.depth == 0 and text[at - 1] != "=":
        return Slip("one equation has one `=`", "write two equations, one to a line")
    return None


def _keyword(place: Place) -> Slip:
    word, mended = place.before, None
    if word == "output":
        mended = f"output {place.text[place.at + 1 :].lstrip()}"
    return Slip(
        f"`{word}` is a word of the language and cannot be a name",
        f"choose another name, such as `{word}_`",
        "RNN112",
        mended,
        0,
        len(word),
    )


def _assigned(place: Place) -> Slip | None:
    """`+=`, which stops at the operator."""
    match = _ASSIGNED.match(place.text)
    if match is None or not match.start(2) <= place.at <= match.start(2) + 1:
        return None
    return _equals(replace(place, at=match.start(2) + 1, type="EQUAL"))


def _compared(place: Place) -> Slip | None:
    """`==` where an equation has its `=`."""
    text = place.text
    match = _LEFT.match(text)
    if match is None or re.search(r"(?<![=<>!])=(?!=)", text) or place.first in KEYWORDS:
        return None
    mended = f"{match.group(1).rstrip()} = {text[match.end() :].lstrip()}"
    message, at = "an equation is written with one `=`", match.end() - 2
    return Slip(message, "`==` compares", mended=mended, at=at, width=2)


def _end(place: Place) -> Slip | None:
    """A statement that ends too early."""
    if place.type != "$END":
        return None
    text = place.text
    if place.first == "clip":
        return Slip(
            "this clip ends too early",
            "for example `clip norm 5`, `clip norm 1 W, U` or `clip norm 1 d h[t-1]`",
        )
    if place.first in KEYWORDS:
        return None
    if text.endswith("=") or not re.search(r"(?<![=<>!])=(?!=)", text):
        return Slip("this equation has no right side", "add what it is equal to: `= …`")
    return None


def _called(place: Place) -> Slip | None:
    """`h(t): m = …`."""
    match = _CALLED.match(place.text)
    if match is None or place.at != match.end() - 1 or match.group(1) in KEYWORDS:
        return None
    mended = brackets(place.text, match.group(1), place.indices)
    return Slip("positions stand in square brackets", mended=mended, at=match.start(2) - 1)


def brackets(text: str, name: str, indices: tuple[str, ...]) -> str:
    """A text with the positions of values, `name` and others, in square brackets."""
    for index in indices:
        place = rf"({index}(?: *[-+] *\w+)?)"
        text = re.sub(rf"\b([A-Za-z]\w*)\({place}\)", r"\1[\2]", text)
    return re.sub(rf"\b{name}\(([^()]*)\)", rf"{name}[\1]", text)


def _comma(place: Place) -> Slip | None:
    is_list = place.first in KEYWORDS and "=" not in place.before and ":" not in place.before
    if place.before == "model" and place.type == "STRING":
        mended = f"model rnn {place.text[place.at :]}"
        return Slip("a model has a name before its title", "write `model rnn`", mended=mended)
    if place.first == "model" and place.word == "'":
        mended = re.sub(r"'([^']*)'", r'"\1"', place.text)
        return Slip("a text stands in double quotes", 'write `"…"`', "RNN103", mended)
    if place.first == "model" and (match := re.match(r"model (\w+) +[a-zA-Z](\".*)$", place.text)):
        mended = f"model {match.group(1)} {match.group(2)}"
        return Slip("a text has no letter before it", mended=mended)
    if is_list and place.type == "NAME" and place.before[-1:].isalnum():
        message = f"`{place.word}` follows a name without a comma"
        mended = f"{place.before}, {place.text[place.at :]}"
        return Slip(message, f"names are parted by commas: `{place.first} a, b`", mended=mended)
    return None


def _chained(place: Place) -> Slip | None:
    if place.type == "COMPARE" and place.before and place.before[-1] not in "=<>!-":
        return Slip("comparisons do not chain", "write `a < b and b < c`")
    return None


def _bracket(place: Place) -> Slip | None:
    """A bracket that closes nothing, or something else."""
    if place.word not in (")", "]"):
        return None
    text, at, opened = place.text, place.at, {")": "(", "]": "["}[place.word]
    is_open = open_brackets(place.before)
    if not is_open:
        mended = (text[:at] + text[at + 1 :]).rstrip()
        message = f"nothing opens the bracket that this `{place.word}` closes"
        return Slip(message, "remove it", mended=mended)
    if is_open[-1] != opened:
        other = {"(": ")", "[": "]"}[is_open[-1]]
        message = f"`{place.word}` closes a bracket that was opened with `{is_open[-1]}`"
        mended = f"{text[:at]}{other}{text[at + 1 :]}"
        if opened in is_open and text.count(place.word) <= text.count(opened):
            mended = f"{text[:at]}{other}{text[at:]}"
            if text[at + 1 : at + 2] == other:
                mended = f"{text[:at]}{other}{place.word}{text[at + 2 :]}"
        return Slip(message, f"write `{other}` before it", mended=mended)
    return None


def _product(place: Place) -> Slip | None:
    last = place.before[-1:]
    if place.first in KEYWORDS or "=" not in place.before:
        return None
    if place.type in ("NAME", "NUMBER", "LPAR") and (last.isalnum() or last in ENDS_OPERAND):
        return Slip(ADJACENT, PRODUCTS)
    return None


RULES: tuple[Rule, ...] = (
    comment,
    program,
    axis,
    _assigned,
    _compared,
    declaration,
    foreign,
    _comma,
    habit,
    _equals,
    _end,
    _called,
    unknown_word,
    _chained,
    _bracket,
    _product,
)
