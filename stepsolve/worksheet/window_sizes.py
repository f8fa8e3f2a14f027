"""How many windows fit: the formula of one axis, and what sizes give a wanted number of windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil, floor
from random import Random
from typing import Final, NamedTuple

from stepsolve.checking.architectures import starts
from stepsolve.derivation import Block, Cell, Check, Detail, Table, Text
from stepsolve.errors import Diagnosis
from stepsolve.notation.tree import Array, Expression, Name, Number, substitute
from stepsolve.source.data import Node
from stepsolve.source.expression import parse
from stepsolve.source.report import Report
from stepsolve.source.window_sizes import MOST_COMPARED, Varied
from stepsolve.worksheet.solved import Solved
from stepsolve.worksheet.written_chain import WrittenChain

PLACES: Final = "setting down the window"
LETTERS: Final = {"input": "N", "kernel": "M", "stride": "S", "padding": "P", "dilation": "D"}
USUAL: Final = {"valid": 0, "same": 1, "full": 2}
"""How many times D (M - 1) pixels the usual paddings add in all."""

LEAST: Final = {"input": 1, "kernel": 1, "stride": 1, "padding": 0, "dilation": 1}


class Axis(NamedTuple):
    """One axis: the names of its quantities by key, and their values; None for a symbol."""

    word: str
    output: str
    names: Mapping[str, str]
    values: Mapping[str, int | None]

    @property
    def dilated(self) -> bool:
        return self.values.get("dilation") != 1

    @property
    def reach(self) -> str:
        """How many pixels the window spans, as a formula."""
        m = self.names["kernel"]
        return f"{self.names['dilation']} * ({m} - 1) + 1" if self.dilated else m

    def minus_reach(self) -> str:
        """The same, to stand after what it is taken from."""
        m = self.names["kernel"]
        return f"- {self.names['dilation']} * ({m} - 1) - 1" if self.dilated else f"- {m}"

    @property
    def room(self) -> str:
        """How far the window can move, as a formula."""
        return f"{self.names['input']} + 2 * {self.names['padding']} {self.minus_reach()}"

    @property
    def formula(self) -> str:
        return f"floor(({self.room}) / {self.names['stride']}) + 1"

    @property
    def known(self) -> bool:
        """Whether every quantity of the formula has a value."""
        return all(value is not None for value in self.values.values())


class Bounds(NamedTuple):
    """Which values of one quantity give the wanted output: least and greatest, as formulas."""

    least: str
    most: str


def bounds(axis: Axis, find: str, output: int) -> Bounds:
    """Solves S (O - 1) <= N + 2 P - D (M - 1) - 1 <= S O - 1 for a quantity.

    The greatest is an empty text where every larger value does as well.
    """
    n, m, s, p, d = (axis.names[key] for key in LETTERS)
    o = axis.output
    lower, upper = f"{s} * ({o} - 1)", f"{s} * {o} - 1"
    span = axis.reach
    if axis.dilated:
        span = f"({span})"
    match find:
        case "padding":
            return Bounds(f"({lower} + {span} - {n}) / 2", f"({upper} + {span} - {n}) / 2")
        case "input":
            return Bounds(f"{lower} + {span} - 2 * {p}", f"{upper} + {span} - 2 * {p}")
        case "kernel":
            least, most = f"{n} + 2 * {p} - {s} * {o}", f"{n} + 2 * {p} - 1 - {lower}"
            if axis.dilated:
                return Bounds(f"({least}) / {d} + 1", f"({most}) / {d} + 1")
            return Bounds(f"{least} + 1", f"{n} + 2 * {p} - {lower}")
        case "dilation":
            least, most = f"{n} + 2 * {p} - {s} * {o}", f"{n} + 2 * {p} - 1 - {lower}"
            return Bounds(f"({least}) / ({m} - 1)", f"({most}) / ({m} - 1)")
    more = f"({axis.room}) / ({o} - 1)" if output > 1 else ""
    return Bounds(f"({axis.room} + 1) / {o}", more)


class Found(NamedTuple):
    """The whole numbers from `first` to `last`; `last` is None where they do not end."""

    first: int
    last: int | None

    def expression(self, most: int) -> Expression:
        """The one, or a list of them with dots where there are many."""
        shown = [Number(str(k)) for k in self.listed(most)]
        if self.last == self.first:
            return shown[0]
        ended = self.last is not None and self.last <= self.first + most - 1
        return Array(*shown, *(() if ended else (Name("..."),)))

    def listed(self, most: int) -> range:
        """The first of them."""
        end = self.first + most
        return range(self.first, end if self.last is None else min(end, self.last + 1))

    @property
    def none(self) -> bool:
        return self.last is not None and self.last < self.first


def solved(axis: Axis, find: str, output: int, least: float, most: float | None) -> Found:
    """The whole numbers between the bounds that such a quantity can be."""
    first = max(ceil(least), LEAST[find])
    return Found(first, None if most is None else floor(most))


def output_of(values: Mapping[str, int | None]) -> tuple[int, int] | None:
    """The output and what is left over at the end; None where the window does not fit."""
    n, m, s, p, d = (values[key] for key in LETTERS)
    assert n is not None and m is not None and s is not None and p is not None and d is not None
    room = n + 2 * p - d * (m - 1) - 1
    return (room // s + 1, room % s) if room >= 0 else None


def placed(values: Mapping[str, int | None]) -> int:
    """The output again, by the places where the window can start."""
    found = [values[key] for key in ("input", "kernel", "stride", "padding", "dilation")]
    n, m, s, p, d = (value or 0 for value in found)
    return starts(n, m, s, p, d)


def check_found(axis: Axis, find: str, output: int, found: Found) -> Iterator[Check]:
    """Every solution gives the output, and their neighbours do not: the size is monotone in each."""
    name = axis.names[find]
    if found.none:
        around = [k for k in range(found.first - 2, found.first + 3) if k >= LEAST[find]]
        wrong = [k for k in around if placed({**axis.values, find: k}) == output]
    else:
        ends = {found.first, found.last if found.last is not None else found.first + 1000}
        last = max(ends)
        inside = {*range(found.first, min(found.first + 50, last + 1)), *ends}
        outside = [found.first - 1] + ([last + 1] if found.last is not None else [])
        wrong = [k for k in inside if placed({**axis.values, find: k}) != output]
        wrong += [
            k for k in outside if k >= LEAST[find] and placed({**axis.values, find: k}) == output
        ]
    note = f"{name} = {wrong[0]}" if wrong else ""
    yield Check(f"the solutions {name}", PLACES, float("inf") if wrong else 0.0, not wrong, note)


def padded_places(values: Mapping[str, int | None], word: str) -> int:
    """Places of the window on an input with one of the usual paddings, or with its own."""
    if not word:
        return placed(values)
    n, m, d = (values[key] or 0 for key in ("input", "kernel", "dilation"))
    return placed({**values, "input": n + USUAL[word] * d * (m - 1), "padding": 0})


def drawn(values: Mapping[str, int | None], least_stride: int) -> Iterator[dict[str, int | None]]:
    """The same sizes with random numbers for the symbols; the window fits, also when transposed."""
    random = Random(1)
    ranges = {
        "input": (40, 90),
        "kernel": (5, 9),
        "stride": (least_stride + 1, least_stride + 4),
        "padding": (0, 2),
        "dilation": (1, 3),
    }
    for _ in range(4):
        yield {k: random.randint(*ranges[k]) if v is None else v for k, v in values.items()}


def transposed_size(values: Mapping[str, int | None]) -> int:
    """The output of a transposed convolution, before its output padding."""
    n, m, s, p, d = (values[key] or 0 for key in LETTERS)
    return s * (n - 1) + d * (m - 1) + 1 - 2 * p


def equal(of: str, value: int | None, right: int) -> Check:
    """Whether a size is the number of places."""
    error = float("inf") if value is None else float(abs(value - right))
    return Check(of, PLACES, error, value == right)


def size_table(axis: Axis, key: str, values: Iterable[int]) -> Table:
    """The output at several values of one size, and what is left over."""
    rows: list[tuple[Cell, ...]] = []
    for value in values:
        sizes = {**axis.values, key: value}
        found = output_of(sizes)
        assert found is not None
        put: dict[str, Expression] = {
            name: Number(str(sizes[of])) for of, name in axis.names.items()
        }
        formula = substitute(parse(axis.formula), put)
        rows.append((Number(str(value)), formula, *(Number(str(n)) for n in found)))
    header = (Name(axis.names[key]), "the formula", Name(axis.output), "left over")
    return Table(header, tuple(rows), Detail.BRIEF)


def check_rows(axis: Axis, key: str, values: Iterable[int]) -> Iterator[Check]:
    """The rows of such a table: places counted, and pixels after the last tap of the last window."""
    for value in values:
        sizes = {**axis.values, key: value}
        found, count = output_of(sizes), placed(sizes)
        n, m, s, p, d = (sizes[k] or 0 for k in LETTERS)
        pixels = range(-p, n + p)
        rest = len(pixels[s * (count - 1) + d * (m - 1) + 1 :])
        at = f"at {axis.names[key]} = {value}"
        yield equal(f"{axis.output} {at}", found and found[0], count)
        yield equal(f"left over {at}", found and found[1], rest)


def said_of_rest(found: Solved, name: str) -> Iterator[Block]:
    """That the stride does not divide, if it does not."""
    if found.is_known(name) and found.value(name):
        rest = int(found.value(name))
        pixels = "the last pixel" if rest == 1 else f"the last {rest} pixels"
        told = f"The stride does not divide: {pixels} of the padded input "
        yield Text((told + ("is" if rest == 1 else "are") + " seen by no window.",), Detail.BRIEF)


def usual_name(axis: Axis, word: str) -> str:
    """The name of the output with a usual padding: `N_valid`, `same_h`."""
    return f"{word}_{axis.word[0]}" if axis.word else f"N_{word}"


def too_large(axis: Axis, node: Node) -> Diagnosis:
    """What is wrong where the window is larger than the padded input."""
    n, m, _, p, d = (axis.values[key] or 0 for key in LETTERS)
    way = f" along the {axis.word}" if axis.word else ""
    told = f"the window spans {d * (m - 1) + 1} pixels{way}, but the input has {n}"
    told += f", with padding {n + 2 * p}" if p else ""
    return node.diagnose(told, "take a smaller kernel or more padding")


def check_compared(compare: Varied, axes: Sequence[Axis], report: Report) -> None:
    """Report the values of a size that is varied that cannot be, each at its place."""
    least = LEAST[compare.size]
    for _, node in compare.values[MOST_COMPARED:][:1]:
        report.add(node.diagnose(f"at most {MOST_COMPARED} values are compared"))
    for value, node in compare.values:
        if value < least:
            report.add(node.diagnose(f"the {compare.size} is at least {least}, not {value}"))
        elif any(output_of({**axis.values, compare.size: value}) is None for axis in axes):
            report.add(node.diagnose(f"with {compare.size} {value} the window does not fit"))


def usual_chains() -> tuple[WrittenChain, ...]:
    """Valid, same and full in letters, at stride 1 and without dilation."""
    put, done = "the padding put in", "collected"
    return (
        WrittenChain("valid", "(N + 2 * 0 - M) / 1 + 1", [(done, "N - M + 1")]),
        WrittenChain(
            "same",
            "(N + 2 * ((M - 1) / 2) - M) / 1 + 1",
            [(put, "N + M - 1 - M + 1"), (done, "N")],
        ),
        WrittenChain(
            "full",
            "(N + 2 * (M - 1) - M) / 1 + 1",
            [("multiplied out", "N + 2 * M - 2 - M + 1"), (done, "N + M - 1")],
        ),
    )
