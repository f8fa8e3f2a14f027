"""stub"""
from typing import NamedTuple
from stepsolve.notation.tree import Expression
from stepsolve.source.expression import parse


class Chain(NamedTuple):
    sides: tuple[Expression, ...]
    signs: tuple[str, ...]
    spans: tuple[tuple[int, int], ...] = ()
    latex: bool = False


def read_chains(text, names=(), functions={}, latex=None):
    parts = text.split("=")
    return (Chain(tuple(parse(p) for p in parts), ("=",) * (len(parts) - 1)),)
