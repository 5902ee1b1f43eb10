"""Letters and marks beyond ASCII, and the commands of LaTeX, in the letters of the language.

It translates text; whether the result is a statement is for the parser.
"""

from __future__ import annotations

import re
import unicodedata

from rnndsl.syntax.place import OPERAND, Place, Slip

MARKS = {
    **dict.fromkeys("−–—‐‑", ("-", "a minus is written `-`")),
    **dict.fromkeys("÷∕⁄", ("/", "a quotient is written with `/`")),
    **dict.fromkeys("“”„‟", ('"', 'a text stands in straight double quotes: `"…"`')),
    **dict.fromkeys(
        "\u00a0\u2007\u202f\u2009\u200b\u3000",
        (" ", "this is no plain space, though it looks like one"),
    ),
    **dict.fromkeys("≔←→", ("=", "an equation is written with `=`")),
    "≤": ("<=", "at most is written `<=`"),
    "≥": (">=", "at least is written `>=`"),
    "≠": ("!=", "unequal is written `!=`"),
    "∧": ("and", "conditions are joined by `and`"),
    "∨": ("or", "conditions are joined by `or`"),
    "¬": ("not ", "a condition is turned round by `not`"),
    "…": ("..", "positions from 1 to T are written `1..T`"),
    "⊙": ("*", "a product by components is written with `*`"),
    "⊗": ("*", "a product by components is written with `*`, the outer one `outer(a, b)`"),
}
"""What is written instead of a mark, and the sentence that says so."""
TIMES = "·×∙⋅"
PRODUCT = "a product is written with `*`, a matrix product with `@`"
RAISED = {char: str(unicodedata.digit(char)) for char in "⁰¹²³⁴⁵⁶⁷⁸⁹"} | {"ᵗ": "t", "ⁿ": "n"}
LOWERED = {char: str(unicodedata.digit(char)) for char in "₀₁₂₃₄₅₆₇₈₉"}
LOWERED |= {"₊": "+", "₋": "-", **dict(zip("ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "aehijklmnoprstuvx", strict=True))}
ACCENTS = {"\u0302": "hat", "\u0303": "tilde", "\u0304": "bar"}
COMMANDS = {
    **dict.fromkeys(("odot", "circ", "cdot", "times"), "*"),
    **dict.fromkeys(("left", "right", "mathbf", "boldsymbol", "mathrm", "text", "quad"), ""),
    **dict.fromkeys(("le", "leq"), "<="),
    **dict.fromkeys(("ge", "geq"), ">="),
    **dict.fromkeys(("ne", "neq"), "!="),
}
_TIMES = re.compile(rf"\b([A-Z]\w*) *[{TIMES}] *(?=[A-Za-z])")
_RAISED = re.compile(rf"\b({OPERAND})([{''.join(RAISED)}]+)((?:\[[^\[\]]{{0,40}}\])*)", re.ASCII)
_LOWERED = re.compile(rf"\b([A-Za-z]\w*?)([{''.join(LOWERED)}]+)", re.ASCII)
_BRACED = re.compile(r"\b([A-Za-z]\w*?)_\{([^{}]{1,30})\}")
_SUM = re.compile(r"(?:[Σ∑]|\\sum)(?:_?\{?(?:\w(?:=[^{}]*)?)?\}?)?(?:\^\{?\w+\}?)? *(?!\[)(.+)$")


def foreign(place: Place) -> Slip | None:
    """The slip behind a character that no word of the language has."""
    char = place.text[place.at : place.at + 1]
    if char in "\\{}" and char:
        return _latex(place)
    if place.type != "CHAR" or not char or char.isascii():
        return None
    mended = plain(place.text, place.indices)
    if char in MARKS:
        return Slip(MARKS[char][1], f"write `{MARKS[char][0]}`", "RNN103", mended)
    if char in TIMES:
        return Slip(PRODUCT, "write `*` or `@`", "RNN103", mended)
    if char in RAISED:
        return Slip("a power is written with `^`", "write `a ^ 2`", "RNN103", mended)
    if char in LOWERED:
        return Slip(
            "positions stand in square brackets, other small letters behind a `_`",
            f"write `h[{place.index}]` or `W_f`",
            "RNN103",
            mended,
        )
    if char in "∑Σ" and mended != place.text.replace(char, "sigma"):
        return Slip("a sum over positions is written `sum[t](…)`", None, "RNN103", mended)
    return _letter(char, mended)


def _letter(char: str, mended: str) -> Slip | None:
    """Letters of other alphabets, and those with accents."""
    base, *marks = list(unicodedata.normalize("NFD", char))
    if name := _greek(char):
        message = f"names are written in ASCII: the letter {char} by its name, `{name}`"
        return Slip(message, f"write `{name}`; drawings show it as {char}", "RNN103", mended)
    if base.isascii() and marks and all(mark in ACCENTS for mark in marks):
        name = base + "".join(ACCENTS[mark] for mark in marks)
        message = f"names are written in ASCII: {char} is `{name}`"
        return Slip(message, f"write `{name}`; drawings show it as {char}", "RNN103", mended)
    return None


def _greek(char: str) -> str | None:
    words = unicodedata.name(char, "").split()
    return words[-1].lower() if words[:1] == ["GREEK"] and len(words) == 4 else None


def plain(text: str, indices: tuple[str, ...]) -> str:
    """A text in the letters of the language, as far as its characters have a way to be written."""
    index = indices[0] if indices else "t"
    text = _SUM.sub(rf"sum[{index}](\1)", text)
    text = re.sub(r"[Σ∑](?=\[)", "sum", text)
    text = _TIMES.sub(r"\1 @ ", text)
    text = _RAISED.sub(_power, text)
    text = _LOWERED.sub(lambda match: _indexed(match, indices), text)
    return "".join(_ascii(char) for char in text).replace("sigma(", "sigmoid(")


def _power(match: re.Match[str]) -> str:
    name, raised, brackets = match.groups()
    return f"{name}{brackets} ^ {''.join(RAISED[char] for char in raised)}"


def _indexed(match: re.Match[str], indices: tuple[str, ...]) -> str:
    """A small index as a position if it may be one, else behind a `_`."""
    name, below = match.groups()
    index = "".join(LOWERED.get(char, char) for char in below).replace(" ", "")
    word = re.match(r"\w+", index)
    is_place = word is not None and word.group() in (indices or ("t",))
    return f"{name}[{index}]" if is_place or not index.isalnum() else f"{name}_{index}"


def _ascii(char: str) -> str:
    if char.isascii():
        return char
    if char in MARKS:
        return MARKS[char][0]
    if char in TIMES:
        return "*"
    base, *marks = list(unicodedata.normalize("NFD", char))
    if base.isascii() and all(mark in ACCENTS for mark in marks):
        return base + "".join(ACCENTS[mark] for mark in marks)
    return _greek(char) or char


def _latex(place: Place) -> Slip | None:
    r"""`h_{t-1}`, `\tanh`, `\alpha`, `h{t}`."""
    rest = place.text[place.at + 1 :]
    if place.word == "\\" and not rest[:1].isalpha():
        return None
    text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"(\1) / (\2)", place.text)
    text = re.sub(r"([A-Za-z]\w*(?:_\{[^{}]*\})?)\^\{?\\top\}?", r"transpose(\1)", text)
    text = _SUM.sub(rf"sum[{place.index}](\1)", text)
    text = re.sub(rf"\b([A-Z]\w*) *\\(?:cdot|times) *(?={OPERAND})", r"\1 @ ", text)
    text = re.sub(r"\\(hat|tilde|bar)\{?(\w+)\}?", r"\2\1", text)
    text = re.sub(r"\\([A-Za-z]+)", lambda match: _command(match.group(1)), text)
    text = _BRACED.sub(lambda match: _indexed(match, place.indices), text)
    text = re.sub(r"\b([A-Za-z]\w*)\{([^{}]{1,20})\}", r"\1[\2]", text)
    for index in place.indices:
        text = re.sub(rf"\b([A-Za-z]\w*?)_{index}\b", rf"\1[{index}]", text)
    text = text.replace("sigma(", "sigmoid(").replace("{", "(").replace("}", ")")
    if place.word == "\\":
        return Slip("names and functions have no `\\` before them", "remove it", "RNN103", text)
    help = f"write `h[{place.index}-1]` for a position, `W_f` for a name"
    return Slip("braces have no meaning: an index stands in brackets", help, "RNN103", text)


def _command(name: str) -> str:
    return COMMANDS.get(name, name)
