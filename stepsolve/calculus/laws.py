"""The laws of exponents, logarithms, roots, angles and signs that proofs may use, a row each.

In a law `a` and `b` stand for any expressions and `n` for a number; `needs` are the signs without
which it does not hold. A law is read from left to right; where a proof is built from its end, the
other way as well. Definitions come from the table of operations and from the problem.

Source: Abramowitz, Stegun, Handbook of Mathematical Functions, 4.1 to 4.6; DLMF 4.2 to 4.35.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from stepsolve.calculus.normal import head, settle
from stepsolve.calculus.patterns import match
from stepsolve.calculus.signs import Assumptions, fact
from stepsolve.notation.exact import numeric
from stepsolve.notation.tree import Apply, Expression, Name, substitute
from stepsolve.operations.table import OPERATIONS

_HOLES = frozenset(("a", "b", "n"))


class Law(NamedTuple):
    """`left = right` wherever `needs` hold; named as one says it at the board."""

    name: str
    left: Expression
    right: Expression
    needs: tuple[Expression, ...] = ()
    theorem: bool = False

    @property
    def detour(self) -> bool:
        """Whether it brings in a logarithm, which a power by a number does not need."""
        return head(self.left) == "^" and head(self.right) == "exp"

    def apply(self, node: Expression, known: Assumptions) -> Expression | None:
        """The right side where the left is this node and what the law needs is known."""
        if head(node) != head(self.left):
            return None
        found = match(self.left, node, _HOLES)
        if found is None or ("n" in found and numeric(found["n"]) is None):
            return None
        if self.detour and numeric(found["b"]) is not None:
            return None
        if not all(holds(substitute(need, found), known) for need in self.needs):
            return None
        return substitute(self.right, found)


# name, left, right, what it needs
_ROWS = (
    ("e^(ln a) = a", "exp(log(a))", "a"),
    ("e^(ln a) = a", "exp(-log(a))", "1 / a"),
    ("e^(ln a) = a", "exp(log(a) + b)", "a * exp(b)"),
    ("e^(ln a) = a", "exp(log(a) - b)", "a * exp(-b)"),
    ("e^(ln a) = a", "exp(b - log(a))", "exp(b) / a"),
    ("e^(b ln a) = a^b", "exp(b * log(a))", "a^b"),
    ("a^b = e^(b ln a)", "a^b", "exp(b * log(a))", "a > 0"),
    ("ln(e^a) = a", "log(exp(a))", "a"),
    ("ln(a · b) = ln a + ln b", "log(a * b)", "log(a) + log(b)", "a > 0", "b > 0"),
    ("ln(1/a) = −ln a", "log(1 / a)", "-log(a)"),
    ("ln(a/b) = ln a − ln b", "log(a / b)", "log(a) - log(b)", "a > 0", "b > 0"),
    ("ln(a^b) = b ln a", "log(a^b)", "b * log(a)", "a > 0"),
    ("ln(a²) = 2 ln|a|", "log(a^2)", "2 * log(abs(a))"),
    ("ln(√a) = (ln a)/2", "log(sqrt(a))", "log(a) / 2"),
    ("√(a²) = |a|", "sqrt(a^2)", "abs(a)"),
    ("(√a)² = a", "sqrt(a)^2", "a"),
    ("√(a · b) = √a · √b", "sqrt(a * b)", "sqrt(a) * sqrt(b)", "a >= 0", "b >= 0"),
    ("√(a/b) = √a / √b", "sqrt(a / b)", "sqrt(a) / sqrt(b)", "a >= 0", "b > 0"),
    ("a^(1/2) = √a", "a^(1/2)", "sqrt(a)"),
    ("√(e^a) = e^(a/2)", "sqrt(exp(a))", "exp(a / 2)"),
    ("(a^b)^n = a^(b n)", "(a^b)^n", "a^(b * n)", "a > 0"),
    ("(a · b)^c = a^c · b^c", "(a * b)^n", "a^n * b^n", "a > 0", "b > 0"),
    ("sine is odd", "sin(-a)", "-sin(a)"),
    ("cosine is even", "cos(-a)", "cos(a)"),
    ("tangent is odd", "tan(-a)", "-tan(a)"),
    ("arctangent is odd", "atan(-a)", "-atan(a)"),
    ("arcsine is odd", "asin(-a)", "-asin(a)"),
    ("the error function is odd", "erf(-a)", "-erf(a)"),
    ("Pythagorean identity", "sin(a)^2", "1 - cos(a)^2"),
    ("Pythagorean identity", "cos(a)^2", "1 - sin(a)^2"),
    ("double angle", "sin(2 * a)", "2 * sin(a) * cos(a)"),
    ("double angle", "cos(2 * a)", "cos(a)^2 - sin(a)^2"),
    ("sine of 2a + a", "sin(3 * a)", "sin(2 * a) * cos(a) + cos(2 * a) * sin(a)"),
    ("cosine of 2a + a", "cos(3 * a)", "cos(2 * a) * cos(a) - sin(2 * a) * sin(a)"),
    ("addition theorem", "sin(a + b)", "sin(a) * cos(b) + cos(a) * sin(b)"),
    ("addition theorem", "sin(a - b)", "sin(a) * cos(b) - cos(a) * sin(b)"),
    ("addition theorem", "cos(a + b)", "cos(a) * cos(b) - sin(a) * sin(b)"),
    ("addition theorem", "cos(a - b)", "cos(a) * cos(b) + sin(a) * sin(b)"),
    ("sin(π/2 − a) = cos a", "sin(pi / 2 - a)", "cos(a)"),
    ("cos(π/2 − a) = sin a", "cos(pi / 2 - a)", "sin(a)"),
    ("inverse hyperbolic sine", "asinh(a)", "log(a + sqrt(a^2 + 1))"),
    ("inverse hyperbolic cosine", "acosh(a)", "log(a + sqrt(a^2 - 1))"),
    ("inverse hyperbolic tangent", "atanh(a)", "log((1 + a) / (1 - a)) / 2"),
    ("inverse function", "sinh(asinh(a))", "a"),
    ("inverse function", "cosh(acosh(a))", "a"),
    ("inverse function", "tanh(atanh(a))", "a"),
    ("inverse function", "sin(asin(a))", "a"),
    ("inverse function", "cos(acos(a))", "a"),
    ("inverse function", "tan(atan(a))", "a"),
    ("|a|² = a²", "abs(a)^2", "a^2"),
    ("|−a| = |a|", "abs(-a)", "abs(a)"),
    ("|a · b| = |a| · |b|", "abs(a * b)", "abs(a) * abs(b)"),
    ("|a| = a for a ≥ 0", "abs(a)", "a", "a >= 0"),
    ("|a| = −a for a ≤ 0", "abs(a)", "-a", "a <= 0"),
    ("sign(0) = 0", "sign(a)", "0", "a == 0"),
    ("sign(a) = 1 for a > 0", "sign(a)", "1", "a > 0"),
    ("sign(a) = −1 for a < 0", "sign(a)", "-1", "a < 0"),
    ("relu(a) = a for a ≥ 0", "relu(a)", "a", "a >= 0"),
    ("relu(a) = 0 for a ≤ 0", "relu(a)", "0", "a <= 0"),
    ("the larger of the two", "max(a, b)", "a", "a >= b"),
    ("the larger of the two", "max(a, b)", "b", "a <= b"),
    ("the smaller of the two", "min(a, b)", "a", "a <= b"),
    ("the smaller of the two", "min(a, b)", "b", "a >= b"),
)

# theorems that follow from the definitions: not used where they are what is to be shown
_THEOREMS = (
    ("tanh a = sinh a / cosh a", "tanh(a)", "sinh(a) / cosh(a)"),
    ("sinh is odd", "sinh(-a)", "-sinh(a)"),
    ("cosh is even", "cosh(-a)", "cosh(a)"),
    ("tanh is odd", "tanh(-a)", "-tanh(a)"),
    ("cosh²a − sinh²a = 1", "cosh(a)^2", "1 + sinh(a)^2"),
    ("addition theorem", "sinh(a + b)", "sinh(a) * cosh(b) + cosh(a) * sinh(b)"),
    ("addition theorem", "sinh(a - b)", "sinh(a) * cosh(b) - cosh(a) * sinh(b)"),
    ("addition theorem", "cosh(a + b)", "cosh(a) * cosh(b) + sinh(a) * sinh(b)"),
    ("addition theorem", "cosh(a - b)", "cosh(a) * cosh(b) - sinh(a) * sinh(b)"),
    ("double argument", "sinh(2 * a)", "2 * sinh(a) * cosh(a)"),
    ("double argument", "cosh(2 * a)", "cosh(a)^2 + sinh(a)^2"),
)


@lru_cache(maxsize=1)
def laws() -> dict[str, tuple[Law, ...]]:
    """The rows by the operation at the head of their left sides, in the order of the table."""
    from stepsolve.source.expression import parse

    found: dict[str, list[Law]] = {}
    for rows, theorem in ((_ROWS, False), (_THEOREMS, True)):
        for name, left, right, *needs in rows:
            # settled, because that is what they are matched against
            law = Law(name, settle(parse(left)), parse(right), tuple(map(parse, needs)), theorem)
            found.setdefault(head(law.left), []).append(law)
    return {operation: tuple(rows) for operation, rows in found.items()}


def choice_made(node: Expression, known: Assumptions) -> Expression | None:
    """The branch of a `where` that is taken, if the assumptions say which."""
    match node:
        case Apply(operation="where", arguments=(condition, chosen, other)):
            if holds(condition, known):
                return chosen
            if head(condition) in _OPPOSITE and holds(opposite(condition), known):
                return other
    return None


_OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">", "==": "!=", "!=": "=="}


def opposite(comparison: Expression) -> Expression:
    """The comparison that holds where this one does not."""
    assert isinstance(comparison, Apply)
    return Apply(_OPPOSITE[comparison.operation], *comparison.arguments)


def holds(comparison: Expression, known: Assumptions) -> bool:
    """Whether a comparison follows from what is known."""
    wanted = fact(comparison)
    return wanted is not None and known.signs(wanted.expression) <= wanted.signs


class Definition(NamedTuple):
    """`name(parameters) = body`: of the table of operations, or of the problem."""

    name: str
    parameters: tuple[str, ...]
    body: Expression

    def unfolded(self, node: Expression) -> Expression | None:
        """The body with the arguments of a call put in."""
        if head(node) != self.name:
            return None
        row = OPERATIONS.get(self.name)
        arguments = row.completed(node.children) if row else node.children
        return substitute(self.body, dict(zip(self.parameters, arguments, strict=True)))

    @property
    def formula(self) -> tuple[Expression, Expression]:
        """Both sides as stated."""
        return Apply(self.name, *map(Name, self.parameters)), self.body


@lru_cache(maxsize=1)
def definitions() -> dict[str, Definition]:
    """The definitions of the table."""
    found = {}
    for row in OPERATIONS.values():
        if callable(row.definition):
            continue  # of as many arguments as one likes
        body = row.definition_tree(row.arity[1])
        if body is not None:
            found[row.name] = Definition(row.name, row.parameters(row.arity[1]), body)
    return found
