"""Slips in declarations: axes, sizes, data, parameters, and the words that start a statement.

It looks at the text of one statement that does not parse; it does not parse.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from rnndsl.syntax.lines import KEYWORDS
from rnndsl.syntax.place import Place, Slip

PROGRAM = {
    "def": "a formula is written `f(a) = …`, on one line",
    "for": "an equation holds at every position: no loop is written",
    "while": "an equation holds at every position: no loop is written",
    "class": "a file is one model: declarations and equations, one to a line",
    "import": "nothing is imported: the functions of the language are there",
    "from": "nothing is imported: the functions of the language are there",
    "return": "what a model hands back is named by `output`",
    "print": "what a model hands back is named by `output`",
    "if": "a choice stands inside an equation: `where(condition, a, b)`",
    "elif": "a choice stands inside an equation: `where(condition, a, b)`",
    "else": "a choice stands inside an equation: `where(condition, a, b)`",
    "let": "an equation has no word before it",
    "var": "an equation has no word before it",
    "end": "a statement ends with its line: nothing closes it",
    "pass": "a file holds declarations and equations, one to a line",
}
"""Words that start a line of a program, and the sentence for each."""
WAYS_OUT = {
    "def": "write `f(a) = …`",
    "let": "write the equation alone: `h[t] = …`",
    "var": "write the equation alone: `h[t] = …`",
    "for": "write its body alone, as in `h[t] = … h[t-1] …`",
    "while": "write its body alone, as in `h[t] = … h[t-1] …`",
    "import": "remove this line",
    "from": "remove this line",
    "pass": "remove this line",
    "end": "remove this line",
    "class": "remove this line; parameters are declared: `param W, b`",
    "if": "write `h[t] = where(condition, a, b)`",
    "elif": "write one `where` inside another: `where(c, a, where(d, b, e))`",
    "else": "write `h[t] = where(condition, a, b)`",
}
ALIASES = {
    "minimize": "loss =",
    "minimise": "loss =",
    "loss": "loss =",
    "parameter": "param",
    "parameters": "param",
    "weights": "param",
    "constant": "const",
    "dim": "size",
    "index": "axis",
    "return": "output",
}
NO_LENGTHS = ("in", "to", "range", "of", "len")
COMMENT = re.compile(r"^(?:%|//+|--+|/\*+|\"\"\"|''')\s*(.*?)\s*(?:\*/|\"\"\"|''')?$")
_LAMBDA = re.compile(r"^(\w+) *= *(lambda) +([\w, ]+): *(.*)$")
_AXIS = re.compile(r"^axis\s*:?\s*([A-Za-z]\w*)(.*)$", re.DOTALL)
_SIZE = re.compile(r"\b([A-Za-z]\w*)(?: +| *(?::|==) *)(?=\d)")
_SHAPE = re.compile(r"\b([A-Za-z]\w*(?:\[[^\[\]]*\])?)(?: *: *\[| *\()([^()\[\]]*)[\])]")
_BEHIND = re.compile(r"^(input|target) +(\w+) +(\w+\[[^\[\]]*\])$")
_CROSS = re.compile(r": *([A-Za-z]\w*) +[x×] +([A-Za-z]\w*)")


def program(place: Place) -> Slip | None:
    """A line of a program."""
    if function := _LAMBDA.match(place.text):
        mended = _LAMBDA.sub(r"\1(\3) = \4", place.text)
        return Slip(PROGRAM["def"], mended=mended, at=function.start(2), width=6)
    if place.first not in PROGRAM:
        return None
    message, text = PROGRAM[place.first], place.text
    mended = re.sub(r"^(?:let|var|auto) +", "", text)
    mended = re.sub(r"^return +", "output ", mended)
    mended = re.sub(r"^print *\((.*)\)$", r"output \1", mended)
    if formula := re.match(r"^def +(\w+) *(\([^()]*\)) *:? *(?:return +)?(.*)$", text):
        name, names, body = formula.groups()
        return Slip(message, f"write `{name}{names} = {body or '…'}`", at=0, width=3)
    ways = WAYS_OUT.get(place.first, "write `output h[t]`")
    is_other = mended != text
    width = len(place.first)
    return Slip(message, ways, mended=mended if is_other else None, at=0, width=width)


def comment(place: Place) -> Slip | None:
    """A comment of another language that fills a line."""
    match = COMMENT.match(place.text)
    if match is None:
        return None
    mended = f"# {match.group(1)}".rstrip()
    return Slip("a comment starts with `#`", "write `#` before it", mended=mended, at=0)


def axis(place: Place) -> Slip | None:
    """Anything that starts like an axis and is none."""
    if place.first == "tree":
        return Slip("a tree is an axis", "write `axis v in tree(left, right)`, or `axis v in tree`")
    if place.first != "axis":
        return None
    match = _AXIS.match(place.text)
    if match is None:
        return Slip("an axis names its index", "write `axis t = 1..T`")
    index, rest = match.groups()
    if re.search(r"(?i)(\b|_)trees?\b", rest):
        return _tree(index, rest)
    lengths = [word for word in re.findall(r"[A-Za-z]\w*", rest) if word not in NO_LENGTHS]
    length = lengths[-1] if lengths else "T" if index != "T" else "L"
    mended = f"axis {index} = 1..{length}"
    if place.type == "NUMBER" and place.before.endswith(".."):
        return Slip("the length of an axis has a name", "write `1..T`: each example has its own T")
    if re.search(r"\b0 *(?:\.\.|:|,)", rest):
        return Slip("positions are counted from 1, to a length that has a name", mended=mended)
    return Slip("an axis runs from 1 to a length that has a name", mended=mended)


def _tree(index: str, rest: str) -> Slip:
    """An axis that is nearly one over a tree."""
    inside = re.split(r"(?i)trees?", rest, maxsplit=1)[1]
    slots = re.findall(r"[A-Za-z]\w*", inside)
    mended = f"axis {index} in tree({', '.join(slots)})" if slots else f"axis {index} in tree"
    return Slip(
        "an axis over a tree says how the children of a node are called, or nothing",
        f"write `axis {index} in tree(left, right)`, or `axis {index} in tree` for any number",
        mended=None if re.search(r"\d|\( *\)", inside) else mended,
    )


def declaration(place: Place) -> Slip | None:
    """Sizes, data, parameters and clips."""
    text, first = place.text, place.first
    if first == "size":
        mended = _SIZE.sub(r"\1 = ", text)
        return Slip("a size gets its number with `=`", mended=mended) if mended != text else None
    if first == "clip" and place.word == "[":
        return Slip(
            "parameters are clipped by their names, references with a `d` before them",
            "for example `clip norm 1 W, U` or `clip norm 1 d h[t-1]`",
        )
    if first in ("input", "target", "param"):
        return _typed(place)
    return None


def _typed(place: Place) -> Slip | None:
    """A shape that is not behind a colon, or not written as a shape."""
    text, what = place.text, "a parameter" if place.first == "param" else "data"
    if place.first != "param" and ".." in text:
        mended = re.sub(r"\[ *(?:\w+ *(?:=|in) *)?1 *\.\. *\w+ *\]", f"[{place.index}]", text)
        return Slip(f"{what} is declared over an axis, by its index alone", mended=mended)
    is_bare = place.before == place.first
    if place.first != "param" and place.word == "=" and not place.depth and not is_bare:
        mended = text[: place.at].rstrip() + ": " + text[place.at + 1 :].lstrip()
        return Slip("the shape of data stands behind a colon", mended=mended)
    call = re.search(r"(\w+)\((\w+)\) *:", text) if place.word == "(" else None
    if call is not None and call.group(2) in place.indices:
        mended = text.replace(call.group(), f"{call.group(1)}[{call.group(2)}]:")
        return Slip("an index stands in square brackets", mended=mended)
    if behind := _BEHIND.match(text):
        mended = _BEHIND.sub(r"\1 \3: \2", text)
        return Slip("the shape of data stands behind a colon", mended=mended, at=behind.start(2))
    if place.before.endswith("]") and place.type in ("NAME", "LPAR") and place.depth == 0:
        mended = f"{place.before}: {text[place.at :]}"
        return Slip(f"the shape of {what} stands behind a colon", mended=mended)
    if place.before.endswith(")") and place.type == "NAME" and place.first == "param":
        mended = f"{place.before} = {text[place.at :]}"
        return Slip("an initialiser stands behind `=`", mended=mended)
    if place.word in ("(", "["):
        mended = _SHAPE.sub(lambda match: f"{match.group(1)}: {_shape(match.group(2))}", text)
        return Slip(f"the shape of {what} stands behind a colon, as `m` or `(m, n)`", mended=mended)
    if _CROSS.search(text) and place.word in ("x", "×"):
        mended = _CROSS.sub(r": (\1, \2)", text)
        return Slip("the shape of a matrix is written `(m, n)`", mended=mended)
    return None


def _shape(text: str) -> str:
    return f"({text})" if "," in text else text.strip()


def unknown_word(place: Place) -> Slip | None:
    """A first word that is nearly one of the language's: `params W`, `Input x[t]: n`."""
    first, rest = place.first, place.text[len(place.first) :].lstrip()
    if first in KEYWORDS and rest.startswith(":"):
        mended = f"{first} {rest[1:].lstrip()}"
        return Slip(f"no colon follows `{first}`", "remove it", mended=mended)
    if first in KEYWORDS or place.type not in ("NAME", "LOSS", "INPUT") or place.before != first:
        return None
    near = get_close_matches(first.lower(), KEYWORDS, 1)
    word = ALIASES.get(first.lower()) or (near[0] if near else None)
    if word is None:
        return None
    what = "a loss" if first == "loss" else f"`{first}`"
    message = f"{what} is an equation" if first == "loss" else f"no statement starts with {what}"
    return Slip(message, f"write `{word} …`", mended=f"{word} {rest}", at=0, width=len(first))
