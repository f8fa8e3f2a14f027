"""Indexed expressions written out: sums as terms, entries as names, so that scalar checks apply.

A vector has a few entries. Where indices are shifted, as in x[n - m], its entries are those at 0, 1
and 2, and 0 elsewhere; the sums then run over all integers at which anything remains.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import islice, product
from typing import NamedTuple

from stepsolve.errors import OutsideDomain
from stepsolve.notation.indices import is_summation
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names, walk

COUNT = 3  # entries of a vector
_REACH = 5  # integers either way over which a sum with shifted indices runs
_PLACES = 4  # choices of the free indices that are tried


class Span(NamedTuple):
    """The values of indices: `entries` where vectors have entries, `run` where sums run."""

    entries: range
    run: range


PLAIN = Span(range(1, COUNT + 1), range(1, COUNT + 1))
SHIFTED = Span(range(COUNT), range(-_REACH, _REACH + 1))


def free_indices(*expressions: Expression) -> tuple[str, ...]:
    """The letters in indices that no sum binds, in order of appearance."""
    found: dict[str, None] = {}
    for expression in expressions:
        _free(expression, frozenset(), found)
    return tuple(found)


def _free(node: Expression, bound: frozenset[str], found: dict[str, None]) -> None:
    if isinstance(node, Item):
        letters = (name for index in node.indices for name in names(index))
        found |= dict.fromkeys(name for name in letters if name not in bound)
    if is_summation(node):
        bound |= set(names(node.children[1]))
    for child in node.children:
        _free(child, bound, found)


def places(indices: tuple[str, ...], span: Span) -> Iterator[dict[str, int]]:
    """A few values for the free indices, equal ones and different ones."""
    values = list(span.entries)[:2] if indices else []
    yield from islice(
        (dict(zip(indices, row, strict=True)) for row in product(values, repeat=len(indices))),
        _PLACES,
    )


def entry_name(base: str, at: tuple[int, ...]) -> str:
    """The name that stands for an entry."""
    return "_".join((base, *map(str, at)))


def written_out(expression: Expression, at: Mapping[str, int], span: Span) -> Expression:
    """The expression with its sums as terms and its entries as names."""
    match expression:
        case Item(base=Name(name=base), indices=indices):
            where = tuple(_whole(index, at) for index in indices)
            inside = all(k in span.entries for k in where)
            return Name(entry_name(base, where)) if inside else Number("0")
        case Apply(operation="sum", arguments=(body, Name(name=index))):
            total: Expression | None = None
            for k in span.run:
                term = _short(written_out(body, {**at, index: k}, span))
                if total is None or total == _ZERO:
                    total = term
                elif term != _ZERO:
                    total = Apply("+", total, term)
            assert total is not None
            return total
        case Apply(operation="sum", arguments=(body, Name(name=index), first, last)):
            start, end = (_whole(bound, {}) for bound in (first, last))
            terms = [written_out(body, {**at, index: k}, span) for k in range(start, end + 1)]
            return reduce(lambda one, other: Apply("+", one, other), terms)
        case Name(name=name) if name in at:
            size = Number(str(abs(at[name])))
            return size if at[name] >= 0 else Apply("neg", size)
    if not expression.children:
        return expression
    return expression.rebuilt(tuple(written_out(c, at, span) for c in expression.children))


_ZERO = Number("0")


def _short(term: Expression) -> Expression:
    """0 for a product with a factor 0: most of the terms of a convolution."""
    match term:
        case Apply(operation="*", arguments=(a, b)) if _ZERO in (_short(a), _short(b)):
            return _ZERO
    return term


def _whole(index: Expression, at: Mapping[str, int]) -> int:
    match index:
        case Name(name=name) if name in at:
            return at[name]
        case Number(text=text) if text.isdecimal():
            return int(text)
        case Apply(operation="neg", arguments=(a,)):
            return -_whole(a, at)
        case Apply(operation="+", arguments=(a, b)):
            return _whole(a, at) + _whole(b, at)
        case Apply(operation="-", arguments=(a, b)):
            return _whole(a, at) - _whole(b, at)
    raise OutsideDomain("an index", [index])


def depth(expression: Expression) -> int:
    """How deep sums stand in sums."""
    return is_summation(expression) + max(map(depth, expression.children), default=0)


def has_entries(*expressions: Expression) -> bool:
    """Whether an entry or a sum occurs."""
    return any(isinstance(n, Item) or is_summation(n) for e in expressions for n in walk(e))


def twofold(*expressions: Expression) -> Name | None:
    """A name that stands with an index and without, or that another entry would have."""
    whole: dict[str, Name] = {}
    bases: set[str] = set()
    for expression in expressions:
        _sort(expression, whole, bases)
    entries = {entry_name(base, (k,)) for base in bases for k in range(COUNT + 1)}
    return next((node for name, node in whole.items() if name in bases | entries), None)


def _sort(node: Expression, whole: dict[str, Name], bases: set[str]) -> None:
    if isinstance(node, Item) and isinstance(node.base, Name):
        bases.add(node.base.name)
        return
    if isinstance(node, Name):
        whole.setdefault(node.name, node)
    for child in node.children:
        _sort(child, whole, bases)
