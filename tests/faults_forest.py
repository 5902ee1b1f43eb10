"""Faults planted where forests are made and picked from."""

from __future__ import annotations

from tests.faults import Fault

FORESTS = {
    "children stand in reverse": Fault(
        "rnndsl/forest/grow.py",
        "for child in reversed(below):",
        "for child in below:",
        "tests/test_forest.py::test_tuples_are_meant_as_they_stand",
    ),
    "forests with other labels are equal": Fault(
        "rnndsl/forest/forest.py",
        "and self.labels == other.labels",
        "and len(self.labels) == len(other.labels)",
        "tests/test_forest.py::test_equality_is_that_of_texts_and_slots",
    ),
    "the nodes taken are told in another order": Fault(
        "rnndsl/forest/forest.py",
        "labels, self.slots), taken",
        "labels, self.slots), np.sort(taken)",
        "tests/test_forest.py::test_selection",
    ),
    "a forest may be changed from outside": Fault(
        "rnndsl/forest/check.py",
        "own = array.astype(np.int64)",
        "own = np.asarray(array, np.int64).view()",
        "tests/test_forest.py::test_the_arrays_are_its_own",
    ),
    "a label is lost where it stands before a bracket": Fault(
        "rnndsl/forest/grow.py",
        'growth.add(token["label"] or token["leaf"], parent)',
        'growth.add(token["leaf"], parent)',
        "tests/test_forest.py::test_a_text_by_hand",
    ),
}
