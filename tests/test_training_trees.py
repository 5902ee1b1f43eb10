"""Training over trees: batches of whole trees, their files and scores, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

import rnndsl
from rnndsl.cli.main import cli
from rnndsl.driver import parse
from rnndsl.runtime.array_data import Examples
from rnndsl.runtime.checkpoint import restore
from rnndsl.runtime.compile import compile_model
from rnndsl.runtime.evaluate import array_feed, evaluate, predict
from rnndsl.runtime.random_data import random_batch, small_sizes
from rnndsl.text.diagnostics import DataError
from tests.zoo_trees import MODELS, random_forest

SPEC = """model tagged
axis v in tree(left, right)
size n, m = 3, k = 3
input x[v]: n
target y[v]: token(k)
param W, U, A, V
h[v]: m = tanh(A @ x[v] + W @ h[v.left] + U @ h[v.right])
o[v] = V @ h[v]
loss = sum[v](cross_entropy(o[v], y[v]))
output h[v], h[root]
"""
OVER, TOP = "sum[v](cross_entropy(o[v], y[v]))", "cross_entropy(o[root], y)"
ROOT = SPEC.replace(OVER, TOP).replace("y[v]", "y")
WORDS = """model words
axis t = 1..T
axis v in tree
size n, m = 3
input e[t]: n, p[v]: position(t), c: m
target y: m
param W, U, A
f[t]: m = tanh(W @ e[t] + U @ f[t-1])
h[v]: m = tanh(A @ sum[u in v.children](h[u]) + f[p[v]] + c)
loss = squared_error(h[root], y)
output h[v], f[t]
"""  # fmt: skip
SIZES = (5, 1, 3, 7, 2, 4, 6)
Arrays = dict[str, Any]


def arrays() -> Arrays:
    """Seven trees, their nodes mixed; x[node, 0] = node."""
    rng = np.random.default_rng(3)
    children, roots = random_forest(rng, 2, SIZES)
    x = rng.normal(size=(len(children), 4))
    x[:, 0] = np.arange(len(children))
    y = rng.integers(-1, 3, len(children))
    return {"x": x, "y": y, "v_children": children, "v_roots": roots}


def program(spec: str = SPEC, **sizes: int) -> rnndsl.Program:
    return rnndsl.parse(spec).compile(dtype="float64", **sizes)


class Watched(rnndsl.Program):
    """Notes what it is fed."""

    def __init__(self) -> None:
        made = program()
        super().__init__(made.model, made.source, made.dtype)
        self.fed: list[dict[str, Any]] = []

    def loss_and_grads(self, params: Mapping[str, Any], /, **data: Any) -> Any:
        self.fed.append(data)
        return super().loss_and_grads(params, **data)


def one_by_one(made: rnndsl.Program, params: Any, data: Arrays) -> list[tuple[Arrays, Any, float]]:
    """Every tree by itself: its outputs, the numbers of its nodes, its loss."""
    found = []
    forest = rnndsl.Forest(data["v_children"], data["v_roots"])
    for example in range(len(forest)):
        own, taken = forest.select([example])
        fed = {"x": data["x"][taken], "y": data["y"][taken], "trees": {"v": own}}
        loss, outputs = made.loss(params, **fed, return_outputs=True)
        found.append((outputs, taken, float(loss)))
    return found


def test_a_batch_holds_whole_trees() -> None:
    watched, data = Watched(), arrays()
    history = rnndsl.train(watched, data, epochs=2, batch=3, validation=0).history
    owner = rnndsl.Forest(data["v_children"], data["v_roots"]).examples
    assert [len(fed["trees"]["v"]) for fed in watched.fed] == [3, 3, 1] * 2
    for fed in watched.fed:
        nodes, forest = fed["x"][:, 0].astype(int), fed["trees"]["v"]
        np.testing.assert_array_equal(fed["x"], data["x"][nodes])
        np.testing.assert_array_equal(fed["y"], data["y"][nodes])
        below = np.where(forest.children < 0, -1, nodes[forest.children])
        np.testing.assert_array_equal(below, data["v_children"][nodes])
        np.testing.assert_array_equal(owner[nodes], owner[nodes[forest.roots]][forest.examples])
    first = np.concatenate([fed["x"][:, 0] for fed in watched.fed[:3]])
    assert sorted(first) == list(range(sum(SIZES)))
    assert (history.seen, history.unit) == (14, "examples")


def test_training_is_descent_on_the_mean_loss_of_the_trees() -> None:
    made, data = program(n=4), arrays()
    trained = rnndsl.train(made, data, epochs=2, batch=9, validation=0, optimiser="sgd", rate=0.1)
    params, nodes = made.init(seed=0), sum(SIZES) / len(SIZES)
    fed = {"x": data["x"], "y": data["y"], "trees": {"v": (data["v_children"], data["v_roots"])}}
    for loss in trained.history.losses:
        wanted, grads = made.loss_and_grads(params, **fed)
        assert loss == pytest.approx(wanted / nodes, rel=1e-12)
        params = {name: value - 0.1 * grads[name] for name, value in params.items()}
    for name, value in params.items():
        np.testing.assert_allclose(trained.params[name], value, rtol=1e-10)


def test_a_forest_is_the_same_as_its_arrays(tmp_path: Path) -> None:
    made, data, file = program(), arrays(), tmp_path / "a.safetensors"
    forest = rnndsl.Forest(data["v_children"], data["v_roots"], slots=("left", "right"))
    own = {"x": data["x"], "y": data["y"], "trees": {"v": forest}}
    first = rnndsl.train(made, own, epochs=1, batch=2, checkpoint=file)
    pair = {**own, "trees": {"v": (data["v_children"], data["v_roots"])}}
    again = rnndsl.train(made, data, epochs=2, batch=2, checkpoint=file, resume=True)
    straight = rnndsl.train(made, pair, epochs=2, batch=2)
    assert first.history.losses == again.history.losses[: first.history.steps]
    assert again.history.losses == straight.history.losses


def test_a_run_goes_on_bit_for_bit_and_stops_early(tmp_path: Path) -> None:
    made, data, file = program(), arrays(), tmp_path / "a.safetensors"
    options: Arrays = {"batch": 2, "validation": 0.3, "patience": 2, "epochs": 40, "rate": 0.5}
    straight = rnndsl.train(made, data, **options)
    assert straight.ended == "patience"
    left = [7]

    def stop() -> bool:
        left[0] -= 1
        return left[0] == 0

    rnndsl.train(made, data, **options, checkpoint=file, stop=stop)
    resumed = rnndsl.train(made, data, **options, checkpoint=file, resume=True)
    assert resumed.history.losses == straight.history.losses
    assert resumed.history.validation == straight.history.validation
    for name, value in straight.params.items():
        np.testing.assert_array_equal(resumed.params[name], value)
    changed = {**data, "v_roots": data["v_roots"][::-1].copy()}
    with pytest.raises(DataError, match="was trained on other data"):
        rnndsl.train(made, changed, **options, checkpoint=file, resume=True)


def test_predictions_stand_in_the_order_of_the_file() -> None:
    made, data = program(n=4), arrays()
    params = made.init(seed=1)
    found = predict(made, params, array_feed(made.model, Examples(made.model, data), 3))
    assert found["h"].shape == (sum(SIZES), 3)
    for example, (outputs, taken, _) in enumerate(one_by_one(made, params, data)):
        np.testing.assert_allclose(found["h"][taken], outputs["h"], rtol=1e-12)
        np.testing.assert_allclose(found["h[root]"][example], outputs["h[root]"][0], rtol=1e-12)


def test_every_node_with_a_token_is_scored() -> None:
    made, data = program(n=4), arrays()
    params = made.init(seed=1)
    score = evaluate(made, params, array_feed(made.model, Examples(made.model, data), 3))
    found = one_by_one(made, params, data)
    right = known = 0
    for outputs, taken, _ in found:
        chosen, wanted = (outputs["h"] @ params["V"].T).argmax(axis=-1), data["y"][taken]
        right, known = right + int((chosen == wanted).sum()), known + int((wanted >= 0).sum())
    assert 0 < right < known == score.tokens < sum(SIZES)
    assert score.accuracy == right / known
    assert score.loss == pytest.approx(np.mean([loss for *_, loss in found]), rel=1e-12)
    assert score.count == len(SIZES)


def test_a_root_is_scored() -> None:
    made, data = program(ROOT, n=4), arrays()
    data["y"] = np.array([0, 1, 2, -1, 0, 1, 2])
    params = made.init(seed=1)
    feed = array_feed(made.model, Examples(made.model, data), 3)
    score, found = evaluate(made, params, feed), predict(made, params, feed)
    logits = found["h[root]"] @ params["V"].T
    known = data["y"] >= 0
    assert score.tokens == 6
    assert score.accuracy == np.mean(logits.argmax(axis=-1)[known] == data["y"][known])
    trained = rnndsl.train(made, data, params, epochs=1, validation=0.5)
    assert set(trained.history.metrics[0]) == {"accuracy"}
    at_nodes = np.full(sum(SIZES), 2)
    at_nodes[data["v_roots"]] = data["y"]
    at_root = SPEC.replace(OVER, "cross_entropy(o[root], y[root])")
    once = at_root.replace("o[root]", "o").replace("o[v] = V @ h[v]", "o = V @ h[root]")
    for text in (at_root, once):
        of_nodes = program(text, n=4)
        examples = Examples(of_nodes.model, {**data, "y": at_nodes})
        assert evaluate(of_nodes, params, array_feed(of_nodes.model, examples, 3)) == score
        trained = rnndsl.train(of_nodes, {**data, "y": at_nodes}, params, epochs=1, validation=0.5)
        assert set(trained.history.metrics[0]) == {"accuracy"}


@pytest.mark.parametrize(
    "loss",
    [
        "sum[v](e[v])\ne[leaf] = 0\ne[v] = cross_entropy(o[v], y[v])",
        "sum[v](sum[u in v.children](cross_entropy(o[u], y[u])))",
        "sum[v](cross_entropy(o[v.left], y[v]))",
    ],
)
def test_what_scores_some_nodes_only_has_no_accuracy(loss: str) -> None:
    made, data = program(SPEC.replace(OVER, loss), n=4), arrays()
    feed = array_feed(made.model, Examples(made.model, data), 3)
    assert evaluate(made, made.init(), feed).accuracy is None


def test_trees_stand_beside_sequences_and_single_data() -> None:
    made, rng = program(WORDS), np.random.default_rng(5)
    children, roots = random_forest(rng, 3, SIZES)
    children = np.sort(children, axis=1)[:, ::-1]  # any number of children: -1 behind them
    ends = rng.integers(1, 6, len(SIZES))
    owner = rnndsl.Forest(children, roots).examples
    data = {
        "e": rng.normal(size=(5, len(SIZES), 4)), "c": rng.normal(size=(len(SIZES), 3)),
        "y": rng.normal(size=(len(SIZES), 3)), "p": rng.integers(0, ends[owner] + 1),
        "lengths_t": ends, "v_children": children, "v_roots": roots,
    }  # fmt: skip
    params = rnndsl.train(made, data, epochs=1, batch=2, validation=0).params
    feeds = [array_feed(made.model, Examples(made.model, data), batch) for batch in (2, 7)]
    some, whole = (predict(made, params, feed) for feed in feeds)
    for name, value in whole.items():
        np.testing.assert_allclose(some[name], value, rtol=1e-12)
    losses = [evaluate(made, params, feed).loss for feed in feeds]
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


def changed(**change: Any) -> Arrays:
    found = {**arrays(), **change}
    return {name: value for name, value in found.items() if value is not None}


def grown(node: int, place: int, child: int) -> Any:
    """The children of the first forest with one of them another."""
    children = arrays()["v_children"].copy()
    children[node, place] = child
    return children


ABOVE, SLOT = (int(item) for item in np.argwhere(arrays()["v_children"] >= 0)[0])
BELOW = int(arrays()["v_children"][ABOVE, SLOT])
INNER = int(np.flatnonzero((arrays()["v_children"] < 0).all(axis=1))[0])


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (changed(v_children=None), "RNN441", "the data hold no `v_children`: the trees over `v`"),
        (changed(v_children=None, v_roots=None), "RNN441", "hold no `v_children` and no `v_roots`"),
        (changed(x=np.ones((9, 4))), "RNN441", "`x` has 9 nodes, but the trees over `v` have 28"),
        (changed(x=np.float64(1)), "RNN441", "`x` has shape (); expected (nodes, …)"),
        (changed(lengths_v=np.ones(7, int)), "RNN441", "the data hold `lengths_v`"),
        (changed(v_roots=np.array([BELOW])), "RNN450", f"over `v`: node {BELOW} is the root of"),
        (changed(v_children=np.ones((28, 3), int)), "RNN450", "over `v`: `children` has 3 columns"),
        (changed(v_children=grown(INNER, 0, INNER)), "RNN450", f"node {INNER} has two parents"),
        (changed(v_children=grown(INNER, 1, 99)), "RNN450", f"`right` of node {INNER} is 99"),
        (changed(trees={"v": 1}), "RNN441", "`rnndsl.Forest` or (children, roots), not int"),
        (changed(trees=[1]), "RNN441", "`trees` is a dict, {'v': forest} say, not list"),
        (changed(trees={"w": ([[]], [0])}), "RNN441", "trees over `w`, and `tagged` has no such"),
        (changed(trees={"v": ([[]], [0])}), "RNN441", "over `v` are given twice: as `trees` and"),
    ],
)
def test_trees_that_do_not_fit(data: Arrays, code: str, words: str) -> None:
    with pytest.raises(DataError) as caught:
        rnndsl.train(program(), data)
    assert caught.value.code == code
    assert words in str(caught.value)


def test_slots_have_the_names_of_the_axis() -> None:
    data = arrays()
    forest = rnndsl.Forest(data.pop("v_children"), data.pop("v_roots"), slots=("right", "left"))
    with pytest.raises(DataError, match="the slots right, left, and `v` left, right"):
        rnndsl.train(program(), {**data, "trees": {"v": forest}})


def test_a_cycle_is_told_with_its_nodes() -> None:
    children, roots = np.array([[-1, -1], [2, -1], [1, -1]]), np.array([0])
    data = {"x": np.ones((3, 4)), "y": np.zeros(3, int), "v_children": children, "v_roots": roots}
    with pytest.raises(DataError, match=r"trees over `v`: node 1 is below itself: 1 -> 2 -> 1"):
        rnndsl.train(program(), data)


def test_a_fault_is_told_with_its_node_and_example() -> None:
    data = arrays()
    owner = rnndsl.Forest(data["v_children"], data["v_roots"]).examples
    node = int(np.flatnonzero((data["v_children"] < 0).all(axis=1) & (owner == 3))[0])
    spec = SPEC.replace("tanh(A", "tanh(sqrt(x[v][1]) * A").replace(
        "o[v] =", "h[leaf] = log(x[leaf][1]) * A @ x[leaf]\no[v] ="
    )
    data["x"][:, 1] = 1.0
    data["x"][node, 1] = -1.0
    for batch in (2, 7):
        with pytest.raises(DataError) as caught:
            rnndsl.train(program(spec), data, batch=batch, validation=0)
        said = f"h[leaf] = log(x[leaf][1]) * A @ x[leaf]` is nan at node {node} in example 3;"
        assert said in str(caught.value)
    inside = SPEC.replace("sum[v](", "0.1 * sum[v](log(x[v][1]) * ")
    with pytest.raises(DataError, match=f"`loss = .* is nan at node {node} in example 3;"):
        rnndsl.train(program(inside), data, batch=7, validation=0)
    data["x"][node, 1] = np.nan
    with pytest.raises(DataError, match=f"the data `x` hold nan at node {node} in example 3;"):
        rnndsl.train(program(), data, validation=0)


def test_memory_is_counted_by_nodes() -> None:
    made, data = program(n=4), arrays()
    assert Examples(made.model, data).extents() == {"v": 4}
    values = 7 * (4 * (4 + 1 + 3 + 3) + 1)  # a node's x, y, h and o, and the loss
    needed = 8 * (2 * values + 4 * 39)  # 39 parameters, gradients, two moments of Adam
    rnndsl.train(made, data, batch=7, epochs=1, validation=0, max_memory=needed)
    with pytest.raises(DataError, match="the values of one batch need at least") as caught:
        rnndsl.train(made, data, batch=7, epochs=1, validation=0, max_memory=needed - 1)
    assert caught.value.code == "RNN501"


def test_tokens_are_not_generated_over_trees() -> None:
    spec = SPEC.replace("o[v] =", "w[v] = teach(y[v], argmax(o[v]))\no[v] =")
    made = program(spec, n=4)
    with pytest.raises(DataError, match="`tagged` runs over the trees of `v`") as caught:
        rnndsl.generate(made, made.init(), x=np.ones((1, 4)), trees={"v": ([[-1, -1]], [0])})
    assert caught.value.code == "RNN444"
    spec = SPEC.replace("x[v]: n", "x[v]: token(k)").replace("A @ x[v]", "A[x[v]]")
    with pytest.raises(DataError, match=r"over the nodes of trees \(`v`\)"):
        rnndsl.train(program(spec), "abcabc")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("tagged.rnn").write_text(SPEC, encoding="utf-8")
    np.savez("a.npz", **arrays())
    return tmp_path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(item) for item in arguments])


def test_every_command_takes_trees(folder: Path) -> None:
    quick = ("--epochs", 2, "--batch", 3, "--dtype", "float64", "--seed", 1)
    result = run("train", "tagged.rnn", "--data", "a.npz", *quick)
    assert result.exit_code == 0, result.output
    wanted = rnndsl.train(program(n=4), arrays(), epochs=2, batch=3, seed=1)
    found = restore("tagged.safetensors")
    for name, value in wanted.params.items():
        np.testing.assert_array_equal(found.params[name], value)

    result = run("evaluate", "tagged.safetensors", "--data", "a.npz", "--batch", 2)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].endswith("over 7 examples")
    assert "% of 19 tokens" in result.stdout

    result = run("predict", "tagged.safetensors", "--data", "a.npz", "-o", "o.npz", "--batch", 2)
    assert result.exit_code == 0, result.output
    assert result.stdout == "o.npz: h (28, 3), h[root] (7, 3)\n"

    result = run("compile", "tagged.safetensors", "-o", "alone.py")
    assert result.exit_code == 0, result.output
    alone: dict[str, Any] = {"__name__": "alone"}
    exec(Path("alone.py").read_text(encoding="utf-8"), alone)
    data = arrays()
    trees = {"v": (data["v_children"], data["v_roots"])}
    outputs = alone["forward"](alone["trained"](), x=data["x"], trees=trees)
    with np.load("o.npz") as kept:
        np.testing.assert_allclose(outputs["h"], kept["h"], rtol=1e-12)

    result = run("generate", "tagged.safetensors", "--data", "a.npz")
    assert result.exit_code == 1
    assert "error[RNN444]: `tagged` runs over the trees of `v`" in result.stderr


def test_a_file_without_trees_is_refused(folder: Path) -> None:
    np.savez("b.npz", x=arrays()["x"], y=arrays()["y"])
    for arguments in (["b.npz"], ["a.npz", "--validation-data", "b.npz"]):
        result = run("train", "tagged.rnn", "--data", *arguments)
        assert result.exit_code == 1
        assert "error[RNN441]: the data hold no `v_children` and no `v_roots`" in result.stderr
        assert "(nodes, children: left, right)" in result.stderr


@pytest.mark.long
@pytest.mark.parametrize("name", list(MODELS))
def test_every_construct_is_trained_and_predicts(name: str, tmp_path: Path) -> None:
    model = parse(MODELS[name])
    sizes = small_sizes(model, {})
    made = compile_model(model, dtype="float64", **sizes)
    batch, file = random_batch(model, sizes, 0), tmp_path / "a.safetensors"
    data = {
        **batch.data,
        "trees": batch.trees,
        **{f"lengths_{a}": e for a, e in batch.lengths.items()},
    }
    options: Arrays = {"batch": 2, "validation": 0.34, "rate": 1e-3}
    straight = rnndsl.train(made, data, epochs=2, **options)
    rnndsl.train(made, data, epochs=1, **options, checkpoint=file)
    resumed = rnndsl.train(made, data, epochs=2, **options, checkpoint=file, resume=True)
    for key, value in straight.params.items():
        np.testing.assert_array_equal(resumed.params[key], value)
    assert resumed.history.validation == straight.history.validation
    feeds = [array_feed(model, Examples(model, data), count) for count in (1, 2, 3)]
    assert all(np.isfinite(evaluate(made, straight.params, feed).loss) for feed in feeds)
    one, two, whole = (predict(made, straight.params, feed) for feed in feeds)
    for key, value in whole.items() if name != "by_chance" else ():
        np.testing.assert_allclose(one[key], value, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(two[key], value, rtol=1e-10, atol=1e-12)
