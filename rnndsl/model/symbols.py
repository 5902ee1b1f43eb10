"""The one table of names of a file: what each name is and where it was declared.

It is a table; `collect` fills it and `resolve` reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from rnndsl.model.given import Instance
from rnndsl.model.model import Axis
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Span

_WORDS = """
    model axis size input target param const output clip use as in tree reverse and or not
    leaf root children parent loss
"""
_ARGUMENTS = "params lengths trees inputs mode seed state batch forcing return_state return_outputs"
RESERVED = frozenset(_WORDS.split())
RESERVED_DATA = frozenset(_ARGUMENTS.split())
LOSS = "loss"
MANY_FAULTS = 50
What = Literal[
    "axis", "length", "size", "const", "param", "input", "target", "value", "formula", "instance"
]
NOUNS = {"param": "parameter", "axis": "index", "length": "length of an axis"}


@dataclass(frozen=True)
class Symbol:
    """One declared name; `entry` is the part of the tree that declares it.

    `axes` names the axes it carries, and that of an index itself; `indices` holds the indices
    that are written for them.
    """

    name: str
    what: What
    span: Span
    entry: tree.Node
    axes: tuple[str, ...] = ()
    indices: tuple[str, ...] = ()

    @property
    def left(self) -> str:
        """How it is written on a left side: `e[j,i]`."""
        return f"{self.name}[{','.join(self.indices)}]" if self.indices else self.name


@dataclass
class Table:
    """All declarations of a file, by kind, in the order of the file."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    axes: dict[str, Axis] = field(default_factory=dict)
    """Every axis by its name, which is its first index."""
    formulas: dict[str, tree.FormulaStatement] = field(default_factory=dict)
    boundaries: list[tree.EquationStatement] = field(default_factory=list)
    outputs: list[tree.OutputStatement] = field(default_factory=list)
    clips: list[tree.ClipStatement] = field(default_factory=list)
    loss: tree.EquationStatement | None = None
    header: tree.ModelStatement | None = None
    cells: Mapping[str, str] = field(default_factory=dict)
    """The files that are used, by the names they are used by."""
    instances: Mapping[str, Instance] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    """Names whose declarations are at fault: references to them are not errors of their own."""
    mentioned: frozenset[str] = frozenset()
    """Words of statements that do not parse: they may declare any of these names."""
    consts: dict[str, float] = field(default_factory=dict)
    """The value of each const, once they are known."""
    used: set[str] = field(default_factory=set)
    """Names that some expression, shape or statement reads."""
    bound: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Indices of children while their sum is read: the axis, and the node they are children of."""
    called: set[str] = field(default_factory=set)
    """Formulas that some expression calls."""
    written: int = 0
    """How many operations formulas have written out so far."""
    found: dict[Diagnostic, None] = field(default_factory=dict)
    causes: set[str] = field(default_factory=set)

    def of(self, *what: What) -> Iterator[Symbol]:
        """The symbols of some kinds."""
        return (item for item in self.symbols.values() if item.what in what)

    def report(self, item: Diagnostic) -> None:
        """Keep a diagnostic; a formula's fault is met wherever it is used, and told once."""
        self.found.setdefault(item)

    def report_once(self, cause: str, item: Diagnostic) -> None:
        """Keep the first word on a cause that is met in many places."""
        if cause not in self.causes:
            self.causes.add(cause)
            self.report(item)

    def excuses(self, name: str) -> bool:
        """Whether an unknown name may be the echo of another fault."""
        return bool({name, name.partition(".")[0]} & self.broken) or name in self.mentioned

    def words(self, symbol: Symbol) -> str:
        """What a symbol is, with its article."""
        article = "an" if symbol.what in ("axis", "input", "instance") else "a"
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
    def indices(self) -> frozenset[str]:
        """Every index of every axis."""
        return frozenset(index for axis in self.axes.values() for index in axis.indices)

    def axis_of(self, index: str) -> str | None:
        """The axis that an index runs over; None for any other name."""
        if index in self.bound:
            return self.bound[index][0]
        return next((axis.name for axis in self.axes.values() if index in axis.indices), None)

    @property
    def index(self) -> str:
        """An index to show in messages: the first axis', or `t` where there is none."""
        return next(iter(self.axes), "t")

    @property
    def ways(self) -> str:
        """The indices that the axes of the file run over, for messages."""
        return " and ".join(f"`{index}`" for axis in self.axes.values() for index in axis.indices)

    def length(self, axis: str | None = None) -> str:
        """The name of an axis' length: the first axis', and `T` where there is none."""
        found = self.axes.get(axis or self.index)
        return found.length or "T" if found else "T"

    def is_tree(self, axis: str) -> bool:
        """Whether an axis runs over the nodes of a tree."""
        return axis in self.axes and self.axes[axis].is_tree

    @property
    def has_tree(self) -> bool:
        """Whether some axis runs over a tree."""
        return any(axis.is_tree for axis in self.axes.values())
