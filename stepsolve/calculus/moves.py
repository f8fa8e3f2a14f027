"""The moves of a proof: every way in which one step may rewrite an expression, each with its name.

A move gives the links of a chain, one or two: what it writes down, and that in order where terms
are collected or factors cancelled on the way. `back` is what the same link is called when it is
read from its end, as the links of the right side are.

Source: the ways of writing named in Stewart, Calculus, 8th ed., appendix A.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.fractions import (
    Ways,
    clean,
    common_denominator,
    factor_out,
    multiply_above_and_below,
    multiply_out,
    split_fraction,
    squares,
)
from stepsolve.calculus.laws import Definition, choice_made, laws
from stepsolve.calculus.normal import head, settle
from stepsolve.calculus.roots import of_numbers
from stepsolve.calculus.signs import ZERO_ALONE, Assumptions
from stepsolve.calculus.sums import (
    constant_in,
    constant_out,
    exchanged,
    linear,
    substituted,
    written_out,
)
from stepsolve.calculus.tidy import ZERO
from stepsolve.notation.tree import (
    Apply,
    Expression,
    Item,
    Name,
    names,
    replaced,
    substitute,
    transform,
    walk,
)
from stepsolve.notation.unicode import one_line, pretty_name

_GREEK = {"sigmoid": "σ"}


class Link(NamedTuple):
    """One equals sign: the rule, its name when read from the end, and what comes of it."""

    rule: str
    back: str
    after: Expression


class Entries(NamedTuple):
    """A vector by its entries: `body`, in which `letter` is the index."""

    letter: str
    body: Expression

    def put(self, at: Expression) -> Expression:
        """The entry at an index."""
        return substitute(self.body, {self.letter: at})


class Knowledge(NamedTuple):
    """What a proof may use: assumptions about signs, definitions by name, and extra laws."""

    assumptions: Assumptions
    definitions: dict[str, Definition]
    parities: Mapping[str, int] = MappingProxyType({})
    given: Mapping[str, Expression] = MappingProxyType({})
    """Names that are given as expressions in others."""
    entries: Mapping[str, Entries] = MappingProxyType({})
    """Vectors that are given entry by entry."""
    totals: Mapping[str, Expression] = MappingProxyType({})
    """Vectors whose sums of all entries are given."""
    unproved: frozenset[str] = frozenset()
    """Functions about which no theorem may be used, because one of them is what is to be shown."""
    slopes: frozenset[str] = frozenset()
    """Functions whose derivative is what is to be shown."""


Found = Iterator[tuple[Link, ...]]
Local = Callable[[Expression, Knowledge], Ways]


def moves(expression: Expression, known: Knowledge) -> Found:
    """Every move from a settled expression; each ends in a settled one that is another."""
    yield from unfoldings(expression, known)
    nodes = tuple(dict.fromkeys(walk(expression)))
    for local in _LOCAL:
        yield from moves_at(nodes, local, expression, known)
    for local in (_by_law, common_denominator):
        yield from _everywhere(nodes, local, expression, known)


def _everywhere(
    nodes: tuple[Expression, ...], local: Local, expression: Expression, known: Knowledge
) -> Found:
    """One rule at every node to which it applies, where that is more than one."""
    by_rule: dict[tuple[str, str], dict[Expression, Expression]] = {}
    for node in nodes:
        for rule, back, new in local(node, known):
            by_rule.setdefault((rule, back), {}).setdefault(node, new)
    for (rule, back), swap in by_rule.items():
        inside = {node for outer in swap for child in outer.children for node in walk(child)}
        if len(swap) > 1 and inside.isdisjoint(swap):
            yield _links(rule, back, transform(expression, swap.get))


def moves_at(
    nodes: Iterable[Expression], local: Local, expression: Expression, known: Knowledge
) -> Found:
    """The moves of one sort at some nodes of an expression."""
    for node in nodes:
        for rule, back, new in local(node, known):
            whole = new if node is expression else replaced(expression, node, new)
            yield _links(rule, back, whole)


def _links(rule: str, back: str, raw: Expression) -> tuple[Link, ...]:
    """What is written down, and that in order where the two differ in more than looks."""
    settled = settle(raw)
    written = clean(raw)
    (used, signs), (fewer, less) = _measure(written), _measure(settled)
    if (used, signs) == (fewer, less) and _powers(written) == _powers(settled):
        return (Link(rule, back, settled),)
    if signs > less and _fractions(written) > _fractions(settled):
        second = ("collect and cancel", "multiply and divide")
    elif signs > less:
        second = ("collect like terms", "add and subtract")
    elif _powers(written) > _powers(settled) > 0:
        second = ("e^a · e^b = e^(a + b)", "e^(a + b) = e^a · e^b")
        if used > fewer:
            second = ("cancel powers of e", "multiply above and below by a power of e")
    elif _fractions(written):
        second = ("cancel", "multiply and divide")
    else:
        second = ("equal factors as a power", "a power as a product")
    return Link(rule, back, written), Link(*second, settled)


def _measure(expression: Expression) -> tuple[int, int]:
    """How many names there are, and how many signs + and - that stand in no exponent."""
    used = sum(isinstance(node, Name) for node in walk(expression))
    return used, _signs(expression)


def _signs(expression: Expression) -> int:
    if head(expression) == "exp":
        return 0
    return (head(expression) in ("+", "-")) + sum(map(_signs, expression.children))


def _powers(expression: Expression) -> int:
    return sum(head(node) == "exp" for node in walk(expression))


def _fractions(expression: Expression) -> int:
    """How many fractions have names below the line."""
    return sum(head(node) == "/" and bool(names(node.children[1])) for node in walk(expression))


# ------------------------------------------------------------------------------ definitions


def unfoldings(expression: Expression, known: Knowledge) -> Found:
    """Every function by its definition: all together, and each kind alone."""
    called = {head(node) for node in walk(expression)}
    usable = [known.definitions[name] for name in sorted(called & known.definitions.keys())]
    for chosen in [usable, *([one] for one in usable)] if len(usable) > 1 else [usable]:
        if not chosen:
            return
        name = definition_of(chosen)
        yield _links(name, name, unfold(expression, chosen))


def definition_of(chosen: list[Definition]) -> str:
    """What unfolding some functions is called."""
    called = [_GREEK.get(one.name, pretty_name(one.name)) for one in chosen]
    listed = " and ".join([", ".join(called[:-1]), called[-1]] if len(called) > 1 else called)
    return f"definition{'s' * (len(called) > 1)} of {listed}"


def unfold(node: Expression, chosen: list[Definition]) -> Expression:
    """The expression with some functions by their definitions, wherever they stand."""
    if node.children:
        node = node.rebuilt(tuple(unfold(child, chosen) for child in node.children))
    for definition in chosen:
        body = definition.unfolded(node)
        if body is not None:
            return body
    return node


# -------------------------------------------------------------------------------- local moves


def _by_law(node: Expression, known: Knowledge) -> Ways:
    for law in laws().get(head(node), ()):
        new = law.apply(node, known.assumptions)
        if new is not None and not (law.theorem and head(node) in known.unproved):
            yield law.name, law.name, new
    chosen = choice_made(node, known.assumptions)
    if chosen is not None:
        yield "the condition is known", "the condition is known", chosen
    if isinstance(node, Name) and node.name in known.given:
        name = f"given {pretty_name(node.name)} = {one_line(known.given[node.name])}"
        yield name, name, known.given[node.name]
    if isinstance(node, Name) and known.assumptions.signs(node) == ZERO_ALONE:
        yield f"{pretty_name(node.name)} = 0", f"{pretty_name(node.name)} = 0", ZERO


def moves_of_laws(node: Expression, known: Knowledge) -> Iterator[Expression]:
    """What the laws make of a node itself."""
    return (new for _, _, new in _by_law(node, known))


def _by_parity(node: Expression, known: Knowledge) -> Ways:
    """`f(-a)` as `f(a)` or `-f(a)`, for a function that is given as even or odd."""
    parity = known.parities.get(head(node))
    if parity is None:
        return
    (inner,) = node.children
    opposite = settle(Apply("neg", inner))
    if opposite.size < inner.size:
        name = f"{head(node)} is {'even' if parity > 0 else 'odd'}"
        new = Apply(head(node), opposite)
        yield name, name, new if parity > 0 else Apply("neg", new)


def _by_entry(node: Expression, known: Knowledge) -> Ways:
    """What a problem gives of a vector: its entries, or their sum."""
    match node:
        case Item(base=Name(name=base), indices=(index,)) if base in known.entries:
            rule = f"definition of {pretty_name(base)}"
            yield rule, rule, known.entries[base].put(index)
        case Apply(operation="sum", arguments=(Item(base=Name(name=base), indices=(at,)), index)):
            if base in known.totals and at == index:
                rule = f"the entries of {pretty_name(base)} sum to {one_line(known.totals[base])}"
                yield rule, rule, known.totals[base]


def derivative(node: Expression, known: Knowledge) -> Ways:
    """The derivative by the rules; that which is to be proved begins with the definition."""
    match node:
        case Apply(operation="diff", arguments=(body, Name() as variable)):
            inner = {head(part) for part in walk(body)}
            if (
                "sum" in inner
                or inner & known.slopes
                or "diff" in inner
                or inner & known.parities.keys()
            ):
                return
            value = differentiate(body, variable.name).value
            yield "differentiate", "differentiate", value


_LOCAL: tuple[Local, ...] = (
    _by_law,
    _by_parity,
    derivative,
    common_denominator,
    split_fraction,
    multiply_above_and_below,
    multiply_out,
    factor_out,
    squares,
    constant_out,
    constant_in,
    linear,
    exchanged,
    substituted,
    _by_entry,
    written_out,
    of_numbers,
)
