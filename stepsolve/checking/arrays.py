"""The oracles of worksheets of arrays: every line by two libraries, every gradient by differences.

A small worksheet is worked out a second time whole, with 50 digits. Of a large one some entries are,
each from the arrays that its line uses; its gradients are confirmed in float64. A gradient is
confirmed along random directions: the change of what it is the gradient of, against its product
with the direction (Griewank, Walther, Evaluating Derivatives, 2nd ed., 3.2). A wrong entry shows.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any, ClassVar

import numpy as np

from stepsolve.checking.conditioning import AS_FAR
from stepsolve.checking.precise import Precise, Value
from stepsolve.derivation import Check
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names, transform
from stepsolve.operations.array_operation import Arithmetic, Dims, Index, places
from stepsolve.operations.dimensions import Dimensions
from stepsolve.operations.entries import ArrayEntries, Entries
from stepsolve.operations.forms import form_of, holes_of

Array = dict[Index, Value]
VALUE_TOLERANCE = 1e-9  # of float64 against 50 digits, relative to the largest entry
SMALL = 1e-6  # below this size float64 may lose digits to cancellation without harm
_BUDGET = 20_000  # operations of high precision on a large worksheet
_PRECISE = 20_000  # operations of one entry beyond which it is worked out in floats
_LINES = 60  # of a large worksheet, of which entries are drawn
_LARGE_POWER = 500  # of e; float64 reaches to 709
_SAMPLES = 4  # entries of one line
_LIMB, _LIMBS = 26, 3  # binary digits that are added at once, and how often
_BLOCK = 1 << 15  # floats that are cut into digits at once


class PreciseArithmetic:
    """The arithmetic of entries in high precision. Raises `OutsideDomain` where there is no value."""

    def __init__(self, precise: Precise) -> None:
        self._precise = precise

    def leaf(self, leaf: Name | Number) -> Value:
        if isinstance(leaf, Name):
            return self._precise.constants[leaf.name]
        return self._precise.number(leaf.text)

    def number(self, value: int) -> Value:
        return self._precise.mp.mpf(value)

    def apply(self, operation: str, *arguments: Value) -> Value:
        return self._precise.apply(operation, list(arguments))

    def total(self, terms: Sequence[Value]) -> Value:
        result = terms[0]
        for term in terms[1:]:
            result = self._precise.apply("+", [result, term])
        return result

    def vanishes(self, value: Value) -> bool:
        return bool(value == 0)

    def excess(self, values: Sequence[Value]) -> Value | None:
        largest = max(values)
        return largest if abs(largest) > _LARGE_POWER else None


def work(expression: Expression, dimensions: Dimensions, one_by_one: bool = True) -> int:
    """About how many operations on numbers the entries of an expression take.

    `one_by_one` each entry looks at all others of its row, of a softmax; else at once, as in NumPy.
    """
    match expression:
        case Apply(operation="@", arguments=(left, right)):
            own = prod(dimensions.of(expression)) * dimensions.of(right)[0] * 2
            return own + sum(work(part, dimensions, one_by_one) for part in (left, right))
        case Apply(arguments=arguments):
            call = dimensions.call(expression)
            parts = call.operands if call is not None else arguments
            own = prod(dimensions.of(expression))
            if call is not None and call.row.terms is not None:
                shapes = [dimensions.of(part) for part in parts]
                own *= 2 * call.row.terms(*shapes, *call.whole, **call.options)
            for part in parts if call is not None else ():
                size = prod(dimensions.of(part))
                own = max(own, size)
                if one_by_one and size > 1 and call is not None and call.row.name in _FIBRES:
                    axis = call.options.get("axis")
                    along = dimensions.of(part)[axis] if isinstance(axis, int) else size
                    own = max(own, size * along)
            return own + sum(work(part, dimensions, one_by_one) for part in parts)
        case Item(base=base):
            return work(base, dimensions, one_by_one)
        case Name() | Number():
            return 0
    return 1 + sum(work(part, dimensions, one_by_one) for part in expression.children)


_FIBRES = (
    *("softmax", "masked_softmax", "log_softmax", "standardize"),
    *("argmax", "argmin", "masked_argmax"),
)


class PreciseSheet:
    """Lines of arrays in high precision, all entries of them."""

    def __init__(
        self,
        dimensions: Dimensions,
        precise: Precise,
        arithmetic: PreciseArithmetic | None = None,
    ) -> None:
        self._dimensions, self._precise = dimensions, precise
        self._arithmetic = arithmetic or PreciseArithmetic(precise)

    def array(self, expression: Expression, known: Mapping[str, Array | Entries]) -> Array:
        """All entries of an expression."""
        dims = self._dimensions.of(expression)
        entries = ArrayEntries(self._dimensions, known, self._arithmetic).of(expression)
        return {index: entries[index] for index in places(dims)}

    def run(self, lines: Mapping[str, Expression], known: Mapping[str, Array]) -> dict[str, Array]:
        """The values of lines in order, beside those that are known."""
        values = dict(known)
        for name, expression in lines.items():
            values[name] = self.array(expression, values)
        return values


def given_array(value: Any, dims: Dims, precise: Precise) -> Array:
    """An array of floats in high precision: the shortest decimals that mean them."""
    return {index: precise.number(repr(float(value[index]))) for index in places(dims)}


def check_arrays(
    floats: Mapping[str, Any],
    exact: Mapping[str, Array],
    rounding: Callable[[], Mapping[str, float]] = dict,
) -> tuple[Check, ...]:
    """NumPy's arrays against those of mpmath, entry by entry, relative to the largest.

    `rounding` tells, if a value differs, by how much float64 may be off at each.
    """
    known: Mapping[str, float] | None = None
    checks = []
    for name, entries in exact.items():
        value = floats[name]
        largest = max((abs(float(v)) for v in entries.values()), default=0.0)
        off = max(
            (
                abs(float(v) - float(value[index] if index else value))
                for index, v in entries.items()
            ),
            default=0.0,
        )
        check = _compared(name, "NumPy and mpmath", off, largest)
        if not check.passed:
            known = rounding() if known is None else known
            check = _compared(name, check.method, off, largest, known.get(name, 0.0))
        checks.append(check)
    return tuple(checks)


def _compared(name: str, method: str, off: float, largest: float, rounded: float = 0.0) -> Check:
    """The check of a value that is off by so much, of which float64 may not know `rounded`."""
    error = off / max(largest, SMALL)
    if error > VALUE_TOLERANCE and off <= rounded:
        return Check(name, method, error, True, AS_FAR)
    return Check(name, method, error, error <= VALUE_TOLERANCE)


def check_equal(name: str, value: Any, other: Any) -> Check:
    """A line's value against that of another expression for it, relative to the largest entry."""
    largest = max(float(np.max(np.abs(value))), SMALL)
    error = float(np.max(np.abs(np.asarray(value) - np.asarray(other)))) / largest
    return Check(name, "another expression for it", error, error <= VALUE_TOLERANCE)


