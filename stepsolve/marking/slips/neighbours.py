"""One value in the place of another: the one before or after, a neighbour's, another line's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from stepsolve.marking.slips.row import (
    Likelihood,
    Row,
    Scene,
    Variant,
    everywhere,
    is_leaf,
    said,
    swapped,
)
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, replaced, walk

_MOST_NAMES: Final = 60  # of other lines whose values are looked at
_MOST_NUMBERS: Final = 14  # in a formula, beyond which its numbers are not exchanged
_PLACES: Final = 2  # how far a number is from the one that it is mistaken for
_DIGITS: Final = re.compile(r"\d+")
_TIMES: Final = (  # c_t, c_(t-1), h(t - 1)
    (re.compile(r"_\(([a-z]) ?[-+] ?1\)"), (r"_\1",)),
    (re.compile(r"_([a-z])(?![a-z0-9])"), (r"_(\1-1)", r"_(\1+1)")),
    (re.compile(r"\(([a-z]) [-+] 1\)"), (r"(\1)",)),
    (re.compile(r"\(([a-z])\)"), (r"(\1 - 1)", r"(\1 + 1)")),
)


@cache
def neighbours(name: str) -> tuple[str, ...]:
    """Names that differ in one index by one, in a prime, or in the order of two indices."""
    found: list[str] = []
    for match in _DIGITS.finditer(name):
        for by in (-1, 1):
            if (other := int(match.group()) + by) >= 0:
                found.append(name[: match.start()] + str(other) + name[match.end() :])
    for pattern, others in _TIMES:
        found += [pattern.sub(other, name) for other in others if pattern.search(name)]
    found.append(name[:-1] if name.endswith("'") else name + "'")
    return tuple(other for other in dict.fromkeys(found) if other != name)


@cache
def turned(name: str) -> tuple[str, ...]:
    """Names whose last two indices are exchanged: w_21 for w_12, W[2,1] or W_2_1."""
    found = []
    for pattern in (r"(.*_)(\d)(\d)('*)", r"(.*[a-zA-Z])(\d)(\d)('*)"):
        if match := re.fullmatch(pattern, name):
            found.append("".join(match.group(1, 3, 2, 4)))
    if match := re.fullmatch(r"(.*?)(\d+)(\D+)(\d+)(\D*)", name):
        found.append("".join(match.group(1, 4, 3, 2, 5)))
    return tuple(other for other in dict.fromkeys(found) if other != name)


def _other_names(scene: Scene) -> Iterator[Variant]:
    known = set(scene.known)

    def change(node: Expression) -> Iterator[Variant]:
        if isinstance(node, Name):
            for other in (*neighbours(node.name), *turned(node.name)):
                if other in known:
                    yield swapped(Name(other), node)

    yield from everywhere(scene.formula, change)
    for number, other, told in _by_value(scene):
        yield Variant(replaced(scene.formula, number, other), told)


def _by_value(scene: Scene) -> Iterator[tuple[Expression, Expression, str]]:
    """Numbers of the formula that are the values of names, and the values of their neighbours."""
    numbers = {node: None for node in walk(scene.formula) if isinstance(node, Number)}
    if not numbers:
        return
    known = set(scene.known)
    for name in scene.known[-_MOST_NAMES:]:
        own = scene.shown(name)
        if own is None or own not in numbers:
            continue
        for other in (*neighbours(name), *turned(name)):
            value = scene.shown(other) if other in known else None
            if value is not None and value != own:
                yield own, value, f"{other} = {said(value)} for {name} = {said(own)}"


def _items(scene: Scene) -> Iterator[Variant]:
    """An entry beside the one that belongs, or its mirror image: row for column."""

    def change(node: Expression) -> Iterator[Variant]:
        match node:
            case Item(base=base, indices=indices):
                if len(indices) == 2 and indices[0] != indices[1]:
                    yield swapped(Item(base, indices[1], indices[0]), node, "row for column")
                for k, index in enumerate(indices):
                    if isinstance(index, Number) and index.text.isdecimal():
                        for other in (int(index.text) - 1, int(index.text) + 1):
                            if other >= 0:
                                new = (*indices[:k], Number(str(other)), *indices[k + 1 :])
                                yield swapped(Item(base, *new), node)

    return everywhere(scene.formula, change)


def _leaves(expression: Expression) -> list[tuple[int, Expression]]:
    """The numbers and names of a formula with their places; signed numbers are one."""
    found: list[tuple[int, Expression]] = []
    for node in walk(expression):
        if is_leaf(node) and node != Name("e"):
            found.append((len(found), node))
    return found


def _exchanged(scene: Scene) -> Iterator[Variant]:
    """A number that stands close by, such as the same factor of the next product."""
    leaves = _leaves(scene.formula)
    if len(leaves) > _MOST_NUMBERS:
        return
    around = {}
    for place, node in leaves:
        near = (other for p, other in leaves if 0 < abs(p - place) <= _PLACES)
        around[id(node)] = [other for other in dict.fromkeys(near) if other != node]

    def change(node: Expression) -> Iterator[Variant]:
        for other in around.get(id(node), ()):
            if is_leaf(node):
                yield swapped(other, node, "it stands close by")

    yield from everywhere(scene.formula, change)


def _copied(scene: Scene) -> Iterator[Variant]:
    """The result is the number of another line."""
    written = scene.written
    if written is None or len(written.value.normalize().as_tuple().digits) < 2:
        return
    for name in scene.known[-_MOST_NAMES:]:
        value = scene.shown(name)
        if value is not None and value != scene.formula:
            yield Variant(value, f"{said(value)} is the value of {name}")
    for node in walk(scene.formula):
        if isinstance(node, Number) or (
            isinstance(node, Apply) and node.operation == "neg" and is_leaf(node.arguments[0])
        ):
            yield Variant(node, f"{said(node)} is copied from the line itself")


ROWS = (
    Row(
        "neighbour",
        "the value before or after, or another index: c_t for c_(t-1), x_2 for x_1, w for w'",
        ("0.5 * h_1 + 0.2", "0.5 * h_0 + 0.2"),
        _other_names,
        Likelihood.COMMON,
    ),
    Row(
        "wrong entry",
        "another entry of an array: row for column, or the next one",
        ("W[0, 1] * 0.5 + 0.2", "W[1, 0] * 0.5 + 0.2"),
        _items,
        Likelihood.COMMON,
    ),
    Row(
        "number from close by",
        "a number of the same line in the place of another one",
        ("0.4 * 0.7 + 0.25 * 0.3", "0.4 * 0.7 + 0.25 * 0.7"),
        _exchanged,
        Likelihood.SELDOM,
    ),
    Row(
        "copied",
        "the number of another line or place",
        ("0.3 * x_1 + 0.37", "0.3723"),
        _copied,
        Likelihood.RARE,
    ),
)
