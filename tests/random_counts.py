"""What a random model exercises: operations of its graphs, passes, clauses of its text.

`WANTED` names all there is for one sequence axis, `WANTED_SEVERAL` what comes with more. A clause
is a pattern that the text of a spec holds; a new one is a row of `CLAUSES` or of `SEVERAL`.
"""

from __future__ import annotations

import re

from rnndsl.graph.causality import Loop, loops, modes
from rnndsl.graph.lower import lower
from rnndsl.model.model import Model
from rnndsl.model.unroll import unroll_by_default
from rnndsl.ops.signatures import FUNCTIONS, OVER_AXIS
from rnndsl.ops.table import KIN, TABLE
from rnndsl.passes import PASSES
from rnndsl.plan.schedule import needed
from rnndsl.plan.stages import reachable
from tests.random_program import Plans
from tests.random_spec import Spec

DECLARED = {
    "vector at each position": r"[xy]\d+\[t\]: \w+(,|$)",
    "vector of an example": r"[xy]\d+: \w+(,|$)",
    "matrix": r"[xy]\d+\S*: \(\w.*?\)",
    "number": r"[xy]\d+\S*: \(\)",
    "token at each position": r"[xy]\d+\[t\]: token\(",
    "token of an example": r"[xy]\d+: token\(",
}
STARTS = {
    "a number": r"= 0\.3",
    "zeros": "= zeros",
    "ones": "= ones",
    "normal": r"= normal\(",
    "uniform": r"= uniform\(",
    "glorot": "= glorot",
    "orthogonal": "= orthogonal",
    "identity": "= identity",
    "nothing": r"W\d+: (\w+|\(\w.*?\))(,|$)",
    "no shape": r"W\d+(,| =|$)",
}
SHIFTS = ("-1", "-2", "-3", "-4", "-d", "-d-1", "-2*d", "+1", "+2", "+3", "+4", "+d", "+d+1")
ENDS = ("0", "-1", "-2", "-3", "1-d", "-d", "T+1", "T+2", "T+3", "T+d")
FIXED = ("1", "2", "3", "T", "T-1", "T-d", "d", "d+1", "0", "-1", "T+1", "T+2", "T+d", "-7")
READ = {
    "t": "t",
    "a shift": r"t[-+]\w.*?",
    "1": "1",
    "T": "T",
    "before the start": r"(0|-\d)",
    "after the end": r"T\+.*?",
    "a position looked up": r"[hx]\d+(\[.*?\])?",
}
CLAUSES: dict[str, str] = {
    "model with a title": r"^model \w+ \"",
    "model without a title": r"^model \w+$",
    "no model line": r"\A(?!model)",
    "axis": r"^axis t = 1\.\.T$",
    "no axis": r"\A(?!(.|\n)*^axis)",
    "size": r"^size (\w+, )*\w+(,|$)",
    "size with a default": r"^size .*\w = \d",
    "size from others": r"^size .*\w = [^,]*[a-z]",
    **{f"input: {word}": f"^input .*{item}" for word, item in DECLARED.items()},
    **{f"target: {word}": f"^target .*{item}" for word, item in DECLARED.items()},
    "input: position at each position": r"^input .*\[t\]: position\(t\)",
    "input: position of an example": r"^input .*x\d+: position\(t\)",
    **{f"param: {word}": f"^param .*{item}" for word, item in STARTS.items()},
    "const": r"^const ",
    "const from another": r"^const .*beta",
    "formula": r"^mix\(",
    "formula of a formula": r"^act\(",
    "equation over positions": r"^h\d+\[t\]",
    "equation of an example": r"^h\d+(:| =)",
    "annotated vector": r"^h\d+\S*: \w+ (\+ \w+ )?=",
    "annotated number": r"^h\d+\S*: \(\) =",
    "annotated matrix": r"^h\d+\S*: \(\w+.*?\) =",
    "annotated token": r"^h\d+\S*: token\(",
    "annotated position": r"^h\d+\S*: position\(",
    "no annotation": r"^h\d+(\[t\])? =",
    **{f"value at t{by}": rf"h\d+\[t{re.escape(by)}\]" for by in SHIFTS},
    **{f"data at t{by}": rf"[xy]\d+\[t{re.escape(by)}\]" for by in ("-1", "-d", "+1", "+d")},
    **{f"value at {at}": rf"= .*h\d+\[{re.escape(at)}\]" for at in FIXED},
    **{f"data at {at}": rf"= .*[xy]\d+\[{re.escape(at)}\]" for at in FIXED},
    "value at a position looked up": r"h\d+\[\(?[hx]\d+",
    "value at a position reckoned": r"h\d+\[\(?(T-t\+1|2\*t|t-2\*T|t % 3)",
    "value at an extreme": r"h\d+\[argmax\[t\]",
    **{f"boundary at {at}": rf"^h\d+\[{re.escape(at)}\] =" for at in ENDS},
    "boundary from a parameter": r"^h\d+\[[^t]*\] = .*W\d",
    "boundary from a boundary": r"^(h\d+)\[[^t]*\] = .*\1\[(0|-\d|1-d|-d|T\+\w)\]",
    "boundary that is a number": r"^h\d+\[[^t]*\] = [-\d.]+$",
    "row by a literal": r"\]?\[[012]\]",
    "row by a token": r"[\w)\]]\[[xyh]\d+(\[t\])?\]",
    "component by two indices": r"\[.+, 1\]",
    "index as a number": r"(t % |\bt \+ m)",
    "length as a number": r"(T % |/ T\b|T - d\))",
    "size as a number": r"1 / [nmkpds]\b",
    **{
        f"operator {sign.strip()}": re.escape(sign)
        for sign in (" + ", " - ", " * ", " / ", " % ", " ^ ", " @ ", " < ", " <= ", " > ", " >= ",
                     " == ", " != ", " and ", " or ", "not ")
    },
    "minus before": r"[=(,] -[\w(]",
    "parameter @ value": r"W\d+ @ [xyh]",
    "value @ parameter": r"[xyh]\d+(\[.*?\])? @ W",
    **{f"{name}()": rf"\b{name}\(" for name in FUNCTIONS},
    **{f"{name}[t]()": rf"\b{name}\[t\]\(" for name in OVER_AXIS},
    "one over positions in another": r"\[t\]\(.*\w\[t\]\(",
    "elementwise max": r"max\([^()]+, ",
    "teach of real values": r"^target .*: (\w+|\(.*?\))(,|$)(.|\n)*teach\(",
    "teach of tokens": r"teach\(y\d+(\[t[^\]]*\])?, (argmax|sample|where|[xh]\d|\d)",
    "dropout by a number": r"dropout\(.*, 0\.\d\)",
    "dropout by a value": r"dropout\(.*, 0\.5 \* sigmoid",
    "loss": r"^loss = ",
    "no loss": r"\A(?!(.|\n)*^loss)",
    **{
        f"output at {word}": rf"^output (.*, )?[hx]\d+\[{place}\](,|$)"
        for word, place in READ.items()
    },
    "output of an example": r"^output (.*, )?h\d+(,|$)",
    "no output": r"\A(?!(.|\n)*^output)",
    "clip norm": r"^clip norm 5$",
    "clip value": r"^clip value 0\.7$",
    "clip by a const": r"^clip norm alpha",
    "clip norm of parameters": r"^clip norm .*W\d",
    "clip value of parameters": r"^clip value .*W\d",
    "clip norm along a reference": r"^clip norm .* d h",
    "clip value along a reference": r"^clip value .* d h",
}  # fmt: skip
BEYOND = r"(0|-\w+|1-d|[TSL]\+\w+)"
SEVERAL: dict[str, str] = {
    "two sequence axes": r"\A(?=(.|\n)*^axis t)(?=(.|\n)*^axis i)",
    "two indices over one axis": r"^axis t, z =",
    "fixed axis": r"^axis l",
    "fixed axis of two indices": r"^axis l, r",
    "fixed axis alone": r"\A(?!(.|\n)*^axis [ti])",
    "fixed axis beside a sequence": r"\A(?=(.|\n)*^axis [ti])(?=(.|\n)*^axis l)",
    "three axes": r"\A(?=(.|\n)*^axis t)(?=(.|\n)*^axis i)(?=(.|\n)*^axis l)",
    "value over two axes": r"^h\d+\[\w,\w\]",
    "value over three": r"^h\d+\[\w,\w,\w\]",
    "value over one axis twice": r"^h\d+\[(\w,)?([tz],[tz]|[lr],[lr])",
    "data over two axes": r"^(input|target) .*\[\w,\w\]:",
    "data over one axis twice": r"^(input|target) .*\[([tz],[tz]|[lr],[lr])\]:",
    "data over a fixed axis": r"^(input|target) .*\[(\w,)?[lr]",
    "data at a fixed position of one axis": r"= .*[xy]\d+\[(\d,\w|\w,\d)\]",
    "positions of the second axis": r"position\(i\)",
    "positions of a fixed axis": r"position\(l\)",
    "parameter over a fixed axis": r"^param .*W\d+\[[lr]\]",
    "parameter over two": r"^param .*W\d+\[[lr],[lr]\]",
    "parameter beside its index": r"= .*W\d+\[(\w,)?[lr][-+]",
    "parameter at a position": r"= .*W\d+\[\d",
    "parameter at a computed position": r"= .*W\d+\[\(?(argmax|[xh]\d)",
    "shifts along both axes": r"= .*h\d+\[\w[-+]\w+,\w[-+]\w+\]",
    "a shift along the first of two": r"= .*h\d+\[\w[-+]\w+,\w\]",
    "a shift along the second of two": r"= .*h\d+\[\w,\w[-+]\w+\]",
    "indices that change places": r"= .*\w\d+\[(z,t|r,l)\]",
    "a diagonal": r"= .*\w\d+\[([tzilr]),\1\]",
    "a position of one axis, running along the other": r"= .*h\d+\[([TS1-3],\w|\w,[TS1-3])\]",
    "value at an extreme of one axis": r"h\d+\[(.*,)?argmax\[.*\]",
    "value at a position looked up": r"h\d+\[([^]]*,)?\(?x\d",
    "boundary along the first of two": rf"^h\d+\[{BEYOND},[a-z]\] =",
    "boundary along the second of two": rf"^h\d+\[[a-z],{BEYOND}\] =",
    "boundary at a corner": rf"^h\d+\[{BEYOND},{BEYOND}\] =",
    "boundary of a fixed axis": r"^h\d+\[(\w,)?L\+\w",
    "boundary from its own value": rf"^(h\d+)\[({BEYOND},[a-z]|[a-z],{BEYOND})\] = .*\1\[",
    "read at a corner": rf"= .*h\d+\[{BEYOND},{BEYOND}\]",
    **{f"{name}[i]()": rf"\b{name}\[[izlr]\]\(" for name in OVER_AXIS},
    "one axis inside another": r"\[i\]\(.*\w\[t\]\(",
    "the second index inside the first": r"\[t\]\(.*\w\[z\]\(",
    "index of the second axis as a number": r"(i % |\bi \+ m)",
    "length of the second axis as a number": r"(S % |/ S\b|S - d\))",
    "taught over two axes": r"teach\(y\d+\[[^],]+,[^],]+\]",
    "output over two axes": r"^output (.*, )?[hx]\d+\[[a-z],[a-z]\](,|$)",
    "output of two at a position of one": r"^output (.*, )?h\d+\[(\w,[TS1-3]|[TS1-3],\w)\]",
    "output at a corner": rf"^output (.*, )?h\d+\[{BEYOND},{BEYOND}\]",
    "clip along a reference of two": r"^clip .* d h\d+\[[^]]*,",
}
_PATTERNS = {name: re.compile(text, re.MULTILINE) for name, text in (CLAUSES | SEVERAL).items()}
RUNS = ("examples of different lengths", "examples of one length", "one example",
        "an example of length 1", "teacher", "free", "scheduled", "loop forwards",
        "loop backwards", "loops both ways", "loop of several equations")  # fmt: skip
