"""From any recurrence of first order to the parts of a page: its total derivatives through time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.recurrences import (
    Recurrence,
    Sensitivity,
    by_steps,
    factor,
    product,
    sensitivity,
    unrolled_sum,
)
from stepsolve.calculus.textbook import recognise
from stepsolve.calculus.tidy import ONE, constant, tidy
from stepsolve.checking.precise import Precise, Value
from stepsolve.checking.worksheets import check_values
from stepsolve.derivation import Block, Check, Detail, Equation, Result, Section, Steps, Text
from stepsolve.errors import OutsideDomain
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, Number, names
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.confirmed import Confirmation, settled
from stepsolve.worksheet.kinks import conventions
from stepsolve.worksheet.unrolled import Unrolled

_LARGEST = 1e300  # beyond it floats have no value to compare with
WRITTEN = 3  # steps of which the sum of products is written out
STEEPEST = {
    "tanh": "1",
    "sigmoid": "1/4",
    "relu": "1",
    "leaky_relu": "1",
    "elu": "1",
    "softplus": "1",
    "sin": "1",
    "cos": "1",
    "atan": "1",
}
"""The largest size of the slope of an activation function of one argument."""


_MAY = "it may explode, but where the function is flat it vanishes all the same"


class Bound(NamedTuple):
    """`|dh(t)/dh(t - 1)| <= |weight| * steepest`, for an activation of a linear form."""

    activation: str
    weight: Expression
    steepest: Expression


class RecursionPage:
    """The page of a recurrence: by every parameter, and back through time to the first entry.

    `parameters` are what it is differentiated by; `entries` the steps k of dh(steps)/dh(k).
    """

    def __init__(
        self,
        recurrence: Recurrence,
        steps: int,
        parameters: tuple[str, ...],
        entries: tuple[int, ...],
        euler: bool,
    ) -> None:
        self._recurrence, self._steps, self._euler = recurrence, steps, euler
        self._entries = entries
        self.sensitivities = [sensitivity(recurrence, p, euler=euler) for p in parameters]
        self._link, self.factor = factor(recurrence, euler=euler)
        self._precise = Precise()
        self._last = recurrence.entry(steps)

    # ------------------------------------------------------------------------------- the page

    def blocks(self, numbers: Unrolled | None) -> Iterator[Block]:
        """The page; with numbers, those of the steps beside the formulas."""
        if numbers is not None:
            yield Section(("The steps",))
            yield from numbers.forward_blocks()
        yield from conventions((self._recurrence.body,))
        for found in self.sensitivities:
            yield from self._by(found, numbers)
        if self._entries:
            yield from self._through_time(numbers)

    @property
    def _gradient_back(self) -> Name:
        """The derivative of the last entry by the first one."""
        return _gradient(self._last, self._recurrence.entry(0))

    def _by(self, found: Sensitivity, numbers: Unrolled | None) -> Iterator[Block]:
        recurrence, parameter = self._recurrence, Name(found.parameter)
        yield Section(("By ", parameter))
        yield Text(
            (
                recurrence.previous,
                " depends on ",
                parameter,
                " as well, so its derivative is part of the result:",
            )
        )
        yield Steps((settled(found.derivative),), Detail.NORMAL)
        if recurrence.current.name in names(found.total):
            yield Text(("The right side of the recurrence is ", recurrence.current, " itself:"))
        yield Result((Name(found.name), found.total))
        first = Name(f"d{recurrence.entry(0).name}/d{found.parameter}")
        yield Text(("It begins with ", first, " = 0. ", *self._one_step(found)))
        local = Name(f"∂{recurrence.current.name}/∂{found.parameter}")
        yield Equation((local, found.direct), detail=Detail.NORMAL)
        link = _gradient(recurrence.current, recurrence.previous)
        yield Equation((link, self.factor), detail=Detail.NORMAL)
        yield Text(self._why_unrolled(found))
        named, full = self._sums[found.parameter]
        written = self._written
        whole = Name(f"d{recurrence.entry(written).name}/d{found.parameter}")
        yield Equation((whole, named, full))
        if numbers is not None:
            yield Text(("Step by step:",), Detail.BRIEF)
            yield from numbers.recursion_blocks(found.parameter)

    def _one_step(self, found: Sensitivity) -> tuple[str | Expression, ...]:
        recurrence = self._recurrence
        parameter, before = Name(found.parameter), recurrence.previous
        held = (parameter, " with ", before, " held fixed, and by ", before, " itself:")
        return ("Within one step, by ", *held)

    def _why_unrolled(self, found: Sensitivity) -> tuple[str | Expression, ...]:
        return (
            f"Unrolled for {self._written} steps, every term is what ",
            Name(found.parameter),
            " does at one step, times the factors of all steps after it:",
        )

    def _through_time(self, numbers: Unrolled | None) -> Iterator[Block]:
        recurrence = self._recurrence
        link = _gradient(recurrence.current, recurrence.previous)
        yield Section(("Back through time",))
        yield Steps((settled(self._link),), Detail.NORMAL)
        if recurrence.current.name in names(self.factor):
            yield Text(("With ", recurrence.current, " for the right side of the recurrence:"))
        yield Result((link, self.factor))
        yield Text(("The chain rule multiplies these factors, one for every step:",))
        for k in self._entries:
            whole = _gradient(self._last, recurrence.entry(k))
            links = [
                _gradient(recurrence.entry(j), recurrence.entry(j - 1))
                for j in range(self._steps, k, -1)
            ]
            sides: list[Expression] = [product(_shortened(links))]
            if len(links) <= WRITTEN:
                sides.append(self.answers[whole.name])
            yield Equation((whole, *dict.fromkeys(sides)))
        if numbers is not None:
            yield numbers.table()
        yield from self._bounded(numbers)

    def _bounded(self, numbers: Unrolled | None) -> Iterator[Block]:
        bound, limit = self.bound, self.limit
        if bound is None or limit is None:
            return
        link = _gradient(self._recurrence.current, self._recurrence.previous)
        steep = (f"{bound.activation} is nowhere steeper than ", bound.steepest)
        yield Text(
            (*steep, ", so that ", Apply("<=", Apply("abs", link), limit), " at every step."),
            Detail.BRIEF,
        )
        typed = numeric(limit)
        if typed is None:
            parts = (
                "If ",
                Apply("<", limit, ONE),
                ", the gradient vanishes, at least as fast as the ",
            )
            yield Text((*parts, "powers of ", limit, f". Otherwise {_MAY}."), Detail.BRIEF)
        elif typed < 1:
            yield Text(("So the gradient vanishes.",), Detail.BRIEF)
        else:
            yield Text((f"So {_MAY}.",), Detail.BRIEF)
        if numbers is not None:
            yield from self._bound_in_numbers(limit, numbers)

    def _bound_in_numbers(self, limit: Expression, numbers: Unrolled) -> Iterator[Block]:
        most = self._most(limit, numbers)
        if most is None:
            return
        size = Apply("abs", self._gradient_back)
        product = numbers.shown(abs(numbers.value(self._gradient_back.name)))
        power = self._power(limit)
        shown = numbers.shown(most)
        yield Text(("Here ", size, " is ", product, ", at most ", power, ", which is ", shown, "."))

    def _power(self, limit: Expression) -> Expression:
        """What the product of all factors does not exceed."""
        return Apply("^", limit, Number(str(self._steps)))

    def _most(self, limit: Expression, numbers: Unrolled) -> Value | None:
        """Its value; None where that is too large to be computed twice."""
        try:
            most = numbers.evaluated(self._power(limit))
        except OutsideDomain:
            return None
        return most if most < _LARGEST else None

    def bound_checks(self, numbers: Unrolled) -> Iterator[Check]:
        """That no factor exceeds the bound, with the numbers of the page."""
        if self.limit is None or not self._entries:
            return
        most = numbers.evaluated(self.limit)
        entry = self._recurrence.entry
        links = [_gradient(entry(k), entry(k - 1)).name for k in range(1, self._steps + 1)]
        excess = max(float(abs(numbers.value(link)) - most) for link in links)
        of = f"the bound of {self._gradient_back.name}"
        yield Check(of, "every factor", max(excess, 0.0), excess <= 0)
        if (power := self._most(self.limit, numbers)) is not None:
            floats = {of: numbers.float_of(self._power(self.limit))}
            yield from check_values([of], floats, {of: power})

    # ------------------------------------------------------------------------------ the answers

    @property
    def _written(self) -> int:
        return min(self._steps, WRITTEN)

    @cached_property
    def _sums(self) -> dict[str, tuple[Expression, Expression]]:
        return {
            found.parameter: unrolled_sum(self._recurrence, found, self._written, self.factor)
            for found in self.sensitivities
        }

    @cached_property
    def answers(self) -> dict[str, Expression]:
        """The recursions, and what is unrolled of them while it is readable."""
        recurrence, found = self._recurrence, {}
        for one in self.sensitivities:
            found[one.name] = one.total
            unrolled = f"d{recurrence.entry(self._written).name}/d{one.parameter}"
            found[unrolled] = self._sums[one.parameter][1]
        if self._entries:
            found[_gradient(recurrence.current, recurrence.previous).name] = self.factor
        for k in self._entries:
            if self._steps - k <= WRITTEN:
                parts = [recurrence.shifted(self.factor, j) for j in range(self._steps, k, -1)]
                whole = _gradient(self._last, recurrence.entry(k))
                found[whole.name] = by_steps(product(parts))
        return found

    @cached_property
    def bound(self) -> Bound | None:
        """A bound of every factor, where the body is an activation of a linear form."""
        body = self._recurrence.body
        known = (recognise(body) if self._euler else None) or body
        if not isinstance(known, Apply) or known.operation not in STEEPEST:
            return None
        weight = differentiate(known.arguments[0], self._recurrence.previous.name).value
        moving = {self._recurrence.previous.name, self._recurrence.index}
        steady = all(n not in moving and "(" not in n for n in names(weight))
        if len(known.arguments) > 1 or not steady:
            return None
        from stepsolve.source.expression import parse

        return Bound(known.operation, weight, parse(STEEPEST[known.operation]))

    @property
    def limit(self) -> Expression | None:
        """What no factor exceeds in size."""
        bound = self.bound
        if bound is None:
            return None
        typed = numeric(bound.weight)
        size = Apply("abs", bound.weight) if typed is None else constant(max(typed, -typed))
        return tidy(Apply("*", bound.steepest, size))

    # ------------------------------------------------------------------------------- the checks

    def checks(self) -> Iterator[Check]:
        for found in self.sensitivities:
            yield from self._checks_of(found)
        if self._entries:
            yield from self._checks_of_factor()

    def _symbols(self, *entries: str) -> tuple[str, ...]:
        own = self._recurrence.previous.name
        free = [n for n in names(self._recurrence.body) if n != own]
        kept = [n for n in free if n not in CONSTANTS or (n == "e" and not self._euler)]
        return (*entries, *kept)

    def _checks_of(self, found: Sensitivity) -> Iterator[Check]:
        """The recursion where h(t - 1) does depend on the parameter: one step earlier is put in."""
        recurrence, parameter = self._recurrence, found.parameter
        earlier = recurrence.earlier
        known = {
            recurrence.previous.name: earlier,
            recurrence.current.name: recurrence.body,
            found.before.name: Apply("diff", earlier, Name(parameter)),
        }
        symbols = self._symbols(*names(earlier))
        confirmation = Confirmation(symbols, known, self._euler, self._precise)
        yield from confirmation.derivative(
            found.name,
            recurrence.body,
            parameter,
            (found.derivative.step,),
            found.total,
            found.derivative.definitions,
        )
        named, full = self._sums[parameter]
        unrolled = f"d{recurrence.entry(self._written).name}/d{parameter}"
        yield from self._unrolled(self._written, parameter, unrolled, (full, named), found)

    def _unrolled(
        self,
        steps: int,
        by: str,
        of: str,
        claims: tuple[Expression, ...],
        found: Sensitivity | None = None,
    ) -> Iterator[Check]:
        """What is claimed of the last entry by differences through all steps."""
        recurrence = self._recurrence
        known = {recurrence.entry(j).name: recurrence.at(j) for j in range(1, steps + 1)}
        if by in known:  # from a later entry on
            known = {n: v for j, (n, v) in enumerate(known.items(), 1) if j > int(_index(by))}
        for j in range(1, steps + 1):
            known[_gradient(recurrence.entry(j), recurrence.entry(j - 1)).name] = (
                recurrence.shifted(self.factor, j)
            )
            if found is not None:
                local = f"∂{recurrence.entry(j).name}/∂{found.parameter}"
                known[local] = recurrence.shifted(found.direct, j)
        symbols = [n for v in known.values() for n in names(v) if n not in known]
        kept = [n for n in symbols if n not in CONSTANTS or (n == "e" and not self._euler)]
        confirmation = Confirmation([*kept, by], known, self._euler, self._precise)
        last = recurrence.entry(steps)
        for claim in claims:
            yield confirmation.slope(of, last, by, claim)

    def _checks_of_factor(self) -> Iterator[Check]:
        recurrence = self._recurrence
        link = _gradient(recurrence.current, recurrence.previous)
        known = {recurrence.current.name: recurrence.body}
        symbols = self._symbols(recurrence.previous.name)
        confirmation = Confirmation(symbols, known, self._euler, self._precise)
        yield from confirmation.derivative(
            link.name,
            recurrence.body,
            recurrence.previous.name,
            (self._link.step,),
            self.factor,
            self._link.definitions,
        )
        for k in self._entries:
            whole = _gradient(self._last, recurrence.entry(k)).name
            if whole in self.answers:
                by = recurrence.entry(k).name
                yield from self._unrolled(self._steps, by, whole, (self.answers[whole],))


def _gradient(of: Name, by: Name) -> Name:
    return Name(f"d{of.name}/d{by.name}")


def _index(entry: str) -> str:
    return entry.partition("(")[2].removesuffix(")")


def _shortened(links: list[Name]) -> list[Expression]:
    """The factors of a long product with dots for those in the middle."""
    return [*links] if len(links) <= WRITTEN + 1 else [*links[:2], Name("…"), links[-1]]
