"""The page of the gallery, written anew from the specs: docs/gallery.md and its pictures.

    python tools/gallery.py

For each spec: what is special about it (the comment at its head), its equations in LaTeX, its
folded and its unfolded picture, and the commands that make them. Each picture says which drawing
it was made from, as those of `tools/pictures.py` do; only what has changed is drawn.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "gallery.md"
FOLDER = ROOT / "docs" / "gallery"
LONG = re.compile(r"-?\d+\.\d\d+")
STEPS = 3
TREE = "((the cat) (sat down))"
HEADINGS = {
    "Systems and states": ["dynamical_system", "driven_system"],
    "Recurrence and outputs": [
        "elman", "output_recurrence", "teacher_forcing", "hidden_and_output", "sequence_to_one",
        "bidirectional",
    ],
    "Context": ["context_input", "context_start", "context_both", "vector_to_sequence"],
    "From sequence to sequence": ["encoder_decoder", "attention", "pointer"],
    "Depth": [
        "deep_states", "deep_layers", "deep_skip", "lstm_stacked", "lstm_by_use",
        "gru_bidirectional",
    ],
    "Long time scales": [
        "skip_through_time", "removed_connections", "leaky_fixed", "leaky_learned", "clockwork",
        "irnn",
    ],
    "Gates": [
        "lstm", "lstm_1997", "lstm_peephole", "lstm_coupled", "lstm_layer_norm", "gru",
        "gru_usual", "gru_reset_after", "minimal_gated", "min_gru",
    ],
    "Trees": [
        "recursive_network", "tree_lstm_binary", "tree_lstm_child_sum", "tree_top_down",
        "tree_over_bidirectional",
    ],
    "Text": ["char_lstm", "char_gru", "language_model"],
    "Attention and memory": [
        "self_attention", "memory_network", "memory_network_untied", "ntm", "ntm_lstm",
        "ntm_two_heads", "ntm_two_heads_lstm",
    ],
}  # fmt: skip
OPENING = """\
# The gallery

Every spec that comes along, with its equations, its folded graph and the same unfolded over three
positions, or over a tree. In the folded graph a black square says how many steps an edge waits, a
blue one which node is read. `rnndsl specs` lists them; `rnndsl new mine.rnn --from lstm` starts a
model of yours from one. This page is written by `python tools/gallery.py`.

"""


@dataclass(frozen=True)
class Picture:
    """A picture of a spec, folded where there are no `steps`; over a tree if the spec is."""

    name: str
    steps: int | None

    @property
    def tree(self) -> str | None:
        """The tree that it is unfolded over."""
        return TREE if self.steps and is_over_tree(self.name) else None

    @property
    def path(self) -> Path:
        """Its file."""
        ending = "tree" if self.tree else self.steps
        return FOLDER / (f"{self.name}-{ending}.svg" if ending else f"{self.name}.svg")

    def source(self) -> str:
        """The drawing as text in DOT."""
        from rnndsl.draw import draw
        from rnndsl.driver import load
        from rnndsl.gallery import specs

        return draw(load(specs()[self.name]), self.steps, tree=self.tree).source


def is_over_tree(name: str) -> bool:
    """Whether a spec runs over a tree."""
    from rnndsl.driver import load
    from rnndsl.gallery import specs

    return any(axis.is_tree for axis in load(specs()[name]).axes.values())


def pictures() -> Iterator[Picture]:
    """Two of every spec."""
    for names in HEADINGS.values():
        for name in names:
            yield Picture(name, None)
            yield Picture(name, STEPS)


def page() -> str:
    """The page's text; ValueError where a spec is under no heading."""
    from rnndsl.gallery import specs

    listed = [name for names in HEADINGS.values() for name in names]
    if sorted(listed) != sorted(specs()):
        apart = sorted({*listed} ^ {*specs()})
        raise ValueError(f"HEADINGS and the folder of specs differ: {', '.join(apart)}")
    return OPENING + "\n".join(_parts())


def _parts() -> Iterator[str]:
    for heading, names in HEADINGS.items():
        links = ", ".join(f"[{name}](#{name})" for name in names)
        yield f"- {heading}: {links}"
    for heading, names in HEADINGS.items():
        yield f"\n## {heading}"
        for name in names:
            yield _part(name)


def _part(name: str) -> str:
    """What is told of one spec."""
    from rnndsl.driver import load
    from rnndsl.gallery import specs
    from tools.latex import latex

    model = load(specs()[name])
    folded, unfolded = (Picture(name, steps) for steps in (None, STEPS))
    over, option = f"{STEPS} positions", f"--unfold {STEPS}"
    if unfolded.tree:
        over, option = "a tree", f'--tree "{unfolded.tree}"'
    return f"""
### {name}

**{model.title}**

{_comment(specs()[name].read_text(encoding="utf-8"))}

```math
{latex(model)}
```

![{name}, folded](gallery/{folded.path.name})

![{name}, unfolded over {over}](gallery/{unfolded.path.name})

The spec is [specs/{name}.rnn](../specs/{name}.rnn); `rnndsl draw specs/{name}.rnn` and
`rnndsl draw specs/{name}.rnn {option}` draw it, and `rnndsl explain specs/{name}.rnn`
tells its loops."""


def _comment(text: str) -> str:
    """The comment at the head of a spec, as it is broken there."""
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return "\n".join(lines)


def main() -> None:
    """Write the page, draw what has changed, take away what it does not show."""
    from rnndsl.draw.render import render
    from tools.pictures import NOISE, digest, drawn_from

    FOLDER.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
    shown = {picture.path: picture for picture in pictures()}
    for path, picture in shown.items():
        source = picture.source()
        if not path.exists() or drawn_from(path) != digest(source):
            plain = NOISE.sub("", render(source, "svg").decode("utf-8"))
            small = LONG.sub(lambda found: f"{float(found[0]):.1f}", plain)
            path.write_text(f"<!-- drawn from {digest(source)} -->\n{small}", encoding="utf-8")
            print(f"drawn: {path.relative_to(ROOT)}")
    for path in FOLDER.iterdir():
        if path not in shown:
            path.unlink()
            print(f"not shown: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
