"""The page of a convolution: what happens at the borders, its lines, the windows, the Jacobians."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Final, Protocol

from stepsolve.derivation import Block, Detail, Equation, Text, Values
from stepsolve.notation.tree import Array, Expression, Item, Name, Number
from stepsolve.notation.unicode import one_line
from stepsolve.operations.array_operation import Dims, Index, places
from stepsolve.operations.frames import Frame
from stepsolve.source.expression import parse
from stepsolve.worksheet.array_working import is_readable
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved
from stepsolve.worksheet.written_entries import entry_of, written_array, written_entry

_MARKED: Final = 9  # windows that are marked in the input, with full detail
_CHANNELS: Final = 4  # channels in which a window is marked
_LONGEST: Final = 200  # nodes of the arithmetic of a window that is written out


class Sizes(Protocol):
    """What the page needs to know of a problem."""

    @property
    def operation(self) -> str: ...
    @property
    def channels(self) -> bool: ...
    @property
    def pads(self) -> tuple[tuple[int, int], ...]: ...
    @property
    def frame(self) -> Frame: ...
    @property
    def output(self) -> Dims: ...
    @property
    def bias(self) -> object: ...


class ConvolutionPage:
    """Writes the lines of a convolution on a sheet on which x, w and perhaps b are given."""

    def __init__(self, sheet: Sheet, problem: Sizes) -> None:
        self._sheet, self._problem = sheet, problem
        self._frame, self._pads = problem.frame, problem.pads
        self._is_padded = any(map(any, self._pads))
        self._signal, self._kernel = "x", "w"

    def forward(self) -> None:
        """The lines from the input to the output y."""
        self._sheet.section("Forward pass")
        self._told_groups()
        if self._problem.operation == "transposed":
            self._transposed()
        else:
            self._correlated()

    def _told_groups(self) -> None:
        frame = self._frame
        if frame.groups > 1 and frame.groups == frame.inputs:
            self._sheet.text("Depthwise: every channel of the input has a kernel of its own.")
        elif frame.groups > 1:
            each = frame.inputs // frame.groups
            told = (
                f"The channels form {frame.groups} groups: an output uses the {each} inputs of its"
            )
            self._sheet.text(f"{told} group alone.")

    def _correlated(self) -> None:
        sheet, frame = self._sheet, self._frame
        if self._problem.operation == "convolution":
            sheet.text("Convolution: the kernel is flipped before it slides over the input.")
        else:
            sheet.text("Correlation: the kernel slides over the input as it is, not flipped.")
        if self._is_padded:
            self._signal = "x_p"
            sheet.line("x_p", f"pad(x, {self._amounts()})", "zeros around the input")
        if self._problem.operation == "convolution":
            self._kernel = "k"
            axes = f", {len(frame.kernel)}" if self._problem.channels else ""
            sheet.line("k", f"flip(w{axes})", "a convolution slides the flipped kernel")
        self._told_sizes()
        call = f"correlate({self._signal}, {self._kernel}{frame.settings})"
        sheet.line("y", call + self._bias(), "every window times the kernel, summed")
        sheet.block(self._windows)

    def _amounts(self) -> str:
        return ", ".join(f"{before}, {after}" for before, after in self._pads)

    def _bias(self) -> str:
        if self._problem.bias is None:
            return ""
        if not self._problem.channels:
            return " + b"
        return f" + per_channel(b, {', '.join(map(str, self._problem.output[1:]))})"

    def _transposed(self) -> None:
        sheet, frame = self._sheet, self._frame
        sheet.text(
            "Transposed convolution: every entry of the input spreads the kernel, times itself, over "
            "a window of the output; where windows overlap, they add up."
        )
        self._told_transposed_sizes()
        sizes = ", ".join(map(str, frame.signal))
        call = f"correlate_transposed(x, w, {sizes}{frame.settings})"
        if not self._is_padded:
            sheet.line("y", call + self._bias(), "windows of the output, added up")
            return
        sheet.line("y_f", call, "windows of the output, added up")
        cut = [
            f"{before}:{size - after}"
            for size, (before, after) in zip(frame.signal, self._pads, strict=True)
        ]
        where = ", ".join([":", *cut] if self._problem.channels else cut)
        sheet.line("y", f"y_f[{where}]{self._bias()}", "the padding is cut off")

    # ------------------------------------------------------------------------------- sizes

    def _told_sizes(self) -> None:
        frame = self._frame
        rows = []
        for axis, (before, after) in enumerate(self._pads):
            size = frame.signal[axis] - before - after
            parts = " + ".join(str(n) for n in (size, before, after) if n or n is size)
            length = f"{parts} - {frame.spans[axis]}"
            step = frame.stride[axis]
            inner = f"floor(({length}) / {step})" if step > 1 else length
            rows.append((f"{inner} + 1", frame.windows[axis]))
        self._told_dilation()
        self._told_output(rows, "windows")
        left = [
            (n - r) % s for n, r, s in zip(frame.signal, frame.spans, frame.stride, strict=True)
        ]
        if any(left):
            self._sheet.text("What is left at the end is under no window.")

    def _told_transposed_sizes(self) -> None:
        frame = self._frame
        rows = []
        for axis, (before, after) in enumerate(self._pads):
            step, count = frame.stride[axis], frame.windows[axis]
            extra = frame.signal[axis] - step * (count - 1) - frame.spans[axis]
            text = f"{step} * ({count} - 1) + {frame.spans[axis]}"
            text += f" + {extra}" if extra else ""
            text += "".join(f" - {n}" for n in (before, after) if n)
            rows.append((text, frame.signal[axis] - before - after))
        self._told_dilation()
        self._told_output(rows, "entries")

    def _told_dilation(self) -> None:
        frame = self._frame
        for size, apart, span in dict.fromkeys(
            zip(frame.kernel, frame.dilation, frame.spans, strict=True)
        ):
            if apart > 1 and size > 1:
                reach = parse(f"{apart} * ({size} - 1) + 1")
                told = f"With dilation {apart}, {size} weights reach over "
                self._sheet.text(told, reach, f" = {span} entries.")

    def _told_output(self, rows: list[tuple[str, int]], what: str) -> None:
        if len(set(rows)) == 1:
            along = " along each axis" if len(rows) > 1 else ""
            self._sheet.text("Output: ", parse(rows[0][0]), f" = {rows[0][1]} {what}{along}.")
            return
        parts: list[str | Expression] = ["Output: "]
        for number, (text, count) in enumerate(rows):
            parts += [parse(text), f" = {count} along axis {number}, "]
        last = parts.pop()
        assert isinstance(last, str)
        self._sheet.text(*parts, last.removesuffix(", ") + ".")

    # ------------------------------------------------------------------------------ windows

    def _windows(self, solved: Solved) -> Iterator[Block]:
        """The first window marked in the input, with its products; with full detail others too."""
        line = self._sheet.lines["y"]
        if not is_readable(self._frame.signal):
            return
        found = places(self._frame.windows)
        if not solved.is_known("y"):
            yield from self._formulas(found)
            return
        each = solved.worked(line).entries  # shown with the line
        for number, window in enumerate(found[:_MARKED]):
            detail = Detail.FULL if number else Detail.NORMAL
            at = self._frame.channel(0, window)
            entry = entry_of("y", at)
            yield Text(("The window of ", entry, f", marked in {self._told_name}:"), detail)
            yield Values(tuple(self._marked(solved, window)), detail)
            arithmetic = solved.workings.arithmetic(line, at)
            if arithmetic.size <= _LONGEST and not (number and each):
                value = solved.workings.entry("y", at)
                rounded = not solved.workings.is_exact("y", at)
                yield Equation((entry, arithmetic, value), rounded, detail)
        if len(found) > _MARKED:
            rest = f"The other {len(found) - _MARKED} windows follow in the same way."
            yield Text((rest,), Detail.FULL)

    def _formulas(self, found: list[Index]) -> Iterator[Block]:
        """The entries of y in letters."""
        if len(found) > _MARKED:
            yield Text((f"The first {_MARKED} of {len(found)} windows:",))
        for window in found[:_MARKED]:
            at = self._frame.channel(0, window)
            formula = written_entry(self._sheet, self._sheet.lines["y"].expression, at)
            if formula.size <= _LONGEST:
                yield Equation((entry_of("y", at), formula), detail=Detail.NORMAL)

    @property
    def _told_name(self) -> str:
        return one_line(Name(self._signal))

    def _marked(
        self, solved: Solved, window: Index
    ) -> Iterator[tuple[Expression, Expression, bool]]:
        """The input with the entries of a window in brackets, channel by channel."""
        frame = self._frame
        inside = {frame.under(window, tap) for tap in places(frame.kernel)}
        name = self._signal
        rounded = solved.workings.rounded(name)
        channels = [channel for channel, _ in frame.inputs_of(0)][:_CHANNELS]
        for channel in channels:

            def entry(place: Index, channel: int = channel) -> Expression:
                shown = solved.workings.entry(name, frame.channel(channel, place))
                return Name(f"[{one_line(shown)}]") if place in inside else shown

            label: Expression = Name(name)
            if frame.channels:
                label = Item(label, Number(str(channel)))
            yield label, _laid_out(entry, frame.signal), rounded

    # ----------------------------------------------------------------------------- gradients

    def told_backward(self) -> None:
        """How the gradients are windows again."""
        sheet, frame = self._sheet, self._frame
        if self._problem.operation == "transposed":
            sheet.text(
                "The gradient by x is the correlation with the kernel: transposed twice, it is itself "
                "again."
            )
            return
        signal, kernel = self._told_name, one_line(Name(self._kernel))
        apart = frame.stride if max(frame.stride) > 1 else ()
        steps = " × ".join(map(str, dict.fromkeys(apart)))
        told = f"As windows: a weight gets, from every window, the entry of {signal} that it met "
        told += (
            f"times the gradient of the window, so dL/d{kernel} is {signal} correlated with dL/dy"
        )
        sheet.text(told + (f", whose entries are taken {steps} apart." if apart else "."))
        told = f"dL/d{signal} is the full correlation of dL/dy with the kernel flipped"
        between = f", after zeros between its entries, {steps} apart" if apart else ""
        sheet.text(f"{told}{between}: every entry gets its weight in each window that it is in.")

    def jacobians(self) -> None:
        """The Jacobians of y by w and x, in numbers and entry by entry."""
        sheet, frame = self._sheet, self._frame
        (count,), (size,), step, apart = frame.windows, frame.kernel, *frame.stride, *frame.dilation
        before, after = self._pads[0]
        sheet.section("Jacobians")
        place = _linear((step, "i"), (apart, "k"))
        is_flipped = self._kernel == "k"
        by_kernel = f"windows({self._signal}, {size}{frame.settings})"
        lines = ["k", "y"] if is_flipped else ["y"]
        if is_flipped:
            by_kernel = f"flip({by_kernel}, 1)"
        where = f"{self._told_name}[{place}]"
        self._jacobian("w", by_kernel, f"row i holds the entries {where} of its window", lines)
        length = frame.signal[0]
        by_signal = f"banded({self._kernel}, {length}{frame.settings})"
        if self._is_padded:
            by_signal += f"[:, {before}:{length - after}]"
        lines = ["x_p", "y"] if self._is_padded else ["y"]
        told = f"row i holds the kernel, moved by {_linear((step, 'i'))}"
        self._jacobian("x", by_signal, told, lines)
        sizes = f"{count} × {size}", f"{count} × {length - before - after}"
        sheet.text(
            Name("∂y/∂w"), f" is {sizes[0]}: one row for every window, one column for every weight. ",
            Name("∂y/∂x"), f" is {sizes[1]}, a band: 0 wherever an entry is under no weight of the "
            "window.",
        )  # fmt: skip
        if (step, apart) == (1, 1) and not self._is_padded and not is_flipped:
            sheet.text(
                "In general, for n entries and k weights, they are (n − k + 1) × k, with x[i + j] in "
                "row i and column j, and (n − k + 1) × n, with w[j − i]."
            )

    def _jacobian(self, by: str, expression: str, because: str, lines: list[str]) -> None:
        name = self._sheet.jacobian("y", by, expression, because, lines)
        self._sheet.result(name)
        if prod(self._sheet.dimensions.known[name]) and is_readable(
            self._sheet.dimensions.known[name]
        ):
            entries = written_array(self._sheet, self._sheet.lines[name].expression)
            self._sheet.block(Equation((Name(name), entries), detail=Detail.NORMAL))


def _linear(*terms: tuple[int, str]) -> str:
    return " + ".join(letter if factor == 1 else f"{factor} {letter}" for factor, letter in terms)


def _laid_out(entry: object, dims: Dims, at: Index = ()) -> Expression:
    """Entries as an array."""
    if len(at) == len(dims):
        assert callable(entry)
        found: Expression = entry(at)
        return found
    return Array(*(_laid_out(entry, dims, (*at, k)) for k in range(dims[len(at)])))
