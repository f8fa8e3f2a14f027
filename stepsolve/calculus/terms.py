"""Index notation as sums of products: a number, powers of factors, and the indices summed over.

The form in which the rules of index calculus work; `written` turns it back into an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from itertools import chain, count
from typing import NamedTuple

from stepsolve.calculus.tidy import ONE, ZERO, constant
from stepsolve.notation.exact import Exact, numeric
from stepsolve.notation.indices import is_summation
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names, substitute

Power = tuple[Expression, Exact]
_LETTERS = "ijklprtsqu"


class Term(NamedTuple):
    """`number` times powers of factors, in order, summed over the indices `bound`."""

    number: Exact
    powers: tuple[Power, ...]
    bound: tuple[str, ...] = ()

    def times(self, other: Term) -> Term:
        """The product of two terms whose summed indices differ."""
        return Term(
            self.number * other.number,
            merged((*self.powers, *other.powers)),
            (*self.bound, *other.bound),
        )

    def replaced(self, position: int, part: Term) -> Term:
        """The term with its factor at a position replaced by another term."""
        before, after = self.powers[:position], self.powers[position + 1 :]
        return Term(
            self.number * part.number,
            merged((*before, *part.powers, *after)),
            (*self.bound, *part.bound),
        )

    def with_indices(self, change: dict[str, Expression]) -> Term:
        """The term with other indices; those that are summed over keep their place."""
        powers = tuple((put_index(base, change), power) for base, power in self.powers)
        return self._replace(powers=powers)

    def renamed(self, index: str, other: Expression) -> Term:
        """The term with another index put for one, which is then no longer summed over."""
        change = {index: other}
        powers = tuple((put_index(base, change), power) for base, power in self.powers)
        return Term(self.number, merged(powers), tuple(b for b in self.bound if b != index))


class Letters:
    """Letters for indices that nothing else uses."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)

    def take(self) -> str:
        """The next free letter."""
        return next(self._free())

    def several(self, number: int) -> tuple[str, ...]:
        return tuple(self.take() for _ in range(number))

    def _free(self) -> Iterator[str]:
        for letter in chain(_LETTERS, map("k_{}".format, count(1))):
            if letter not in self.taken:
                self.taken.add(letter)
                yield letter

    def copy(self) -> Letters:
        return Letters(self.taken)


def merged(powers: Iterable[Power]) -> tuple[Power, ...]:
    """Equal factors together, in the order of their first; those to the power 0 are gone."""
    found: dict[Expression, Exact] = {}
    for base, power in powers:
        found[base] = found.get(base, 0) + power
    return tuple((base, power) for base, power in found.items() if power and base != ONE)


def put_index(expression: Expression, change: dict[str, Expression]) -> Expression:
    """The expression with other indices; a sum over an index keeps that one for itself."""
    if change.keys().isdisjoint(names(expression)):
        return expression
    if is_summation(expression):
        index = expression.children[1]
        assert isinstance(index, Name)
        inner = {old: new for old, new in change.items() if old != index.name}
        return expression.rebuilt(tuple(put_index(c, inner) for c in expression.children))
    if isinstance(expression, Apply | Item):
        return expression.rebuilt(tuple(put_index(c, change) for c in expression.children))
    return substitute(expression, change)


def free_indices(expression: Expression, letters: Iterable[str]) -> set[str]:
    """Which of some letters occur as indices that are not summed over inside."""
    wanted = set(letters)
    if wanted.isdisjoint(names(expression)):
        return set()
    if isinstance(expression, Name):
        return {expression.name} & wanted
    if is_summation(expression):
        body, index, *bounds = expression.children
        inner = free_indices(body, wanted) - set(names(index))
        return inner.union(*(free_indices(b, wanted) for b in bounds))
    return set().union(*(free_indices(child, wanted) for child in expression.children))


