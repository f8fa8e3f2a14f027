"""A short derivation that a kind writes itself: sides, each with the rule that leads to it."""

from __future__ import annotations

from collections.abc import Sequence

from stepsolve.checking.rewrites import Sampler, check_steps
from stepsolve.derivation import Chain, Check, Detail, Step
from stepsolve.notation.tree import names
from stepsolve.source.expression import parse


class WrittenChain:
    """`start = side = side ...`: `sides` are pairs of a rule and the expression that it gives."""

    def __init__(self, of: str, start: str, sides: Sequence[tuple[str, str]]) -> None:
        self._of = of
        trees = [parse(start), *(parse(side) for _, side in sides)]
        self._steps = tuple(
            Step(rule, before, after)
            for (rule, _), before, after in zip(sides, trees, trees[1:], strict=False)
        )

    @property
    def block(self) -> Chain:
        return Chain(self._steps, Detail.BRIEF)

    def checks(self) -> tuple[Check, ...]:
        """Both sides of every step at random points, and by SymPy where it decides."""
        from stepsolve.algebra import Judge  # SymPy, which a problem in numbers does not need

        start = self._steps[0].before
        found = check_steps(self._of, self._steps, Sampler(start, names(start)))
        for step in self._steps:
            verdict = Judge().equal(step.before, step.after)
            if verdict is not None:
                error = 0.0 if verdict else float("inf")
                found += (Check(f"{self._of}, {step.rule}", "SymPy", error, verdict),)
        return found
