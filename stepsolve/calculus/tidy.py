"""Putting a product or sum of worked-out parts in order, as one does without a word.

Ones and zeros go, numbers are multiplied and come first, equal factors make a power and equal terms
a multiple. Functions are not entered: what stands in their brackets stays as it was written.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from stepsolve.notation.exact import Exact, numeric
from stepsolve.notation.tree import Apply, Expression, Name, Number

ZERO, ONE = Number("0"), Number("1")
_MAX_EXPONENT = 12  # a numeric power of a number is worked out up to here
_MAX_DIGITS = 15


class Product(NamedTuple):
    """A number times powers of distinct bases, in order; `decimal` if the number was typed as one."""

    number: Exact
    decimal: bool
    powers: dict[Expression, Exact]


def tidy(expression: Expression) -> Expression:
    """The expression in order. Equal in value wherever the original has one."""
    return _Tidier().visit(expression)


def factors(expression: Expression) -> Product:
    """The factors of a product or quotient, equal ones together."""
    return _Tidier().product(expression)


def constant(value: Exact, decimal: bool = False) -> Expression:
    """A number as an expression: `3`, `-(1/2)`, or `0.5` where decimals were typed."""
    if value < 0:
        return Apply("neg", constant(-value, decimal))
    if value.denominator == 1:
        return Number(_whole_text(value.numerator))
    text = _decimal_text(value) if decimal else None
    if text is not None:
        return Number(text)
    return Apply("/", Number(str(value.numerator)), Number(str(value.denominator)))


def _whole_text(value: int) -> str:
    """A whole number as typed: with a power of ten where it would be mostly zeros."""
    text = str(value)
    digits = text.rstrip("0")
    return f"{digits}e{len(text) - len(digits)}" if len(text) > _MAX_DIGITS > len(digits) else text


def _decimal_text(value: Exact) -> str | None:
    for places in range(1, _MAX_DIGITS):
        scaled = value * 10**places
        if scaled.denominator == 1:
            digits = str(scaled.numerator).rjust(places + 1, "0")
            return f"{digits[:-places]}.{digits[-places:]}"
    return None


def terms(expression: Expression) -> list[tuple[int, Expression]]:
    """The terms of a sum as written, each with its sign."""
    found: list[tuple[int, Expression]] = []
    waiting = [(1, expression)]
    while waiting:
        sign, node = waiting.pop()
        match node:
            case Apply(operation="+", arguments=(a, b)):
                waiting += [(sign, b), (sign, a)]
            case Apply(operation="-", arguments=(a, b)):
                waiting += [(-sign, b), (sign, a)]
            case Apply(operation="neg", arguments=(a,)):
                waiting.append((-sign, a))
            case _:
                found.append((sign, node))
    return found


class _Tidier:
    def __init__(self) -> None:
        self._done: dict[int, tuple[Expression, Expression]] = {}

    def visit(self, node: Expression) -> Expression:
        if not isinstance(node, Apply):
            return node
        known = self._done.get(id(node))
        if known is not None:
            return known[1]
        match node.operation:
            case "+" | "-":
                result = self._sum(node)
            case "*" | "/" | "^" | "neg":
                product = self.product(node)
                inner = _negated_sum(product)
                result = build_product(product) if inner is None else self._sum(Apply("neg", inner))
            case "where":
                condition, chosen, other = node.arguments
                result = Apply("where", condition, self.visit(chosen), self.visit(other))
            case _:
                result = node
        self._done[id(node)] = node, result
        self._done[id(result)] = result, result  # tidy already: never worked through again
        return result

    def product(self, node: Expression) -> Product:
        """The factors of an expression, the parts tidied."""
        number: Exact = 1
        decimal = False
        powers: dict[Expression, Exact] = {}
        base: Expression
        waiting: list[tuple[Expression, Exact]] = [(node, 1)]
        while waiting:
            part, power = waiting.pop()
            if power.denominator != 1 and isinstance(part, Apply):
                base = self.visit(part)  # the root of a product is not that of its factors
                powers[base] = powers.get(base, 0) + power
                continue
            match part:
                case Number():
                    value = part.value
                    if not self._foldable(value, power):
                        powers[part] = powers.get(part, 0) + power
                        continue
                    number *= _raised(value, int(power))
                    decimal = decimal or "." in part.text or "e" in part.text.lower()
                case Apply(operation="*", arguments=(a, b)):
                    waiting += [(b, power), (a, power)]
                case Apply(operation="/", arguments=(a, b)):
                    waiting += [(b, -power), (a, power)]
                case Apply(operation="neg", arguments=(a,)) if power.denominator == 1:
                    number = -number if power % 2 else number
                    waiting.append((a, power))
                case Apply(operation="^", arguments=(a, b)):
                    settled = self.visit(b)
                    exponent = numeric(settled)
                    decimal = decimal or "." in getattr(settled, "text", "")
                    if exponent is None:
                        base = Apply("^", a, settled)
                        powers[base] = powers.get(base, 0) + power
                    elif _mergeable(exponent, power):
                        waiting.append((a, exponent * power))
                    else:
                        base = Apply("^", a, constant(exponent))
                        powers[base] = powers.get(base, 0) + power
                case Apply(operation="+" | "-"):
                    tidied = self.visit(part)
                    if isinstance(tidied, Apply) and tidied.operation in ("+", "-"):
                        powers[tidied] = powers.get(tidied, 0) + power
                    else:
                        waiting.append((tidied, power))
                case _:
                    powers[part] = powers.get(part, 0) + power
        for base, power in list(powers.items()):
            if isinstance(base, Number) and self._foldable(base.value, power):
                number *= _raised(base.value, int(power))
                del powers[base]
            elif base == ONE:
                del powers[base]
        if not number:
            return Product(0, decimal, {})
        return Product(number, decimal, {b: p for b, p in powers.items() if p})

    @staticmethod
    def _foldable(value: Exact, power: Exact) -> bool:
        small = -_MAX_EXPONENT <= power <= _MAX_EXPONENT and power.denominator == 1
        return small and (value != 0 or power > 0)

    def _sum(self, node: Expression) -> Expression:
        found: dict[frozenset[tuple[Expression, Exact]], Product] = {}
        for sign, part in terms(node):
            visited = self.visit(part)
            for inner_sign, inner in terms(visited):
                product = self.product(inner)
                key = frozenset(product.powers.items())
                before = found.get(key)
                number = sign * inner_sign * product.number + (before.number if before else 0)
                decimal = product.decimal or (before is not None and before.decimal)
                found[key] = Product(number, decimal, (before or product).powers)
        return build_sum([term for term in found.values() if term.number])


def _mergeable(exponent: Exact, power: Exact) -> bool:
    """Whether (base^exponent)^power is base^(exponent * power) wherever the former exists."""
    return power == 1 or power == -1 or (exponent.denominator == 1 and power.denominator == 1)


def build_sum(parts: list[Product]) -> Expression:
    """The sum of terms, beginning with a positive one if there is one."""
    if not parts:
        return ZERO
    first = next((k for k, term in enumerate(parts) if term.number > 0), 0)
    ordered = [parts[first], *parts[:first], *parts[first + 1 :]]
    result = build_product(ordered[0])
    for term in ordered[1:]:
        size = build_product(Product(_size(term.number), term.decimal, term.powers))
        result = Apply("+" if term.number > 0 else "-", result, size)
    return result


def build_product(product: Product) -> Expression:
    """The product as a fraction: the number first, then names, then everything else."""
    if not product.number:
        return ZERO
    size = _size(product.number)
    above, below = size.numerator, size.denominator
    if product.decimal and below != 1:  # 1.5 / 3 stays so, 1 / 4 becomes 0.25
        rest = _without_tens(below)
        text = _decimal_text(size * rest)
    if product.decimal and below != 1 and text is not None:
        top: list[Expression] = [Number(text)]
        bottom: list[Expression] = [Number(str(rest))] if rest != 1 else []
    else:
        top = [Number(_whole_text(above))] if above != 1 else []
        bottom = [Number(_whole_text(below))] if below != 1 else []
    for base, power in sorted(product.powers.items(), key=lambda pair: not _is_simple(pair[0])):
        (top if power > 0 else bottom).append(_power(base, _size(power), product.decimal))
    result = _chain(top)
    if bottom:
        result = Apply("/", result, _chain(bottom))
    return Apply("neg", result) if product.number < 0 else result


def _negated_sum(product: Product) -> Expression | None:
    """The sum that a product is the negative of, if it is: -(1 - x) is x - 1."""
    if product.number == -1 and len(product.powers) == 1:
        ((base, power),) = product.powers.items()
        if power == 1 and isinstance(base, Apply) and base.operation in ("+", "-"):
            return base
    return None


def _without_tens(whole: int) -> int:
    """A whole number without its factors 2 and 5."""
    for factor in (2, 5):
        while whole % factor == 0:
            whole //= factor
    return whole


def _raised(value: Exact, power: int) -> Exact:
    return value**power if power >= 0 else Fraction(value) ** power


def _size(value: Exact) -> Exact:
    return -value if value < 0 else value


def _is_simple(base: Expression) -> bool:
    return isinstance(base, Name | Number) or (
        isinstance(base, Apply)
        and base.operation == "^"
        and isinstance(base.arguments[0], Name)
        and base.arguments[0].name != "e"
    )


def _power(base: Expression, power: Exact, decimal: bool) -> Expression:
    return base if power == 1 else Apply("^", base, constant(power, decimal))


def _chain(factors: list[Expression]) -> Expression:
    if not factors:
        return ONE
    result = factors[0]
    for factor in factors[1:]:
        result = Apply("*", result, factor)
    return result
