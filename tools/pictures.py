"""The pictures of the documents, drawn anew from the models that stand there.

    python tools/pictures.py

A page that shows `pictures/NAME.svg` has the model in a block `rnn file=NAME.rnn`. The picture is
its folded graph; `NAME-3.svg` is unfolded over three steps, `NAME-tree.svg` over the tree that the
page names (`rnndsl draw NAME.rnn --tree "(a b)"`), and `NAME-backward.svg` (or
`NAME-3-backward.svg`) shows how gradients flow. Each picture says which drawing it was made from,
so that it can be told whether it is still the one, whichever Graphviz rendered it.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "pictures"
MODEL = re.compile(r"^```rnn file=(\w+)\.rnn\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"pictures/((\w+?)(?:-(\d+))?(-tree)?(-backward)?\.svg)\)")
TREE = r'rnndsl draw {}\.rnn --tree "([^"]+)"'
MARK = re.compile(r"<!-- drawn from ([0-9a-f]{64}) -->")
NOISE = re.compile(r"<!--.*?-->\n?|<\?xml.*?\?>\n?|<!DOCTYPE.*?>\n?", re.DOTALL)


@dataclass(frozen=True)
class Picture:
    """A picture of a page: its file, its model as text, what is drawn of it.

    `beside`: the models of the page, which it may use, by their names.
    """

    file: str
    text: str
    beside: dict[str, str]
    steps: int | None
    is_backward: bool
    tree: str | None = None

    def source(self) -> str:
        """The drawing as text in DOT."""
        from rnndsl.draw import draw
        from rnndsl.driver import parse

        with TemporaryDirectory() as folder:
            for name, text in self.beside.items():
                Path(folder, f"{name}.rnn").write_text(text, encoding="utf-8")
            model = parse(self.text, self.file.partition(".")[0].partition("-")[0], folder)
        return draw(model, self.steps, tree=self.tree, backward=self.is_backward).source


def pictures() -> Iterator[Picture]:
    """Every picture that a page shows, once; ValueError where its model does not stand there."""
    found: set[str] = set()
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        models = dict(MODEL.findall(text))
        for file, name, steps, over_tree, backward in SHOWN.findall(text):
            if name not in models:
                raise ValueError(f"{page.name} shows {file}, and has no `rnn file={name}.rnn`")
            if file not in found:
                found.add(file)
                number = int(steps) if steps else None
                tree = _tree(text, name, page) if over_tree else None
                yield Picture(file, models[name], models, number, bool(backward), tree)


def _tree(text: str, name: str, page: Path) -> str:
    """The tree that a page draws a model over; ValueError where it names none."""
    found = re.search(TREE.format(name), text)
    if found is None:
        raise ValueError(f"{page.name} shows {name} over a tree, and no command says which")
    return found[1]


def digest(source: str) -> str:
    """What a picture says of the drawing that it was made from."""
    return hashlib.sha256(source.encode("utf-8")).hexdigest()


def drawn_from(file: Path) -> str:
    """The digest that a picture carries; "" where it carries none."""
    found = MARK.search(file.read_text(encoding="utf-8"))
    return found[1] if found else ""


def main() -> None:
    """Draw what has changed, and take away what no page shows any more."""
    from rnndsl.draw.render import render

    FOLDER.mkdir(exist_ok=True)
    wanted = {picture.file: picture for picture in pictures()}
    for file, picture in wanted.items():
        path, source = FOLDER / file, picture.source()
        if not path.exists() or drawn_from(path) != digest(source):
            plain = NOISE.sub("", render(source, "svg").decode("utf-8"))
            path.write_text(f"<!-- drawn from {digest(source)} -->\n{plain}", encoding="utf-8")
            print(f"drawn: {path.relative_to(ROOT)}")
    for path in FOLDER.glob("*.svg"):
        if path.name not in wanted:
            path.unlink()
            print(f"no page shows it: {path.relative_to(ROOT)}")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
