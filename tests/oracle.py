"""What every operation means, written once more from the textbook, and expressions to try it on.

mpmath in 60 digits. Nothing of `stepsolve.checking`, of the table's own functions or of the rules
takes part. The functions of `SMOOTH` take complex numbers near the real line too, for complex steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import Any

from mpmath import MPContext

from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, walk
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.expression import parse

MP = MPContext()
MP.dps = 60
HUNDREDTH = MP.mpf(1) / 100
STEP = MP.mpf(10) ** -20  # a third of the digits: a central difference is right to 40

Function = Callable[..., Any]


class NoValue(Exception):
    """No real value, or one too near an edge to be differentiated there."""


def _within(holds: object) -> None:
    if not holds:
        raise NoValue


def _over(above: Any, below: Any) -> Any:
    _within(below != 0)
    return above / below


def _exp(a: Any) -> Any:
    _within(MP.re(a) < 20_000)
    return MP.exp(a)


def _log(a: Any) -> Any:
    _within(MP.re(a) > 0)
    return MP.log(a)


def _sqrt(a: Any) -> Any:
    _within(MP.re(a) > 0)  # at 0 it has a value, but no slope
    return _exp(MP.log(a) / 2)


def _power(base: Any, exponent: Any) -> Any:
    whole = int(MP.re(exponent))
    if exponent == whole:
        _within(base != 0 or whole >= 0)
        return base**whole
    return _exp(exponent * _log(base))


def _root(a: Any, n: Any) -> Any:
    _within(a != 0 and n != 0)
    whole = int(MP.re(n))
    if n == whole and whole % 2 and MP.re(a) < 0:
        return -_exp(MP.log(-a) / n)
    return _exp(_log(a) / n)


def _sin(a: Any) -> Any:
    return (MP.exp(MP.j * a) - MP.exp(-MP.j * a)) / (2 * MP.j)


def _cos(a: Any) -> Any:
    return (MP.exp(MP.j * a) + MP.exp(-MP.j * a)) / 2


def _sinh(a: Any) -> Any:
    return (_exp(a) - _exp(-a)) / 2


def _cosh(a: Any) -> Any:
    return (_exp(a) + _exp(-a)) / 2


def _tanh(a: Any) -> Any:
    return 1 - 2 / (MP.exp(2 * a) + 1)


def _asin(a: Any) -> Any:
    _within(-1 < MP.re(a) < 1)
    return 2 * MP.atan(a / (1 + MP.sqrt(1 - a**2)))


def _acosh(a: Any) -> Any:
    _within(MP.re(a) > 1)
    return MP.log(a + MP.sqrt(a**2 - 1))


def _asinh(a: Any) -> Any:
    # the logarithm of a positive number, whose digits do not cancel
    size = a if MP.re(a) >= 0 else -a
    found = MP.log(size + MP.sqrt(a**2 + 1))
    return found if MP.re(a) >= 0 else -found


def _atanh(a: Any) -> Any:
    _within(-1 < MP.re(a) < 1)
    return MP.log((1 + a) / (1 - a)) / 2


def _sigmoid(a: Any) -> Any:
    return 1 / (1 + MP.exp(-a))


def _beyond(function: Function) -> Function:
    """A function of 1/a, where that lies between -1 and 1."""

    def of(a: Any) -> Any:
        _within(MP.re(a) ** 2 > 1)
        return function(1 / a)

    return of


def _erf(a: Any) -> Any:
    return 2 * a / MP.sqrt(MP.pi) * MP.hyp1f1(0.5, 1.5, -(a**2))


SMOOTH: dict[str, Function] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": _over,
    "^": _power,
    "neg": lambda a: -a,
    "exp": _exp,
    "log": _log,
    "log2": lambda a: _log(a) / MP.log(2),
    "log10": lambda a: _log(a) / MP.log(10),
    "log_base": lambda a, b: _over(_log(a), _log(b)),
    "logsumexp": lambda *a: MP.log(sum(map(_exp, a))),
    "sqrt": _sqrt,
    "cbrt": lambda a: _root(a, MP.mpf(3)),
    "root": _root,
    "sin": _sin,
    "cos": _cos,
    "tan": lambda a: _over(_sin(a), _cos(a)),
    "sec": lambda a: _over(1, _cos(a)),
    "csc": lambda a: _over(1, _sin(a)),
    "cot": lambda a: _over(_cos(a), _sin(a)),
    "asin": _asin,
    "acos": lambda a: MP.pi / 2 - _asin(a),
    "atan": lambda a: MP.asin(a / MP.sqrt(1 + a**2)),
    "asec": _beyond(lambda a: MP.pi / 2 - _asin(a)),
    "acsc": _beyond(_asin),
    "acot": lambda a: MP.pi / 2 - MP.asin(a / MP.sqrt(1 + a**2)),
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "sech": lambda a: 1 / _cosh(a),
    "csch": lambda a: _over(1, _sinh(a)),
    "coth": lambda a: _over(_cosh(a), _sinh(a)),
    "asinh": _asinh,
    "acosh": _acosh,
    "atanh": _atanh,
    "asech": lambda a: _acosh(_over(1, a)),
    "acsch": lambda a: _asinh(_over(1, a)),
    "acoth": _beyond(_atanh),
    "erf": _erf,
    "sigmoid": _sigmoid,
    "softplus": lambda a: MP.log1p(MP.exp(a)),
    "gelu": lambda a: a * MP.erfc(-a / MP.sqrt(2)) / 2,
    "silu": lambda a: a * _sigmoid(a),
    "mish": lambda a: a * _tanh(MP.log1p(MP.exp(a))),
}
KINKED: dict[str, Function] = {
    "<": lambda a, b: MP.mpf(a < b),
    "<=": lambda a, b: MP.mpf(a <= b),
    ">": lambda a, b: MP.mpf(a > b),
    ">=": lambda a, b: MP.mpf(a >= b),
    "==": lambda a, b: MP.mpf(a == b),
    "!=": lambda a, b: MP.mpf(a != b),
    "max": lambda *a: sorted(a)[-1],
    "min": lambda *a: sorted(a)[0],
    "clip": lambda a, low, high: sorted((low, a, high))[1] if low <= high else high,
    "where": lambda a, b, c: c if a == 0 else b,
    "abs": lambda a: -a if a < 0 else a,
    "sign": lambda a: MP.mpf((a > 0) - (a < 0)),
    "floor": lambda a: MP.mpf(int(a) - (a < int(a))),
    "ceil": lambda a: MP.mpf(int(a) + (a > int(a))),
    "step": lambda a, b=0: MP.mpf(a > 0) if a else MP.mpf(b),
    "relu": lambda a: (a + abs(a)) / 2,
    "leaky_relu": lambda a, b=HUNDREDTH: a if a > 0 else b * a,
    "elu": lambda a, b=1: a if a > 0 else b * (MP.exp(a) - 1),
    "softsign": lambda a: a / (1 + abs(a)),
}
MEANING = SMOOTH | KINKED


class At:
    """Evaluates expressions at one point. `letters` stand for expressions in the other names.

    `diff(f, x)` is a central difference. Where `x` is itself a letter, it moves and the rest stays.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        letters: Mapping[str, Expression] | None = None,
        euler: bool = True,
        least: float = 0,
    ) -> None:
        self.values, self.letters = dict(values), dict(letters or {})
        self.constants = {"pi": +MP.pi, "π": +MP.pi} | ({"e": +MP.e} if euler else {})
        self.euler, self.least = euler, least
        self._known: dict[Expression, Any] = {}
        self._moved: dict[str, tuple[At, At]] = {}

    def __call__(self, expression: Expression) -> Any:
        if expression not in self._known:
            value = self._value(expression)
            # a tiny value that is not 0 is the rounding error of one that is
            _within(MP.isfinite(value) and (value == 0 or abs(value) >= self.least))
            self._known[expression] = value
        return self._known[expression]

    def _value(self, node: Expression) -> Any:
        if isinstance(node, Number):
            return MP.mpf(node.text)
        if isinstance(node, Name):
            if node.name in self.values:
                return self.values[node.name]
            inner = self.letters.get(node.name)
            return self.constants[node.name] if inner is None else self(inner)
        assert isinstance(node, Apply)
        if node.operation == "diff":
            body, variable = node.arguments
            above, below = self._near(variable)
            return (above(body) - below(body)) / (2 * STEP)
        if node.operation == "where":  # the other value may not exist
            return self(node.arguments[1 if self(node.arguments[0]) else 2])
        values = [self(argument) for argument in node.arguments]
        if node.operation in ("^", "root") and names(node.arguments[1]):
            _within(values[0] > 0)  # u^v is exp(v log(u)), whatever v happens to be
        if node.operation == "^" and (fraction := odd_fraction(node.arguments[1])):
            return _power(_root(values[0], MP.mpf(fraction.denominator)), fraction.numerator)
        return MP.re(MEANING[node.operation](*values))

    def _near(self, variable: Expression) -> tuple[At, At]:
        assert isinstance(variable, Name)
        name, at = variable.name, self(variable)
        if name not in self._moved:
            letters = {k: v for k, v in self.letters.items() if k != name}
            above, below = (
                At({**self.values, name: at + sign * STEP}, letters, self.euler) for sign in (1, -1)
            )
            self._moved[name] = above, below
        return self._moved[name]


