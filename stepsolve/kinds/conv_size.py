"""The size of a convolution's output, forward and solved for any of the sizes that it hangs on.

N pixels with padding P on both sides, a window of M taps that are D pixels apart and moves by S:
floor((N + 2 P - D (M - 1) - 1) / S) + 1 places. All are whole numbers of pixels (units: pixels), of
one axis or of height and width. Without a padding the three usual ones are compared: valid (none),
same (M - 1 in all) and full (M - 1 on both sides). A transposed convolution goes the other way.

Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), 2 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import ClassVar

from stepsolve.checking.precise import Point, Precise
from stepsolve.derivation import Block, Check, Derivation, Detail, Result, Text
from stepsolve.notation.tree import Name, Number
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.expression import parse
from stepsolve.source.fields import boolean, entry
from stepsolve.source.quantities import SYMBOL
from stepsolve.source.report import Report
from stepsolve.source.window_sizes import (
    Size,
    Sought,
    Varied,
    number,
    size,
    sizes,
    sought,
    varied,
)
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved
from stepsolve.worksheet.window_sizes import (
    LEAST,
    LETTERS,
    USUAL,
    Axis,
    Found,
    bounds,
    check_compared,
    check_found,
    check_rows,
    drawn,
    equal,
    output_of,
    padded_places,
    placed,
    said_of_rest,
    size_table,
    solved,
    too_large,
    transposed_size,
    usual_chains,
    usual_name,
)
from stepsolve.worksheet.written_chain import WrittenChain

_LISTED = 12  # solutions that are listed


@dataclass(frozen=True)
class ConvSize(SheetProblem):
    """The size of a convolution's output, solved for any unknown."""

    STARTER: ClassVar = ("stride", "padding")

    input: Size = entry(
        size,
        "Pixels of the input: a number, a list of height and width, or the word symbol.",
        examples=(100,),
    )
    kernel: Size = entry(
        size, "Taps of the window: a number, a list of two, or symbol.", examples=(5,)
    )
    stride: Size | None = entry(
        size, "How far the window moves; 1 if left out.", default=None, examples=(1,)
    )
    padding: Size | None = entry(
        sizes(0, "valid", "same", "full"),
        "Pixels on every border, or valid, same or full. Without it the three are compared.",
        default=None,
        examples=(0,),
    )
    dilation: Size | None = entry(
        size, "How far apart the taps are; 1 if left out.", default=None, examples=(1,)
    )
    transposed: bool = entry(
        boolean, "A transposed convolution, which makes larger.", default=False, examples=(False,)
    )
    output_padding: int = entry(
        number, "Pixels that a transposed convolution adds.", default=0, examples=(0,)
    )
    find: Sought | None = entry(
        sought,
        "A size that is unknown, with the output that is wanted: every whole number that gives it. "
        "Where the size is given as well, it is put aside; it may also be symbol.",
        default=None,
        examples=({"size": "padding", "output": 96},),
    )
    compare: Varied | None = entry(
        varied,
        "One size at several values, in a table.",
        default=None,
        examples=({"size": "stride", "values": [1, 2, 8]},),
    )

    # ------------------------------------------------------------------------------- the quantities

    @property
    def _given(self) -> dict[str, Size]:
        found = {key: getattr(self, key) for key in LETTERS}
        return {key: size for key, size in found.items() if size is not None}

    @property
    def _two(self) -> bool:
        return any(size.two for size in self._given.values())

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The axes; sizes that are the same along both have one name."""
        words = ("height", "width") if self._two else ("",)
        return tuple(self._axis(k, word) for k, word in enumerate(words))

    def _axis(self, k: int, word: str) -> Axis:
        values: dict[str, int | None] = {}
        names = {}
        for key, letter in LETTERS.items():
            values[key] = self._value(key, k)
            sought = self.find is not None and self.find.size == key
            apart = self._value(key, 0) != self._value(key, 1) or key == "input" or sought
            names[key] = f"{letter}_{word[0]}" if word and apart else letter
        if self.find is not None:
            values[self.find.size] = None
        return Axis(word, f"out_{word[0]}" if word else "N_out", names, values)

    def _value(self, key: str, k: int) -> int | None:
        size = self._given.get(key)
        if size is None:
            return LEAST[key]
        if isinstance(size.value, tuple):
            return size.value[k]
        if size.value == SYMBOL:
            return None
        m, d = self._value("kernel", k), self._value("dilation", k)
        if size.value == "valid" or m is None or d is None:
            return 0
        return d * (m - 1) // (2 if size.value == "same" else 1)

    @property
    def _three(self) -> bool:
        """Whether the usual paddings are compared."""
        return self.padding is None and self.find is None and not self.transposed

    # ------------------------------------------------------------------------------------ mistakes

    def check_keys(self, report: Report) -> None:
        self._check_padding(report)
        for key in (self.find and self.find.size, self.compare and self.compare.size):
            others = [size for k, size in self._given.items() if k != key]
            if key is not None:
                for size in others:
                    if size.value == SYMBOL:
                        report.add(size.node.diagnose("a number belongs here, not symbol"))
        if self.transposed and (self.find or self.compare):
            place = self.input.node
            report.add(place.diagnose("find and compare are for convolutions, not transposed ones"))
        if self.find and self.compare:
            told = "find and compare do not go together: compare needs every size"
            report.add(self.compare.values[0].node.diagnose(told))
        if self.output_padding and not self.transposed:
            told = "output-padding belongs to a transposed convolution"
            report.add(self.input.node.diagnose(told, "write transposed: true"))
        if report.failed:
            return
        for axis in self.axes:
            values = dict(axis.values)
            if self.find is not None and self.find.size == "stride":
                values["stride"] = 1  # whether the window fits does not hang on it
            known = None not in values.values()
            if known and not self.transposed and output_of(values) is None:
                report.add(too_large(axis, self.kernel.node))
            elif self.find is not None and self.find.size == "dilation" and values["kernel"] == 1:
                told = "a kernel of 1 has no dilation to be found"
                report.add(self.kernel.node.diagnose(told))
        if self.compare is not None:
            check_compared(self.compare, self.axes, report)
        if self.transposed:
            for axis in self.axes:
                if axis.known and transposed_size(axis.values) + self.output_padding < 1:
                    told = "the padding takes away all of the output"
                    report.add((self.padding or self.input).node.diagnose(told))
                stride = axis.values["stride"]
                if stride is not None and self.output_padding and self.output_padding >= stride:
                    told = f"output-padding is below the stride, which is {stride}"
                    report.add((self.stride or self.input).node.diagnose(told))

    def _check_padding(self, report: Report) -> None:
        if self.padding is None or self.padding.value not in ("same", "full"):
            return
        word, node = self.padding.value, self.padding.node
        for other in (self.kernel, self.dilation):
            if other is not None and other.value == SYMBOL:
                told = f"{word} padding hangs on the kernel, which has no value"
                report.add(node.diagnose(told, "leave the padding out to see the three usual ones"))
                return
        if word == "same" and not report.failed:
            for k in (0, 1):
                m, d = self._value("kernel", k), self._value("dilation", k)
                if m is not None and d is not None and d * (m - 1) % 2:
                    told = f"same padding is half of D (M - 1), and {d * (m - 1)} is odd"
                    report.add(node.diagnose(told, "write the padding as a number"))
                    return

    # ------------------------------------------------------------------------------------ the page

    def write(self, sheet: Sheet) -> None:
        given: dict[str, int | None] = {}
        for axis in self.axes:
            for key, name in axis.names.items():
                hidden = (key == "dilation" and not axis.dilated) or (
                    (key == "padding" and self._three) or (self.find and self.find.size == key)
                )
                if not hidden:
                    given[name] = axis.values[key]
        for name, value in given.items():
            sheet.give(name, None if value is None else Number(str(value)), ())
        if self.find is not None:
            self._write_found(sheet, self.find)
        elif self.transposed:
            self._write_transposed(sheet)
        elif self._three:
            self._write_three(sheet)
        else:
            self._write_size(sheet)
        if self.compare is not None:
            sheet.section(f"The {self.compare.size} varied")
            sheet.block(lambda _: self._compared())

    def _write_size(self, sheet: Sheet) -> None:
        sheet.text(
            "The window fits at its first place, and at every further one that it can move to."
        )
        for axis in self.axes:
            sheet.line(axis.output, axis.formula, "moves that fit, and the first place")
            rest = axis.output.replace("out", "rest")
            last = f"{axis.names['stride']} * ({axis.output} - 1)"
            sheet.line(rest, f"{axis.room} - {last}", "pixels at the end that no window reaches")
            sheet.result(axis.output)
            sheet.block(partial(said_of_rest, name=rest))

    def _write_transposed(self, sheet: Sheet) -> None:
        sheet.text("The convolution of this output gives back the input's size: solved for N.")
        for axis in self.axes:
            n, _, s, p, _ = axis.names.values()
            more = f" + {self.output_padding}" if self.output_padding else ""
            formula = f"{s} * ({n} - 1) + {axis.reach} - 2 * {p}{more}"
            sheet.line(axis.output, formula, "the last stamp starts S (N - 1) pixels further on")
            sheet.result(axis.output)

    def _write_three(self, sheet: Sheet) -> None:
        sheet.section("At stride 1")
        for chain in self._chains:
            sheet.block(chain.block)
        sheet.section("The three paddings")
        for axis in self.axes:
            n, m, s, _, d = axis.names.values()
            reach = f"{d} * ({m} - 1)" if axis.dilated else f"({m} - 1)"
            for word, added in (("valid", ""), ("same", f"+ {reach}"), ("full", f"+ 2 * {reach}")):
                name = usual_name(axis, word)
                room = " ".join(f"{n} {added} {axis.minus_reach()}".split())
                because = {"valid": "no padding", "same": "M - 1 pixels in all"}.get(
                    word, "M - 1 pixels on both sides"
                )
                sheet.line(name, f"floor(({room}) / {s}) + 1", because)
                sheet.result(name)

    @cached_property
    def _chains(self) -> tuple[WrittenChain, ...]:
        return usual_chains() if self._three else ()

    def _write_found(self, sheet: Sheet, find: Sought) -> None:
        for k, axis in enumerate(self.axes):
            sheet.give(axis.output, Number(str(find.output[k])), ())
        sheet.text("The output is right where the last window still fits and one more does not:")
        for k, axis in enumerate(self.axes):
            name = axis.names[find.size]
            s, o = axis.names["stride"], axis.output
            sheet.text(
                parse(f"{s} * ({o} - 1) <= {axis.room}"),
                " and ",
                parse(f"{axis.room} < {s} * {o}"),
                detail=Detail.BRIEF,
            )
            between = bounds(axis, find.size, find.output[k])
            ends = {"least": between.least, "most": between.most}
            ending = f"_{axis.word[0]}" if axis.word else ""
            for word, formula in ends.items():
                if formula:
                    sheet.line(f"{name[0]}_{word}{ending}", formula, f"solved for {name}")
            sheet.block(partial(self._solutions, find=find, k=k))

    def _found(self, given: Solved, find: Sought, k: int) -> Found:
        axis = self.axes[k]
        ending = f"_{axis.word[0]}" if axis.word else ""
        letter = LETTERS[find.size]
        most = f"{letter}_most{ending}"
        least = float(given.value(f"{letter}_least{ending}"))
        ends = float(given.value(most)) if given.is_known(most) else None
        return solved(axis, find.size, find.output[k], least, ends)

    def _solutions(self, given: Solved, find: Sought, k: int) -> Iterator[Block]:
        axis, found = self.axes[k], self._found(given, find, k)
        name = Name(axis.names[find.size])
        if found.none:
            told = "No whole number lies between: there is no such "
            yield Text((told + find.size + ".",), Detail.BRIEF)
            return
        if found.last is None:
            yield Text((name, f" is any whole number from {found.first} on."), Detail.BRIEF)
        elif found.last == found.first:
            yield Text((name, f" = {found.first} is the only one."), Detail.BRIEF)
        else:
            told = f" is a whole number from {found.first} to {found.last}."
            yield Text((name, told), Detail.BRIEF)
        yield size_table(axis, find.size, found.listed(_LISTED))

    def _compared(self) -> Iterator[Block]:
        assert self.compare is not None
        if self._three and self.compare.size != "padding":
            yield Text(("Without padding:",), Detail.BRIEF)
        for axis in self.axes:
            if axis.word:
                yield Text((f"Along the {axis.word}:",), Detail.BRIEF)
            yield size_table(axis, self.compare.size, self.compare.numbers)

    # ------------------------------------------------------------------------------------ the checks

    def derive(self) -> Derivation:
        derivation = super().derive()
        checks = (*derivation.checks, *self._counted())
        if self.find is None:
            return derivation._replace(checks=checks)
        results, blocks = dict(derivation.results), list(derivation.blocks)
        for k, axis in enumerate(self.axes):
            found = self._found(self.solved, self.find, k)
            if not found.none:
                name = axis.names[self.find.size]
                results[name] = found.expression(_LISTED)
                blocks.append(Result((Name(name), results[name])))
        return derivation._replace(blocks=tuple(blocks), results=results, checks=checks)

    def _counted(self) -> Iterator[Check]:
        for chain in self._chains:
            yield from chain.checks()
        for k, axis in enumerate(self.axes):
            if self.find is not None:
                found = self._found(self.solved, self.find, k)
                yield from check_found(axis, self.find.size, self.find.output[k], found)
                yield from check_rows(axis, self.find.size, found.listed(_LISTED))
            if self.compare is not None:
                yield from check_rows(axis, self.compare.size, self.compare.numbers)
            if self.find is None:
                yield from self._placed(axis)

    def _placed(self, axis: Axis) -> Iterator[Check]:
        """The lines of an axis against the places of windows, at drawn sizes where it has symbols."""
        precise = Precise()
        for values in [axis.values] if axis.known else drawn(axis.values, self.output_padding):
            known = {axis.names[k]: precise.number(str(v)) for k, v in values.items()}
            for name, word in self._outputs(axis).items():
                formula = self.sheet.lines[name].expression
                output = int(precise.evaluate(formula, Point(known)))
                if self.transposed:
                    back = placed({**values, "input": output})
                    yield equal(name, back, values["input"] or 0)
                else:
                    yield equal(name, output, padded_places(values, word))

    def _outputs(self, axis: Axis) -> dict[str, str]:
        """The lines that are outputs, with the padding of each if it is one of the usual ones."""
        if not self._three:
            return {axis.output: ""}
        return {usual_name(axis, word): word for word in USUAL}
