"""Sums over an index written otherwise: constants taken out, sums split, indices substituted.

`sum(body, k)` runs over all values of k: over the entries of the vectors in it or, where indices are
shifted, over all integers, beyond which the entries are 0. `sum(body, k, 1, 4)` has bounds.

Source: Graham, Knuth, Patashnik, Concrete Mathematics, 2.3 and 2.4.
"""

from __future__ import annotations

from collections.abc import Iterator

from stepsolve.calculus.fractions import Ways
from stepsolve.calculus.normal import head, settle, signed_sum
from stepsolve.calculus.terms import put_index
from stepsolve.calculus.tidy import Product, build_product, constant, factors, terms
from stepsolve.notation.exact import Exact
from stepsolve.notation.indices import bounds, is_summation
from stepsolve.notation.tree import Apply, Expression, Item, Name, names, substitute, walk
from stepsolve.notation.unicode import one_line, pretty_name

IN, OUT = "constant factor into the sum", "constant factor out of the sum"


def constant_out(node: Expression, _known: object) -> Ways:
    """`sum(c * x[k], k)` as `c * sum(x[k], k)`; of `e^(x[k] + c)`, the factor `e^c`."""
    if not _is_open(node):
        return
    body, index = node.children
    assert isinstance(index, Name)
    product = factors(body)
    fixed: dict[Expression, Exact] = {}
    varying: dict[Expression, Exact] = {}
    for base, power in product.powers.items():
        if head(base) == "exp" and power == 1:
            outer, inner = _parted(base.children[0], index)
            if outer is not None:
                fixed[Apply("exp", outer)] = power
                base = Apply("exp", inner)
        (varying if index.name in names(base) else fixed)[base] = power
    if not varying or (not fixed and product.number in (1, -1)):
        return
    front = build_product(product._replace(powers=fixed))
    rest = build_product(Product(1, False, varying))
    yield OUT, IN, Apply("*", front, Apply("sum", rest, index))


def constant_in(node: Expression, _known: object) -> Ways:
    """`c * sum(x[k], k)` as `sum(c * x[k], k)`."""
    if head(node) not in ("*", "/"):
        return
    product = factors(node)
    for base, power in product.powers.items():
        if power == 1 and _is_open(base):
            body, index = base.children
            rest = product._replace(powers={b: p for b, p in product.powers.items() if b != base})
            front = build_product(rest)
            if not set(names(index)) & set(names(front)):
                yield IN, OUT, Apply("sum", settle(Apply("*", front, body)), index)


def _parted(exponent: Expression, index: Name) -> tuple[Expression | None, Expression]:
    """The terms of an exponent without the index, and the others."""
    fixed = [(sign, part) for sign, part in terms(exponent) if index.name not in names(part)]
    varying = [(sign, part) for sign, part in terms(exponent) if index.name in names(part)]
    if not fixed or not varying:
        return None, exponent
    return signed_sum(fixed), signed_sum(varying)


def linear(node: Expression, _known: object) -> Ways:
    """`sum(x[k] + y[k], k)` as two sums."""
    if _is_open(node):
        body, index = node.children
        parts = terms(body)
        if len(parts) > 1:
            sums = [(sign, Apply("sum", part, index)) for sign, part in parts]
            yield "the sum term by term", "one sum", signed_sum([*sums])


def exchanged(node: Expression, _known: object) -> Ways:
    """The order of two sums the other way round."""
    if _is_open(node) and _is_open(node.children[0]):
        (body, inner), outer = node.children[0].children, node.children[1]
        if inner != outer:
            rule = "order of the sums exchanged"
            yield rule, rule, Apply("sum", Apply("sum", body, outer), inner)


def substituted(node: Expression, _known: object) -> Ways:
    """The index m by -m or n - m, which runs over all integers as m does."""
    if not _is_open(node) or not is_shifted(node):
        return
    body, index = node.children
    assert isinstance(index, Name)
    if any(_is_open(inner) for inner in walk(body)):
        return
    others = {n: Name(n) for item in items(body) for i in item.indices for n in names(i)}
    others.pop(index.name, None)
    for new in (Apply("neg", index), *(Apply("-", other, index) for other in others.values())):
        rule = f"substitute {pretty_name(index.name)} → {one_line(new)}"
        yield rule, rule, Apply("sum", settle(substitute(body, {index.name: new})), index)


def _is_open(node: Expression) -> bool:
    """Whether a node is a sum over all values of its index."""
    return is_summation(node) and bounds(node) is None


def written_out(node: Expression, _known: object) -> Ways:
    """`sum(x^k, k, 0, 2)` as `x^0 + x^1 + x^2`."""
    run = bounds(node)
    if run is None:
        return
    body, index = node.children[:2]
    assert isinstance(index, Name)
    parts = [(1, put_index(body, {index.name: constant(k)})) for k in run]
    yield "write out the sum", "as a sum", signed_sum(parts)


def items(expression: Expression) -> Iterator[Item]:
    """The entries in an expression, each as often as it stands there."""
    return (node for node in walk(expression) if isinstance(node, Item))


def is_shifted(expression: Expression) -> bool:
    """Whether an index is more than a letter or a number, as in `x[n - m]`."""
    return any(isinstance(i, Apply) for item in items(expression) for i in item.indices)