def check_sampled(
    lines: Mapping[str, Expression],
    floats: Mapping[str, Any],
    dimensions: Dimensions,
    precise: Precise,
    whole: Callable[[Expression, Mapping[str, Any]], Any],
    wanted: Collection[str] = (),
    rounding: Callable[[Expression, Mapping[str, Any]], float] = lambda *_: 0.0,
) -> tuple[Check, ...]:
    """Some entries of large arrays, each from the arrays of its line.

    They are worked out with 50 digits; of very many lines a part is confirmed, and all those that are
    `wanted`, most of them in floats with exact sums.

    Very long sums are taken out: `whole` gives their terms, which are added as whole numbers.
    `rounding` tells by how much float64 may be off at an expression.
    """
    exact, fast = PreciseArithmetic(precise), _FloatArithmetic(precise)
    random = np.random.default_rng(0)
    affordable = max(_BUDGET // max(len(lines), 1), 1)
    lines, floats, sums = _with_long_sums(lines, floats, dimensions, whole)
    names_ = [name for name in lines if name in floats]
    step = max(1, len(names_) // _LINES)
    checks = []
    for place, name in enumerate(names_):
        if place % step and name not in wanted:
            continue
        expression = lines[name]
        dims = dimensions.of(expression)
        each = max(work(expression, dimensions) // max(prod(dims), 1), 1)
        of: Arithmetic = exact if each <= _PRECISE and place % step == 0 else fast
        known: dict[str, Mapping[Index, Value] | Entries] = {
            n: _Numbers(floats[n], precise.mp.mpf if of is exact else float)
            for n in holes_of(expression)
            if n in floats
        }
        known |= {n: {(): of.number(0) + sums[n]} for n in holes_of(expression) if n in sums}
        entries = ArrayEntries(dimensions, known, of).of(expression)
        count = int(min(max(affordable * step // each, 1), _SAMPLES, prod(dims)))
        count = count if of is exact or step == 1 else 1
        largest = float(np.max(np.abs(floats[name])))
        off = 0.0
        for _ in range(count):
            index = tuple(int(random.integers(size)) for size in dims)
            value = floats[name][index] if dims else floats[name]
            off = max(off, abs(float(entries[index]) - float(value)))
        second = "mpmath" if of is exact else "floats with exact sums"
        method = f"NumPy and {second}, in entries drawn at random"
        check = _compared(name, method, off, largest)
        if not check.passed:
            check = _compared(name, method, off, largest, rounding(expression, floats))
        checks.append(check)
    return tuple(checks)


def _with_long_sums(
    lines: Mapping[str, Expression],
    floats: Mapping[str, Any],
    dimensions: Dimensions,
    whole: Callable[[Expression, Mapping[str, Any]], Any],
) -> tuple[dict[str, Expression], dict[str, Any], dict[str, float]]:
    """The lines with names for their very long sums, whose terms become lines of their own."""
    written: dict[str, Expression] = {}
    values, sums = dict(floats), dict[str, float]()

    def named(node: Expression) -> Expression | None:
        match node:
            case Apply(operation="sum", arguments=(terms,)) if (
                prod(dimensions.of(terms)) > _PRECISE and floats.keys() >= names(terms).keys()
            ):
                name = f"{label} term {len(sums) + 1}"
                written[name], values[name] = terms, whole(terms, floats)
                dimensions.known[f"sum of {name}"] = ()
                sums[f"sum of {name}"] = _exact_total(values[name])
                return Name(f"sum of {name}")
        return None

    for label, expression in lines.items():
        sums_up = label in floats and "sum" in form_of(expression).operations
        written[label] = transform(expression, named) if sums_up else expression
    return written, values, sums


def _exact_total(terms: Any) -> float:
    """The sum of very many floats, as whole multiples of a power of two: nothing is rounded away."""
    largest = max(float(np.max(terms)), -float(np.min(terms)))
    if not 1e-200 < largest < 1e200:
        return math.fsum(np.ravel(terms).tolist())
    first = 2.0 ** (math.frexp(largest)[1] - _LIMB)
    totals, flat = [0] * _LIMBS, np.ravel(terms)
    for start in range(0, flat.size, _BLOCK):
        unit, rest = first, flat[start : start + _BLOCK]
        for k in range(_LIMBS):
            whole = np.floor(rest / unit)
            totals[k] += int(np.sum(whole.astype(np.int64)))
            rest = rest - whole * unit
            unit /= 2.0**_LIMB
    whole_units = sum(n << _LIMB * (_LIMBS - 1 - k) for k, n in enumerate(totals))
    return float(Fraction(whole_units) * Fraction(first) / 2 ** (_LIMB * (_LIMBS - 1)))


class _Numbers(Entries):
    """The entries of an array of floats as other numbers; of a large one each is needed once."""

    def __init__(self, array: Any, kind: Callable[[float], Value]) -> None:
        self._item, self._kind = np.asarray(array).item, kind
        super().__init__(np.shape(array), self.__getitem__)

    def __getitem__(self, index: Index) -> Value:
        return self._kind(self._item(*index))


class _FloatArithmetic(PreciseArithmetic):
    """Python's floats, where an entry takes very many operations; sums are exact but for the last."""

    _SIGNS: ClassVar[dict[str, Callable[..., Any]]] = {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "max": max,
        "min": min,
    }

    def leaf(self, leaf: Name | Number) -> Value:
        return float(super().leaf(leaf))

    def number(self, value: int) -> Value:
        return float(value)

    def apply(self, operation: str, *arguments: Value) -> Value:
        sign = self._SIGNS.get(operation)
        if sign is not None:
            return float(sign(*arguments))
        return float(super().apply(operation, *map(self._precise.mp.mpf, arguments)))

    def total(self, terms: Sequence[Value]) -> Value:
        return math.fsum(terms)
