"""The interpreter shares nothing with the compiler but the checked model."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / "rnndsl" / "interpreter").glob("**/*.py"))
MODEL = {"rnndsl.model.dims", "rnndsl.model.expr", "rnndsl.model.model"}


def modules(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import"
            base = str(node.module)
            inner = [ROOT.joinpath(*base.split("."), f"{alias.name}.py") for alias in node.names]
            names = [f"{base}.{i.stem}" if i.exists() else base for i in inner]
            found |= set(names)
        if isinstance(node, ast.Name):
            assert node.id not in ("__import__", "exec", "eval"), f"{path.name}: {node.id}"
    return found


def is_allowed(module: str) -> bool:
    room = ".".join(module.split(".")[:2])
    if module.startswith("rnndsl"):
        return module in MODEL or room in ("rnndsl.interpreter", "rnndsl.text")
    return module.split(".")[0] == "numpy" or (
        module.split(".")[0] in sys.stdlib_module_names and module != "importlib"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_only_the_checked_model_is_shared(path: Path) -> None:
    assert {module for module in modules(path) if not is_allowed(module)} == set()


def test_the_checked_model_itself_stands_on_nothing_of_the_compiler() -> None:
    for module in sorted(MODEL):
        path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
        ours = {name for name in modules(path) if name.startswith("rnndsl")}
        rooms = {".".join(name.split(".")[:2]) for name in ours}
        assert rooms <= {"rnndsl.model", "rnndsl.text"}