def terms_of(expression: Expression, whole: Callable[[Expression], bool]) -> list[Term]:
    """The expression as a sum of terms. Sums inside products for which `whole` holds stay factors."""
    match expression:
        case Apply(operation="+" | "-" as sign, arguments=(a, b)):
            return terms_of(a, whole) + _scaled(terms_of(b, whole), 1 if sign == "+" else -1)
        case Apply(operation="neg", arguments=(a,)):
            return _scaled(terms_of(a, whole), -1)
        case Apply(operation="*", arguments=(a, b)):
            lefts, rights = _factors(a, whole), _factors(b, whole)
            return [left.times(right) for left in lefts for right in rights]
        case Apply(operation="/", arguments=(a, b)):
            below = _power(b, -1, whole)
            return [term.times(below) for term in _factors(a, whole)]
        case Apply(operation="^", arguments=(a, b)) if (exponent := numeric(b)) is not None:
            return [_power(a, exponent, whole)]
        case Apply(operation="sum", arguments=(body, Name(name=index))):
            return [t._replace(bound=(index, *t.bound)) for t in terms_of(body, whole)]
        case Number():
            return [Term(expression.value, ())] if expression.value else []
    return [Term(1, ((expression, 1),))]


def _factors(expression: Expression, whole: Callable[[Expression], bool]) -> list[Term]:
    is_sum = isinstance(expression, Apply) and expression.operation in ("+", "-")
    if is_sum and whole(expression):
        return [Term(1, ((expression, 1),))]
    return terms_of(expression, whole)


def _power(expression: Expression, exponent: Exact, whole: Callable[[Expression], bool]) -> Term:
    """A power of an expression: of every factor where it is a product, else of it as a whole."""
    found = _factors(expression, whole)
    if len(found) == 1 and not found[0].bound and Fraction(exponent).denominator == 1:
        (term,) = found
        number = Fraction(term.number) ** int(exponent)
        return Term(_exact(number), tuple((b, p * exponent) for b, p in term.powers))
    if exponent == 1 and len(found) == 1:
        return found[0]
    return Term(1, ((expression, exponent),))


def _exact(number: Fraction) -> Exact:
    return number.numerator if number.denominator == 1 else number


def _scaled(terms: list[Term], factor: int) -> list[Term]:
    return [term._replace(number=term.number * factor) for term in terms]


def written(terms: Iterable[Term]) -> Expression:
    """The sum of terms as an expression, in order."""
    result: Expression | None = None
    for term in terms:
        if not term.number:
            continue
        size = _written(term._replace(number=magnitude(term.number)))
        if result is None:
            result = Apply("neg", size) if term.number < 0 else size
        else:
            result = Apply("-" if term.number < 0 else "+", result, size)
    return ZERO if result is None else result


def _written(term: Term) -> Expression:
    size = constant(term.number)
    above: list[Expression] = []
    below: list[Expression] = []
    for base, power in term.powers:
        (above if power > 0 else below).append(raised(base, magnitude(power)))
    if size != ONE or not above:
        if isinstance(size, Apply) and size.operation == "/" and above:  # 1/2 of a product
            numerator, denominator = size.arguments
            below.insert(0, denominator)
            above = above if numerator == ONE else [numerator, *above]
        else:
            above.insert(0, size)
    body = product(above)
    if below:
        body = Apply("/", body, product(below))
    for index in reversed(term.bound):
        body = Apply("sum", body, Name(index))
    return body


def in_order(term: Term) -> Term:
    """The term with the letters of its sums in the order in which its factors use them.

    `a[j] * A[j, i] * b[i]` becomes `a[i] * A[i, j] * b[j]`.
    """
    used = dict.fromkeys(n for base, _ in term.powers for n in names(base))
    found = [index for index in used if index in term.bound]
    if len(found) != len(term.bound):
        return term
    change: dict[str, Expression] = {
        old: Name(new) for old, new in zip(found, term.bound, strict=True)
    }
    return term.with_indices(change)


def magnitude(value: Exact) -> Exact:
    """A number without its sign, of the type that it has."""
    return -value if value < 0 else value


def raised(base: Expression, power: Exact) -> Expression:
    """A power without what nobody writes."""
    return base if power == 1 else Apply("^", base, constant(power))


def product(factors: Iterable[Expression]) -> Expression:
    """Factors multiplied from the left."""
    result: Expression | None = None
    for factor in factors:
        result = factor if result is None else Apply("*", result, factor)
    return ONE if result is None else result


def collected(terms: Iterable[Term]) -> list[Term]:
    """Equal terms together, in order; those that cancel are gone."""
    found: dict[tuple[frozenset[Power], frozenset[str]], Term] = {}
    for term in terms:
        key = frozenset(term.powers), frozenset(term.bound)
        known = found.get(key)
        number = term.number + (known.number if known else 0)
        found[key] = (known or term)._replace(number=number)
    return [term for term in found.values() if term.number]
