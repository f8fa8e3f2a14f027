"""Expressions for people in two dimensions: stacked fractions, raised exponents, matrices."""

from __future__ import annotations

from itertools import repeat
from typing import Final

from stepsolve.notation.bricks import (
    BAR,
    Box,
    beside,
    braced,
    fence,
    fenced,
    fraction,
    grid,
    joined,
    line,
    lowered,
    marked,
    raised,
)
from stepsolve.notation.cases import CHOICE, cases
from stepsolve.notation.indices import (
    below,
    is_indexed,
    is_summation,
    setting,
    stands_alone,
)
from stepsolve.notation.matrix import matrix_rows
from stepsolve.notation.names import gradient
from stepsolve.notation.precedence import (
    ANYTHING,
    BOX,
    POSTFIX,
    PRODUCT,
    QUOTIENT,
    SUMMATION,
    argument_levels,
    factors_of,
)
from stepsolve.notation.template import filled, pieces, text_template
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number, transform
from stepsolve.notation.unicode import (
    SIGNS,
    approach,
    derivative_sign,
    gradient_parts,
    is_short,
    one_line,
    pretty_name,
    pretty_number,
    small_below,
    summation_sign,
    superscript,
)

__all__ = ("Box", "beside", "layout")

_LONGEST_EXPONENT: Final = 12  # of e: a longer one is easier to read in exp( )


def layout(expression: Expression, flat: bool = False) -> Box:
    """An expression in two dimensions; `flat` keeps the names of gradients on one line: `dL/dW`."""
    return _draw(transform(expression, _flattened) if flat else expression, small=False)


class _Flat(Name):
    """A gradient's name that is not drawn as a fraction."""


def _flattened(node: Expression) -> Expression | None:
    return _Flat(node.name) if isinstance(node, Name) and "/" in node.name else None


def _draw(expression: Expression, small: bool) -> Box:
    """An expression, `small` in an exponent, where 1/2 is not stacked."""
    if isinstance(expression, _Flat):
        return line(pretty_name(expression.name))
    if isinstance(expression, Name):
        return _name(expression.name)
    if isinstance(expression, Number):
        return line(pretty_number(expression))
    if isinstance(expression, Apply):
        if (setting_ := setting(expression, one_line)) is not None:
            return line(setting_)
        if is_summation(expression):
            return _summation(expression.arguments, small)
        draw = _signed if expression.operation in BOX.parts else _call
        return draw(expression.operation, expression.arguments, small)
    if isinstance(expression, Item):
        return _entry(expression, small)
    if isinstance(expression, Array):
        return _array(expression, small)
    raise TypeError(f"no notation for {type(expression).__name__}")


def _name(name: str) -> Box:
    of = gradient(name)
    if of is None:
        return line(pretty_name(name))
    return _gradient(*gradient_parts(of))


def _gradient(above: str, below: str) -> Box:
    return fraction(line(above), line(below), padding=0)


def _signed(operation: str, arguments: tuple[Expression, ...], small: bool) -> Box:
    least = BOX.parts[operation]
    first = _part(arguments[0], least[0], small)
    if operation == "neg":
        return _negative(first)
    if operation == "T":
        return marked(first, "ᵀ")
    if operation == "^":
        return _power(first, arguments[1])
    second = _part(arguments[1], least[1], small)
    if operation == "/":
        flat = small and all(map(_is_whole, arguments))
        return beside(first, line("/"), second) if flat else fraction(first, second)
    return beside(first, line(SIGNS[operation]), second)


def _negative(drawn: Box) -> Box:
    # a minus that touches the bar of a fraction would lengthen it
    touches = drawn.rows[drawn.baseline].startswith(BAR)
    return beside(line("− " if touches else "−"), drawn)


def _is_whole(expression: Expression) -> bool:
    return isinstance(expression, Number) and expression.text.isdecimal()


def _power(drawn: Box, exponent: Expression) -> Box:
    mark = superscript(exponent)
    return marked(drawn, mark) if mark else raised(drawn, _part(exponent, ANYTHING, small=True))


def _entry(item: Item, small: bool) -> Box:
    mark = below(*item.indices) if is_indexed(item) else ""
    if not mark:
        indices = joined(_parts(item.indices, ANYTHING, small), ", ")
        return beside(_part(item.base, POSTFIX, small), fenced("[", indices, "]"))
    base = _draw(item.base, small)
    return lowered(base if stands_alone(item.base) else fenced("[", base, "]"), mark)


