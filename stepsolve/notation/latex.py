r"""Expressions in LaTeX's mathematics: `-2\,x^{2} + \frac{1}{2} \cdot y`."""

from __future__ import annotations

from typing import Final

from stepsolve.notation.cases import CHOICE, cases
from stepsolve.notation.hats import hatted
from stepsolve.notation.indices import is_indexed, is_summation, setting, stands_alone
from stepsolve.notation.matrix import matrix_rows
from stepsolve.notation.names import GREEK, entry, gradient, parts
from stepsolve.notation.precedence import (
    ANYTHING,
    LATEX,
    POSTFIX,
    PRODUCT,
    QUOTIENT,
    SUMMATION,
    argument_levels,
    factors_of,
    is_plain_name,
    is_scientific,
)
from stepsolve.notation.template import filled, latex_template
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number
from stepsolve.notation.unicode import derivative_sign, is_short

_SIGNS: Final = {
    "+": " + ",
    "-": " - ",
    "*": r" \cdot ",
    "@": r"\,",
    "<": " < ",
    "<=": r" \le ",
    ">": " > ",
    ">=": r" \ge ",
    "==": " = ",
    "!=": r" \ne ",
}
_PAIRS: Final = {"()": (r"\left(", r"\right)"), "[]": (r"\left[", r"\right]")}
_COMMANDS: Final = {letter: f"\\{name}" for name, letter in GREEK.items()} | {"_": r"\_"}
_UPRIGHT_D: Final = r"\mathrm{d}"


def latex(expression: Expression) -> str:
    """An expression for LaTeX's mathematics mode."""
    if isinstance(expression, Name):
        return _name(expression.name)
    if isinstance(expression, Number):
        return _number(expression)
    if isinstance(expression, Apply):
        if (small := setting(expression, latex)) is not None:
            return small
        if is_summation(expression):
            return _summation(*expression.arguments)
        write = _signed if expression.operation in LATEX.parts else _call
        return write(expression.operation, expression.arguments)
    if isinstance(expression, Item):
        return _entry(expression)
    if isinstance(expression, Array):
        return _array(expression)
    raise TypeError(f"no notation for {type(expression).__name__}")


def _name(name: str) -> str:
    of = gradient(name)
    if of is not None:
        sign = _UPRIGHT_D if of.sign == "d" else r"\partial "
        below = r"\,".join(f"{sign}{_name(by)}{_times(times)}" for by, times in of.by)
        return rf"\frac{{{sign}{_times(of.order)}{_name(of.of)}}}{{{below}}}"
    if name == "inf":
        return r"\infty"
    if (at := entry(name)) is not None:
        return f"{_name(at.sequence)}({at.place})"
    stem, digits, subscript, primes, iterate = parts(name)
    indices = [index for index in (digits, *subscript.split("_")) if index]
    below = f"_{{{','.join(map(_index, indices))}}}" if indices else ""
    found = f"{_stem(stem)}{below}" + "'" * primes
    return f"{{{found}^{{({iterate})}}}}" if iterate else found  # in braces: it may get exponents


def _times(count: int) -> str:
    return f"^{{{count}}}" if count > 1 else ""


def _stem(stem: str) -> str:
    if letter := hatted(stem):
        return rf"\hat{{{_stem(letter)}}}"
    if stem in GREEK:
        return f"\\{stem}"
    if len(stem) == 1:
        return _COMMANDS.get(stem, stem)
    return rf"\mathrm{{{_letters(stem)}}}"


def _index(index: str) -> str:
    return f"\\{index}" if index in GREEK else _letters(index)


def _letters(word: str) -> str:
    """A word with commands for Greek letters, in braces so that none runs into the next letter."""
    if word.isascii() and "_" not in word:
        return word
    return "".join(f"{{{_COMMANDS[c]}}}" if c in _COMMANDS else c for c in word)


def _number(number: Number) -> str:
    if not is_scientific(number):
        return number.text
    mantissa, _, exponent = number.text.lower().partition("e")
    power = f"10^{{{int(exponent)}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"


