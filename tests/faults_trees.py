"""Faults planted where trees are compiled."""

from __future__ import annotations

from tests.faults import Fault


def over_trees(name: str, form: str = "ragged") -> str:
    """The test that holds a model over a forest of some form against the interpreter."""
    return f"tests/test_trees.py::test_every_construct[{form}-{name}]"


TREES = {
    "children come after their parent": Fault(
        "rnndsl/plan/schedule.py",
        "1 if node.op in UP else -1",
        "-1 if node.op in UP else 1",
        over_trees("recursive"),
    ),
    "what a child sends back goes to its sibling": Fault(
        "rnndsl/emit/carried/forests.py",
        "np.where(slot[order] == place, parents, nodes)",
        "np.where(slot[order] != place, parents, nodes)",
        over_trees("everywhere"),
    ),
    "a missing child is the first node": Fault(
        "rnndsl/emit/carried/forests.py",
        "rank[order], rank[-1] = np.arange(nodes), nodes",
        "rank[order], rank[-1] = np.arange(nodes), 0",
        over_trees("everywhere", "chain"),
    ),
    "nodes of one height belong to the first example": Fault(
        "rnndsl/emit/carried/forests.py",
        'owner[at] = np.where(forest["is_root"][at], owner[at], own)',
        'owner[at] = np.where(forest["is_root"][at], owner[at], 0)',
        over_trees("a_context"),
    ),
    "outputs come in the order of heights": Fault(
        "rnndsl/emit/handing.py",
        "return f\"{code.at(ATOM)}[{body.table(node.family, 'rank')}]\"",
        "return str(code)",
        over_trees("everywhere"),
    ),
    "gradients of inputs come in the order of heights": Fault(
        "rnndsl/emit/handing.py",
        "{body.code_of(gradient).at(ATOM)}[{body.table(data.family, 'rank')}]",
        "{body.code_of(gradient)}",
        "tests/test_generated_trees.py::test_numbers_of_nodes_mean_nothing[everywhere]",
    ),
    "the root has no equation of its own": Fault(
        "rnndsl/graph/nodes.py",
        'if "root" in ends:\n            found = self._with_root(equation, found)',
        'if "root" in ends and not axis:\n            found = self._with_root(equation, found)',
        over_trees("top_down"),
    ),
    "the root's equation loses its gradient": Fault(
        "rnndsl/graph/nodes.py",
        "at_root = self.b.lifted(self._at_root(equation), family)",
        "at_root = self.b.lifted(self._at_root(equation), family) + 0 * found - 0 * found\n"
        "        at_root = self.b.where(is_root, at_root, 0) * 0.5",
        over_trees("leaf_and_root"),
    ),
    "an adjoint is lost where leaves are padded": Fault(
        "rnndsl/emit/carried/kin.py",
        "result[before : before + len(x)] = x",
        "result[: len(x)] = x",
        over_trees("leaf_and_root"),
    ),
    "the sum over children takes one too few": Fault(
        "rnndsl/emit/carried/kin.py",
        "np.add.reduceat(x, starts[leaves:], axis=0, out=result[leaves:])",
        "np.add.reduceat(x[:-1], np.minimum(starts[leaves:], len(x) - 2), axis=0,\n"
        "                        out=result[leaves:])",
        over_trees("child_sum", "star"),
    ),
    "the last of equal children takes the gradient": Fault(
        "rnndsl/emit/carried/kin.py",
        "is_first = hits & (before == np.repeat(before[starts], counts, axis=0))",
        "is_first = hits & (before > np.repeat(before[starts], counts, axis=0))",
        over_trees("extremes"),
    ),
    "what all nodes send to an example is not summed": Fault(
        "rnndsl/graph/lifting.py",
        'return self.tree("sum_nodes", (node,), "")',
        'return self.tree("at_root", (node,), "")',
        "tests/test_generated_trees.py"
        "::test_nodes_without_a_position_read_what_stands_before_the_first",
    ),
    "a loop begins above leaves that it computes": Fault(
        "rnndsl/emit/heights.py",
        "if node in self.stage.targets or node in self.stage.exports:",
        "if False:",
        "tests/test_random_trees.py::test_what_once_failed"
        "[(5, 1, 2)-leaves_of_what_comes_from_above]",
    ),
}