def odd_fraction(exponent: Expression) -> Fraction | None:
    """An exponent written in whole numbers, over an odd one: the power of a real root."""
    nodes = list(walk(exponent))
    if not all(isinstance(n, Apply) or (isinstance(n, Number) and n.text.isdigit()) for n in nodes):
        return None
    if not all(n.operation in ["neg", "+", "-", "*", "/"] for n in nodes if isinstance(n, Apply)):
        return None

    def value(node: Expression) -> Fraction:
        if isinstance(node, Number):
            return Fraction(node.text)
        assert isinstance(node, Apply)
        parts = [value(argument) for argument in node.arguments]
        if node.operation == "/" and not parts[1]:
            raise NoValue
        return Fraction(
            -parts[0]
            if node.operation == "neg"
            else parts[0] / parts[1]
            if node.operation == "/"
            else parts[0] * parts[1]
            if node.operation == "*"
            else parts[0] + (parts[1] if node.operation == "+" else -parts[1])
        )

    found = value(exponent)
    return found if found.denominator > 1 and found.denominator % 2 else None


def close(one: Any, other: Any) -> bool:
    """Whether two values agree to 12 digits and more."""
    return bool(abs(one - other) <= 1e-15 * max(1, abs(one), abs(other)))


NUMBERS = [Number(text) for text in ("0", "1", "2", "3", "10", "0.5", "0.25", "1.50")]
EXPONENTS = [parse(text) for text in ("2", "3", "-1", "1/2", "-2", "3/2", "1/3", "-2/3")]
SIGNS = ["+", "-", "*", "/", "^", "neg"]


