"""A first model: from equations to pictures, code, a trained network and a sample of its text.

    python3 examples/first_model.py

makes a virtual environment in `.venv` with all that is needed, takes the equations from
`specs/char_lstm.rnn`, and leaves what it makes in the folder `first-model`. The text is English
that every Python carries: the help pages of the language.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools import environment  # noqa: E402

if TYPE_CHECKING:
    from rnndsl.runtime.steps import Progress

SPEC = ROOT / "specs" / "char_lstm.rnn"
FOLDER = ROOT / "first-model"
SECONDS = 60
LINES = 12
MADE = {
    "folded.svg": "the model as a graph, a delay on every edge that goes back in time",
    "unfolded.svg": "the same over three steps",
    "char_lstm.py": "forward and gradient code: NumPy and nothing else",
    "char_lstm.safetensors": "the trained weights: `rnndsl generate` writes more with them",
    "loss.svg": "the falling loss",
}


def help_pages() -> str:
    """The help pages of this Python, one after the other."""
    from pydoc_data.topics import topics

    return "\n\n".join(topics[name].strip() for name in sorted(topics))


class Report:
    """Prints a line for every twelfth of the training."""

    def __init__(self) -> None:
        self.said = -1

    def __call__(self, progress: Progress) -> None:
        """Take notice of a step."""
        if int(progress.fraction * LINES) > self.said:
            self.said = int(progress.fraction * LINES)
            history = progress.history
            print(
                f"  {history.seconds:5.1f} s   loss {history.recent():.3f}   "
                f"{history.speed:9,.0f} characters/s",
                flush=True,
            )


def main() -> None:
    """Everything, in the order in which one would do it by hand."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the products of one step are small
    import rnndsl

    FOLDER.mkdir(exist_ok=True)
    print(f"\nThe equations, {SPEC.relative_to(ROOT)}:\n\n{SPEC.read_text(encoding='utf-8')}")

    model = rnndsl.load(SPEC)
    for kind in ("svg", "png"):
        model.draw().save(FOLDER / f"folded.{kind}")
        model.draw(unfold=3).save(FOLDER / f"unfolded.{kind}")

    program = model.compile(optimize=2)
    (FOLDER / "char_lstm.py").write_text(program.source, encoding="utf-8")

    text = rnndsl.Text(help_pages())
    size = len(text.tokens)
    print(f"Training for {SECONDS} s on {size:,} characters of English; loss in nats each:\n")
    trained = rnndsl.train(
        program, text, seconds=SECONDS, epochs=10_000, batch=16, rate=0.01, report=Report()
    )
    rnndsl.save(FOLDER / "char_lstm.safetensors", program, trained.params, text.alphabet)
    for kind in ("svg", "png"):
        rnndsl.save_curve(
            FOLDER / f"loss.{kind}", trained.history, f"{model.name}: nats a character"
        )

    _, loss = trained.history.validation[-1]
    print(f"\nOn the tenth of the text that it did not learn from: loss {loss:.3f}")
    sample = rnndsl.generate(
        program, trained.params, text.alphabet, prompt="The ", length=500, temperature=0.5
    )
    print(f"\nWhat it writes now:\n\n{sample}\n")

    print(f"In {FOLDER}:\n")
    for path in sorted(FOLDER.iterdir()):
        print(f"  {path.name:<22} {MADE.get(path.name, '')}".rstrip())


if __name__ == "__main__":
    environment.enter("plot", "viz")
    main()
