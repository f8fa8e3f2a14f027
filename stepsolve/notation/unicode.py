"""Expressions for people on one line: `−2 · x² + σ(z₁)`."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from stepsolve.notation.cases import CHOICE, cases
from stepsolve.notation.hats import hatted, with_hat
from stepsolve.notation.indices import (
    below,
    below_with_bounds,
    is_indexed,
    is_summation,
    setting,
    stands_alone,
)
from stepsolve.notation.names import GREEK, Gradient, entry, gradient, parts
from stepsolve.notation.precedence import (
    ANYTHING,
    LINE,
    POSTFIX,
    PRODUCT,
    QUOTIENT,
    SUMMATION,
    argument_levels,
    factors_of,
    is_plain_name,
    is_scientific,
)
from stepsolve.notation.template import filled, text_template
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number

SIGNS: Final = {
    "+": " + ",
    "-": " − ",
    "*": " · ",
    "/": " / ",
    "@": " @ ",
    "<": " < ",
    "<=": " ≤ ",
    ">": " > ",
    ">=": " ≥ ",
    "==": " = ",
    "!=": " ≠ ",
}
"""The signs between two parts, for every one-line and two-dimensional notation."""

INFINITY: Final = {"inf": "∞"}
_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Unicode has no q; T is left out because Wᵀ is a transpose.
_RAISED_LETTERS: Final = dict(
    zip(
        "abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRUVW",
        "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵁⱽᵂ",
        strict=True,
    )
)
_LONGEST_SUPERSCRIPT: Final = 3  # digits: more are hard to read


def one_line(expression: Expression) -> str:
    """An expression on one line."""
    if isinstance(expression, Name):
        return pretty_name(expression.name)
    if isinstance(expression, Number):
        return pretty_number(expression)
    if isinstance(expression, Apply):
        if (small := setting(expression, one_line)) is not None:
            return small
        if is_summation(expression):
            return _summation(expression.arguments)
        write = _signed if expression.operation in LINE.parts else _call
        return write(expression.operation, expression.arguments)
    if isinstance(expression, Item):
        return _entry(expression)
    if isinstance(expression, Array):
        return f"[{', '.join(map(_part, expression.items))}]"
    raise TypeError(f"no notation for {type(expression).__name__}")


@lru_cache(maxsize=8192)
def pretty_name(name: str) -> str:
    """A name with Greek letters, primes and numeric subscripts: `θ₁`, `x′`, `dL/dz₁`, `h(t − 1)`.

    The number of a step of training is raised, in brackets: `W_hh⁽²⁾`.
    """
    if name.isalpha() and not name.endswith("hat"):
        return INFINITY.get(name) or GREEK.get(name, name)
    of = gradient(name)
    if of is not None:
        return "/".join(gradient_parts(of))
    if (at := entry(name)) is not None:
        return f"{pretty_name(at.sequence)}({at.place.replace('-', '−')})"
    stem, digits, subscript, primes, iterate = parts(name)
    if subscript:
        small = subscript.isdecimal()
        subscript = subscript.translate(_SUBSCRIPTS) if small else f"_{subscript}"
    raised = f"⁽{iterate.translate(_SUPERSCRIPTS)}⁾" if iterate else ""
    letter = hatted(stem)
    written = with_hat(GREEK.get(letter, letter)) if letter else GREEK.get(stem, stem)
    return f"{written}{digits}{subscript}{'′' * primes}{raised}"


def gradient_parts(of: Gradient) -> tuple[str, str]:
    """What stands above and below in the name of a gradient: `d²f` and `dy dx`."""
    below = [f"{of.sign}{pretty_name(by)}{_times(times)}" for by, times in of.by]
    return f"{of.sign}{_times(of.order)}{pretty_name(of.of)}", " ".join(below)


def _times(count: int) -> str:
    return str(count).translate(_SUPERSCRIPTS) if count > 1 else ""


def pretty_number(number: Number) -> str:
    """A number with its power of ten, if it has one: `0.50`, `1.234·10⁻⁵`, `10⁻³`."""
    if not is_scientific(number):
        return number.text
    mantissa, _, exponent = number.text.lower().partition("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return power if mantissa == "1" else f"{mantissa}·{power}"


def superscript(exponent: Expression) -> str:
    """A number of a few digits or a letter, under a sign or not, raised; empty for the rest."""
    match exponent:
        case Name(name=name):
            return _RAISED_LETTERS.get(name, "")
        case Number(text=text) if _is_small(text):
            return text.translate(_SUPERSCRIPTS)
        case Apply(operation="neg", arguments=(Name() | Number() as size,)):
            raised = superscript(size)
            return f"⁻{raised}" if raised else ""
        case Apply(operation="neg", arguments=(Apply(operation="*") as product,)):
            raised = superscript(product)
            return f"⁻{raised}" if raised else ""
        case Apply(operation="*", arguments=(Name() | Number() as first, Name() as second)):
            left, right = superscript(first), superscript(second)
            return left + right if left and right else ""
    return ""


def _is_small(text: str) -> bool:
    return len(text) <= _LONGEST_SUPERSCRIPT and text.isdecimal()


def _signed(operation: str, arguments: tuple[Expression, ...]) -> str:
    least = LINE.parts[operation]
    first = _part(arguments[0], least[0])
    if operation == "neg":
        return f"−{first}"
    if operation == "T":
        return f"{first}ᵀ"
    if operation == "^":
        raised = superscript(arguments[1])
        return f"{first}{raised}" if raised else f"{first}^{_part(arguments[1], least[1])}"
    return f"{first}{SIGNS[operation]}{_part(arguments[1], least[1])}"


def _entry(item: Item) -> str:
    small = below(*item.indices) if is_indexed(item) else ""
    if not small:
        return f"{_part(item.base, POSTFIX)}[{', '.join(map(_part, item.indices))}]"
    base = one_line(item.base)
    return f"{base}{small}" if stands_alone(item.base) else f"[{base}]{small}"


def summation_sign(arguments: tuple[Expression, ...]) -> str:
    """What stands before the body of a sum: `Σₖ`, `Σₖ₌₁ⁿ`."""
    index, *bounds = arguments[1:]
    if not bounds:
        return f"Σ{below(index)}" if below(index) else f"Σ_{one_line(index)}"
    start, end = below_with_bounds(index, bounds[0]), superscript(bounds[1])
    if start and end:
        return f"Σ{start}{end}"
    return f"Σ_({one_line(index)} = {one_line(bounds[0])}..{one_line(bounds[1])})"


def derivative_sign(operation: str, by: Expression) -> str:
    """The d of a derivative: curly where it is by an entry, or partial."""
    return "d" if operation == "diff" and not isinstance(by, Item) else "∂"


def is_short(of: Expression) -> bool:
    """Whether a derivative of this is written as one fraction: `du/dx`, `∂zₖ/∂xᵢ`."""
    return is_plain_name(of) or isinstance(of, Item)


def _derivative(operation: str, arguments: tuple[Expression, ...]) -> str:
    of, d = one_line(arguments[0]), derivative_sign(operation, arguments[1])
    by = _part(arguments[1], POSTFIX)
    if is_short(arguments[0]):
        return f"{d}{of}/{d}{by}"
    pair = LINE.brackets(arguments[0], ANYTHING)
    return f"{d}/{d}{by}[{pair[0]}{of}{pair[1]}]" if pair else f"{d}/{d}{by}[{of}]"


def _summation(arguments: tuple[Expression, ...]) -> str:
    return f"{summation_sign(arguments)} {_part(arguments[0], SUMMATION)}"


def _call(operation: str, arguments: tuple[Expression, ...]) -> str:
    if operation in ("diff", "partial"):
        return _derivative(operation, arguments)
    if operation == "limit":
        return f"lim[{approach(arguments)}] {_part(arguments[0], PRODUCT)}"
    if operation == "hadamard":
        return " ⊙ ".join([_part(f, QUOTIENT) for f in factors_of(operation, arguments)])
    if operation == "delta" and (small := below(*arguments)):
        return f"δ{small}"
    if operation == "exp" and (raised := superscript(arguments[0])):
        return f"e{raised}"
    if operation == CHOICE:
        return _cases(arguments)
    template = small_below(text_template(operation, arguments), arguments)
    return filled(template, list(map(_part, arguments, argument_levels(template))))


def small_below(template: str, arguments: tuple[Expression, ...]) -> str:
    """A template with the argument that stands below in small characters if there are any: log₃."""
    small = below(arguments[1]) if "_#2" in template else ""
    return template.replace("_#2", small) if small else template


def _cases(arguments: tuple[Expression, ...]) -> str:
    """Cases in braces: `{x if x > 0, 0 otherwise}`."""
    found, other = cases(arguments)
    rows = [f"{one_line(value)} if {one_line(condition)}, " for value, condition in found]
    return f"{{{''.join(rows)}{one_line(other)} otherwise}}"


def approach(arguments: tuple[Expression, ...]) -> str:
    """What a limit's variable tends to: `x → 0⁺`, `n → ∞`."""
    _, variable, target, *side = arguments
    marks = {"above": "⁺", "below": "⁻"}
    mark = "".join(marks[part.name] for part in side if isinstance(part, Name))
    return f"{one_line(variable)} → {one_line(target)}{mark}"


def _part(part: Expression, least: int = ANYTHING) -> str:
    text = one_line(part)
    pair = LINE.brackets(part, least)
    return f"{pair[0]}{text}{pair[1]}" if pair else text
