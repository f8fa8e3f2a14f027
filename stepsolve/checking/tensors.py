"""The oracle of index calculus: steps, matrix forms and gradients at random vectors and matrices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product as cartesian

import numpy as np

from stepsolve.checking.float_tensors import FloatTensors
from stepsolve.checking.precise_tensors import PreciseTensors
from stepsolve.checking.scenes import Condition, scenes
from stepsolve.derivation import Check
from stepsolve.errors import OutsideDomain
from stepsolve.notation.shapes import Shape
from stepsolve.notation.tree import Apply, Expression, Item, Name

TOLERANCE = 1e-20
FLOAT_TOLERANCE = 1e-9
_SCENES = 2
_NO_SCENE = "no vectors and matrices were found at which every line has a value"

Place = Callable[[Mapping[str, int]], bool]


class TensorOracle:
    """Confirms claims about lines over names of known shapes, at random values of those names.

    `where` is a scalar that must not be 0 there.
    """

    def __init__(
        self,
        shapes: Mapping[str, Shape],
        lines: Mapping[str, Expression],
        functions: Iterable[str] = (),
        conditions: Iterable[Condition] = (),
        where: Expression | None = None,
    ) -> None:
        open_, known = tuple(functions), tuple(conditions)
        self.scenes: list[tuple[PreciseTensors, FloatTensors]] = []
        for scene in scenes(shapes, lines, open_, known):
            pair = PreciseTensors(scene), FloatTensors(scene)
            try:
                for line in lines:
                    pair[0].name(line)
                if where is not None and not pair[0].matrix(where):
                    continue
            except OutsideDomain:
                continue
            self.scenes.append(pair)
            if len(self.scenes) == _SCENES:
                break

    @property
    def method(self) -> str:
        """In words, what is done."""
        return f"both sides at {len(self.scenes)} random sets of tensors"

    def difference(
        self,
        one: Expression,
        other: Expression,
        free: Sequence[str],
        where: Place | None = None,
        among: Iterable[Expression] = (),
    ) -> float:
        """The largest difference of two expressions in entries, relative to the largest entry.

        `among` are further expressions that tell how far indices run.
        """
        worst = 0.0 if self.scenes else float("inf")
        for precise, _ in self.scenes:
            sizes = precise.sizes(one, other, *among)
            ranges = [range(1, sizes[index] + 1) for index in free]
            off = size = 0.0
            for at in cartesian(*ranges):
                indices = dict(zip(free, at, strict=True))
                if where is not None and not where(indices):
                    continue
                try:
                    a = precise.scalar(one, indices, sizes)
                    b = precise.scalar(other, indices, sizes)
                except (OutsideDomain, ZeroDivisionError):
                    return float("inf")
                off, size = max(off, float(abs(a - b))), max(size, float(abs(a)), float(abs(b)))
            worst = max(worst, off / max(size, 1.0))
        return worst

    def steps(
        self,
        of: str,
        pairs: Iterable[tuple[str, Expression, Expression]],
        free: Sequence[str],
        where: Place | None = None,
    ) -> tuple[Check, ...]:
        """One check for all rewrites if they hold, else one for each that does not."""
        errors = {}
        steps = list(pairs)
        among = [side for _, *sides in steps for side in sides]
        for k, (rule, before, after) in enumerate(steps):
            errors[k, rule] = self.difference(before, after, free, where, among)
        wrong = {key: error for key, error in errors.items() if not error <= TOLERANCE}
        if wrong and self.scenes:
            return tuple(
                Check(f"{of}, {rule}", self.method, error, False)
                for (_, rule), error in wrong.items()
            )
        worst = max(errors.values(), default=0.0)
        count = "1 step" if len(errors) == 1 else f"{len(errors)} steps"
        note = "" if self.scenes else _NO_SCENE
        return (Check(f"the {count} of {of}", self.method, worst, bool(self.scenes), note),)

    def gradient(
        self, of: str, target: Expression, by: Expression, claimed: Expression, free: Sequence[str]
    ) -> Check:
        """An entry of a gradient against differences of the target, all lines run again."""
        error = self.difference(Apply("diff", target, by), claimed, free)
        return Check(of, "central differences", error, error <= TOLERANCE)

    def same(self, of: str, one: Expression, other: Expression, shape: Shape) -> Check:
        """Two expressions in vectors and matrices against each other."""
        free = ("i", "j")[: shape.rank]
        sides = [Item(side, *map(Name, free)) if free else side for side in (one, other)]
        error = self.difference(sides[0], sides[1], free)
        return Check(of, self.method, error, error <= TOLERANCE)

    def both(self, of: str, expression: Expression) -> Check:
        """A matrix expression in float64 against high precision."""
        worst = 0.0 if self.scenes else float("inf")
        for precise, floats in self.scenes:
            exact = precise.matrix(expression)
            rows = np.array(exact.tolist() if hasattr(exact, "rows") else exact, dtype=np.float64)
            found = np.asarray(floats.matrix(expression))
            size = max(float(np.max(np.abs(rows))), 1.0)
            fits = found.size == rows.size
            off = float(np.max(np.abs(found.ravel() - rows.ravel()))) if fits else float("inf")
            worst = max(worst, off / size)
        return Check(of, "NumPy and mpmath", worst, worst <= FLOAT_TOLERANCE)
