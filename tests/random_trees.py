"""Random models over trees, as text: loops up and down, leaves, roots, children, words below."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

SLOTS = (("left", "right"), ("left", "right"), ("a", "b", "c"), ())
SHAPES = ("", "m", "m", "m", "k", "n")
SQUASH = ("tanh({})", "sigmoid({})", "softsign({})", "clamp({}, -1, 1)", "0.5 * tanh({}) + 0.1")
UNARY = (
    "tanh({})", "sigmoid({})", "{} ^ 2", "abs({})", "relu({})", "-{}", "exp(-{} ^ 2)",
    "log(1 + {} ^ 2)", "softplus({})", "({} / 3)",
)  # fmt: skip
BINARY = ("{} + {}", "{} - {}", "{} * {}", "max({}, {})", "min({}, {})", "{} / (1 + abs({}))")
OVER = ("sum", "sum", "mean", "max", "min", "logsumexp")


@dataclass
class TreeSpec:
    """A model over a tree, and how it is run."""

    text: str
    lengths: tuple[int, ...]
    sizes: dict[str, int]
    used: set[str] = field(default_factory=set)
    """What it has of the language's means for trees."""


class _Writer:
    """Writes one model."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(f"tree {seed}")
        self.slots = self.rng.choice(SLOTS)
        self.has_words = self.rng.random() < 0.35
        self.values: list[tuple[str, str]] = []
        self.used: set[str] = set()
        self.params: dict[str, str] = {}
        self.lines: list[str] = []
        self.child = False

    def write(self) -> str:
        rng = self.rng
        if self.has_words:
            self.lines += ["f[t]: m = tanh(A @ e[t] + B @ f[t-1])", "f[0] = 0.3 * f0"]
            self.params.update({"A": "(m, n)", "B": "(m, m)", "f0": "m"})
        for number in range(rng.choice((1, 2, 2, 3))):
            getattr(self, rng.choice(("_up", "_up", "_down", "_map", "_example")))(f"h{number}")
        terms = [self._scored(*value) for value in self.values] or ["mean[v](sum(x[v]))"]
        loss = " + ".join(terms)
        return "\n".join([*self._head(), *self.lines, f"loss = {loss}", *self._outputs(), ""])

    # Values

    def _up(self, name: str) -> None:
        """A recurrence from the leaves up, of one value or of two."""
        self._loop(name, self._below)

    def _down(self, name: str) -> None:
        """A recurrence from the root down."""
        self.used.add("down")
        self._loop(name, lambda item, shape: f"{item}[v.parent]")

    def _loop(self, name: str, past) -> None:  # type: ignore[no-untyped-def]
        rng = self.rng
        shape = rng.choice(("m", "m", "k"))
        names = [name, f"{name}b"][: rng.choice((1, 1, 2))]
        for number, item in enumerate(names):
            other = names[rng.randrange(len(names))]
            read = past(other, shape)
            if rng.random() < 0.5:
                read = f"{self._param(f'({shape}, {shape})')} @ {read}"
            now = f" + 0.3 * {names[0]}[v]" if number else ""
            fresh = self._real(shape, 2)
            squash = rng.choice(SQUASH).format(f"0.7 * {read} + {fresh}{now}")
            self.lines.append(f"{item}[v]: {shape} = {squash}")
            self._ends(item, shape)
        self.values += [(item, shape) for item in names]

    def _below(self, item: str, shape: str) -> str:
        """What a node reads of its children."""
        rng = self.rng
        if self.slots and rng.random() < 0.7:
            self.used.add("slot")
            step = rng.choice(self.slots)
            more = f".{rng.choice(self.slots)}" if rng.random() < 0.15 else ""
            return f"{item}[v.{step}{more}]"
        word = rng.choice(OVER[:-1])
        self.used.add(f"{word} over children")
        body = rng.choice((f"{item}[u]", f"{item}[u] * {self._among(shape)}",
                           f"tanh({item}[u] + {self._among(shape)})"))  # fmt: skip
        return f"{word}[u in v.children]({body})"

    def _among(self, shape: str) -> str:
        """Something read at a child, at its parent, or of the example."""
        self.child = True
        found = self._real(shape, 1)
        self.child = False
        return found

    def _ends(self, item: str, shape: str) -> None:
        """Equations for leaves and the root."""
        rng = self.rng
        if rng.random() < 0.4:
            self.used.add("leaf")
            read = self._at("[leaf]", shape)
            self.lines.append(f"{item}[leaf] = {rng.choice(UNARY).format(read)}")
        if rng.random() < 0.3:
            self.used.add("root")
            self.lines.append(
                f"{item}[root] = {rng.choice(UNARY).format(self._at('[root]', shape))}"
            )

    def _map(self, name: str) -> None:
        shape = self.rng.choice(SHAPES)
        self.lines.append(f"{name}[v]: {shape or '()'} = {self._real(shape, 3)}")
        if self.rng.random() < 0.3:
            self._ends(name, shape)
        self.values.append((name, shape))

    def _example(self, name: str) -> None:
        """One value an example, of all nodes."""
        shape, word = self.rng.choice(("m", "")), self.rng.choice(OVER)
        self.used.add(f"{word} over nodes")
        self.lines.append(f"{name}: {shape or '()'} = tanh({word}[v]({self._real(shape, 2)}))")
        self.params.setdefault(f"example {name}", shape)

    # Expressions

    def _real(self, shape: str, depth: int) -> str:
        rng = self.rng
        if depth == 0 or rng.random() < 0.25:
            return self._leaf(shape)
        roll = rng.random()
        if roll < 0.35:
            return f"({rng.choice(UNARY).format(self._real(shape, depth - 1))})"
        if roll < 0.7:
            parts = self._real(shape, depth - 1), self._real(shape, depth - 1)
            return f"({rng.choice(BINARY).format(*parts)})"
        if roll < 0.8:
            test = f"{self._leaf('')} > {self._leaf('')}"
            yes, no = self._real(shape, depth - 1), self._real(shape, depth - 1)
            return f"where({test}, {yes}, {no})"
        if roll < 0.9 and shape:
            other = rng.choice(("m", "k"))
            matrix = self._param(f"({shape}, {other})")
            return f"({matrix} @ {self._real(other, depth - 1)})"
        if not shape:
            return f"sum({self._real(rng.choice(('m', 'k')), depth - 1)})"
        return f"({self._real('', depth - 1)} * {self._real(shape, depth - 1)})"

    def _leaf(self, shape: str) -> str:
        rng = self.rng
        if rng.random() < 0.2:
            return self._param(shape or "()")
        if self.child:
            return self._at(rng.choice(("[u]", "[u]", "[v]", "[root]")), shape)
        places = ["[v]", "[v]", "[v]", "[v.parent]", "[root]"]
        places += [f"[v.{slot}]" for slot in self.slots]
        return self._at(rng.choice(places), shape)

    def _at(self, place: str, shape: str) -> str:
        """Data, or a value that is there already, at a place."""
        rng = self.rng
        known = [name for name, own in self.values if own == shape]
        found = [f"{name}{place}" for name in known]
        found += {"m": ["x{}", "E[w{}]"], "k": ["y{}"], "n": ["z{}"], "": ["c{}"]}[shape]
        found += [key[8:] for key, own in self.params.items()
                  if key.startswith("example ") and own == shape]  # fmt: skip
        if shape == "m" and self.has_words:
            found += ["f[p{}]", "f[T]"]
        choice = rng.choice(found).format(place)
        if choice.startswith("f[p"):
            self.used.add("words")
        return choice

    def _param(self, shape: str) -> str:
        known = [name for name, own in self.params.items() if own == shape and " " not in name]
        if known and self.rng.random() < 0.5:
            return self.rng.choice(known)
        name = f"W{len(self.params)}"
        self.params[name] = shape
        return name

    def _scored(self, name: str, shape: str) -> str:
        rng, word = self.rng, self.rng.choice(OVER)
        self.used.add(f"{word} over nodes")
        inner = f"sum({name}[v] * {name}[v])" if shape else f"{name}[v] ^ 2"
        if rng.random() < 0.2:
            return f"sum({name}[root])" if shape else f"{name}[root]"
        if rng.random() < 0.15:
            self.used.add("softmax over nodes")
            score = f"sum({name}[v])" if shape else f"{name}[v]"
            return f"sum[v](softmax[v]({score}) * {inner})"
        return f"{word}[v]({inner})"

    def _outputs(self) -> list[str]:
        """Some outputs: over nodes, at the root, at a child."""
        rng = self.rng
        places = ["", "[v]", "[root]", "[v.parent]", *[f"[v.{slot}]" for slot in self.slots]]
        found = {f"{name}{rng.choice(places[1:])}" for name, _ in self.values}
        found |= {key[8:] for key in self.params if key.startswith("example ")}
        return [f"output {', '.join(sorted(found))}"] if found else []

    def _head(self) -> list[str]:
        slots = f"({', '.join(self.slots)})" if self.slots else ""
        params = [f"{name}: {shape}" for name, shape in self.params.items() if " " not in name]
        lines = [f"axis v in tree{slots}", "size n, m, k, d"]
        lines += ["input x[v]: m, y[v]: k, z[v]: n, c[v]: (), w[v]: token(d)"]
        if self.has_words:
            lines[:0] = ["axis t = 1..T"]
            lines += ["input e[t]: n, p[v]: position(t)"]
        return [*lines, f"param {', '.join(['E: (d, m)', *params])}"]


def random_tree_spec(seed: int) -> TreeSpec:
    """The model of a seed."""
    writer = _Writer(seed)
    text = writer.write()
    lengths = writer.rng.choice(((6, 1, 4, 2), (5, 2, 7), (1,), (9,), (1, 1, 1), (3, 8)))
    sizes = dict(zip("nmkd", writer.rng.sample(range(1, 8), 4), strict=True))
    return TreeSpec(text, lengths, sizes, writer.used)
