"""Chains of rewrites confirmed: every step at random points and, where it decides, by SymPy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from stepsolve.algebra import Judge
from stepsolve.calculus.engine import Derivative
from stepsolve.checking.precise import Precise
from stepsolve.checking.rewrites import (
    TOLERANCE,
    Sampler,
    check_derivative,
    check_steps,
    counted,
    flat,
)
from stepsolve.derivation import Check, Step
from stepsolve.notation.tree import Apply, Expression, Name


class Confirmation:
    """Confirms steps in some symbols; `definitions` are names that stand for expressions in them."""

    def __init__(
        self,
        symbols: Iterable[str],
        definitions: Mapping[str, Expression] | None = None,
        euler: bool = True,
        precise: Precise | None = None,
    ) -> None:
        self._symbols = tuple(dict.fromkeys(symbols))
        self._definitions = dict(definitions or {})
        self._precise = precise or Precise()
        self._euler = euler

    def steps(self, of: str, steps: Sequence[Step]) -> Iterator[Check]:
        """The checks of a chain of rewrites."""
        if steps:
            sampler = self._sampler(steps[0].before, {}, ())
            yield from check_steps(of, steps, sampler)
            yield from self._by_sympy(of, steps, {})

    def derivative(
        self,
        of: str,
        expression: Expression,
        variable: str,
        steps: Sequence[Step],
        claimed: Expression,
        letters: Mapping[str, Expression],
    ) -> Iterator[Check]:
        """The checks of a derivative: its steps, and the outcome by differences and by SymPy."""
        sampler = self._sampler(expression, letters, (variable,))
        yield from check_steps(of, steps, sampler)
        yield check_derivative(of, expression, variable, claimed, sampler)
        whole = Apply("diff", expression, Name(variable))
        verdict = self._judge(letters).equal(whole, claimed)
        if verdict is not None:
            yield _by_sympy(of, verdict)
        yield from self._by_sympy(of, steps, letters)

    def slope(self, of: str, expression: Expression, by: str, claimed: Expression) -> Check:
        """The check of a derivative by differences alone."""
        return check_derivative(of, expression, by, claimed, self._sampler(expression, {}, (by,)))

    def equal(self, of: str, one: Expression, other: Expression) -> Check:
        """The check that two expressions are equal."""
        sampler = self._sampler(one, {}, ())
        error = sampler.difference(one, other)
        return Check(of, sampler.method, error, error <= TOLERANCE)

    def _sampler(
        self, expression: Expression, letters: Mapping[str, Expression], by: tuple[str, ...]
    ) -> Sampler:
        known = {**self._definitions, **letters}
        return Sampler(expression, self._symbols, known, self._precise, by)

    def _judge(self, letters: Mapping[str, Expression]) -> Judge:
        return Judge(self._euler, {**self._definitions, **letters})

    def _by_sympy(
        self, of: str, steps: Sequence[Step], letters: Mapping[str, Expression]
    ) -> Iterator[Check]:
        judge, every = self._judge(letters), list(flat(steps))
        verdicts = [judge.equal(step.before, step.after) for step in every]
        decided = [verdict for verdict in verdicts if verdict is not None]
        if decided:
            whole = len(decided) == len(every)
            which = (
                f"the {counted(len(every))}" if whole else f"{len(decided)} of {len(every)} steps"
            )
            yield _by_sympy(f"{which} of {of}", all(decided))


def settled(found: Derivative) -> Step:
    """The first step of a derivative with its outcome, as it is shown."""
    step = found.step
    return step._replace(result=found.value) if step.steps and step.result is None else step


def _by_sympy(of: str, proved: bool) -> Check:
    return Check(of, "SymPy", 0.0 if proved else float("inf"), proved)
