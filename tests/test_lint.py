"""Warnings of sound specs: each of `tests/doubtful` has its transcript, all good specs have none.

`RNNDSL_UPDATE=1 pytest tests/test_lint.py` writes the transcripts anew.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pytest

import rnndsl
from rnndsl import gallery
from rnndsl.driver import check, parse, warnings
from rnndsl.lint import likeness
from rnndsl.model.model import Model
from rnndsl.runtime.compile import compile_model
from rnndsl.text.render import render_all
from rnndsl.text.source import Source
from tests.agreement import random_data, random_params, small_sizes
from tests.pages import PAGES, blocks
from tests.random_models import random_spec
from tests.test_cli import run
from tests.zoo import MODELS

DOUBTFUL = Path(__file__).resolve().parent / "doubtful"
NAMES = sorted(path.stem for path in DOUBTFUL.glob("*.rnn"))
UPDATE = bool(os.environ.get("RNNDSL_UPDATE"))
CODES = {"RNN703", "RNN704", "RNN705"}
GALLERY = {name: path.read_text(encoding="utf-8") for name, path in gallery.specs().items()}
PARAMETER = re.compile(r"`([^`]+)`")
READS = re.compile(r"there it reads `(.*)`")


def doubtful(name: str) -> Source:
    return Source(f"{name}.rnn", (DOUBTFUL / f"{name}.rnn").read_text(encoding="utf-8"))


def found(text: str) -> set[str]:
    return {item.code for item in warnings(parse(text))} & CODES


@pytest.mark.parametrize("name", NAMES)
def test_transcript(name: str) -> None:
    source = doubtful(name)
    model, diagnostics = check(source)
    assert model is not None
    said = render_all(diagnostics, source) + "\n"
    path = DOUBTFUL / f"{name}.txt"
    if UPDATE:
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")
    assert found(source.text)


def test_every_code_has_transcripts() -> None:
    assert sorted(path.stem for path in DOUBTFUL.glob("*.txt")) == NAMES
    texts = [(DOUBTFUL / f"{name}.txt").read_text(encoding="utf-8") for name in NAMES]
    assert {code for text in texts for code in re.findall(r"RNN\d+", text)} == CODES


# What is said is so


def useless(model: Model) -> set[str]:
    """The parameters of which it is said that they cannot change the loss."""
    told = [item.message for item in model.warnings if item.code == "RNN703"]
    return {name for message in told for name in PARAMETER.findall(message)}


def hold(model: Model, sizes: dict[str, int], lengths: tuple[int, ...]) -> int:
    """Parameters told of have no gradient; how many there are."""
    names = useless(model)
    rng = np.random.default_rng(0)
    program = compile_model(model, optimize=1, dtype="float64", **sizes)
    data = random_data(program, rng, lengths)
    axis = next(iter(model.axes), None)
    more = {"lengths": {axis: np.array(lengths)}} if axis else {}
    with np.errstate(all="ignore"):
        run_on = {**data, **more, "batch": len(lengths)}
        _, grads = program.loss_and_grads(random_params(program, rng), **run_on)
    for name in names:
        assert np.allclose(grads[name], 0, atol=1e-12), name
    return len(names)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "softmax_without_a_loss"])
def test_parameters_told_of_have_no_gradient(name: str) -> None:
    model = parse(doubtful(name).text)
    count = hold(model, small_sizes(model), (5, 1, 3))
    assert (count > 0) == any(item.code == "RNN703" for item in model.warnings)


def test_parameters_of_random_models() -> None:
    """Those told of have no gradient; many are told of, and many are not."""
    told = kept = 0
    for seed in range(12):
        spec = random_spec(seed)
        model = parse(spec.text())
        if model.loss is not None and useless(model):
            sizes = {n: spec.sizes[n] for n, size in model.sizes.items() if not size.is_derived}
            count = hold(model, sizes, spec.lengths)
            told, kept = told + count, kept + len(model.params) - count
    assert told > 5
    assert kept > 5


@pytest.mark.parametrize("name", [name for name in NAMES if name[:3] in ("gru", "lst")])
def test_the_way_out_leads_to_the_gallery(name: str) -> None:
    text = doubtful(name).text
    (item,) = [item for item in warnings(parse(text)) if item.code == "RNN705"]
    written = READS.fullmatch(item.help or "")
    assert written is not None
    left = written[1].partition(" = ")[0]
    declared = text.replace("param  P, Q, b,", "param  P, Q, b, b_f,")
    lines = [written[1] if line.startswith(f"{left} =") else line for line in declared.split("\n")]
    assert "\n".join(lines) != declared
    assert found("\n".join(lines)) == set()


# Where nothing is to be said


@pytest.mark.parametrize("name", GALLERY)
def test_nothing_of_the_gallery(name: str) -> None:
    assert found(GALLERY[name]) == set()


def test_nothing_of_the_small_models() -> None:
    assert {name: found(text) for name, text in MODELS.items() if found(text)} == {}


def test_nothing_of_the_documents() -> None:
    texts = [b.text for page in PAGES for b in blocks(page) if b.language == "rnn"]
    sound = [model for text in texts if (model := check(Source("page.rnn", text))[0]) is not None]
    assert len(sound) > 10
    assert [item for model in sound for item in warnings(model) if item.code in CODES] == []


USUAL = {
    "another way round": ("gru_usual", "u[t] * h[t-1] + (1 - u[t]) * hnew[t]",
                          "hnew[t] * (1 - u[t]) + h[t-1] * u[t]"),
    "gates swapped": ("gru_usual", "u[t] * h[t-1] + (1 - u[t]) * hnew[t]",
                      "(1 - u[t]) * h[t-1] + u[t] * hnew[t]"),
    "reset behind the product": ("gru_usual", "W @ (r[t] * h[t-1])", "r[t] * (W @ h[t-1])"),
    "written out": ("gru_usual", "hnew[t]\n", "tanh(b + U @ x[t] + W @ (r[t] * h[t-1]))\n"),
    "tanh lets in": ("lstm", "gate(U, W, b)", "tanh(b + U @ x[t] + W @ h[t-1])"),
    "a learned start": ("lstm", "s[0] = 0", "s[0] = tanh(c_0)\nparam c_0"),
    "dropout": ("lstm", "g[t] * gate", "g[t] * dropout(gate(U, W, b), 0.1) + 0 * gate"),
    "a leaky unit": ("elman", "tanh(a[t])", "0.9 * h[t-1] + (1 - 0.9) * tanh(a[t])"),
    "a learned leak": ("elman", "tanh(a[t])", "q * h[t-1] + (1 - q) * tanh(a[t])\nparam q"),
    "a given mask": ("elman", "tanh(a[t])", "p[t] * h[t-1] + (1 - p[t]) * a[t]\ninput p[t]: ()"),
    "a scaled gate": ("elman", "tanh(a[t])", "f[t] * h[t-1] + b\nf[t] = 0.5 + 0.4 * tanh(a[t])"),
    "a gate beside a sum": ("elman", "tanh(a[t])", "(sigmoid(a[t]) + U @ x[t]) * h[t-1]"),
    "products inside a tanh": ("elman", "tanh(a[t])", "tanh(a[t] * h[t-1])"),
    "another function": ("elman", "tanh(a[t])", "relu(a[t])"),
}  # fmt: skip


@pytest.mark.parametrize("kind", USUAL)
def test_nothing_of_usual_variations(kind: str) -> None:
    name, old, new = USUAL[kind]
    assert old in GALLERY[name]
    changed = GALLERY[name].replace(old, new, 1)
    if kind == "dropout":
        changed = GALLERY[name].replace(
            "h[t]: m = tanh(s[t])", "h[t]: m = dropout(tanh(s[t]), 0.1)"
        )
    assert found(changed) == set()


@pytest.mark.parametrize("name", ["lstm", "char_lstm", "gru", "gru_usual", "char_gru"])
def test_nothing_of_other_names_and_sizes(name: str) -> None:
    text = re.sub(r"\b([fgqshurUWbnmxv])\b(?!\()", r"\1_1", GALLERY[name])
    lines = re.sub(r"\bm_1 = \d+", "m_1 = 5", text).split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith("axis"))
    assert found("\n".join([*lines[:first], *reversed(lines[first:])])) == set()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tanh(s[t])", "tanh(s[t] / 2)", None),
        ("tanh(s[t])", "softsign(s[t])", "`h[t]` has `softsign` in place of `tanh`"),
        ("f[t] * s", "(1 - f[t]) * s", "`s[t]` has `1 -` besides"),
        ("+ g[t]", "- g[t]", "`s[t]` subtracts `g[t] * gate(U, W, b)`"),
        ("* q[t]", "* q[t] + h[t-1]", "`h[t]` has the term `h[t-1]` besides"),
        ("* q[t]", "* q[t] * 2", "`h[t]` has the factor `2` besides"),
        ("gate(U_f, W", "gate(U_g, W", "`g[t]` has `U_g` in place of a parameter of its own"),
        ("f[t] * s[t-1]", "f[t] * s[t-3]", "`s[t]` has `s[t-3]` in place of `s[t-1]`"),
    ],
)
def test_one_difference(old: str, new: str, said: str | None) -> None:
    assert old in GALLERY["lstm"]
    model = parse(GALLERY["lstm"].replace(old, new, 1))
    told = [item.message for item in warnings(model) if item.code == "RNN705"]
    assert told == ([] if said is None else [f"this is `lstm` of the gallery, except that {said}"])


# What it costs


def test_the_gallery_is_read_for_those_who_ask() -> None:
    likeness._known.cache_clear()
    near = doubtful("lstm_without_tanh").text
    model = parse(near)
    assert warnings(parse(GALLERY["elman"])) == ()
    assert likeness._known.cache_info().currsize == 0
    assert {item.code for item in model.warnings} == set()
    assert [item.code for item in rnndsl.parse(near).warnings] == ["RNN705"]
    assert likeness._known.cache_info().currsize == 1


HEAD = "axis t = 1..T\nsize m = 4\nparam W\na0[t] = tanh(W @ h[t-1])\noutput h[t]\n"


@pytest.mark.parametrize("right", ["a{0}[t] * a{0}[t]", "a{0}[t]", "1 - a{0}[t]"])
def test_long_ways_end(right: str) -> None:
    """Equations that would double as they are written out, or are deeper than Python goes."""
    lines = [f"a{n + 1}[t] = {right.format(n)}\n" for n in range(300)]
    assert found(f"{HEAD}{''.join(lines)}h[t]: m = a300[t] * h[t-1]\n") == set()


def test_long_sums_end() -> None:
    names = [f"W{n}" for n in range(60)]
    total = " + ".join(f"{name} @ h[t-1]" for name in names)
    text = f"axis t = 1..T\nsize m = 4\nparam {', '.join(names)}\noutput h[t]\n"
    text += f"h[t]: m = sigmoid({total}) * h[t-1] + sigmoid(1 - ({total})) * tanh({total})\n"
    assert found(text) == set()


# On the command line


def test_on_the_command_line() -> None:
    path = DOUBTFUL / "lstm_without_tanh.rnn"
    result = run("check", path)
    assert result.exit_code == 0
    assert result.stdout == f"{path}: 1 warning\n"
    assert result.stderr.startswith("warning[RNN705]: this is `char_lstm` of the gallery")
    result = run("check", "--json", path)
    assert result.exit_code == 0
    (answer,) = json.loads(result.stdout)
    assert answer["fine"]
    assert [item["code"] for item in answer["diagnostics"]] == ["RNN705"]
