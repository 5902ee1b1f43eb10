"""The names that a generated module defines for its model; here only so that they are known."""

import numpy as np

DTYPE = np.float64
NAME, CLIPS = "", ()
AXES, FIXED, UNROLLED, TREES = {}, {}, {}, {}
SIZES, PARAMS, DATA, STATE, OUTPUTS = {}, {}, {}, {}, {}
STAGES, NEEDS = {}, {}


def _derived(sizes):
    return sizes


def _shapes(sizes):
    return {}


def _data_shapes(sizes):
    return {}


def _token_sizes(sizes):
    return {}


def _state_shapes(sizes):
    return {}
