"""Names as mathematics, in plain Unicode: `alpha` as α, `yhat` as ŷ, `h` at t as h⁽ᵗ⁾.

It knows letters and nothing of models. What Unicode cannot lower (there is no small f below
the line) stays apart, in `Symbol.below`, and is set smaller by whoever draws it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "lam": "λ", "mu": "μ",
    "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ",
    "upsilon": "υ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
    "varepsilon": "ϵ", "vartheta": "ϑ", "varkappa": "ϰ", "varpi": "ϖ", "varrho": "ϱ",
    "varsigma": "ς", "varphi": "ϕ",
    "Alpha": "Α", "Beta": "Β", "Gamma": "Γ", "Delta": "Δ", "Epsilon": "Ε", "Zeta": "Ζ",
    "Eta": "Η", "Theta": "Θ", "Iota": "Ι", "Kappa": "Κ", "Lambda": "Λ", "Mu": "Μ", "Nu": "Ν",
    "Xi": "Ξ", "Omicron": "Ο", "Pi": "Π", "Rho": "Ρ", "Sigma": "Σ", "Tau": "Τ",
    "Upsilon": "Υ", "Phi": "Φ", "Chi": "Χ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip

ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303"}

_BELOW = str.maketrans(
    "0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ"
)
_ABOVE = str.maketrans(
    "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW⋯",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂ⋯",
)
_NAME = re.compile(r"([A-Za-z]+?)(\d*)")


@dataclass(frozen=True)
class Symbol:
    """A name as shown: `text`, what stands small `below` the line after it, and `above`.

    `above` is raised already; `raised` is what Unicode cannot raise, to be set smaller.
    """

    text: str
    below: str = ""
    above: str = ""
    raised: str = ""

    @property
    def inline(self) -> str:
        """One line of Unicode; an underscore where the lower part cannot be lowered."""
        lowered = _translated(self.below, _BELOW)
        below = lowered if lowered is not None else f"_{self.below}"
        return f"{self.text}{below}{self.above}{self.raised}"

    @property
    def settled(self) -> Symbol:
        """This symbol with its lower part in the line, where Unicode can lower it."""
        lowered = _translated(self.below, _BELOW)
        text = self.text if lowered is None else self.text + lowered
        return self if lowered is None else Symbol(text, "", self.above, self.raised)

    def indexed(self, indices: Iterable[str]) -> Symbol:
        """This symbol with indices behind what stands below the line."""
        below = ",".join(part for part in (self.below, *indices) if part)
        return Symbol(self.text, below, self.above, self.raised)


def symbol(name: str) -> Symbol:
    """`W_f` as W with f below, `yhat` as ŷ, `h1` as h₁, `alpha` as α, `wg_` as wg′.

    Of an instance's name, `enc.W_f`, the part behind the dot is set so.
    """
    owner, dot, own = name.rpartition(".")
    if dot and own[:1].isalpha():
        inner = symbol(own)
        return Symbol(f"{owner}.{inner.text}", inner.below, inner.above)
    first, *rest = name.rstrip("_").split("_")
    primes = "′" * (len(name) - len(name.rstrip("_")))
    match = _NAME.fullmatch(first)
    letters, digits = match.groups() if match else (first, "")
    if rest and rest[0] in ACCENTS and (len(letters) == 1 or letters in GREEK):
        letters += rest.pop(0)
    below = [digits, *(GREEK.get(part, part) for part in rest)]
    return Symbol(_letter(letters) + primes, ",".join(part for part in below if part))


def _letter(letters: str) -> str:
    for accent, mark in ACCENTS.items():
        base = letters.removesuffix(accent)
        if base != letters and (len(base) == 1 or base in GREEK):
            return unicodedata.normalize("NFC", GREEK.get(base, base) + mark)
    return GREEK.get(letters, letters)


def at(name: Symbol, place: str) -> Symbol:
    """A symbol at a place along its axis, as the book writes it: h⁽ᵗ⁾."""
    raised = _translated(f"({place})", _ABOVE)
    if raised is None:
        return Symbol(name.text, name.below, "", f"({place})")
    return Symbol(name.text, name.below, raised)


def spaced_minus(text: str) -> str:
    """Arithmetic as set by a printer: `t-1` with a real minus sign, without blanks."""
    return text.replace(" ", "").replace("-", "−").replace("*", "·")


def width(text: str, size: float) -> float:
    """About how wide a text is in points, in an italic serif letter of that size."""
    return size * sum(_em(char) for char in text)


def sans_width(text: str, size: float) -> float:
    """About how wide a text is in points, in an upright letter without serifs."""
    return 1.12 * width(text, size)


def _em(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if char in "fijlrtI.,'()|! ′":
        return 0.34
    if char in "mwMWŵ@":
        return 0.98 if char.isupper() else 0.84
    if char in _RAISED:
        return 0.4
    return 0.74 if char.isupper() else 0.54


_RAISED = frozenset(map(chr, {*_ABOVE.values(), *_BELOW.values()})) - {"⋯"}


def _translated(text: str, table: dict[int, int]) -> str | None:
    """Every character through the table, or None where one is missing there."""
    if any(ord(char) not in table for char in text):
        return None
    return text.translate(table)
