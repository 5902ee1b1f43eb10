"""Training on arrays: which examples make a batch, what of them is fed, what is scored."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import rnndsl
from rnndsl.cli.main import cli
from rnndsl.model.load import parse_model
from rnndsl.runtime import training
from rnndsl.runtime.array_data import Examples, read_npz, split
from rnndsl.runtime.checkpoint import restore
from rnndsl.text.diagnostics import DataError

SPEC = """model tagger
axis t = 1..T
size n, m = 3, k = 2
input x[t]: n
input u: n
target y[t]: token(k)
param W, U, A, V
h[t]: m = tanh(U @ x[t] + A @ u + W @ h[t-1])
o[t] = V @ h[t]
loss = sum[t](cross_entropy(o[t], y[t]))
"""
TAUGHT = """model taught
axis t = 1..T
size n
input x[t]: n
target y[t]: n
param W, U
o[t]: n = tanh(U @ x[t] + W @ p[t-1])
p[t] = teach(y[t], o[t])
loss = sum[t](squared_error(o[t], y[t]))
"""
WITHOUT = """model turns
axis t = 1..T
size n, m = 3, k = 2
input u: n
target y: token(k)
param W, A, V
h[t]: m = tanh(A @ u + W @ h[t-1])
o: k = V @ h[T]
loss = cross_entropy(o, y)
"""


def arrays(count: int = 7, n: int = 4) -> dict[str, np.ndarray]:
    """Examples with a number of their own: x[0, b, 0] = b."""
    random = np.random.default_rng(0)
    x = random.normal(size=(6, count, n))
    x[0, :, 0] = np.arange(count)
    return {
        "x": x,
        "u": random.normal(size=(count, n)),
        "y": random.integers(0, 2, size=(6, count)),
        "lengths_t": np.arange(count) % 5 + 1,
    }


def program(spec: str = SPEC, **sizes: int) -> rnndsl.Program:
    return rnndsl.parse(spec).compile(dtype="float64", **sizes)


class Watched(rnndsl.Program):
    """Notes what it is fed."""

    def __init__(self) -> None:
        made = program()
        super().__init__(made.model, made.source, made.dtype)
        self.fed: list[dict[str, Any]] = []
        self.scored: list[dict[str, Any]] = []

    def loss_and_grads(self, params: Mapping[str, Any], /, **data: Any) -> Any:
        self.fed.append(data)
        return super().loss_and_grads(params, **data)

    def loss(self, params: Mapping[str, Any], /, **data: Any) -> float:
        self.scored.append(data)
        return super().loss(params, **data)


def numbers(fed: list[dict[str, Any]]) -> list[list[int]]:
    """The examples of every batch."""
    return [data["x"][0, :, 0].astype(int).tolist() for data in fed]


def joined(batches: list[list[int]]) -> list[int]:
    return list(chain.from_iterable(batches))


def test_every_epoch_takes_every_example_once_in_an_order_of_its_own() -> None:
    watched = Watched()
    rnndsl.train(watched, arrays(), epochs=2, batch=3, validation=0)
    batches = numbers(watched.fed)
    assert [len(batch) for batch in batches] == [3, 3, 1] * 2
    first, second = joined(batches[:3]), joined(batches[3:])
    assert sorted(first) == sorted(second) == list(range(7))
    assert list(range(7)) != first != second
    again = Watched()
    rnndsl.train(again, arrays(), epochs=2, batch=3, validation=0)
    assert numbers(again.fed) == batches
    other = Watched()
    rnndsl.train(other, arrays(), epochs=2, batch=3, validation=0, seed=1)
    assert numbers(other.fed) != batches


def test_a_batch_holds_its_own_examples_as_long_as_the_longest() -> None:
    watched, data = Watched(), arrays()
    rnndsl.train(watched, data, epochs=1, batch=3, validation=0)
    for fed, chosen in zip(watched.fed, numbers(watched.fed), strict=True):
        lengths = data["lengths_t"][chosen]
        np.testing.assert_array_equal(fed["lengths"]["t"], lengths)
        np.testing.assert_array_equal(fed["x"], data["x"][: lengths.max(), chosen])
        np.testing.assert_array_equal(fed["y"], data["y"][: lengths.max(), chosen])
        np.testing.assert_array_equal(fed["u"], data["u"][chosen])
        assert "state" not in fed


def test_training_is_descent_on_the_mean_loss_of_the_batch() -> None:
    made, data = program(n=4), arrays()
    trained = rnndsl.train(
        made, data, epochs=2, batch=9, validation=0, optimiser="sgd", rate=0.1, seed=3
    )
    params = made.init(seed=3)
    lengths = {"t": data.pop("lengths_t")}
    for loss in trained.history.losses:
        wanted, grads = made.loss_and_grads(params, **data, lengths=lengths)
        assert loss == pytest.approx(wanted / lengths["t"].mean(), rel=1e-12)
        params = {name: value - 0.1 * grads[name] for name, value in params.items()}
    for name, value in params.items():
        np.testing.assert_allclose(trained.params[name], value, rtol=1e-10)
    assert (trained.history.seen, trained.history.unit) == (14, "examples")


def test_what_is_held_back_is_scored_and_not_trained_on() -> None:
    watched, data = Watched(), arrays()
    history = rnndsl.train(watched, data, epochs=1, batch=3, validation=0.5).history
    trained, held = joined(numbers(watched.fed)), joined(numbers(watched.scored))
    assert (len(trained), len(held)) == (4, 3)
    assert sorted(trained + held) == list(range(7))
    assert len(history.validation) == 1


def test_a_validation_loss_is_that_of_all_positions() -> None:
    made, data = program(), arrays()
    other = arrays(5)
    trained = rnndsl.train(made, data, epochs=1, batch=2, validation_data=other)
    assert trained.history.seen == 7
    lengths = other.pop("lengths_t")
    whole = made.loss(trained.params, **other, lengths={"t": lengths})
    step, loss = trained.history.validation[0]
    assert step == 4
    assert loss == pytest.approx(whole * 5 / lengths.sum(), rel=1e-12)


@pytest.mark.parametrize("mode", ["teacher", "free", "scheduled"])
def test_every_mode_of_teach_is_trained_in(mode: str) -> None:
    made, random = program(TAUGHT, n=2), np.random.default_rng(0)
    data = {name: random.normal(size=(5, 4, 2)) for name in "xy"}
    options = {"mode": mode, "forcing": 0.5}
    trained = rnndsl.train(
        made, data, epochs=1, batch=4, validation=0, optimiser="sgd", rate=0.1, **options
    )
    order = np.random.default_rng((0, 1)).permutation(4)
    params = made.init()
    shuffled = {name: value[:, order] for name, value in data.items()}
    loss, grads = made.loss_and_grads(params, seed=0, **shuffled, **options)
    assert trained.history.losses == [pytest.approx(loss / 5)]
    np.testing.assert_allclose(trained.params["W"], params["W"] - 0.1 * grads["W"])


def test_a_model_without_data_on_its_axis_is_told_the_length() -> None:
    made = program(WITHOUT)
    spec_data = {"u": np.ones((3, 4)), "y": np.array([0, 1, 0])}
    with pytest.raises(DataError, match="T"):
        rnndsl.train(made, spec_data, epochs=1, validation=0)
    trained = rnndsl.train(made, {**spec_data, "T": 5}, epochs=1, validation=0)
    assert trained.history.steps == 1


def test_sizes_are_read_off_the_data() -> None:
    examples = Examples(parse_model(SPEC), arrays())
    assert examples.sizes() == {"n": 4}
    assert (examples.count, examples.longest("t")) == (7, 5)
    assert rnndsl.train(program(), arrays(), epochs=1).params["U"].shape == (3, 4)


def test_a_split_is_drawn_and_leaves_something_to_train_on() -> None:
    first, held = split(100, 0.25, 7)
    assert (len(first), len(held)) == (75, 25)
    assert sorted([*first, *held]) == list(range(100))
    assert held.max() < 99 or held.min() > 0
    assert [len(part) for part in split(1, 0.9, 0)] == [1, 0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"z": np.ones(3)}, "the data hold `z`, and `tagger` has no such data; it has: `x`, `u`"),
        ({"u": np.ones((6, 4))}, "`u` has 6 examples, but `x` has 7"),
        ({"lengths_t": np.ones(6, int)}, "`lengths_t` has 6 examples, but `x` has 7"),
        ({"lengths_t": np.ones(7)}, "`lengths_t` must hold one whole number an example"),
        ({"x": np.ones(7)}, "`x` has shape (7,); expected (T, B, …), B the examples"),
        ({"x": [[1.0], [1.0, 2.0]]}, "`x` is not an array: its rows differ in length"),
        ({"x": np.array([["a"]])}, "`x` must hold real numbers, not <U1"),
        ({"T": np.ones(2)}, "`T` must be one whole number above 0"),
        ({"T": 0}, "`T` must be one whole number above 0"),
    ],
)
def test_arrays_that_are_no_data_of_the_model_are_refused(
    change: dict[str, Any], words: str
) -> None:
    with pytest.raises(DataError) as caught:
        rnndsl.train(program(), {**arrays(), **change})
    assert caught.value.code == "RNN441"
    assert words in str(caught.value)


def test_data_of_another_sort_do_not_validate() -> None:
    with pytest.raises(DataError, match="arrays are validated on arrays"):
        rnndsl.train(program(), arrays(), validation_data="abc")
    with pytest.raises(DataError, match="a text is validated on a text"):
        rnndsl.train(program(), "abcabc", validation_data=arrays())


def test_a_model_without_a_loss_is_not_trained() -> None:
    without = SPEC.replace("target y[t]: token(k)\n", "").replace("o[t] =", "o[t]: k =")
    without = without.replace("loss = sum[t](cross_entropy(o[t], y[t]))", "output o[t]")
    with pytest.raises(DataError, match="`tagger` has no loss to train on"):
        rnndsl.train(program(without), arrays())


def test_the_values_of_a_batch_must_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    monkeypatch.setattr(training, "require", lambda need, limit, what: seen.append(what))
    rnndsl.train(program(), arrays(), epochs=1)
    assert seen == ["parameters, gradients and the values of one batch"]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["train", "tagger.rnn", *(str(item) for item in arguments)])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("tagger.rnn").write_text(SPEC, encoding="utf-8")
    np.savez("a.npz", **arrays())
    return tmp_path


def test_a_file_of_arrays_trains_a_model(folder: Path) -> None:
    np.savez_compressed("b.npz", **arrays(5))
    quick = ("--epochs", 2, "--batch", 3, "--dtype", "float64", "--rate", 0.1)
    result = run("--data", "a.npz", "--validation-data", "b.npz", *quick)
    assert result.exit_code == 0, result.output
    assert ", validation " in result.stdout
    assert result.stdout.splitlines()[0].endswith(" examples/s")
    wanted = rnndsl.train(
        program(n=4), arrays(), validation_data=arrays(5), epochs=2, batch=3, rate=0.1
    )
    found = restore("tagger.safetensors")
    assert found.alphabet is None
    for name, value in wanted.params.items():
        np.testing.assert_allclose(found.params[name], value, rtol=1e-9)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, "RNN001]: there is no file `b.npz`"),
        (b"", "RNN010]: `b.npz` is not a sound .npz file of numbers (`numpy.savez`)"),
        (b"hello", "RNN010]: `b.npz` is not a sound"),
        ("npy", "RNN010]: `b.npz` is not a sound"),
        ("objects", "RNN010]: `b.npz` is not a sound"),
        ("cut", "RNN010]: `b.npz` is not a sound"),
        ("flipped", "RNN010]: `b.npz` is not a sound"),
    ],
)
def test_a_file_that_holds_no_arrays_is_refused(
    folder: Path, content: str | bytes | None, code: str
) -> None:
    path = Path("b.npz")
    whole = Path("a.npz").read_bytes()
    if content == "npy":
        with path.open("wb") as file:
            np.save(file, np.ones(3))
    elif content == "objects":
        np.savez("b.npz", x=np.array([None, {}]))
    elif content == "cut":
        path.write_bytes(whole[:-100])
    elif content == "flipped":
        path.write_bytes(whole[:500] + b"\xff" + whole[501:])
    elif isinstance(content, bytes):
        path.write_bytes(content)
    before = sorted(os.listdir())
    result = run("--data", "b.npz")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error[{code}")
    assert sorted(os.listdir()) == before


def test_arrays_beyond_the_memory_are_not_read(folder: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_npz("a.npz", 1000)
    assert caught.value.code == "RNN501"
    assert set(read_npz("a.npz", 100_000)) == {"x", "u", "y", "lengths_t"}


def test_a_run_has_one_source(folder: Path) -> None:
    assert run().exit_code == 2
    assert "say what to train on" in run("--data", "a.npz", "--text", "a.txt").output
    assert "arrays come from a file" in run("--data", "-").output
    assert run("--data", "a.npz", "-o", "a.npz").exit_code == 1
