"""Kronecker's delta: a sum over one of its indices has a single term.

Source: DLMF, Common Notations and Definitions; Magnus, Neudecker, Matrix Differential Calculus,
3rd ed. (2019), ch. 5.
"""

from __future__ import annotations

from stepsolve.calculus.terms import Term
from stepsolve.notation.tree import Apply, Expression, Name, walk


def collapse(term: Term, said: dict[str, None]) -> Term:
    """The term without sums over an index of a delta; `said` gets to know what remains, `k = i`."""
    while True:
        for base, _ in term.powers:
            if not isinstance(base, Apply) or base.operation != "delta":
                continue
            one, other = base.arguments
            if one == other:
                powers = tuple(p for p in term.powers if p[0] != base)
                term = term._replace(powers=powers)
                break
            pairs = [(a, b) for a, b in ((one, other), (other, one)) if _in(a, term.bound)]
            if pairs:
                old, new = pairs[0]
                assert isinstance(old, Name) and isinstance(new, Name)
                said[f"{old.name} = {new.name}"] = None
                powers = tuple(p for p in term.powers if p[0] != base)
                term = term._replace(powers=powers).renamed(old.name, new)
                break
        else:
            return term


def has_delta(expression: Expression) -> bool:
    """Whether a delta occurs in an expression."""
    return any(isinstance(n, Apply) and n.operation == "delta" for n in walk(expression))


def _in(index: Expression, bound: tuple[str, ...]) -> bool:
    return isinstance(index, Name) and index.name in bound
