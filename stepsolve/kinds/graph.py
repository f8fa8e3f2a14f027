"""A computational graph: the forward pass line by line, and the backward pass from one of the lines.

Shows every value with the numbers put in, the local gradient of every gate, and the gradient of every
name as local times upstream, summed over the paths. Names without a value stay symbols, and the page
gives formulas. Quantities are numbers, vectors, matrices or arrays of more axes, without units, with
NumPy's shapes and broadcasting; the page says the shape of each.

Source: Rumelhart, Hinton, Williams, Learning representations by back-propagating errors (1986);
Goodfellow, Bengio, Courville, Deep Learning (2016), 6.5.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stepsolve.derivation import (
    Derivation,
)
from stepsolve.errors import Diagnosis, InvalidProblem, nearest
from stepsolve.notation import names as notation
from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Expression, Number, names
from stepsolve.operations.forms import form_of
from stepsolve.operations.table import CONSTANTS
from stepsolve.sheet_problem import SheetProblem, give_all
from stepsolve.source.arrays import GivenArray, given_arrays
from stepsolve.source.fields import boolean, choice, either, entry, one_or_list, record
from stepsolve.source.quantities import (
    Written,
    WrittenLine,
    WrittenName,
    lines,
    written_name,
)
from stepsolve.source.report import Report
from stepsolve.worksheet.evaluation import LineError, evaluate
from stepsolve.worksheet.gates import split_into_gates
from stepsolve.worksheet.graph_page import GraphPage
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solution import Solution


@dataclass(frozen=True)
class Backward:
    """What is differentiated, and by what."""

    of: WrittenName = entry(written_name, "The line that is differentiated.")
    wrt: tuple[WrittenName, ...] = entry(
        one_or_list(written_name),
        "The names it is differentiated by; every given one if left out.",
        default=(),
    )


@dataclass(frozen=True)
class Graph(SheetProblem):
    """A computational graph, forward and backward."""

    STARTER: ClassVar = ("given", "backward")

    given: tuple[GivenArray, ...] | None = entry(
        given_arrays,
        "The given values by name: a number, a fraction, a list of numbers, a list of lists, or the "
        "word symbol for a name without one; {shape: [3, 2], seed: 1} draws numbers, and without a "
        "seed it is a symbol. Without this key every name that no line assigns is a symbol.",
        default=None,
        examples=({"x": -2, "y": 5, "z": -4},),
    )
    lines: tuple[WrittenLine, ...] = entry(
        lines,
        "The lines in order, name = expression; each uses only names that stand before it.",
        examples=(["q = x + y", "f = q * z"],),
    )
    backward: WrittenName | Backward | None = entry(
        either(written_name, record(Backward)),
        "The line to differentiate, or a mapping with of and wrt.",
        default=None,
        examples=("f",),
    )
    gates: str = entry(
        choice("as-written", "binary"),
        "binary splits every expression into gates of two inputs.",
        default="as-written",
        examples=("binary",),
    )
    paths: bool = entry(
        boolean, "List every path to the target with its product.", default=False, examples=(True,)
    )
    sensitivity: bool = entry(
        boolean,
        "Recompute the target with each given value larger by one.",
        default=False,
        examples=(True,),
    )

    @property
    def target(self) -> WrittenName | None:
        return self.backward.of if isinstance(self.backward, Backward) else self.backward

    @property
    def wrt(self) -> tuple[WrittenName, ...]:
        return self.backward.wrt if isinstance(self.backward, Backward) else ()

    def check(self, report: Report) -> None:
        known = {given.name for given in self.given or ()}
        assigned = {line.name.name for line in self.lines}
        places: dict[str, WrittenLine] = {}
        ready = set(known)
        for line in self.lines:
            name = line.name.name
            if line.parameters:
                report.add(line.written.diagnose("a line has no parameters", line.parameters[0]))
            if name in places or name in known:
                what = "is assigned twice" if name in places else "is given and assigned"
                report.add(
                    line.written.diagnose(f"{name} {what}", line.name, "names are assigned once")
                )
            if self.given is not None:
                self._check_names(line.written, ready, assigned, report)
            elif unready := {n for n in names(line.expression) if n in assigned and n not in ready}:
                self._check_names(
                    line.written, set(names(line.expression)) - unready, assigned, report
                )
            places[name] = line
            ready.add(name)
        if self.target is not None and self.target.name not in places:
            hint = nearest(self.target.name, places)
            report.add(self.target.node.diagnose(f"{self.target.name} is not a line", hint))
        everything = set(self.worksheet.names)
        for asked in self.wrt:
            if asked.name not in everything:
                hint = nearest(asked.name, everything)
                report.add(asked.node.diagnose(f"{asked.name} is not a quantity here", hint))
        if self.has_arrays:
            super().check(report)
        elif not report.failed:
            self._check_values(report)

    @cached_property
    def has_arrays(self) -> bool:
        """Whether a line or a given quantity has more than one entry."""
        return any(given.dims for given in self.given or ()) or not all(
            form_of(line.expression).is_scalar for line in self.lines
        )

    def check_keys(self, report: Report) -> None:
        for key, used in (
            ("gates", self.gates != "as-written"),
            ("paths", self.paths),
            ("sensitivity", self.sensitivity),
        ):
            if used:
                place = self.lines[0].written
                report.add(place.diagnose(f"{key} is for graphs of scalars, and here are arrays"))

    def write(self, sheet: Sheet) -> None:
        give_all(sheet, self.given or ())
        sheet.section("Forward pass")
        sheet.written(self.lines)
        if self.target is not None:
            target = self.target.name
            done = sheet.backward(target, tuple(name.name for name in self.wrt))
            asked = [name.name for name in self.wrt] or list(done.gradients)
            given = {array.name for array in self.given or ()}
            wanted = [n for n in asked if n in given or self.wrt]
            sheet.result(*(gradient_name(target, name) for name in wanted if name != target))

    @staticmethod
    def _check_names(written: Written, ready: set[str], assigned: set[str], report: Report) -> None:
        for name, part in names(written.expression).items():
            if name in ready or (name in CONSTANTS and name not in assigned):
                continue
            if name in assigned:
                message, hint = f"{name} is used before it has a value", "move its line up"
            else:
                message = f"{name} has no value"
                hint = nearest(name, ready) or f"give it one, or given: {{{name}: symbol}}"
            report.add(written.diagnose(message, part, hint))

    def _check_values(self, report: Report) -> None:
        """Every line must have a finite real value; the part that has none is pointed at."""
        try:
            self.values  # noqa: B018 - what has no value raises
        except LineError as error:
            where = {g.name: Written(Number("0"), g.node) for g in self.given or ()}
            where |= {line.name.name: line.written for line in self.lines}
            report.add(where[error.line].diagnose(error.reason, error.node))

    @cached_property
    def values(self) -> dict[str, float]:
        """The values of the given quantities and the lines that have one, in float64."""
        return evaluate(self.worksheet)

    @cached_property
    def worksheet(self) -> Worksheet:
        """The lines as written, over the given names and the symbols."""
        given: dict[str, Expression | None] = {
            g.name: g.value if isinstance(g.value, Expression) else None for g in self.given or ()
        }
        if self.given is None:
            assigned = {line.name.name for line in self.lines}
            for line in self.lines:
                for name in names(line.expression):
                    if name not in assigned and name not in CONSTANTS:
                        given.setdefault(name, None)
        written = (Line(w.name.name, w.expression, w.because) for w in self.lines)
        return Worksheet(given, tuple(written))

    def derive(self) -> Derivation:
        if self.has_arrays:
            return super().derive()
        return GraphPage(self, self.solution).derivation()

    @cached_property
    def solution(self) -> Solution:
        """The graph of scalars, solved. Raises `InvalidProblem` for a gradient without a value."""
        worksheet, values = self.worksheet, self.values
        if self.gates == "binary":
            worksheet, values = split_into_gates(worksheet), {}
        target = self.target.name if self.target else None
        wrt = tuple(name.name for name in self.wrt)
        try:
            return Solution(worksheet, target, wrt, self.shown, values)
        except LineError as error:
            raise InvalidProblem(self._no_gradient(error)) from None

    def _no_gradient(self, error: LineError) -> Diagnosis:
        """A gradient that is infinite at these values, at the line it belongs to."""
        message = f"{error.line} does not exist at these values: {error.reason}"
        found = notation.gradient(error.line)
        line = next((w for w in self.lines if found and w.name.name == found.of), self.lines[-1])
        return line.written.diagnose(message)