WANTED = (
    *(f"operation {name}" for name in TABLE if name not in ("rename", *KIN)),
    *(f"pass {one.__name__}" for one in PASSES),
    *CLAUSES,
    *RUNS,
)
PLANE_RUNS = ("loop along t", "loop along i", "loop along one of several axes",
              "loop of values over different axes", "loop with a boundary that runs along",
              "teacher", "free", "loop backwards", "loops both ways")  # fmt: skip
WANTED_SEVERAL = (
    *(f"operation {name}" for name in ("rename", "gather", "at", "place", "scatter", "shift",
                                       "sum_over", "spread", "dropout", "sample", "pick")),
    *SEVERAL,
    *PLANE_RUNS,
)  # fmt: skip


def exercised(spec: Spec, plans: Plans) -> set[str]:
    """What of `WANTED` a spec has, from its text and the plans that it was compiled by."""
    text, model = spec.text(), plans.model
    found = {name for name, pattern in _PATTERNS.items() if pattern.search(text)}
    for plan in plans.known.values():
        found |= {f"operation {node.op}" for node in reachable(plan.stages)}
    return found | _passes(model) | _runs(spec, model)


def _passes(model: Model) -> set[str]:
    """The passes that change what is computed in the first mode of a model."""
    forward, found = lower(model, modes(model)[0]), set[str]()
    for transform in PASSES:
        targets = [*forward.outputs.values(), *([forward.loss] if forward.loss else [])]
        before = {(node, *node.inputs) for node in needed(targets)}
        forward = transform(forward)
        targets = [*forward.outputs.values(), *([forward.loss] if forward.loss else [])]
        if {(node, *node.inputs) for node in needed(targets)} != before:
            found.add(f"pass {transform.__name__}")
    return found


