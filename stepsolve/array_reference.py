"""What `explain` prints of an operation on arrays: its notation, and the gradient of each argument."""

from __future__ import annotations

from textwrap import fill
from typing import Final

from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Name, Number
from stepsolve.notation.unicode import one_line
from stepsolve.operations.array_operation import ArrayOperation, Dims, size_words
from stepsolve.operations.operation import parameters
from stepsolve.render.layout import side
from stepsolve.source.expression import parse

# sizes and whole numbers of an example that shows every part of the gradient
_SIZES: Final[dict[str, tuple[Dims, ...]]] = {
    "@": ((2, 3), (3, 4)),
    "outer": ((2,), (3,)),
    "concat": ((2,), (3,)),
    "stack": ((3,), (3,)),
    "standardize": ((3,), ()),
    "correlate": ((6,), (3,)),
    "correlate_transposed": ((4,), (3,)),
    "correlate_kernel": ((6,), (4,)),
    "windows": ((5,),),
    "overlap_add": ((3, 3), (5,)),
    "pad": ((3,),),
    "flip": ((3,),),
    "banded": ((3,),),
}
_WHOLE: Final[dict[str, tuple[int, ...]]] = {
    "reshape": (3, 2),
    "zeros": (2, 3),
    "ones": (3,),
    "eye": (3,),
    "one_hot": (2, 5),
    "correlate_transposed": (6,),
    "correlate_kernel": (3,),
    "windows": (3,),
    "overlap_add": (3,),
    "pad": (1, 2),
    "banded": (5,),
}


def explained(row: ArrayOperation) -> str:
    """The page of a row."""
    whole = _WHOLE.get(row.name, ())
    count = row.arity[0] if row.whole is None else row.whole
    alike: tuple[Dims, ...] = ((3,), (3,)) if count == 2 else ((2, 3),) * count
    shapes = _SIZES.get(row.name, alike)
    names = parameters(len(shapes))
    written = Apply(row.name, *map(Name, names), *(Number(str(k)) for k in whole))
    rows = [
        fill(f"{row.name}, of arrays: {row.description}", 79, break_on_hyphens=False),
        "",
        f"  {one_line(written)}",
    ]
    rows += [f"  LaTeX: {latex(written)}", f"  in a file: {plain(written)}"]
    if row.options:
        rows.append(f"  settings: {', '.join(row.options)}, whole numbers")
        if row.options == ("axis",):
            rows[-1] = "  settings: axis, a whole number; without it, "
            rows[-1] += "the first one" if row.arity[1] > 2 else "all entries"
    rules = [*zip(names, shapes, row.gradient(*shapes, *whole), strict=True)] if shapes else []
    if any(rule for *_, rule in rules):
        sizes = ", ".join(f"{name} {size_words(dims)}" for name, dims, _ in rules)
        rows += ["", f"Gradients (g is that of the result y), where {sizes}"]
        rows += [f"  to {name}: {side(parse(rule))}" for name, _, rule in rules if rule]
        rows.append(f"  {row.because}")
    else:
        rows += ["", "No gradient goes through it."]
    if row.convention:
        rows += ["", f"Convention: {row.convention}."]
    return "\n".join([*rows, "", fill(f"Source: {row.source}", 79, break_on_hyphens=False)]) + "\n"
