"""The form that a textbook prints: from what the rules leave to what a reader recognises.

A handful of rewrites, each with a name and shown as a step: `exp(-x) / (1 + exp(-x))^2` becomes
`sigmoid(x) * (1 - sigmoid(x))`. They are tried in order, and kept only if they end somewhere simpler.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from stepsolve.calculus.collecting import (
    cancel_number,
    expand,
    expand_below,
    factor_above,
    factor_out,
)
from stepsolve.calculus.identities import (
    head,
    merge_factors,
    pythagoras,
    recognise,
    recognise_parts,
)
from stepsolve.calculus.patterns import as_exponential
from stepsolve.calculus.quotients import (
    add_and_subtract,
    by_quotient,
    cancel,
    common_denominator,
    divide_each_term,
    divide_out,
    group_quotients,
    share_of_rest,
    split_square,
    square_roots,
)
from stepsolve.calculus.tidy import terms, tidy
from stepsolve.derivation import Step
from stepsolve.notation.tree import Apply, Expression, walk

__all__ = ("recognise", "textbook")

_MIN_SIZE = 4  # nodes below which there is nothing to simplify
_ROUNDS = 3  # a simpler form may be simplified once more
_MAX_SIZE = 150  # nodes beyond which no textbook form is looked for


class Rewrite(NamedTuple):
    """A named way to write an expression otherwise; `None` where it does not apply."""

    name: str
    because: str
    apply: Callable[[Expression], Expression | None]


class Strategy:
    """Rewrites to try one after the other, where one operation of every word in `needs` occurs.

    `worth` is how much heavier the outcome may be than that of others, once the first rewrite applies:
    it is what a textbook prints.
    The outcome is tidied unless it is to be left `as_is`.
    """

    def __init__(self, needs: str, *rewrites: Rewrite, worth: int = 0, as_is: bool = False) -> None:
        self.needs = tuple(frozenset(word.split("|")) for word in needs.split())
        self.rewrites = rewrites
        self.worth = worth
        self.as_is = as_is

    def may_apply(self, heads: set[str]) -> bool:
        """Whether an expression with these operations may have what the rewrites look for."""
        return all(need & heads for need in self.needs)


def textbook(expression: Expression) -> tuple[Step, ...]:
    """The rewrites that lead to a simpler form; none if the expression is as simple as it gets."""
    steps: tuple[Step, ...] = ()
    for _ in range(_ROUNDS):
        strategy, found = _simplest(expression)
        steps += found
        if strategy is None or strategy.as_is:
            break
        expression = found[-1].after
        if not any(head(node) == "/" for node in walk(expression)):
            break  # it is seldom that anything but a fraction has more to it
    return steps


def _simplest(expression: Expression) -> tuple[Strategy | None, tuple[Step, ...]]:
    """The strategy that ends in the simplest form, if that is simpler, and its rewrites."""
    best: tuple[Strategy | None, tuple[Step, ...]] = None, ()
    if not _MIN_SIZE <= expression.size <= _MAX_SIZE:
        return best
    heads = {head(node) for node in walk(expression)}
    least = before = _weight(expression)
    for strategy in _STRATEGIES:
        if not strategy.may_apply(heads):
            continue
        steps = _chain(expression, strategy)
        # a chain may be left where it is simplest
        for k, step in enumerate(steps):
            size, count = _weight(step.after)
            weight = size - strategy.worth, count
            if weight < least and ((size, count) < before or strategy.as_is):
                best, least = (strategy, steps[: k + 1]), weight
    return best


def _chain(expression: Expression, strategy: Strategy) -> tuple[Step, ...]:
    steps: list[Step] = []
    for rewrite in strategy.rewrites:
        after = rewrite.apply(expression)
        if after is not None and after != expression:
            steps.append(Step(rewrite.name, expression, after, because=rewrite.because))
            expression = after
        elif strategy.worth and not steps:
            return ()
    if steps and not strategy.as_is and (tidied := tidy(expression)) != expression:
        steps[-1] = steps[-1]._replace(after=tidied)
    return tuple(steps)


def _weight(expression: Expression) -> tuple[int, int]:
    """How much there is to read: a fraction or an exponential weighs more than a function's name."""
    heavy = sum(
        node.operation == "/" or head(as_exponential(node)) == "exp"
        for node in walk(expression)
        if isinstance(node, Apply)
    )
    return expression.size + heavy, len(terms(expression))


_RECOGNISE = Rewrite(
    "recognise the function", "a function of the table, written out", recognise_parts
)
_DIVIDE = Rewrite("divide each term", "a sum over a common denominator", divide_each_term)

# each is tried; the one that ends in the simplest form is taken
_FACTOR = Rewrite("factor out", "what all terms share", factor_out)
_FACTOR_ABOVE = Rewrite("factor out", "what all terms of the numerator share", factor_above)
_CANCEL = Rewrite("cancel", "what the numerator shares with the denominator", cancel)
_PYTHAGORAS = Rewrite("Pythagorean identity", "sin^2 + cos^2 = 1, cosh^2 - sinh^2 = 1", pythagoras)
_EXPAND = Rewrite("expand and collect", "products multiplied out, like terms together", expand)
_STRATEGIES = (
    Strategy("/ +|-", _FACTOR_ABOVE),
    Strategy("/ +|-", Rewrite("cancel", "a number that all terms share", cancel_number)),
    Strategy(
        "/",
        Rewrite("split the fraction", "one factor of the square to each part", split_square),
        Rewrite("add and subtract", "the numerator in terms of the denominator", add_and_subtract),
        Rewrite("divide out", "each term of the numerator by the denominator", divide_out),
        _RECOGNISE,
    ),
    Strategy(
        "/",
        _DIVIDE,
        Rewrite(
            "group the quotients", "quotients that are a function of the table", group_quotients
        ),
        _RECOGNISE,
        _FACTOR,
    ),
    Strategy(
        "/ +|-",
        Rewrite("divide each term", "by the square of the sum", by_quotient),
        Rewrite("factor out", "the quotient that both terms share", share_of_rest),
        worth=12,
        as_is=True,
    ),
    Strategy("/ +|-", _CANCEL, _EXPAND, _FACTOR, worth=3),
    Strategy(
        "/ +|-",
        Rewrite("multiply out", "the sum in the denominator", expand_below),
    ),
    Strategy(
        "/ +|-",
        Rewrite("common denominator", "the sum as one fraction", common_denominator),
        Rewrite("square of a root", "the root undone", square_roots),
        _CANCEL,
        _EXPAND,
    ),
    Strategy(
        "sign|> *",
        Rewrite("merge the factors", "a sign is that of its factor", merge_factors),
    ),
    Strategy("^ sin|cos", _PYTHAGORAS, worth=2),
    Strategy("^ sinh|cosh", _PYTHAGORAS),
    Strategy("/", _RECOGNISE),
    Strategy("+|-", _FACTOR),
    Strategy(
        "+|-",
        _EXPAND,
        _FACTOR,
    ),
)
