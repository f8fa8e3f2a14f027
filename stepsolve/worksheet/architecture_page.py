"""The page of an architecture: its table, the lines behind it, what it costs and what it sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Final, NamedTuple

from stepsolve.checking.architectures import COUNTED, count, fields
from stepsolve.checking.architectures import Counted as Oracle
from stepsolve.checking.precise import Point, Precise
from stepsolve.derivation import (
    Block,
    Cell,
    Check,
    Detail,
    Equation,
    Lines,
    Section,
    Table,
    Text,
    Worked,
)
from stepsolve.notation.numbers import Digits, number
from stepsolve.notation.tree import Expression, Name, Number, names, substitute
from stepsolve.source.expression import parse
from stepsolve.source.layers import Conv, Layer
from stepsolve.worksheet.architecture import Row, Shape, Trace, times
from stepsolve.worksheet.architecture_lines import AXES, ArchitectureLines, Counted, description

_SHOWN: Final = 100  # rows of a table
_MARKED: Final = 16  # filters and channels of a table of connections
_WORKED: Final = 40  # layers whose lines are written out
FORMULA: Final = "the formula in mpmath"
_TOTALS: Final = ("parameters", "multiplications", "additions", "activations")


class Built(NamedTuple):
    """An architecture by name, traced."""

    name: str
    image: Shape
    layers: tuple[Layer, ...]
    trace: Trace


class ArchitecturePage:
    """Blocks, values and checks of an architecture, and of others beside it."""

    def __init__(self, built: Sequence[Built], each: int, digits: Digits) -> None:
        self._built, self._each, self._digits = tuple(built), each, digits
        self.trace = built[0].trace
        self._lines = ArchitectureLines(self.trace)
        self._precise = Precise()

    # ---------------------------------------------------------------------------------- the page

    def blocks(self) -> Iterator[Block]:
        yield Text(self._opening(), Detail.BRIEF)
        yield self._table()
        if len(self.trace.rows) > _SHOWN:
            left = len(self.trace.rows) - _SHOWN
            told = f"{left} more layers are counted in the totals and checked, but not shown."
            yield Text((told,), Detail.BRIEF)
        yield from self._worked()
        yield from self._costs()
        yield from self._sights()
        yield Section(("Memory",), Detail.NORMAL)
        told = f"Every number takes {self._each} byte{'s' * (self._each > 1)}; one image is kept "
        yield Text((told + "with the outputs of all layers, as training needs them.",))
        yield Lines(tuple(self._totals_worked()), detail=Detail.NORMAL)
        if len(self._built) > 1:
            yield from self._compared()

    def _opening(self) -> tuple[str, ...]:
        shape = self.trace.rows[0].shape
        if len(shape) == 1:
            return (f"The input has {shape[0]} entries.",)
        return (f"The input is {times(shape)}: height × width × channels.",)

    def _table(self) -> Table:
        rows: list[tuple[Cell, ...]] = []
        for row in self.trace.rows[:_SHOWN]:
            numbers = (_whole(row.size), _whole(row.parameters))
            rows.append((_whole(row.number), _label(row), times(row.shape), *numbers))
        sums = self.totals
        rows.append(("", "total", "", _whole(sums["activations"]), _whole(sums["parameters"])))
        header = ("", "layer", "output", "activations", "parameters")
        return Table(header, tuple(rows), Detail.BRIEF, "layers")

    def _worked(self) -> Iterator[Block]:
        yield Section(("Layer by layer",), Detail.NORMAL)
        yield from self._conventions()
        for row in self.trace.rows[1 : _WORKED + 1]:
            found = tuple(
                self._line(counted) for counted in self._lines.by_row[row.number] if counted.shown
            )
            if found:
                assert row.layer is not None
                said = description(row.layer, row)
                heading = f"{row.number}. {row.label}" + (f": {said}" if said else "")
                yield Lines(found, (heading,), detail=Detail.NORMAL)
                yield from _connections(row)
        if len(self.trace.rows) > _WORKED + 1:
            told = f"The others go as these first {_WORKED} layers."
            yield Text((told,))

    def _conventions(self) -> Iterator[Block]:
        windows = [row.window for row in self.trace.rows if row.window is not None]
        if not windows:
            return
        told: list[str | Expression] = ["A window of M pixels that moves by S over N pixels with "]
        told += ["padding P fits into"]
        yield Text(tuple(told))
        if any(d > 1 for window in windows for d in window.dilation):
            yield Equation((parse("floor((N + 2 * P - D * (M - 1) - 1) / S) + 1"),), False)
            yield Text(("places, with D the distance of its taps.",))
        else:
            yield Equation((parse("floor((N + 2 * P - M) / S) + 1"),), detail=Detail.NORMAL)
            yield Text(("places; what is left over at the end is not seen.",))
        spread = [row for row in self.trace.rows if row.spread is not None]
        if spread:
            yield Text(("A transposed convolution goes the other way: N pixels become",))
            dilated = any(d > 1 for row in spread if row.window for d in row.window.dilation)
            reach = "D * (M - 1) + 1" if dilated else "M"
            yield Equation((parse(f"(N - 1) * S - 2 * P + {reach}"),), detail=Detail.NORMAL)
            more = ", and the output padding more" * any(any(row.spread or ()) for row in spread)
            yield Text((f"pixels{more}.",))
        if any(not counted.shown for found in self._lines.by_row for counted in found):
            yield Text(("Where the width goes as the height, it is not written out.",))
        if any(row.seen and row.window for row in self.trace.rows):
            said = "The receptive field grows by the reach of the window, (M - 1) times the jump; "
            yield Text((said + "the jump is multiplied by S.",))

    def _line(self, counted: Counted) -> Worked:
        known = names(counted.expression)
        put = {name: _whole(self._lines.values[name]) for name in known}
        working = (substitute(counted.expression, put),) if known else ()
        value = _whole(counted.value)
        if isinstance(counted.expression, Name):
            working = ()
        return Worked(
            counted.name,
            counted.expression,
            working,
            float(counted.value),
            Decimal(value.text),
            because=counted.because,
        )

    def _costs(self) -> Iterator[Block]:
        costly = [row for row in self.trace.rows if row.multiplications]
        if not costly:
            return
        yield Section(("Multiplications and additions",), Detail.BRIEF)
        told = "Those of layers with weights, for one image; other pooling, activations, "
        yield Text((told + "normalisation and sums of branches are not counted.",))
        if any(row.spread is not None for row in costly):
            told = "A transposed convolution multiplies every weight at every place of its input; "
            yield Text((told + "what is cut off is counted as well.",))
        rows: list[tuple[Cell, ...]] = [
            (_label(row), _whole(row.multiplications), _whole(row.additions))
            for row in costly
            if row.number < _SHOWN
        ]
        sums = self.totals
        rows.append(("total", _whole(sums["multiplications"]), _whole(sums["additions"])))
        header = ("layer", "multiplications", "additions")
        yield Table(header, tuple(rows), Detail.BRIEF, "costs")

    def _sights(self) -> Iterator[Block]:
        seeing = [r for r in self.trace.rows[1:] if r.window or len(r.sources) > 1]
        known = [row for row in seeing if row.seen is not None]
        if not known:
            return
        yield Section(("Receptive field",), Detail.BRIEF)
        said = (
            "How much of the image one output sees, and how far apart neighbours look, in pixels."
        )
        yield Text((said,))
        rows = [
            (_label(row), *(_both(row, what) for what in ("field", "jump")))
            for row in known
            if row.number < _SHOWN
        ]
        header = ("layer", "receptive field", "jump")
        yield Table(header, tuple(rows), Detail.BRIEF, "receptive field")
        if any(r.seen is None and len(r.shape) == 3 for r in seeing):
            spread = any(row.spread is not None for row in seeing)
            told = (
                "Behind a transposed convolution" if spread else "Where branches step differently,"
            )
            told += " outputs see fields of different sizes: "
            yield Text((told + "no one number is right from there on.",))

    def _totals_worked(self) -> Iterator[Worked]:
        sums = self.totals
        for of in ("parameters", "activations"):
            formula = parse(f"{self._each} * {of}")
            value = self._each * sums[of]
            working = substitute(formula, {of: _whole(sums[of])})
            because = "bytes"
            yield Worked(
                f"memory_{of}", formula, (working,), float(value), Decimal(value), because=because
            )

    def _compared(self) -> Iterator[Block]:
        yield Section(("Side by side",), Detail.BRIEF)
        for one in self._built:
            yield Text((f"{one.name} gives {times(one.trace.last.shape)}.",), Detail.BRIEF)
        header: tuple[Cell, ...] = ("", *(one.name for one in self._built))
        ratio = len(self._built) == 2
        if ratio:
            header += ("ratio",)
        rows: list[tuple[Cell, ...]] = []
        for of in _TOTALS:
            values = [_totals(one.trace)[of] for one in self._built]
            cells: list[Cell] = [_whole(value) for value in values]
            if ratio:
                cells.append(number(_quotient(values), self._digits) if values[0] else "")
            rows.append((_WORDS[of], *cells))
        yield Table(header, tuple(rows), Detail.BRIEF, "comparison")
        if ratio:
            yield Text((f"The ratio is that of {self._built[1].name} to {self._built[0].name}.",))

    # ----------------------------------------------------------------------------- values, checks

    @cached_property
    def totals(self) -> dict[str, int]:
        """The sums over all layers, by what is counted."""
        return _totals(self.trace)

    @property
    def quantities(self) -> Mapping[str, float]:
        """Every size and count by name, and the totals."""
        found = {name: float(value) for name, value in self._lines.values.items()}
        found |= {name: float(value) for name, value in self.totals.items()}
        for of in ("parameters", "activations"):
            found[f"memory_{of}"] = float(self._each * self.totals[of])
        return found

    @property
    def results(self) -> dict[str, Expression]:
        """The answers: what comes out, and the totals."""
        last = self.trace.last
        shape: Expression = _whole(last.size)
        if len(last.shape) > 1:
            shape = parse(f"[{', '.join(map(str, last.shape))}]")
        return {"output": shape} | {of: _whole(value) for of, value in self.totals.items()}

    def checks(self) -> Iterator[Check]:
        """Every number counted by the oracle, and every formula that is shown in mpmath."""
        oracle = count(self._built[0].image, self._built[0].layers)
        sights = fields(oracle)
        for found in self._lines.by_row:
            for counted in found:
                row, k = oracle[counted.row], counted.axis
                if counted.sort in ("field", "jump"):
                    seen = sights[counted.row]
                    right = seen[k][counted.sort == "jump"] if seen is not None else None
                else:
                    right = _counted(row, counted.sort)
                yield _check(counted.name, counted.value, right, COUNTED)
        for of, value in self.totals.items():
            yield _check(of, value, _total(oracle, of), COUNTED)
        for of in ("parameters", "activations"):
            yield _check(
                f"memory_{of}",
                self._each * self.totals[of],
                sum([_total(oracle, of)] * self._each),
                COUNTED,
            )
        if len(self._built) == 2:
            yield from self._ratios(oracle)
        yield from self._shapes(oracle)
        yield from self._formulas()
        for other in self._built[1:]:
            found_ = count(other.image, other.layers)
            for of, value in _totals(other.trace).items():
                yield _check(f"{of} of {other.name}", value, _total(found_, of), COUNTED)

    def _ratios(self, oracle: Sequence[Oracle]) -> Iterator[Check]:
        other = count(self._built[1].image, self._built[1].layers)
        for of, value in self.totals.items():
            if value:
                right = _total(other, of) / _total(oracle, of)
                shown = float(_quotient([_totals(one.trace)[of] for one in self._built]))
                error = abs(shown - right)
                yield Check(f"ratio of {of}", COUNTED, error, error <= 1e-12 * max(right, 1))

    def _shapes(self, oracle: Sequence[Oracle]) -> Iterator[Check]:
        """Of layers that change nothing as well: the sizes in the table."""
        wrong = [r for r in self.trace.rows if r.shape != oracle[r.number].shape]
        error = float("inf") if wrong or len(oracle) != len(self.trace.rows) else 0.0
        note = f"{wrong[0].label} has other sizes" if wrong else ""
        yield Check("the sizes of all layers", COUNTED, error, not error, note)

    def _formulas(self) -> Iterator[Check]:
        known = {name: self._precise.number(str(v)) for name, v in self._lines.values.items()}
        point = Point(known)
        for counted in self._lines.first(_WORKED + 1):
            right = self._precise.evaluate(counted.expression, point)
            yield _check(
                counted.name, counted.value, int(right) if right == int(right) else None, FORMULA
            )


_WORDS: Final = {
    "parameters": "parameters",
    "multiplications": "multiplications",
    "additions": "additions",
    "activations": "activations",
}


def _totals(trace: Trace) -> dict[str, int]:
    return {of: getattr(trace, of) for of in _TOTALS}


def _total(oracle: Sequence[Oracle], of: str) -> int:
    return sum(_counted(row, of) for row in oracle)


def _counted(row: Oracle, sort: str) -> int:
    match sort:
        case "height" | "width":
            return row.shape[AXES.index(sort)]
        case "channels" | "units":
            return row.shape[-1]
        case "activations":
            size = 1
            for length in row.shape:
                size *= length
            return size
    found: int = getattr(row, sort)
    return found


def _check(of: str, value: int, right: int | None, method: str) -> Check:
    """Whole numbers are equal or they are not."""
    error = float("inf") if right is None else abs(value - right) / max(abs(right), 1)
    return Check(of, method, error, value == right)


def _connections(row: Row) -> Iterator[Table]:
    """Which channels the filters of a convolution see, where each sees its own and they are few."""
    options = row.layer.options if row.layer is not None else None
    listed = options.connections if isinstance(options, Conv) else ()
    inputs = max((channel for seen in listed for channel in seen), default=0) + 1
    if listed and max(inputs, len(listed)) <= _MARKED:
        header = ("channel", *map(str, range(len(listed))))
        rows = (
            (str(channel), *("×" if channel in seen else "" for seen in listed))
            for channel in range(inputs)
        )
        yield Table(header, tuple(rows), Detail.NORMAL, "connections")


def _label(row: Row) -> str:
    return "  " * row.depth + row.label


def _whole(value: int) -> Number:
    return Number(str(value))


def _quotient(values: Sequence[int]) -> Decimal:
    return Decimal(values[1]) / Decimal(values[0])


def _both(row: Row, what: str) -> Cell:
    assert row.seen is not None
    one, two = (getattr(seen, what) for seen in row.seen)
    return _whole(one) if one == two else f"{one} × {two}"
