"""Where the shapes of used files and of the file that uses them meet.

Sizes of a used file are unknowns; what its inputs are given says what they are, and the file's
own default is taken where nothing does.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from rnndsl.model import expr as ir
from rnndsl.model import use_messages as wording
from rnndsl.model.constraints import Operand, Same
from rnndsl.model.declarations import integer_type
from rnndsl.model.dims import Dim
from rnndsl.model.expr import Type
from rnndsl.model.given import Match
from rnndsl.model.infer import KIND_WORDS, Inference
from rnndsl.model.model import Data, Size
from rnndsl.model.numbers import shape
from rnndsl.model.symbols import Table
from rnndsl.model.unify import Mismatch, ShapeVar, is_unknown
from rnndsl.model.uses import Whole
from rnndsl.syntax import tree
from rnndsl.text.diagnostics import Diagnostic
from rnndsl.text.source import Source


def match_inputs(
    whole: Whole, table: Table, data: Mapping[str, Data], inference: Inference
) -> None:
    """Demand that whatever an input of a used file is given is what the file declares."""
    for match in whole.matches:
        assert isinstance(match.name, tree.Name)
        wanted = _type(match, table)
        named = inference.names.get(match.name.name)
        if wanted is None or named is None:
            continue
        kind = inference.value_kinds.get(named.name, "real")
        if named.name in data:
            kind = data[named.name].type.kind
        if kind != wanted.kind and not (wanted.kind == "real" and kind in ("integer", "bool")):
            words = _words(wanted.kind), _words(kind)
            item = wording.other_kind(match.input, match.file, match.name.span, *words)
            inference.diagnostics.append(item)
            continue
        _demand(match, wanted, inference)


def _type(match: Match, table: Table) -> Type | None:
    if match.type is None:
        return Type()
    if isinstance(match.type, tree.IntegerType):
        return integer_type(match.type, table)
    dims = shape(match.type, table)
    return None if dims is None else Type("real", dims)


def _demand(match: Match, wanted: Type, inference: Inference) -> None:
    assert isinstance(match.name, tree.Name)
    named = inference.names[match.name.name]
    span = match.name.span
    given = ir.Read(span, named.name, ())
    say = partial(_shapes, match)
    operand = Operand(given, named.shape)
    inference.constraints.append(Same(given, (operand,), ShapeVar(wanted.shape), say))
    if wanted.size is not None and named.size is not None:
        try:
            inference.unifier.equal_dims(wanted.size, named.size)
        except Mismatch as fault:
            tokens = f"token({fault.left})", f"token({fault.right})"
            found = wording.other_kind(match.input, match.file, span, *tokens)
            inference.diagnostics.append(found)


def _words(kind: str) -> str:
    return {"integer": "an integer"}.get(kind) or KIND_WORDS.get(kind, "real")


def _shapes(match: Match, wanted: str, got: str) -> Diagnostic:
    return wording.other_shape(match.input, match.file, match.name.span, wanted, got)


def without_echoes(faults: list[Diagnostic], source: Source) -> list[Diagnostic]:
    """Without what is wrong in an instance because something that it is given is."""
    places = [item.labels[0].span for item in faults if item.labels]
    own = [span.start for span in places if not source.users(span.start)]

    def is_echo(item: Diagnostic) -> bool:
        users = source.users(item.labels[0].span.start) if item.labels else ()
        return any(span.start <= at < span.end for span in users for at in own)

    return [item for item in faults if not is_echo(item)]


def settle_sizes(inner: Mapping[str, Size], defaults: frozenset[str], inference: Inference) -> None:
    """Sizes of used files: those that follow from others, then what shapes say, then defaults."""
    unifier = inference.unifier
    for name, size in inner.items():
        if size.default is not None and name not in defaults:
            unifier.equal_dims(Dim.size(name), size.default)
    if not inner:
        return
    inference.solve()
    for name, size in inner.items():
        is_open = any(map(is_unknown, unifier.dim(Dim.size(name)).names))
        if is_open and name in defaults and size.default is not None:
            unifier.equal_dims(Dim.size(name), size.default)
            inference.solve()