def random_expression(
    random: Random, variables: list[str], depth: int, operations: list[str]
) -> Expression:
    """An expression, half of whose operations are signs and half of those asked for."""
    if depth == 1 or random.random() < 0.08:
        return Name(random.choice(variables)) if random.random() < 0.7 else random.choice(NUMBERS)
    operation = random.choice(random.choice((SIGNS, operations)))
    least, most = OPERATIONS[operation].arity
    count = random.randint(least, min(most, 3))
    parts = [random_expression(random, variables, depth - 1, operations) for _ in range(count)]
    if operation == "^" and random.random() < 0.7:
        parts[1] = random.choice(EXPONENTS)
    return Apply(operation, *parts)


def points(
    expression: Expression, variables: list[str], euler: bool = True, count: int = 2
) -> Iterator[dict[str, object]]:
    """Values at which an expression has a value, away from the edges of its domain."""
    random = Random(plain(expression))
    intervals = ((0.3, 1.7), (-1.6, 1.6), (1.1, 3.0), (-0.9, 0.9))
    for attempt in range(20):
        low, high = intervals[attempt % 4]
        values = {name: MP.mpf(random.uniform(low, high)) for name in variables}
        try:
            At(values, euler=euler, least=1e-4)(expression)
        except NoValue:
            continue
        yield values
        count -= 1
        if not count:
            return
