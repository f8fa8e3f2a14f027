"""What is known of signs: which of negative, zero and positive an expression can be.

Laws such as `log(a * b) = log(a) + log(b)` hold for positive a and b only; they are used where that
follows from the conditions of the problem, from the case at hand or from the form of the expression.

Source: the sign domain of P. Cousot and R. Cousot, Abstract interpretation (1977).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import NamedTuple

from stepsolve.calculus.normal import ARITHMETIC, head, key, settle
from stepsolve.calculus.tidy import ZERO, factors, terms
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute

Signs = frozenset[int]
ANY: Signs = frozenset((-1, 0, 1))
POSITIVE: Signs = frozenset((1,))
NEGATIVE: Signs = frozenset((-1,))
NOT_NEGATIVE: Signs = frozenset((0, 1))
NOT_POSITIVE: Signs = frozenset((-1, 0))
NOT_ZERO: Signs = frozenset((-1, 1))
ZERO_ALONE: Signs = frozenset((0,))

_OF_COMPARISON = {
    ">": POSITIVE,
    ">=": NOT_NEGATIVE,
    "<": NEGATIVE,
    "<=": NOT_POSITIVE,
    "!=": NOT_ZERO,
    "==": ZERO_ALONE,
}
_OF_FUNCTION = {
    **dict.fromkeys(("exp", "cosh", "sigmoid", "softplus"), POSITIVE),
    **dict.fromkeys(("abs", "sqrt", "relu", "acosh", "acos"), NOT_NEGATIVE),
}
_LIKE_ARGUMENT = frozenset(("sinh", "tanh", "atan", "asin", "asinh", "atanh", "erf", "sign"))


class Fact(NamedTuple):
    """An expression and the signs that it can have."""

    expression: Expression
    signs: Signs


def fact(comparison: Expression) -> Fact | None:
    """What a comparison says of the difference of its sides."""
    match comparison:
        case Apply(operation=operation, arguments=(a, b)) if operation in _OF_COMPARISON:
            return Fact(settle(Apply("-", a, b)), _OF_COMPARISON[operation])
    return None


class Assumptions:
    """Facts, and what follows from them. Right but not complete: `ANY` where nothing is found."""

    def __init__(self, comparisons: tuple[Expression, ...] = ()) -> None:
        self.comparisons = comparisons
        self.facts = tuple(f for f in map(fact, comparisons) if f is not None)
        self._direct: dict[str, Signs] = {}
        for known in self.facts:
            for sign in (1, -1):
                of = known.expression if sign > 0 else settle(Apply("neg", known.expression))
                signs = frozenset(sign * s for s in known.signs)
                self._direct[key(of)] = self._direct.get(key(of), ANY) & signs
        self._done: dict[Expression, Signs] = {}
        for name in {n: None for f in self.facts for n in names(f.expression).values()}:
            self._direct[key(name)] = self.signs(name)
        self._done.clear()

    def with_(self, comparison: Expression) -> Assumptions:
        """These and one more."""
        return Assumptions((*self.comparisons, comparison))

    def positive(self, expression: Expression) -> bool:
        return self.signs(expression) <= POSITIVE

    def not_negative(self, expression: Expression) -> bool:
        return self.signs(expression) <= NOT_NEGATIVE

    def signs(self, expression: Expression) -> Signs:
        """The signs that an expression can have."""
        known = self._done.get(expression)
        if known is None:
            settled = settle(expression)
            known = self._of(settled)
            for other in self.facts:  # x is positive if x - 1 is, for it is (x - 1) + 1
                if len(known) == 1:
                    break
                for sign, joined in ((1, "-"), (-1, "+")):
                    rest = self._of(settle(Apply(joined, settled, other.expression)))
                    known &= _added(rest, frozenset(sign * s for s in other.signs))
            self._done[expression] = known
        return known

    def _of(self, node: Expression) -> Signs:
        found = self._structural(node)
        return found & self._direct.get(key(node), ANY) if len(found) > 1 else found

    def _structural(self, node: Expression) -> Signs:
        value = numeric(node)
        if value is not None:
            return frozenset(((value > 0) - (value < 0),))
        match node:
            case Name(name="e" | "pi" | "π"):
                return POSITIVE
            case Apply(operation="-", arguments=(Apply(operation="exp", arguments=(a,)), one)) if (
                numeric(one) == 1
            ):
                return self._of(a)
            case Apply(operation="+" | "-" | "neg") if len(terms(node)) > 1:
                total: Signs = frozenset((0,))
                for sign, part in terms(node):
                    total = _added(total, frozenset(sign * s for s in self._of(part)))
                return total
            case Apply() if node.operation in ARITHMETIC:
                return self._of_product(node)
            case Apply(arguments=(inner,)) if node.operation in _LIKE_ARGUMENT:
                return self._of(inner)
            case Apply(operation="abs" | "sqrt", arguments=(inner,)) if 0 not in self._of(inner):
                return POSITIVE
            case Apply(operation="log", arguments=(inner,)):
                return self._of(settle(Apply("-", inner, Number("1"))))
            case Apply(operation="max" | "min" as which, arguments=several):
                pick = max if which == "max" else min
                return frozenset(map(pick, product(*map(self._of, several))))
        return _OF_FUNCTION.get(head(node), ANY)

    def _of_product(self, node: Expression) -> Signs:
        found = factors(node)
        signs: Signs = frozenset(((found.number > 0) - (found.number < 0),))
        for base, power in found.powers.items():
            if base == node:
                return self._of_power(node)
            of = self._of(base)
            if power < 0:
                of -= {0}
            if power.denominator != 1:
                of &= NOT_NEGATIVE
            elif power % 2 == 0:
                of = frozenset(s * s for s in of)
            signs = frozenset(a * b for a in signs for b in of)
        return signs

    def _of_power(self, node: Expression) -> Signs:
        match node:
            case Apply(operation="^", arguments=(base, _)) if self._of(base) <= POSITIVE:
                return POSITIVE
        return ANY


def _added(one: Signs, other: Signs) -> Signs:
    found: set[int] = set()
    for a, b in product(one, other):
        found |= {a or b} if a * b >= 0 else ANY
    return frozenset(found)


_DOMAINS = {
    **dict.fromkeys(("log", "log2", "log10"), ((">", "a"),)),
    "sqrt": ((">=", "a"),),
    "acosh": ((">=", "a - 1"),),
    **dict.fromkeys(("asin", "acos"), ((">=", "1 - a"), (">=", "1 + a"))),
    "atanh": ((">", "1 - a"), (">", "1 + a")),
    "/": (("!=", "b"),),
}
"""Where operations have values: the comparisons with 0 that hold of their arguments."""


def natural_domain(expression: Expression) -> Iterator[Expression]:
    """What holds wherever an expression has a value. Branches that may not be taken say nothing."""
    from stepsolve.source.expression import parse

    if not isinstance(expression, Apply):
        return
    for comparison, of in _DOMAINS.get(expression.operation, ()):
        letters = dict(zip("ab", expression.arguments, strict=False))
        holds = Apply(comparison, settle(substitute(parse(of), letters)), ZERO)
        if names(holds):
            yield holds
    inside = expression.arguments[:1] if expression.operation == "where" else expression.arguments
    for argument in inside:
        yield from natural_domain(argument)
