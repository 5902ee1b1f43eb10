"""The text of the functions that a generated module carries along.

Most stand in `carried`, some beside the row of the operation that calls them.
"""

from __future__ import annotations

import ast
import inspect
import re
from functools import cache
from types import ModuleType

from rnndsl.emit.carried import (
    chance,
    checking,
    clipping,
    components,
    ends,
    entries,
    flow,
    forests,
    kin,
    positions,
    products,
    reading,
    running,
    script,
    starts,
    tokens,
    treeless,
)
from rnndsl.ops.table import TABLE

MARK = "# --8<-- copied from here on\n"
PUBLIC = (starts, running, clipping)
CHECKS = (reading, checking)
TREES, TREELESS = (forests,), (treeless,)
SCRIPT = (script,)
SMALL = (entries, components, products, tokens, positions, ends, kin, flow, chance)


@cache
def whole(modules: tuple[ModuleType, ...]) -> str:
    """All that stands below the marks of some modules."""
    texts = (_source(module) for module in modules)
    return "\n\n".join(text[text.index(MARK) + len(MARK) :].lstrip("\n") for text in texts)


def helpers(code: str) -> list[str]:
    """The small functions that some code calls, with those that they call, in a fixed order."""
    known = _functions()
    waiting, found = known.keys() & set(re.findall(r"\b_\w+(?=\()", code)), set[str]()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= (known[name][1] & known.keys()) - found
    return [known[name][0] for name in known if name in found]


def _source(module: ModuleType) -> str:
    """The text of a module, without words to the tools that check it here."""
    return re.sub(r"  # (noqa|fmt): .*", "", inspect.getsource(module))


@cache
def _functions() -> dict[str, tuple[str, frozenset[str]]]:
    """Each small function: its text, and the names that it mentions."""
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for module in SMALL:
        source = _source(module)
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                names = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
                text = ast.get_source_segment(source, node) or ""
                found[node.name] = (text, frozenset(names - {node.name}))
    for row in TABLE.values():
        if row.carries is not None:
            text = re.sub(r"  # type: .*", "", inspect.getsource(row.carries)).rstrip()
            found[row.carries.__name__] = (text, frozenset(re.findall(r"\b_\w+", text)))
    return found
