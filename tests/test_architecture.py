"""Imports point one way, and rooms stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "rnndsl"
FILES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
BUILDING = """
    text gallery
    syntax ops forest
    model
    graph interpreter
    passes lint
    plan
    emit draw
    driver
    runtime
    cli
    __init__ __main__
"""  # from the ground up
FLOORS = {
    room: floor
    for floor, rooms in enumerate(BUILDING.strip().splitlines())
    for room in rooms.split()
}
LONGEST_FILE, LONGEST_FUNCTION = 300, 40


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(FILES[name].read_text(encoding="utf-8"))


def rooms_imported(name: str) -> Iterator[tuple[str, int]]:
    """Each room of ours that a file imports, at its top or inside a function, and the line."""
    for node in ast.walk(tree(name)):
        modules: list[str] = []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno} imports by a relative name"
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            package, _, rest = module.partition(".")
            if package == "rnndsl" and rest != "__version__":
                yield rest.partition(".")[0] or "__init__", node.lineno


def test_imports_point_down() -> None:
    wrong = []
    for name in FILES:
        own = Path(name).with_suffix("").parts[0]
        wrong += [
            f"{name}:{line}: {own} (floor {FLOORS[own]}) imports {room} (floor {FLOORS[room]})"
            for room, line in rooms_imported(name)
            if room != own and FLOORS[room] >= FLOORS[own]
        ]
    assert wrong == []


def test_rooms_are_small() -> None:
    wrong = []
    for name, path in FILES.items():
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > LONGEST_FILE:
            wrong.append(f"{name} has {lines} lines")
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    wrong.append(f"{name}: {node.name} has {length} lines")
    assert wrong == []


def test_a_module_says_what_it_is_for() -> None:
    assert [name for name in FILES if tree(name).body and not ast.get_docstring(tree(name))] == []