def _signed(operation: str, arguments: tuple[Expression, ...]) -> str:
    least = LATEX.parts[operation]
    first = _part(arguments[0], least[0])
    if operation == "neg":
        return f"-{first}"
    if operation == "T":
        return rf"{first}^{{\top}}"
    second = _part(arguments[1], least[1])
    if operation == "/":
        return rf"\frac{{{first}}}{{{second}}}"
    if operation == "^":
        return f"{first}^{{{second}}}"
    if operation == "*" and _is_coefficient(*arguments):
        return rf"{first}\,{second}"
    return f"{first}{_SIGNS[operation]}{second}"


def _is_coefficient(left: Expression, right: Expression) -> bool:
    """Whether a product is a number and a name or a function, perhaps with an exponent: `2 x^2`."""
    if not isinstance(left, Number) or is_scientific(left):
        return False
    while isinstance(right, Item) or (isinstance(right, Apply) and right.operation in ("^", "T")):
        right = right.children[0]
    if isinstance(right, Apply):
        return right.operation not in LATEX.levels
    return is_plain_name(right)


def _entry(item: Item) -> str:
    if not is_indexed(item):
        return f"{_part(item.base, POSTFIX)}[{', '.join(map(_part, item.indices))}]"
    base = latex(item.base)
    if not stands_alone(item.base):
        base = rf"\left[{base}\right]"
    elif "'" in base:
        base = f"{{{base}}}"  # a prime is an exponent: it cannot carry another one
    return f"{base}_{{{_indices(item.indices)}}}"


def _indices(indices: tuple[Expression, ...]) -> str:
    texts = list(map(latex, indices))
    letters = all(isinstance(index, Name | Number) and len(latex(index)) == 1 for index in indices)
    return ("" if letters else ", ").join(texts)


def _summation(body: Expression, index: Expression, *bounds: Expression) -> str:
    limits = latex(index)
    if bounds:
        limits = f"{limits}={latex(bounds[0])}}}^{{{latex(bounds[1])}"
    return rf"\sum_{{{limits}}} {_part(body, SUMMATION)}"


def _call(operation: str, arguments: tuple[Expression, ...]) -> str:
    if operation in ("diff", "partial"):
        return _derivative(operation, *arguments)
    if operation == CHOICE:
        return _cases(arguments)
    if operation == "limit":
        return _limit(arguments)
    if operation == "hadamard":
        return r" \odot ".join([_part(f, QUOTIENT) for f in factors_of(operation, arguments)])
    if operation == "delta":
        return rf"\delta_{{{_indices(arguments)}}}"
    template = latex_template(operation, arguments)
    return filled(template, list(map(_part, arguments, argument_levels(template))))


def _cases(arguments: tuple[Expression, ...]) -> str:
    found, other = cases(arguments)
    rows = [rf"{latex(value)} & \text{{if }} {latex(condition)} \\ " for value, condition in found]
    return rf"\begin{{cases}} {''.join(rows)}{latex(other)} & \text{{otherwise}} \end{{cases}}"


def _derivative(operation: str, of: Expression, by: Expression) -> str:
    d = _UPRIGHT_D if derivative_sign(operation, by) == "d" else r"\partial "
    below = d + _part(by, POSTFIX)
    if is_short(of):
        return rf"\frac{{{d}{latex(of)}}}{{{below}}}"
    return rf"\frac{{{d}}}{{{below}}}\left[{_part(of)}\right]"


def _limit(arguments: tuple[Expression, ...]) -> str:
    body, variable, target, *side = arguments
    signs = {"above": "^{+}", "below": "^{-}"}
    sign = "".join(signs[part.name] for part in side if isinstance(part, Name))
    return rf"\lim_{{{latex(variable)} \to {latex(target)}{sign}}} {_part(body, PRODUCT)}"


def _array(array: Array) -> str:
    rows = matrix_rows(array)
    if rows is None:
        return rf"\left[{', '.join(map(_part, array.items))}\right]"
    lines = r" \\ ".join([" & ".join(map(_part, row)) for row in rows])
    return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"


def _part(part: Expression, least: int = ANYTHING) -> str:
    text = latex(part)
    pair = LATEX.brackets(part, least)
    if not pair:
        return text
    opening, closing = _PAIRS[pair]
    return f"{opening}{text}{closing}"