def _runs(spec: Spec, model: Model) -> set[str]:
    """How a model is run, and how its loops run."""
    lengths = spec.lengths
    found = {"examples of different lengths" if len({*lengths}) > 1 else "examples of one length"}
    found |= {"one example"} if len(lengths) == 1 else set()
    found |= {"an example of length 1"} if 1 in lengths else set()
    found |= {*modes(model)} if len(modes(model)) > 1 else set()
    found_loops = loops(model, modes(model)[-1])
    steps = [loop.step for loop in found_loops]
    found |= {"loop forwards"} if 1 in steps else set()
    found |= {"loop backwards"} if -1 in steps else set()
    found |= {"loops both ways"} if {1, -1} <= {*steps} else set()
    if any(len(loop.names) > 1 for loop in found_loops):
        found.add("loop of several equations")
    return found.union(*(_loop_runs(model, loop) for loop in found_loops))


def _loop_runs(model: Model, loop: Loop) -> set[str]:
    """How one loop runs, where there are several axes."""
    model = unroll_by_default(model)
    equations = [model.equations[name] for name in loop.names]
    found = {f"loop along {loop.axis}"}
    if any(len(equation.axes) > 1 for equation in equations):
        found.add("loop along one of several axes")
    if len({equation.axes for equation in equations}) > 1:
        found.add("loop of values over different axes")
    pairs = zip(equations, loop.indices, strict=True)
    slots = [(equation, equation.indices.index(index)) for equation, index in pairs]
    if any(bound.places[slot].is_here for one, slot in slots for bound in one.boundaries):
        found.add("loop with a boundary that runs along")
    return found
