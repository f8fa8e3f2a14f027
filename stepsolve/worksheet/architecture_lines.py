"""The lines behind the trace of an architecture: every size and count as a formula in those before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Final, NamedTuple

from stepsolve.notation.tree import Expression
from stepsolve.source.expression import parse
from stepsolve.source.layers import Layer, Residual
from stepsolve.worksheet.architecture import Row, Trace, Weights, Window

AXES: Final = ("height", "width")
_INHERITED: Final = (*AXES, "channels", "units", "field", "jump")


class Counted(NamedTuple):
    """A quantity of a row: its value and its formula in the names of quantities before it.

    `sort` says what is counted: height, width, channels, units, links, parameters, multiplications,
    additions, field or jump; `axis` is 0 or 1 where the axes differ. A width that goes as the height
    did is not `shown`.
    """

    name: str
    sort: str
    row: int
    value: int
    formula: str
    because: str = ""
    axis: int = 0
    shown: bool = True

    @property
    def expression(self) -> Expression:
        return _parsed(self.formula)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Expression:
    return parse(text)


class ArchitectureLines:
    """All quantities of a trace, by row."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        self._names: list[dict[str, str]] = []  # of every row, by sort, those it inherits too
        self.by_row: list[tuple[Counted, ...]] = []
        self.values: dict[str, int] = {}
        for row in trace.rows:
            self._inherit(row)
            found = []
            for counted in self._of(row):
                self._names[row.number][self._key(counted)] = counted.name
                self.values[counted.name] = counted.value
                found.append(counted)
            self.by_row.append(tuple(found))

    @staticmethod
    def _key(counted: Counted) -> str:
        """One receptive field is that of both axes, unless the other follows with its own."""
        return counted.sort + (" of width" if counted.axis else "")

    def _inherit(self, row: Row) -> None:
        known: dict[str, str] = {}
        if row.sources:
            before = self._names[row.sources[0]]
            wanted = [key for key in before if key.partition(" ")[0] in _INHERITED]
            known = {key: before[key] for key in wanted}
        self._names.append(known)

    def _of(self, row: Row) -> Iterator[Counted]:
        if row.layer is None:
            yield from self._input(row)
            return
        before = self._names[row.sources[0]]
        if row.window is not None:
            yield from self._sizes(row, row.window, before)
        elif row.weights is not None or len(row.shape) < len(self._before(row).shape):
            yield Counted(f"units_{row.number}", "units", row.number, row.size, self._units(row))
        if len(row.sources) > 1 and not isinstance(row.layer.options, Residual):
            yield self._together(row)
        yield from self._costs(row, before)
        if row.window is not None and row.spread is None:
            yield from self._seen(row, row.window, before)
        elif len(row.sources) > 1:
            yield from self._united(row)

    def _input(self, row: Row) -> Iterator[Counted]:
        words = (*AXES, "channels") if len(row.shape) == 3 else ("units",)
        for word, size in zip(words, row.shape, strict=True):
            yield Counted(f"{word}_0", word, 0, size, str(size))
        if row.seen is not None:
            yield Counted("field_0", "field", 0, 1, "1")
            yield Counted("jump_0", "jump", 0, 1, "1")

    def _before(self, row: Row) -> Row:
        return self._trace.rows[row.sources[0]]

    # -------------------------------------------------------------------------------------- sizes

    def _sizes(self, row: Row, window: Window, before: dict[str, str]) -> Iterator[Counted]:
        flat = len(row.shape) == 1
        if flat:  # the whole image is one window
            yield self._counted(row, "units", row.size, before["channels"], "one for every channel")
            return
        for axis, sort in enumerate(AXES):
            m, s, p, d = (pair[axis] for pair in window)
            if row.spread is None:
                formula = _size_formula(before[sort], m, s, p, d)
            else:
                formula = _spread_formula(before[sort], m, s, p, d, row.spread[axis])
            size = self._counted(row, sort, row.shape[axis], formula)
            yield size._replace(shown=not axis or not self._is_square(row, window))
        if row.weights is not None:
            source = self._before(row)
            outputs = row.weights.outputs
            formula = str(outputs)
            if row.layer is not None and row.layer.word == "depthwise":
                times = outputs // source.shape[2]
                formula = before["channels"] + (f" * {times}" if times > 1 else "")
            yield self._counted(row, "channels", outputs, formula, "one for every filter")

    def _is_square(self, row: Row, window: Window) -> bool:
        """Whether the width goes as the height did."""
        shape = self._before(row).shape
        return shape[0] == shape[1] and all(one == two for one, two in window)

    def _units(self, row: Row) -> str:
        if row.weights is not None:
            return str(row.size)
        return self._inputs(row.sources[0])

    def _inputs(self, number: int) -> str:
        """All numbers of a row, as a product."""
        known = self._names[number]
        if len(self._trace.rows[number].shape) == 1:
            return known["units"]
        return " * ".join(known[word] for word in (*AXES, "channels"))

    def _together(self, row: Row) -> Counted:
        sort = "channels" if len(row.shape) == 3 else "units"
        parts = [self._names[source][sort] for source in row.sources]
        return self._counted(row, sort, row.shape[-1], " + ".join(parts), "side by side")

    # -------------------------------------------------------------------------------------- costs

    def _costs(self, row: Row, before: dict[str, str]) -> Iterator[Counted]:
        weights = row.weights
        outputs = " * ".join(self._names[row.number][w] for w in _words(row))
        if weights is None:
            yield from self._without_weights(row, before, outputs)
            return
        if weights.seen:
            yield self._links(row, weights.seen)
        taps, last = self._taps(row, weights, before), outputs.split(" * ")[-1]
        why = f"{'a bias' if weights.bias else 'no bias'} for every "
        why += "filter" if row.window else "unit"
        whole = f"({taps} + 1)" if weights.bias else f"({taps})" if "*" in taps else taps
        parameters = f"{whole} * {last}"
        if weights.seen:
            parameters = taps + (f" + {last}" if weights.bias else "")
        yield self._counted(row, "parameters", row.parameters, parameters, why)
        inner = f"({taps})" if "*" in taps and row.window else taps
        products = f"{outputs} * {inner}"
        if row.spread is not None:
            inputs = self._inputs(row.sources[0])
            of = " * ".join(map(str, weights.taps))
            products = f"{inputs} * ({of} * {last})"
        elif weights.seen:
            products = f"{outputs.removesuffix(f' * {last}')} * ({taps})"
        yield self._counted(row, "multiplications", row.multiplications, products)
        name = f"multiplications_{row.number}"
        why = "every product but the first is added"
        if row.spread is not None:
            why = "every product is added where it falls"
        elif weights.bias:
            why += ", and the bias"
        else:
            name += f" - {outputs}"
        yield self._counted(row, "additions", row.additions, name, why)

    def _without_weights(self, row: Row, before: dict[str, str], outputs: str) -> Iterator[Counted]:
        """What is learned for every channel: by a normalisation, or by a pool that is trained."""
        if not row.parameters:
            return
        of = before["channels" if len(row.shape) == 3 else "units"]
        pool = row.window is not None
        why = "a coefficient and a bias" if pool else "a scale and a shift"
        why += " for every channel"
        yield self._counted(row, "parameters", row.parameters, f"2 * {of}", why)
        if row.window is not None:
            m, n = row.window.kernel
            why = "the sum of every window, once"
            yield self._counted(row, "multiplications", row.multiplications, outputs, why)
            formula = f"{m} * {n} * multiplications_{row.number}"
            why = "every number of the window but the first is added, and the bias"
            yield self._counted(row, "additions", row.additions, formula, why)

    def _links(self, row: Row, seen: tuple[int, ...]) -> Counted:
        """How many channels all filters see together, those that see equally many put together."""
        sizes = Counter(seen)
        formula = " + ".join(f"{filters} * {channels}" for channels, filters in sizes.items())
        return self._counted(
            row, "links", sum(seen), formula, "filters times the channels they see"
        )

    def _taps(self, row: Row, weights: Weights, before: dict[str, str]) -> str:
        """How many weights an output has, the bias left out; where outputs differ, all of them."""
        if row.window is None:
            return self._inputs(row.sources[0])
        channels = self._before(row).shape[2]
        m, n = weights.taps
        if weights.seen:
            return f"{m} * {n} * links_{row.number}"
        if weights.inputs == channels:
            return f"{m} * {n} * {before['channels']}"
        if weights.inputs == 1:
            return f"{m} * {n}"
        return f"{m} * {n} * {before['channels']} / {channels // weights.inputs}"

    # --------------------------------------------------------------------------- what is seen

    def _seen(self, row: Row, window: Window, before: dict[str, str]) -> Iterator[Counted]:
        if row.seen is None or "field" not in before:
            return
        same = row.seen[0].field == row.seen[1].field and row.seen[0].jump == row.seen[1].jump
        for axis in (0,) if same and "field of width" not in before else (0, 1):
            m, s, _, d = (pair[axis] for pair in window)
            ending = "" if same and "field of width" not in before else ("_h", "_w")[axis]
            field = before.get("field of width", before["field"]) if axis else before["field"]
            jump = before.get("jump of width", before["jump"]) if axis else before["jump"]
            reach = f"({m} - 1)" if d == 1 else f"{d} * ({m} - 1)"
            seen, k = row.seen[axis], row.number
            grown = f"{field} + {reach} * {jump}"
            yield Counted(f"field{ending}_{k}", "field", k, seen.field, grown, "", axis)
            yield Counted(f"jump{ending}_{k}", "jump", k, seen.jump, f"{jump} * {s}", "", axis)

    def _united(self, row: Row) -> Iterator[Counted]:
        """Of branches that meet: what one of them sees or, where none sees all, from end to end."""
        known = self._names[row.number]
        for key in [key for key in known if key.partition(" ")[0] in ("field", "jump")]:
            del known[key]
        if row.seen is None:
            return
        sources = [self._trace.rows[source] for source in row.sources]
        fields = [self._names[s.number] for s in sources]
        same = row.seen[0] == row.seen[1] and not any("field of width" in f for f in fields)
        for axis in (0,) if same else (0, 1):
            seen, ending = row.seen[axis], "" if same else ("_h", "_w")[axis]
            names = [f.get("field of width", f["field"]) if axis else f["field"] for f in fields]
            jumps = [f.get("jump of width", f["jump"]) if axis else f["jump"] for f in fields]
            formula, why = f"max({', '.join(names)})", "the widest branch"
            if max(self.values[n] for n in names) != seen.field:
                first = f"- {-seen.first}" if seen.first <= 0 else f"+ {seen.first}"
                formula, why = f"{seen.last} - (0 {first}) + 1", "from the first pixel to the last"
            k = row.number
            if len(set(names)) == 1:
                formula = names[0]
            yield Counted(f"field{ending}_{k}", "field", k, seen.field, formula, why, axis)
            yield Counted(f"jump{ending}_{k}", "jump", k, seen.jump, jumps[0], "", axis)

    @staticmethod
    def _counted(row: Row, sort: str, value: int, formula: str, because: str = "") -> Counted:
        return Counted(f"{sort}_{row.number}", sort, row.number, value, formula, because)

    def first(self, rows: int) -> Iterator[Counted]:
        """The quantities of the first rows."""
        for found in islice(self.by_row, rows):
            yield from found


