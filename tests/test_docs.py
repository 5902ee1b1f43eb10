"""What the pages say holds: their models check, their Python runs, their links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = {
    str(path.relative_to(ROOT)): path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)")

each_page = pytest.mark.parametrize("name", sorted(PAGES))


def blocks(name: str, language: str) -> list[str]:
    text = PAGES[name].read_text(encoding="utf-8")
    return [body for tongue, body in BLOCK.findall(text) if tongue == language]


MODELS = [(name, body) for name in sorted(PAGES) for body in blocks(name, "rnn")]


@pytest.mark.parametrize(("name", "text"), MODELS)
def test_models_check_without_a_word(name: str, text: str) -> None:
    from rnndsl.model.load import parse_model

    assert parse_model(text, name).warnings == ()


@pytest.mark.parametrize("name", [name for name in sorted(PAGES) if blocks(name, "python")])
def test_python_runs_from_top_to_bottom(name: str, tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text("\n".join(blocks(name, "python")), encoding="utf-8")
    command = [sys.executable, "-W", "error", str(script)]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_every_function_is_on_the_language_s_page() -> None:
    from rnndsl.ops.signatures import FUNCTIONS, OVER_AXIS

    text = PAGES["docs/language.md"].read_text(encoding="utf-8")
    words = set(re.findall(r"\w+", text.split("### Functions")[1].split("## Shapes")[0]))
    assert [name for name in FUNCTIONS if name not in words] == []
    assert [name for name in OVER_AXIS if f"{name}[t]" not in text] == []


def test_every_command_has_its_section() -> None:
    from rnndsl.cli.main import COMMANDS

    text = PAGES["docs/command-line.md"].read_text(encoding="utf-8")
    assert re.findall(r"^### `rnndsl (\w+)", text, re.MULTILINE) == list(COMMANDS)


def test_every_option_named_is_there() -> None:
    from rnndsl.cli import main

    known = {"--help", "--traceback", "--version"}
    for name in main.COMMANDS:
        command = main.cli.get_command(None, name)
        known |= {flag for option in command.params for flag in option.opts}
    text = PAGES["docs/command-line.md"].read_text(encoding="utf-8")
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known


def test_the_generated_code_shown_is_what_is_generated() -> None:
    from rnndsl.gallery import specs
    from rnndsl.runtime.spec import load

    model = load(specs()["elman"])
    levels = [model.compile(optimize=level).source for level in (0, 1)]
    real = {line.strip() for source in levels for line in source.splitlines()}
    shown = [
        line.strip()
        for body in blocks("docs/generated-file.md", "py")
        for line in body.splitlines()
    ]
    assert shown
    assert [line for line in shown if line not in real] == []


@each_page
def test_links_lead_somewhere(name: str) -> None:
    page = PAGES[name]
    prose = CODE.sub("", page.read_text(encoding="utf-8"))
    for target in LINK.findall(prose):
        assert (page.parent / target).exists(), f"{name} links to {target}"
