"""`rnndsl fmt`: one layout, found once, that says what was said before."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnndsl.driver import parse
from rnndsl.gallery import specs
from rnndsl.runtime.compile import generate_source
from rnndsl.syntax import tree
from rnndsl.syntax.formatter import _TOKEN, format_source
from rnndsl.syntax.parser import parse as parse_statements
from rnndsl.text.source import Source
from tests import zoo
from tests.test_cli import GOOD, run

WILD = """\


axis t=1..T # one
            # two
size n , m=8,q=m/4


#own
   # moved
input x[ t ]:n
param W:( m,m )=normal( 1e-1 ),b


f(a , b)=tanh(
  a+b   # first

  # inner
      *-2
)
h [t] : m=f( -W@h[t - d + 1] ,e[j , i]^-2)*-(1-x[t][y[t]])  # c
long_name[t] = h[t]   # d

h[0]=not(1 <2)and 3==(4)
u=where( t%4==0 ,1. / T,sum [t](x[ 2*t ] ))
output   h[ T ]
clip norm 1 d h[t -1]
use "a#b  (.rnn" as lstm
v = reverse lstm(x=e,m=64)


"""
LAID_OUT = """\
axis   t = 1..T  # one
                 # two
size   n, m = 8, q = m / 4

#own
# moved
input  x[t]: n
param  W: (m, m) = normal(1e-1), b

f(a, b) = tanh(
    a + b  # first
    # inner
    * -2
)
h[t]: m = f(-W @ h[t-d+1], e[j,i] ^ -2) * -(1 - x[t][y[t]])  # c
long_name[t] = h[t]                                          # d

h[0] = not (1 < 2) and 3 == (4)
u = where(t % 4 == 0, 1. / T, sum[t](x[2*t]))
output h[T]
clip norm 1 d h[t-1]
use "a#b  (.rnn" as lstm
v = reverse lstm(x = e, m = 64)
"""
TEXTS = {**{name: path.read_text() for name, path in specs().items()}, **zoo.MODELS}


def laid_out(text: str) -> str:
    return format_source(Source("a.rnn", text))


def bare(node: Any) -> Any:
    """A tree without its places in the text."""
    if isinstance(node, tuple):
        return tuple(bare(item) for item in node)
    if not isinstance(node, tree.Node):
        return node
    names = [item.name for item in fields(node) if item.name != "span"]
    return type(node).__name__, tuple(bare(getattr(node, name)) for name in names)


def meaning(text: str) -> Any:
    parsed = parse_statements(Source("a.rnn", text))
    assert parsed.diagnostics == ()
    return bare(parsed.statements)


def comments(text: str) -> list[str]:
    tokens = _TOKEN.finditer(text)
    return [match.group().rstrip() for match in tokens if match.lastgroup == "comment"]


def shaken(text: str, seed: int) -> str:
    """The same tokens with other spaces, breaks inside brackets, blank lines and comments."""
    rng = random.Random(seed)
    return "".join(_shaken(text, rng))


def _shaken(text: str, rng: random.Random) -> Iterator[str]:
    depth, word = 0, False
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        if kind == "space":
            continue
        if kind == "newline":
            note = f" # note {rng.random()}" if rng.random() < 0.2 else ""
            yield note + "\n" * rng.choice((1, 1, 1, 2, 4)) + " " * rng.choice((0, 0, 3))
            word = False
            continue
        is_word = bool(re.match(r"[\w.\"]", token))
        if depth and rng.random() < 0.1:
            yield rng.choice((" # inside", "")) + "\n "
        else:
            yield rng.choice(("", "", " ", "\t ")) or " " * (word and is_word)
        yield token
        word = is_word
        depth += (token in ("(", "[")) - (token in (")", "]"))


def test_the_layout() -> None:
    assert laid_out(WILD) == LAID_OUT


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_laying_out_twice_changes_nothing_and_meaning_stays(name: str) -> None:
    text = TEXTS[name]
    once = laid_out(text)
    assert laid_out(once) == once
    assert meaning(once) == meaning(text)
    assert comments(once) == comments(text)


@pytest.mark.parametrize("name", sorted(specs()))
def test_the_code_of_a_model_stays(name: str) -> None:
    text = shaken(TEXTS[name], 1)
    assert generate_source(parse(laid_out(text))) == generate_source(parse(TEXTS[name]))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.integers(0, 10**6))
def test_whatever_the_spaces_were(name: str, seed: int) -> None:
    text = shaken(TEXTS[name], seed)
    once = laid_out(text)
    assert laid_out(once) == once
    assert meaning(once) == meaning(text) == meaning(TEXTS[name])
    assert comments(once) == comments(text)
    lines = once.split("\n")
    assert lines[-1] == ""
    assert lines[0].strip()
    assert all(line == line.rstrip() for line in lines)
    assert "\n\n\n" not in once


def test_files_are_laid_out_in_place(tmp_path: Path) -> None:
    path = tmp_path / "a.rnn"
    path.write_text(GOOD)
    assert run("fmt", "--check", path).exit_code == 1
    assert path.read_text() == GOOD
    result = run("fmt", path)
    assert (result.exit_code, result.stdout) == (0, f"{path}: laid out\n")
    assert path.read_text().startswith("axis   t = 1..T\nsize   n, m = 4\n")
    before = path.stat()
    again = run("fmt", path)
    assert (again.exit_code, again.stdout) == (0, "")
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino
    checked = run("fmt", "--check", path)
    assert (checked.exit_code, checked.stdout) == (0, "")
    assert [item.name for item in tmp_path.iterdir()] == ["a.rnn"]


def test_line_ends_of_other_systems_are_laid_out_too(tmp_path: Path) -> None:
    path = tmp_path / "a.rnn"
    path.write_bytes(b"h[t] = a + b\r\n")
    assert run("fmt", "--check", path).stdout == f"{path}: would be laid out otherwise\n"
    run("fmt", path)
    assert path.read_bytes() == b"h[t] = a + b\n"


def test_standard_input_goes_to_standard_output() -> None:
    result = run("fmt", "-", stdin="h[t]=a+b")
    assert (result.exit_code, result.stdout) == (0, "h[t] = a + b\n")
    result = run("fmt", "-", "--check", stdin="h[t]=a+b")
    assert (result.exit_code, result.stdout) == (1, "<stdin>: would be laid out otherwise\n")


def test_syntax_errors_leave_a_file_as_it_is(tmp_path: Path) -> None:
    path, sound = tmp_path / "a.rnn", tmp_path / "b.rnn"
    path.write_text("h[t]=a+\nparam  W\n")
    sound.write_text("u=1\n")
    result = run("fmt", path, sound)
    assert result.exit_code == 1
    assert result.stderr.startswith("error[RNN101]")
    assert path.read_text() == "h[t]=a+\nparam  W\n"
    assert sound.read_text() == "u = 1\n"


def test_a_comment_inside_brackets_goes_on_with_none() -> None:
    once = laid_out("f(# c\n# i\nabcdef, # d\nb)=abcdef\n")
    assert once == "f(  # c\n    # i\n    abcdef,  # d\n    b) = abcdef\n"
    assert laid_out(once) == once
