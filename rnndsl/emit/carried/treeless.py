"""What a model without trees makes of them."""

from rnndsl.emit.carried.tables import NAME

# --8<-- copied from here on


def _forests(trees):
    """No trees: the model has none."""
    if trees:
        raise ValueError(f"{NAME} has no trees")
    return {}


def _random_forests(rng, examples):
    return {}
