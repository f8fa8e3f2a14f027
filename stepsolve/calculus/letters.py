"""An answer in the letters of the inner functions, where in full it would swell.

Source: let-binding; Griewank, Walther, Evaluating Derivatives, 2nd ed., 3.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from stepsolve.notation.tree import Expression, Name, names, transform, walk

_LONG = 10  # nodes beyond which an inner function may keep its letter
_READABLE = 60  # nodes beyond which an answer keeps every letter that it can
_PLAIN = 3  # nodes up to which what a letter stands for is written out: sin(w)


def in_letters(
    form: Expression, definitions: Mapping[str, Expression]
) -> tuple[Expression, dict[str, Expression]]:
    """A form with letters for inner functions, and what they stand for, in each other's letters.

    In a short form a long inner function has its letter if it recurs, in a long form always.
    Nothing is lost: the letters put back give the form again.
    """
    if all(inner.size <= _LONG for inner in definitions.values()):
        return form, {}
    letters: dict[Expression, Name] = {}
    inside: dict[str, Expression] = {}
    times = Counter(walk(form)) if form.size <= _READABLE else None
    for name, inner in sorted(definitions.items(), key=lambda item: item[1].size):
        if inner.size > _LONG and (times is None or times[inner] > 1):
            short = transform(inner, letters.get)
            if short.size > _PLAIN:
                letters[inner], inside[name] = Name(name), short
    short = transform(form, letters.get)
    told: set[str] = set()
    waiting = [short]
    while waiting:
        found = [name for name in names(waiting.pop()) if name in inside and name not in told]
        told.update(found)
        waiting += [inside[name] for name in found]
    return short, {name: inside[name] for name in definitions if name in told}
