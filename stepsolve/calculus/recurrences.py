"""Recurrences of first order, `h(t) = g(h(t - 1), x(t), parameters)`, and their total derivatives.

A parameter moves h(t) twice: by itself, and through h(t - 1), which depends on it too.

Source: Werbos, Backpropagation through time (1990); Goodfellow, Bengio, Courville, Deep Learning
(2016), 10.2.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce
from typing import NamedTuple

from stepsolve.calculus.engine import Derivative, differentiate
from stepsolve.calculus.textbook import recognise
from stepsolve.calculus.tidy import ONE, ZERO, build_product, constant, factors, tidy
from stepsolve.notation.names import entry
from stepsolve.notation.tree import (
    Apply,
    Expression,
    Name,
    Number,
    names,
    replaced,
    substitute,
    walk,
)
from stepsolve.operations.table import OPERATIONS


class Recurrence:
    """`sequence(index) = body`; the body holds entries at the index and at the one before it."""

    def __init__(self, sequence: str, index: str, body: Expression) -> None:
        self.sequence, self.index, self.body = sequence, index, body

    def entry(self, index: str | int) -> Name:
        """The entry of the sequence at an index: h(3), h(t)."""
        return Name(f"{self.sequence}({index})")

    @property
    def current(self) -> Name:
        return self.entry(self.index)

    @property
    def previous(self) -> Name:
        return self.entry(f"{self.index} - 1")

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        """The names of the other sequences, whose entries at the index stand in the body."""
        found = (entry(name) for name in names(self.body) if name != self.previous.name)
        return tuple(at.sequence for at in found if at is not None)

    def shifted(self, expression: Expression, to: int) -> Expression:
        """An expression in the index, with a number put for it: h(t - 1) + x(t) is h(2) + x(3)."""
        put: dict[str, Expression] = {self.index: Number(str(to))}
        for name in names(expression):
            moved = self._moved(name, to)
            if moved is not None:
                put[name] = Name(moved)
        return substitute(expression, put)

    def _moved(self, name: str, to: int) -> str | None:
        """The name of an entry, or of a gradient of entries, at a step."""
        moved = name.replace(f"({self.index} - 1)", f"({to - 1})")
        moved = moved.replace(f"({self.index})", f"({to})")
        return None if moved == name else moved

    def at(self, to: int) -> Expression:
        """The right side at a step."""
        return self.shifted(self.body, to)

    @property
    def earlier(self) -> Expression:
        """The right side one step before: h(t - 1) in terms of h(t - 2)."""
        before = Apply("-", Name(self.index), ONE)
        put: dict[str, Expression] = {self.index: before}
        put[self.previous.name] = self.entry(f"{self.index} - 2")
        put |= {f"{x}({self.index})": Name(f"{x}({self.index} - 1)") for x in self.inputs}
        return substitute(self.body, put)


class Linear(NamedTuple):
    """The numbers of `f(n) = coefficient * f(n - 1) + increment`, both without n."""

    coefficient: Expression
    increment: Expression


def linear(recurrence: Recurrence) -> Linear | None:
    """The coefficient and the increment of a linear recurrence; None for any other."""
    previous, body = recurrence.previous, recurrence.body
    moving = {previous.name, recurrence.index}
    if recurrence.inputs or previous.name not in names(body) or _bends(body, previous):
        return None
    coefficient = differentiate(body, previous.name).value
    increment = tidy(substitute(body, {previous.name: ZERO}))
    if not moving.isdisjoint({*names(coefficient), *names(increment)}):
        return None
    return Linear(coefficient, increment)


def _bends(body: Expression, previous: Name) -> bool:
    """Whether anything but sums and products hangs on a name: it may be straight in pieces only."""
    return any(
        isinstance(node, Apply)
        and node.operation not in ("+", "-", "*", "/", "neg")
        and previous.name in names(node)
        for node in walk(body)
    )


class Sensitivity(NamedTuple):
    """The total derivative of h(t) by a parameter, as a recursion.

    `total` is `direct + factor * before`, where `before` is the derivative of h(t - 1);
    `derivative` is how it was found.
    """

    parameter: str
    derivative: Derivative
    total: Expression
    direct: Expression
    before: Name

    @property
    def name(self) -> str:
        """How it is called at the index t: dh(t)/dw."""
        return self.before.name.replace(" - 1)", ")")


def sensitivity(recurrence: Recurrence, parameter: str, *, euler: bool = True) -> Sensitivity:
    """The total derivative of the entry at the index by a parameter or by the first entry."""
    previous = recurrence.previous
    found = differentiate(recurrence.body, parameter, euler=euler, dependent={previous.name: ""})
    open_ = Apply("diff", previous, Name(parameter))
    before = Name(f"d{previous.name}/d{parameter}")
    value = replaced(found.value, open_, before)
    direct = tidy(_without(substitute(value, {before.name: ZERO})))
    return Sensitivity(
        parameter,
        found,
        in_terms_of(recurrence, value, euler),
        in_terms_of(recurrence, direct, euler),
        before,
    )


def factor(recurrence: Recurrence, *, euler: bool = True) -> tuple[Derivative, Expression]:
    """The derivative of h(t) by h(t - 1): how it is found, and its final form."""
    found = differentiate(recurrence.body, recurrence.previous.name, euler=euler)
    return found, in_terms_of(recurrence, found.value, euler)


def _without(expression: Expression) -> Expression:
    """The expression with what is 0 in its brackets left out."""
    if not isinstance(expression, Apply) or expression.operation not in OPERATIONS:
        return expression
    if OPERATIONS[expression.operation].is_call:
        return expression
    return tidy(expression.rebuilt(tuple(map(_without, expression.arguments))))


def in_terms_of(recurrence: Recurrence, value: Expression, euler: bool = True) -> Expression:
    """The value with h(t) for the right side of the recurrence where that stands in it."""
    known = recognise(recurrence.body) if euler else None
    for whole in (recurrence.body, known):
        if whole is not None and whole.size > 1:
            value = replaced(value, whole, recurrence.current)
    return value


def unrolled_sum(
    recurrence: Recurrence, found: Sensitivity, steps: int, jacobian: Expression
) -> tuple[Expression, Expression]:
    """The derivative after some steps as a sum of products: in names, and with the parts put in.

    The term of step k is what the parameter does there, times the factors of the steps after it.
    """
    direct = f"∂{recurrence.current.name}/∂{found.parameter}"
    link = f"d{recurrence.current.name}/d{recurrence.previous.name}"
    named, full = [], []
    for k in range(steps, 0, -1):
        chain = [recurrence.shifted(Name(link), j) for j in range(steps, k, -1)]
        parts = [recurrence.shifted(jacobian, j) for j in range(steps, k, -1)]
        named.append(product([*chain, recurrence.shifted(Name(direct), k)]))
        full.append(by_steps(product([*parts, recurrence.shifted(found.direct, k)])))
    return total(named), total([part for part in full if part != ZERO])


def by_steps(expression: Expression) -> Expression:
    """A product tidied, its factors from the last step to the first, parameters before them."""
    found = factors(expression)
    entries = {base: _last_step(base) for base in found.powers}
    front = build_product(
        found._replace(powers={b: p for b, p in found.powers.items() if entries[b] < 0})
    )
    behind = sorted((b for b in found.powers if entries[b] >= 0), key=lambda b: -entries[b])
    if any(found.powers[base] < 0 for base in behind) or not found.number:
        return build_product(found)
    raised = [tidy(Apply("^", b, constant(found.powers[b]))) for b in behind]
    return product(raised if front == ONE and raised else [front, *raised])


def _last_step(expression: Expression) -> int:
    """The largest index of an entry in an expression; -1 without one."""
    found = (entry(name) for name in names(expression) if "/" not in name)
    return max((int(at.place) for at in found if at and at.place.isdecimal()), default=-1)


def product(parts: Sequence[Expression]) -> Expression:
    """Factors from left to right; 1 for none."""
    return reduce(lambda a, b: Apply("*", a, b), parts) if parts else ONE


def signed_sum(terms: Sequence[tuple[int, Expression]]) -> Expression:
    """Terms with their signs from left to right; 0 for none."""
    result: Expression | None = None
    for sign, term in terms:
        if result is None:
            result = Apply("neg", term) if sign < 0 else term
        else:
            result = Apply("+" if sign > 0 else "-", result, term)
    return ZERO if result is None else result


def total(terms: Sequence[Expression]) -> Expression:
    """Terms from left to right; 0 for none."""
    return reduce(lambda a, b: Apply("+", a, b), terms) if terms else ZERO
