"""The one table of names of a file: what each name is and where it was declared.

It is a table; `collect` fills it and `resolve` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Span

_WORDS = """
    model axis size input target param const output clip use as in tree reverse and or not
    leaf root children parent loss
"""
_ARGUMENTS = "params lengths trees inputs mode seed state batch forcing return_state"
RESERVED = frozenset(_WORDS.split())
RESERVED_DATA = frozenset(_ARGUMENTS.split())
LOSS = "loss"
MANY_FAULTS = 50
What = Literal["axis", "length", "size", "const", "param", "input", "target", "value", "formula"]
NOUNS = {"param": "parameter", "axis": "index", "length": "length of an axis"}


@dataclass(frozen=True)
class Symbol:
    """One declared name; `entry` is the part of the tree that declares it."""

    name: str
    what: What
    span: Span
    entry: tree.Node
    axes: tuple[str, ...] = ()


@dataclass
class Table:
    """All declarations of a file, by kind, in the order of the file."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    formulas: dict[str, tree.FormulaStatement] = field(default_factory=dict)
    boundaries: list[tree.EquationStatement] = field(default_factory=list)
    outputs: list[tree.OutputStatement] = field(default_factory=list)
    clips: list[tree.ClipStatement] = field(default_factory=list)
    loss: tree.EquationStatement | None = None
    header: tree.ModelStatement | None = None
    broken: set[str] = field(default_factory=set)
    """Names whose declarations are at fault: references to them are not errors of their own."""
    mentioned: frozenset[str] = frozenset()
    """Words of statements that do not parse: they may declare any of these names."""
    consts: dict[str, float] = field(default_factory=dict)
    """The value of each const, once they are known."""
    used: set[str] = field(default_factory=set)
    """Names that some expression, shape or statement reads."""
    called: set[str] = field(default_factory=set)
    """Formulas that some expression calls."""
    written: int = 0
    """How many operations formulas have written out so far."""
    found: dict[Diagnostic, None] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)

    def of(self, *what: What) -> Iterator[Symbol]:
        """The symbols of some kinds."""
        return (item for item in self.symbols.values() if item.what in what)

    def report(self, item: Diagnostic) -> None:
        """Keep a diagnostic; a formula's fault is met wherever it is used, and told once."""
        self.found.setdefault(item)

    def wait(self, cause: str, item: Diagnostic) -> None:
        """Keep the first word on each part of the language that waits for a later version."""
        if cause not in self.waiting:
            self.waiting.add(cause)
            self.report(item)

    def excuses(self, name: str) -> bool:
        """Whether an unknown name may be the echo of another fault."""
        return name in self.broken or name in self.mentioned

    def words(self, symbol: Symbol) -> str:
        """What a symbol is, with its article."""
        article = "an" if symbol.what in ("axis", "input") else "a"
        return f"{article} {NOUNS.get(symbol.what, symbol.what)}"

    @property
    def proposals(self) -> Iterable[str]:
        """Names that may have been meant; none once so much is wrong that nobody reads it."""
        return self.symbols if len(self.found) < MANY_FAULTS else ()

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """Everything reported so far."""
        return list(self.found)

    @property
    def has_errors(self) -> bool:
        """Whether anything reported is an error."""
        return any(item.is_error for item in self.found)

    @property
    def axis(self) -> Symbol | None:
        """The sequence axis, if the model has one."""
        return next(self.of("axis"), None)

    @property
    def index(self) -> str:
        """The running index, for messages too where there is none."""
        return self.axis.name if self.axis else "t"

    @property
    def length(self) -> str:
        """The name of the axis' length, likewise."""
        return next((item.name for item in self.of("length")), "T")