def _summation(arguments: tuple[Expression, ...], small: bool) -> Box:
    """A sum; one with bounds carries them above and below its sign."""
    body, index, *bounds = arguments
    inside = _part(body, SUMMATION, small)
    if not bounds or small:
        return beside(line(f"{summation_sign(arguments)} "), inside)
    above, start = map(one_line, (bounds[1], bounds[0]))
    under = f"{one_line(index)} = {start}"
    width = max(len(above), len(under))
    sign = Box((above.center(width), "Σ".center(width), under.center(width)), 1)
    return beside(sign, line(" "), inside)


def _call(operation: str, arguments: tuple[Expression, ...], small: bool) -> Box:
    if operation in ("diff", "partial"):
        return _derivative(operation, arguments, small)
    if operation == "limit":
        return _limit(arguments, small)
    if operation == "hadamard":
        return joined(_parts(tuple(factors_of(operation, arguments)), QUOTIENT, small), " ⊙ ")
    if operation == "delta" and (mark := below(*arguments)):
        return line(f"δ{mark}")
    if operation == "exp":
        return _exponential(arguments[0])
    if operation == CHOICE:
        return _cases(arguments, small)
    template = small_below(text_template(operation, arguments), arguments)
    levels = argument_levels(template)
    return _filled(template, list(map(_part, arguments, levels, repeat(small))))


def _cases(arguments: tuple[Expression, ...], small: bool) -> Box:
    """Cases under each other, behind one brace."""
    found, other = cases(arguments)
    rows = [
        [_draw(value, small), beside(line("if "), _draw(condition, small))]
        for value, condition in found
    ]
    return braced(grid([*rows, [_draw(other, small), line("otherwise")]], left=True))


def _exponential(argument: Expression) -> Box:
    if mark := superscript(argument):
        return line(f"e{mark}")
    exponent = _part(argument, ANYTHING, small=True)
    if exponent.height == 1 and exponent.width <= _LONGEST_EXPONENT:
        return raised(line("e"), exponent)
    return _filled(text_template("exp"), [exponent])


def _derivative(operation: str, arguments: tuple[Expression, ...], small: bool) -> Box:
    of, by = arguments
    d = derivative_sign(operation, by)
    under = one_line(by) if is_short(by) else f"({one_line(by)})"
    if is_short(of):
        return _gradient(f"{d}{one_line(of)}", f"{d}{under}")
    return beside(_gradient(d, f"{d}{under}"), fenced("[", _part(of, ANYTHING, small), "]"))


def _limit(arguments: tuple[Expression, ...], small: bool) -> Box:
    """lim, with what its variable tends to below it."""
    below = approach(arguments)
    width = max(len(below), 3)
    head = Box(("lim".center(width), below.center(width)))
    return beside(head, line(" "), _part(arguments[0], PRODUCT, small))


def _filled(template: str, arguments: list[Box]) -> Box:
    """A call whose brackets and bars are as tall as its tallest argument."""
    if all(argument.height == 1 for argument in arguments):
        return line(filled(template, [argument.rows[0] for argument in arguments]))
    everything = joined(arguments, ", ")
    first, rest = pieces(template)
    row = [fence(sign, everything) for sign in first]
    for slot, after in rest:
        row.append(everything if slot == "*" else arguments[int(slot) - 1])
        row.extend([fence(sign, everything) for sign in after])
    return beside(*row)


def _array(array: Array, small: bool) -> Box:
    rows = matrix_rows(array)
    if rows is None:
        entries = joined(_parts(array.items, ANYTHING, small), ", ")
    else:
        entries = grid([_parts(row, ANYTHING, small) for row in rows])
    return fenced("[", entries, "]")


def _parts(parts: tuple[Expression, ...], least: int, small: bool) -> list[Box]:
    # not a comprehension: its frame would count against the depth of recursion in Python 3.11
    return list(map(_part, parts, repeat(least), repeat(small)))


def _part(part: Expression, least: int, small: bool) -> Box:
    drawn = _draw(part, small)
    pair = BOX.brackets(part, least)
    return fenced(pair[0], drawn, pair[1]) if pair else drawn
