"""Rules for any number of parts: products of n factors, chains of fractions, cases, logarithms.

A family makes the rule that an expression asks for, with as many letters as it has parts. A new one
is a function and its row in `FAMILIES`. It is tried before the rows of `rules` for the same sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from typing import NamedTuple

from stepsolve.calculus.patterns import Bindings, as_exponential
from stepsolve.calculus.tidy import tidy
from stepsolve.notation.cases import CHOICE, cases
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, Number, walk
from stepsolve.operations.table import OPERATIONS

VARYING = ("u", "v", "w", "p", "q", "r", "s", "t", *(f"u_{k}" for k in range(9, 300)))
FIXED = ("a", "b", "c", *(f"c_{k}" for k in range(4, 300)))
_CONDITIONS = ("A", "B", "C", *(f"A_{k}" for k in range(4, 300)))
_TOGETHER = 12  # factors in one product rule, which has that many terms of as many factors
_MOST = 200  # parts of a chain; a tree over more of them would be too deep
ASKED_FOR = "as asked for"  # of a rule that belongs to the method of the problem
_X = Name("x")
_ONE = Number("1")


class Rule(NamedTuple):
    """`diff(pattern, x) = template`; `inner` is the part that the chain rule calls u.

    A linear rule is trivial when everything that it leaves open is. `because` says why
    this rule is taken where there are several ways.
    """

    name: str
    pattern: Expression
    template: Expression
    inner: str = ""
    linear: bool = False
    source: str = "Stewart, Calculus, 8th ed., 3.1 to 3.6"
    because: str = ""
    stated: Expression | None = None
    """What is said of the derivative, if not the template itself."""

    @property
    def formula(self) -> tuple[Expression, Expression]:
        return diff(self.pattern), self.template if self.stated is None else self.stated


class Asked(NamedTuple):
    """What is differentiated by, what depends on it, what `e` is, and the method asked for."""

    variable: Name
    depends: Callable[[Expression], bool]
    euler: bool = True
    method: str = "as-written"


Fit = tuple[Rule, Bindings]
Family = Callable[[Apply, Asked], Fit | Expression | None]
"""The rule and what its letters stand for; or the same expression otherwise written, to try again."""


def diff(expression: Expression) -> Apply:
    return Apply("diff", expression, _X)


def product(parts: list[Expression]) -> Expression:
    """The product of parts, from the left; 1 if there are none."""
    return reduce(lambda left, right: Apply("*", left, right), parts) if parts else _ONE


def factors(expression: Expression) -> Iterator[Expression]:
    """The factors of a product as written."""
    for part, above in _fraction(expression, through=("*",)):
        assert above
        yield part


def _fraction(
    expression: Expression, through: tuple[str, ...] = ("*", "/")
) -> Iterator[tuple[Expression, bool]]:
    """The parts of a chain of products and quotients, each with whether it stands above the bar."""
    waiting = [(expression, True)]
    while waiting:
        part, above = waiting.pop()
        if above and isinstance(part, Apply) and part.operation in through:
            left, right = part.arguments
            waiting += [(right, part.operation == "*"), (left, True)]
        else:
            yield part, above


def _one_fraction(expression: Apply, asked: Asked) -> Expression | None:
    """`u / v * p / q` is `u * p / (v * q)`: one step, however many signs of division."""
    parts = list(_fraction(expression))
    below = [part for part, above in parts if not above]
    if len(below) < 2 or len(parts) > _MOST:
        return None
    return Apply("/", product([part for part, above in parts if above]), product(below))


def _long_product(expression: Apply, asked: Asked) -> Fit | None:
    """Constants in front, and of all other factors one product rule."""
    parts = list(factors(expression))
    if not 2 < len(parts) <= _MOST:
        return None
    fixed = [part for part in parts if not asked.depends(part)]
    varying = [part for part in parts if asked.depends(part)]
    if fixed:
        return _MULTIPLE, {"c": product(fixed), "u": product(varying)}
    if len(varying) > _TOGETHER:
        middle = len(varying) // 2
        halves = {"u": product(varying[:middle]), "v": product(varying[middle:])}
        return product_rule(2)._replace(name="product rule"), halves
    return product_rule(len(varying)), dict(zip(VARYING, varying, strict=False))


def product_rule(count: int) -> Rule:
    """The product rule for a number of factors: each differentiated in turn."""
    letters: list[Expression] = [Name(letter) for letter in VARYING[:count]]
    terms = [product([*letters[:k], diff(u), *letters[k + 1 :]]) for k, u in enumerate(letters)]
    total = reduce(lambda left, right: Apply("+", left, right), terms)
    return Rule(f"product rule for {count} factors", product(letters), total)


_MULTIPLE = Rule(
    "constant multiple rule",
    Apply("*", Name("c"), Name("u")),
    Apply("*", Name("c"), diff(Name("u"))),
    linear=True,
)


def case_rule(varying: tuple[bool, ...]) -> Rule:
    """The rule for cases, of which some depend on the variable: each by itself."""
    letters = [Name((VARYING if v else FIXED)[k]) for k, v in enumerate(varying)]
    slopes = [diff(u) if v else Number("0") for u, v in zip(letters, varying, strict=True)]
    template = _chosen(slopes) if any(varying) else Number("0")
    pattern = _chosen(letters)
    return Rule("case by case", pattern, template, source="Stewart, Calculus, 8th ed., 2.8")


def _chosen(values: Sequence[Expression]) -> Expression:
    """Cases with the letters of conditions, and the last value otherwise."""
    result = values[-1]
    for k in range(len(values) - 2, -1, -1):
        result = Apply(CHOICE, Name(_CONDITIONS[k]), values[k], result)
    return result


def _cases(expression: Apply, asked: Asked) -> Fit:
    found, other = cases(expression.arguments)
    values = [*(value for value, _ in found), other]
    varying = tuple(map(asked.depends, values))
    rule = case_rule(varying)
    letters = [(VARYING if v else FIXED)[k] for k, v in enumerate(varying)]
    conditions = (condition for _, condition in found)
    return rule, {
        **dict(zip(letters, values, strict=True)),
        **dict(zip(_CONDITIONS, conditions, strict=False)),
    }


def _as_quotient(expression: Apply, asked: Asked) -> Expression | None:
    """`u * v^(-n)` as `u / v^n`."""
    above: list[Expression] = []
    below: list[Expression] = []
    for part, is_above in _fraction(expression):
        match part:
            case Apply(
                operation="^", arguments=(base, Apply(operation="neg", arguments=(size,)))
            ) if is_above and numeric(size):
                below.append(base if size == _ONE else Apply("^", base, size))
            case _:
                (above if is_above else below).append(part)
    if not below or expression.operation == "/":
        return None
    return Apply("/", product(above), product(below))


def _by_logarithm(expression: Apply, asked: Asked) -> Fit | None:
    """`f' = f * (log|f|)'`, the logarithm taken apart into those of all factors."""
    if any(map(_may_vanish, walk(expression))):
        return None
    logarithms: list[tuple[int, Expression]] = []
    for part, above in _fraction(expression):
        if asked.depends(part):
            logarithms.append((1 if above else -1, _logarithm(part, asked)))
    if not (1 if expression.operation == "^" else 2) <= len(logarithms) <= _MOST:
        return None
    sign, total = logarithms[0]
    total = total if sign > 0 else Apply("neg", total)
    for sign, term in logarithms[1:]:
        total = Apply("+" if sign > 0 else "-", total, term)
    rule = Rule(
        "logarithmic differentiation",
        Name("u"),
        Apply("*", Name("u"), diff(Name("v"))),
        because=ASKED_FOR,
        stated=Apply("*", Name("u"), diff(Apply("log", Apply("abs", Name("u"))))),
    )
    return rule, {"u": expression, "v": total}


def _may_vanish(node: Expression) -> bool:
    """Whether a part may be 0 on a whole interval, where it has no logarithm."""
    if not isinstance(node, Apply):
        return False
    row = OPERATIONS[node.operation]
    return row.chooses or (bool(row.kinks) and row.name != "abs") or tidy(node) == Number("0")


def _logarithm(part: Expression, asked: Asked) -> Expression:
    part = as_exponential(part) if asked.euler else part
    match part:
        case Apply(operation="exp", arguments=(exponent,)):
            return exponent
        case Apply(operation="sqrt", arguments=(inner,)):
            return Apply("*", Apply("/", _ONE, Number("2")), Apply("log", inner))
        case Apply(operation="^", arguments=(base, exponent)):
            if asked.depends(exponent):
                return Apply("*", exponent, Apply("log", base))
            return Apply("*", exponent, Apply("log", Apply("abs", base)))
    return Apply("log", Apply("abs", part))


# for each sign: the method that a family belongs to, or none if it is always tried
FAMILIES: dict[str, tuple[tuple[str, Family], ...]] = {
    "*": (
        ("logarithmic", _by_logarithm),
        ("quotient", _as_quotient),
        ("", _one_fraction),
        ("", _long_product),
    ),
    "/": (("logarithmic", _by_logarithm), ("", _one_fraction)),
    "^": (("logarithmic", _by_logarithm), ("quotient", _as_quotient)),
    CHOICE: (("", _cases),),
}
