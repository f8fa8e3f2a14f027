"""One derivative worked out: its steps, its final form, and what confirms them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import factorial
from typing import NamedTuple

from stepsolve.algebra import Judge
from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.letters import in_letters
from stepsolve.calculus.rules import METHODS
from stepsolve.calculus.textbook import textbook
from stepsolve.calculus.tidy import constant
from stepsolve.checking.precise import Precise
from stepsolve.checking.rewrites import Sampler, check_derivative, check_steps, counted, flat
from stepsolve.derivation import Check, Step
from stepsolve.errors import Diagnosis, StepsolveError
from stepsolve.notation.tree import Apply, Expression, Name, names
from stepsolve.operations.table import CONSTANTS

LARGEST = 20_000  # nodes of a derivative: the next one would have many times more


class Partial(NamedTuple):
    """The derivative called `name` of the quantity `of`, which is `body`, by a variable.

    `outcome` is what the rules give, `form` what a textbook prints; `definitions` are the inner
    functions behind letters; `dependent` are names that move with the variable, each with the name
    of its derivative.
    """

    name: str
    of: str
    variable: str
    body: Expression
    steps: tuple[Step, ...]
    outcome: Expression
    form: Expression
    definitions: Mapping[str, Expression]
    dependent: Mapping[str, str]
    euler: bool

    @property
    def with_letters(self) -> tuple[Expression, dict[str, Expression]]:
        """The final form in the letters of inner functions where it would swell, and what they are."""
        return in_letters(self.form, self.definitions)

    def sampler(self, precise: Precise, also: Iterable[str] = ()) -> Sampler:
        """Points at which the function and its derivative have real values; `also` get values."""
        moving = _moving(self)
        used = (*names(self.body), *also)
        free = [n for n in used if n not in CONSTANTS or (n == "e" and not self.euler)]
        known = [name for name in free if name not in moving]
        slopes = [name for name in self.dependent.values() if name not in moving]
        variables = dict.fromkeys([*known, self.variable, *slopes])
        offsets = (_offset(name) for name in self.dependent)
        definitions = {**moving, **self.definitions}
        by = (self.variable,)
        return Sampler(self.body, (*variables, *offsets), definitions, precise, by)

    def checks(self, sampler: Sampler) -> Iterator[Check]:
        """Every step at random points, the outcome by differences, and both by SymPy."""
        steps = self.steps
        form, letters = self.with_letters
        if letters:
            steps = (*steps, Step("in letters", self.form, form))
        yield from check_steps(self.name, steps, sampler)
        yield check_derivative(self.name, self.body, self.variable, self.form, sampler)
        yield from self._by_sympy()

    def _by_sympy(self) -> Iterator[Check]:
        """Every step, the outcome of the rules, and each rewrite to the textbook's form."""
        judge = Judge(self.euler, {**_moving(self), **self.definitions})
        first, *polished = self.steps
        claims = [(first.before, self.outcome), *((s.before, s.after) for s in polished)]
        verdicts = [judge.equal(*claim) for claim in claims]
        if verdicts[0] is not None:
            yield _by_sympy(f"{self.name} by the rules", verdicts[0])
        below = [judge.equal(s.before, s.after, at_once=True) for s in flat((first,))]
        decided = [verdict for verdict in (*below, *verdicts[1:]) if verdict is not None]
        if decided:
            count, steps = len(decided), len(below) + len(polished)
            which = f"the {counted(steps)}" if count == steps else f"{count} of the {steps} steps"
            yield _by_sympy(f"{which} of {self.name}", all(decided))


def work_out(
    name: str,
    of: str,
    body: Expression,
    variable: str,
    taken: Iterable[str],
    *,
    euler: bool = True,
    method: str = METHODS[0],
    dependent: Mapping[str, str] | None = None,
) -> Partial:
    """The derivative of a body by a variable, from the rules to the form of a textbook.

    `taken` are names that no inner function may get; for the others see `Partial`. Raises
    `StepsolveError` where the outcome has more than `LARGEST` nodes.
    """
    found = differentiate(body, variable, taken, euler=euler, method=method, dependent=dependent)
    if found.value.size > LARGEST:
        message = f"{name} has more than {LARGEST} numbers, names and signs, too many for a page"
        raise StepsolveError(Diagnosis(message, hint="ask for a lower order, or part by part"))
    first = found.step
    if first.steps and first.result is None:
        first = first._replace(result=found.value)
    # the written-out forms that it looks for are made with Euler's e
    polished = textbook(found.value) if euler else ()
    form = polished[-1].after if polished else found.value
    steps = (first, *polished)
    return Partial(
        name,
        of,
        variable,
        body,
        steps,
        found.value,
        form,
        found.definitions,
        dependent or {},
        euler,
    )


def _offset(name: str) -> str:
    return f"{name} at 0"


def _moving(partial: Partial) -> dict[str, Expression]:
    """Names that depend on the variable, as polynomials with the derivatives that are claimed."""
    return {name: _polynomial(name, partial) for name in partial.dependent}


def _polynomial(name: str, partial: Partial) -> Expression:
    """`a + b x + c x^2 / 2` where the derivative of the name is `b + c x`, and its own is `c`."""
    x, order = Name(partial.variable), 1
    total: Expression = Name(_offset(name))
    while name in partial.dependent:
        name = partial.dependent[name]
        coefficient = Name(_offset(name) if name in partial.dependent else name)
        power = Apply("^", x, constant(order))
        term = Apply("/", Apply("*", coefficient, power), constant(factorial(order)))
        total, order = Apply("+", total, term), order + 1
    return total


def _by_sympy(of: str, proved: bool) -> Check:
    return Check(of, "SymPy", 0.0 if proved else float("inf"), proved)
