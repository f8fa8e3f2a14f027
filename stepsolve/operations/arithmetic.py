"""Arithmetic, comparisons and choices: the rows whose derivatives need no calculus."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Number, walk
from stepsolve.operations.operation import VARIADIC, Operation, parameters

_EITHER = ((-4.0, 4.0), (-4.0, 4.0))
_ALGEBRA = "Stewart, Calculus, 8th ed., ch. 3"


def _power(mp: Any, base: Any, exponent: Any) -> Any:
    return base ** int(exponent) if exponent == int(exponent) else base**exponent


def _real_root(arguments: tuple[Expression, ...]) -> Expression | None:
    """`x^(p/q)`, its exponent written in whole numbers and `q` odd, as the power of a real root."""
    base, exponent = arguments
    if not isinstance(exponent, Apply) or not _is_whole_fraction(exponent):
        return None
    value = numeric(exponent)
    if value is None or value.denominator == 1 or value.denominator % 2 == 0:
        return None
    root = Apply("root", base, Number(str(value.denominator)))
    size = Number(str(abs(value.numerator)))
    return Apply("^", root, size if value > 0 else Apply("neg", size))


def _is_whole_fraction(exponent: Expression) -> bool:
    """Whether its numbers are whole: `0.2` is a decimal, not a fifth root."""
    return all(node.text.isdecimal() for node in walk(exponent) if isinstance(node, Number))


def _routes(beats: str, ties: str) -> Callable[[int], tuple[str, ...]]:
    """The gradient goes to the first of the winners: strictly before the earlier, ties the later."""

    def local(count: int) -> tuple[str, ...]:
        of = parameters(count)
        return tuple(
            " * ".join(
                f"({of[k]} {beats if j < k else ties} {of[j]})" for j in range(count) if j != k
            )
            or "1"
            for k in range(count)
        )

    return local


def _fold(function: Callable[..., Any]) -> Callable[..., Any]:
    def folded(first: Any, *others: Any) -> Any:
        for other in others:
            first = function(first, other)
        return first

    return folded


def _compare(name: str, numpy: Callable[..., Any], precise: Callable[..., Any]) -> Operation:
    return Operation(
        name,
        numpy=lambda a, b: np.where(numpy(a, b), 1.0, 0.0),
        precise=lambda mp, a, b: mp.mpf(precise(a, b)),
        local=("0", "0"),
        arity=(2, 2),
        is_call=False,
        domain=_EITHER,
        kinks="ties",
        convention="the derivative of a step is 0, also at its jump",
        description="1 where the comparison holds and 0 where it does not (Iverson's bracket)",
        source="Graham, Knuth, Patashnik, Concrete Mathematics, 2.1",
    )


ROWS = (
    Operation(
        "+",
        numpy=operator.add,
        precise=lambda mp, a, b: a + b,
        local=("1", "1"),
        arity=(2, 2),
        is_call=False,
        domain=_EITHER,
        pattern="add distributes",
        description="sum",
        source=_ALGEBRA,
    ),
    Operation(
        "-",
        numpy=operator.sub,
        precise=lambda mp, a, b: a - b,
        local=("1", "-1"),
        arity=(2, 2),
        is_call=False,
        domain=_EITHER,
        pattern="subtract distributes, with a sign",
        description="difference",
        source=_ALGEBRA,
    ),
    Operation(
        "*",
        numpy=operator.mul,
        precise=lambda mp, a, b: a * b,
        local=("b", "a"),
        arity=(2, 2),
        is_call=False,
        domain=_EITHER,
        pattern="multiply swaps",
        description="product",
        source=_ALGEBRA,
    ),
    Operation(
        "/",
        numpy=np.true_divide,
        precise=lambda mp, a, b: a / b,
        local=("1 / b", "-a / b^2"),
        arity=(2, 2),
        is_call=False,
        domain=((-4.0, 4.0), (0.5, 4.0)),
        condition="b != 0",
        description="quotient",
        source=_ALGEBRA,
    ),
    Operation(
        "^",
        numpy=np.power,
        precise=_power,
        local=("b * a^(b - 1)", "a^b * log(a)"),
        arity=(2, 2),
        is_call=False,
        domain=((0.2, 3.0), (-2.0, 2.0)),
        condition="a > 0, or b a whole number or a fraction over an odd one",
        means=_real_root,
        description="power",
        source="DLMF 4.2.26",
    ),
    Operation(
        "neg",
        numpy=operator.neg,
        precise=lambda mp, a: -a,
        local=("-1",),
        is_call=False,
        pattern="minus flips the sign",
        description="change of sign",
        source=_ALGEBRA,
    ),
    _compare("<", np.less, lambda a, b: a < b),
    _compare("<=", np.less_equal, lambda a, b: a <= b),
    _compare(">", np.greater, lambda a, b: a > b),
    _compare(">=", np.greater_equal, lambda a, b: a >= b),
    _compare("==", np.equal, lambda a, b: a == b),
    _compare("!=", np.not_equal, lambda a, b: a != b),
    Operation(
        "max",
        numpy=_fold(np.maximum),
        precise=lambda mp, *arguments: max(arguments),
        local=_routes(">", ">="),
        arity=(2, VARIADIC),
        sympy="Max",
        latex=r"\max\left(#*\right)",
        domain=_EITHER,
        kinks="ties",
        convention="where arguments tie, the gradient goes to the first of them",
        pattern="max routes",
        description="the largest of its arguments",
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 6.3",
    ),
    Operation(
        "min",
        numpy=_fold(np.minimum),
        precise=lambda mp, *arguments: min(arguments),
        local=_routes("<", "<="),
        arity=(2, VARIADIC),
        sympy="Min",
        latex=r"\min\left(#*\right)",
        domain=_EITHER,
        kinks="ties",
        convention="where arguments tie, the gradient goes to the first of them",
        pattern="min routes",
        description="the smallest of its arguments",
        source="Goodfellow, Bengio, Courville, Deep Learning (2016), 6.3",
    ),
    Operation(
        "clip",
        numpy=lambda a, b, c: np.minimum(np.maximum(a, b), c),
        precise=lambda mp, a, b, c: c if c < b or a > c else b if a < b else a,
        local=("(a >= b) * (a <= a_3)", "(a < b) * (b <= a_3)", "max(a, b) > a_3"),
        arity=(3, 3),
        definition="min(max(a, b), a_3)",
        latex=r"\operatorname{clip}\left(#*\right)",
        domain=((-4.0, 4.0), (-2.0, -0.5), (0.5, 2.0)),
        kinks="bounds",
        convention="at a bound, the gradient goes to the first argument",
        description="the first argument, held between the second and the third",
        source="NumPy reference, numpy.clip",
    ),
    Operation(
        "where",
        numpy=lambda a, b, c: np.where(np.asarray(a) != 0, b, c),
        precise=lambda mp, a, b, c: b if a != 0 else c,
        local=("0", "where(a, 1, 0)", "where(a, 0, 1)"),
        arity=(3, 3),
        chooses=True,
        domain=((0.0, 1.0), *_EITHER),
        aliases=("piecewise",),
        description="its second argument where the first holds, its third elsewhere; for several "
        "cases piecewise(value, condition, ..., otherwise)",
        source="NumPy reference, numpy.where",
    ),
)
