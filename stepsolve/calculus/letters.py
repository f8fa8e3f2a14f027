"""An answer in the letters of the inner functions, where in full it would swell.

Source: let-binding; Griewank, Walther, Evaluating Derivatives, 2nd ed., 3.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from stepsolve.notation.tree import Expression, Name, names, transform, walk

_LONG = 10  # nodes beyond which an inner function may keep its letter
_READABLE = 60  # nodes beyond which an answer keeps every letter that it can


def in_letters(
    form: Expression, definitions: Mapping[str, Expression]
) -> tuple[Expression, dict[str, Expression]]:
    """A form with letters for inner functions, and what they stand for, in each other's letters.

    In a short form a long inner function has its letter if it recurs, in a long form always.
    Nothing is lost: the letters put back give the form again.
    """
    letters = {inner: Name(name) for name, inner in definitions.items() if inner.size > _LONG}
    if form.size <= _READABLE:
        times = Counter(node for node in walk(form) if node in letters)
        letters = {inner: name for inner, name in letters.items() if times[inner] > 1}
    short = transform(form, letters.get)
    told: dict[str, Expression] = {}
    waiting = [short]
    while waiting:
        for name in names(waiting.pop()):
            if name in definitions and name not in told and Name(name) in letters.values():
                told[name] = _inside(definitions[name], letters)
                waiting.append(told[name])
    return short, {name: told[name] for name in definitions if name in told}


def _inside(inner: Expression, letters: Mapping[Expression, Name]) -> Expression:
    """An inner function with letters for those within it, not for itself."""
    return transform(inner, lambda node: None if node is inner else letters.get(node))