def _words(row: Row) -> tuple[str, ...]:
    return (*AXES, "channels") if len(row.shape) == 3 else ("units",)


def _size_formula(size: str, m: int, s: int, p: int, d: int) -> str:
    if d == 1:
        return f"floor(({size} + 2 * {p} - {m}) / {s}) + 1"
    return f"floor(({size} + 2 * {p} - {d} * ({m} - 1) - 1) / {s}) + 1"


def _spread_formula(size: str, m: int, s: int, p: int, d: int, extra: int) -> str:
    """The size of a transposed convolution's output."""
    reach = f"{m}" if d == 1 else f"{d} * ({m} - 1) + 1"
    return f"({size} - 1) * {s} - 2 * {p} + {reach}" + (f" + {extra}" if extra else "")


def description(layer: Layer, row: Row) -> str:
    """A layer in words: `10 filters of 3 × 3, stride 1`."""
    parts = []
    if row.window is not None and row.weights is not None:
        count = row.weights.outputs
        parts.append(f"{count} filter{'s' * (count > 1)} of {_by(row.window.kernel)}")
    elif row.window is not None:
        parts.append(f"windows of {_by(row.window.kernel)}")
    elif row.weights is not None:
        parts.append(f"{row.size} units")
    if row.window is not None and not layer.word.startswith("global"):
        parts.append(f"stride {_one(row.window.stride)}")
        if any(row.window.padding):
            parts.append(f"padding {_one(row.window.padding)}")
        if any(d > 1 for d in row.window.dilation):
            parts.append(f"dilation {_one(row.window.dilation)}")
        if row.spread is not None:
            parts.append("transposed")
    return ", ".join(parts)


def _by(pair: tuple[int, int]) -> str:
    return f"{pair[0]} × {pair[1]}"


def _one(pair: tuple[int, int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else _by(pair)
