"""A short derivation that a kind writes itself: sides, each with the rule that leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stepsolve.checking.rewrites import Sampler, check_steps
from stepsolve.derivation import Chain, Check, Detail, Step
from stepsolve.notation.tree import Expression, names, substitute
from stepsolve.source.expression import parse


class WrittenChain:
    """`start = side = side ...`: `sides` are pairs of a rule and the expression that it gives.

    At random points, `sampled` expressions stand for letters that are not any real numbers, and the
    comparisons `holds` are true.
    """

    def __init__(
        self,
        of: str,
        start: str | Expression,
        sides: Sequence[tuple[str, str | Expression]],
        sampled: Mapping[str, Expression] | None = None,
        holds: Iterable[Expression] = (),
    ) -> None:
        self._of, self._sampled, self._holds = of, sampled or {}, tuple(holds)
        trees = [_tree(start), *(_tree(side) for _, side in sides)]
        self._steps = tuple(
            Step(rule, before, after)
            for (rule, _), before, after in zip(sides, trees, trees[1:], strict=False)
        )

    @property
    def start(self) -> Expression:
        """What it begins with."""
        return self._steps[0].before

    @property
    def end(self) -> Expression:
        """What it comes to."""
        return self._steps[-1].after

    @property
    def block(self) -> Chain:
        return Chain(self._steps, Detail.BRIEF)

    def checks(self) -> tuple[Check, ...]:
        """Both sides of every step at random points, and by SymPy where it decides."""
        from stepsolve.algebra import Judge  # SymPy, which a problem in numbers does not need

        steps = [
            step._replace(
                before=substitute(step.before, self._sampled),
                after=substitute(step.after, self._sampled),
            )
            for step in self._steps
        ]
        start = steps[0].before
        holds = [substitute(comparison, self._sampled) for comparison in self._holds]
        letters = dict.fromkeys(n for e in (start, *holds) for n in names(e))
        found = check_steps(self._of, steps, Sampler(start, letters, holds=holds))
        for step in self._steps:
            verdict = Judge().equal(step.before, step.after)
            if verdict is not None:
                error = 0.0 if verdict else float("inf")
                found += (Check(f"{self._of}, {step.rule}", "SymPy", error, verdict),)
        return found


def _tree(side: str | Expression) -> Expression:
    return parse(side) if isinstance(side, str) else side
