"""The first and last lines of a stage function: what it takes out of what it is given."""

from __future__ import annotations

from collections.abc import Iterator

from rnndsl.emit.body import Body

RUN = ("B", "state", "seed", "forcing", "training", "scale", "work")
_KEYS = {"B": "examples"}


def head(body: Body) -> list[str]:
    """Everything that a body uses, taken out of what the function is given."""
    context, lines = body.context, list[str]()
    model = context.model
    for what, names in (("params", model.params), ("data", model.data)):
        shown = [(name, context.shown(name)) for name in names]
        lines += _taken([(s, f'{what}["{n}"]') for n, s in shown if s in body.used])
    sizes = [(context.shown(n), f'sizes["{n}"]') for n in model.sizes if n in body.sizes]
    if sizes:
        lines.append('sizes = run["sizes"]')
    lines += _taken(sizes)
    for axis in model.axes:
        if model.axes[axis].is_tree:
            lines += _of_tree(body, axis)
            continue
        lines += _taken([(name, text) for name, text in _of_axis(body, axis) if name in body.used])
    lines += _taken([(n, f'run["{_KEYS.get(n, n)}"]') for n in RUN if n in body.used])
    if "examples" in body.used:
        lines.append('examples = np.arange(run["examples"])')
    lines += _taken([(name, f'kept["{name}"]') for name in sorted(body.imports)])
    return lines


def _of_tree(body: Body, axis: str) -> list[str]:
    """The tables of a tree."""
    known = body.context.names.given_with(("tree", axis))
    pairs = [(name, f'{axis}_tree["{key}"]') for key, name in known if name in body.used]
    return [f'{axis}_tree = run["trees"]["{axis}"]', *_taken(pairs)] if pairs else []


def _of_axis(body: Body, axis: str) -> Iterator[tuple[str, str]]:
    """What there is for an axis: how many positions in all, for each example, and where."""
    context = body.context
    names = (context.length(axis), context.lengths(axis), context.live(axis))
    for name, key in zip(names, ("extents", "lengths", "live"), strict=True):
        yield name, f'run["{key}"]["{axis}"]'


def _taken(pairs: list[tuple[str, str]]) -> list[str]:
    """`a, b = x["a"], x["b"]`, as many to a line as there is room."""
    lines: list[str] = []
    some: list[tuple[str, str]] = []
    for pair in pairs:
        if some and len(_taking([*some, pair])) > 92:
            lines.append(_taking(some))
            some = []
        some.append(pair)
    return [*lines, _taking(some)] if some else lines


def _taking(pairs: list[tuple[str, str]]) -> str:
    return f"{', '.join(a for a, _ in pairs)} = {', '.join(b for _, b in pairs)}"


def wrapped(lines: list[str], name: str) -> list[str]:
    """A dict over several lines where one would be too long."""
    one = f"{name} = {{{', '.join(lines)}}}"
    if len(one) <= 96:
        return [one]
    return [f"{name} = {{", *(f"    {line}," for line in lines), "}"]
