"""What the kinds have in common that are about one perceptron: a weighted sum and a step.

Source: Rosenblatt, The Perceptron (1958); Minsky, Papert, Perceptrons (1969).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from stepsolve.derivation import Cell, Detail, Table, Text
from stepsolve.errors import Place
from stepsolve.notation.tree import Apply, Array, Expression, Name, Number
from stepsolve.operations.activations import AT_THRESHOLD
from stepsolve.sheet_problem import SheetProblem
from stepsolve.source.arrays import GivenArray, array, check_sizes, given_arrays
from stepsolve.source.data import Node
from stepsolve.source.fields import choice, entry
from stepsolve.source.quantities import Given, value
from stepsolve.source.report import Report
from stepsolve.source.truth import (
    GATES,
    MOST_INPUTS,
    Targets,
    exact_entries,
    targets,
    truth_rows,
    whole,
)
from stepsolve.source.weights import check_weights
from stepsolve.worksheet.separation import Conflict, conflict
from stepsolve.worksheet.sheet import Sheet

MOST_ROWS = 500
MOST_WIDTH = 100


@dataclass(frozen=True)
class PerceptronProblem(SheetProblem):
    """A problem about one perceptron."""

    STARTER: ClassVar = ("weights", "targets")

    targets: Targets | None = entry(
        targets,
        "What is to be computed: AND, OR, NAND, NOR, XOR, XNOR or NOT, or the outputs of all rows.",
        default=None,
        examples=("AND",),
    )
    weights: tuple[GivenArray, ...] = entry(
        given_arrays,
        "The weights w and the bias b, by name; b may be left out.",
        default=(),
        examples=({"w": [1, 1], "b": -1},),
    )
    inputs: GivenArray | None = entry(
        array,
        "The rows of inputs; unless given, all rows of a truth table.",
        default=None,
        examples=([[0, 0], [0, 1], [1, 0], [1, 1]],),
    )
    step: str = entry(
        choice("above", "at-or-above"),
        "Whether the output is 1 only where z is above the threshold, or also at it.",
        default="above",
        examples=("at-or-above",),
    )
    threshold: Given | None = entry(
        value, "The threshold of z; 0 unless given.", default=None, examples=(0.5,)
    )
    outputs: str = entry(
        choice("binary", "bipolar"),
        "Whether outputs are 0 and 1, or -1 and 1.",
        default="binary",
        examples=("binary",),
    )

    @property
    def low(self) -> int:
        """The output that is not 1."""
        return 0 if self.outputs == "binary" else -1

    @property
    def given(self) -> dict[str, GivenArray]:
        return {weight.name: weight for weight in self.weights}

    @cached_property
    def rows(self) -> GivenArray:
        """The rows of inputs, given or of a truth table."""
        if self.inputs is not None:
            return self.inputs
        weight = self.given.get("w")
        usual = 1 if self.targets is not None and self.targets.gate == "NOT" else 2
        count = weight.dims[0] if weight is not None and weight.dims else usual
        count = min(count, MOST_INPUTS)
        place = self.targets.node.place if self.targets is not None else Place("inputs")
        node = weight.node if weight is not None else Node(None, "inputs", place)
        return GivenArray("X", truth_rows(count, self.low), (2**count, count), node)

    @cached_property
    def points(self) -> list[list[Fraction]]:
        """The rows of inputs, exactly."""
        width = self.rows.dims[1]
        flat = exact_entries(self.rows, Report())
        return [flat[k : k + width] for k in range(0, len(flat), width)]

    @cached_property
    def wanted(self) -> list[Fraction]:
        """The targets of all rows, exactly; none if there are none."""
        if self.targets is None:
            return []
        if self.targets.numbers is not None:
            return exact_entries(self.targets.numbers, Report())
        gate = GATES[self.targets.gate]
        return [Fraction(1 if gate([bit > 0 for bit in row]) else self.low) for row in self.points]

    @cached_property
    def conflict(self) -> Conflict | None:
        """Why no perceptron computes the targets, if that is seen from pairs of rows."""
        if len(set(self.wanted)) < 2 or not self.points:
            return None
        return conflict(self.points, [target == 1 for target in self.wanted])

    @property
    def task(self) -> str:
        """What is to be computed, in words."""
        return self.targets.gate if self.targets and self.targets.gate else "the targets"

    # ------------------------------------------------------------------------------------- mistakes

    def check_keys(self, report: Report) -> None:
        check_weights(
            self.weights,
            ("w", "b"),
            ("w",) if self.weights else (),
            self.node_of("weights"),
            report,
        )
        if self.threshold is not None:
            number(self.threshold, report)
        weight, bias = self.given.get("w"), self.given.get("b")
        if bias is not None and bias.dims:
            report.add(bias.node.diagnose(f"b {bias.words}, but a number belongs here"))
        if weight is not None and len(weight.dims) != 1:
            report.add(weight.node.diagnose(f"w {weight.words}, but a vector belongs here"))
        if report.failed:
            return
        self._check_inputs(weight, report)
        if not report.failed:
            self._check_targets(report)

    def _check_inputs(self, weight: GivenArray | None, report: Report) -> None:
        rows = self.rows
        if self.inputs is None and weight is not None and weight.dims[0] > MOST_INPUTS:
            told = f"a truth table has at most {MOST_INPUTS} inputs here"
            report.add(weight.node.diagnose(told, "give the rows as inputs"))
        elif len(rows.dims) != 2:
            told = f"inputs are rows of a matrix, but this {rows.words}"
            report.add(rows.node.diagnose(told, "write [[0, 1], [1, 0]]"))
        elif rows.dims[0] > MOST_ROWS or rows.dims[1] > MOST_WIDTH:
            told = f"at most {MOST_ROWS} rows of at most {MOST_WIDTH} inputs are presented"
            report.add(rows.node.diagnose(told))
        elif weight is not None:
            check_sizes(weight, rows.dims[1:], "one weight for every input", report)
        if rows.value is None:
            report.add(rows.node.diagnose("the inputs need values"))

    def _check_targets(self, report: Report) -> None:
        exact_entries(self.rows, report)
        if self.targets is None or report.failed:
            return
        numbers, node = self.targets.numbers, self.targets.node
        if numbers is not None:
            check_sizes(
                numbers._replace(name="targets"), self.rows.dims[:1], "one for every row", report
            )
            allowed = (0, 1) if self.low == 0 else (-1, 1)
            if any(target not in allowed for target in exact_entries(numbers, report)):
                hint = "outputs: bipolar has targets of -1 and 1" if self.low == 0 else ""
                report.add(node.diagnose(f"targets are {allowed[0]} and {allowed[1]}", hint))
        elif self.targets.gate == "NOT" and self.rows.dims[1] != 1:
            report.add(node.diagnose("NOT has one input", "give one weight: {w: [-1], b: 0.5}"))

    # ----------------------------------------------------------------------------------------- page

    def give(self, sheet: Sheet) -> None:
        """Give the quantities, and say when the output is 1."""
        rows = self.rows
        sheet.give("X", rows.value, rows.dims, rows.node)
        if not self.weights:
            sheet.give("w", None, rows.dims[1:])
            sheet.give("b", None, ())
        for name, weight in self.given.items():
            sheet.give(name, weight.value, weight.dims, weight.node)
        if self.threshold is not None:
            sheet.give("theta", self.threshold.expression, (), self.threshold.node)
        if self.targets is not None:
            numbers = self.targets.numbers
            written = Array(*(whole(int(target)) for target in self.wanted))
            sheet.give("t", numbers.value if numbers else written, rows.dims[:1], self.targets.node)
        above = "at or above" if self.is_closed else "above"
        sheet.text(f"The output is 1 where z is {above} ", self.border, f", else {self.low}.")

    @property
    def is_closed(self) -> bool:
        """Whether the output is 1 at the threshold."""
        return self.step == "at-or-above"

    @property
    def border(self) -> Expression:
        """What z is compared with."""
        return Number("0") if self.threshold is None else Name("theta")

    @property
    def has_bias(self) -> bool:
        return "b" in self.given or not self.weights

    def fired(self, z: str) -> str:
        """The output of a perceptron, as a text."""
        inner = z if self.threshold is None else f"{z} - theta"
        text = f"step({inner}, 1)" if self.is_closed else f"step({inner})"
        return text if self.low == 0 else f"2 * {text} - 1"

    def output(self, z: Fraction) -> int:
        """The same by fractions."""
        over = z - (0 if self.threshold is None else exact_value(self.threshold))
        if abs(over) <= AT_THRESHOLD:
            return 1 if self.is_closed else self.low
        return 1 if over > 0 else self.low

    def write_conflict(self, sheet: Sheet) -> None:
        """Why no perceptron computes the targets, if that is known: inequalities that contradict."""
        found = self.conflict
        if found is None:
            return
        sheet.section(f"Why no perceptron computes {self.task}")
        sheet.text("For any weights and bias, these inequalities would have to hold at once:")
        sheet.block(Table(("input", "target", "needed"), self._needed(found), Detail.BRIEF))
        sheet.line("s_1", _pair_sum(found.ones), "two rows with target 1", detail=Detail.NORMAL)
        sheet.line(
            "s_0", _pair_sum(found.zeros), f"two rows with target {self.low}", detail=Detail.NORMAL
        )
        sheet.block(self._contradiction(found))

    def _needed(self, found: Conflict) -> tuple[tuple[Cell, ...], ...]:
        yes, no = (" ≥ ", " < ") if self.is_closed else (" > ", " ≤ ")
        rows: list[tuple[Cell, ...]] = []
        for pair, sign, target in ((found.ones, yes, 1), (found.zeros, no, self.low)):
            for k in dict.fromkeys(pair):
                point = self.points[k]
                left = self._affine(point, 1)
                rows.append((_shown(point), whole(target), (left, sign, self.border)))
        return tuple(rows)

    def _contradiction(self, found: Conflict) -> Text:
        total = [sum(pair) for pair in zip(*(self.points[k] for k in found.ones), strict=True)]
        yes, no = (" at least ", " below ") if self.is_closed else (" above ", " at most ")
        end: Expression = self.border
        if self.threshold is not None:
            end = Apply("*", Number("2"), end)
        left = self._affine(total, 2)
        both = (
            "Both pairs of rows have the same sum, so added in pairs the left sides are the same: "
        )
        told = (" would have to be", yes, end, " and", no, end, ". That cannot be.")
        return Text((both, left, *told), Detail.BRIEF)

    def _affine(self, point: list[Fraction] | list[Fraction | int], times: int) -> Expression:
        """w . x + b for an input, with letters for the weights."""
        terms = [
            _scaled(Fraction(factor), Name(f"w_{k}")) for k, factor in enumerate(point, 1) if factor
        ]
        if self.has_bias:
            terms.append(_scaled(Fraction(times), Name("b")))
        found = terms[0] if terms else Number("0")
        for term in terms[1:]:
            if isinstance(term, Apply) and term.operation == "neg":
                found = Apply("-", found, term.arguments[0])
            else:
                found = Apply("+", found, term)
        return found


def number(given: Given, report: Report) -> Fraction | None:
    """A number of the file as a fraction; None after reporting that it is none."""
    if given.expression is None:
        report.add(given.node.diagnose("a number belongs here, not symbol"))
        return None
    found = exact_entries(GivenArray("", given.expression, (), given.node), report)
    return found[0] if found else None


def exact_value(given: Given) -> Fraction:
    """The same of one that has been checked."""
    found = number(given, Report())
    assert found is not None
    return found


def _pair_sum(pair: tuple[int, int]) -> str:
    return f"X[{pair[0]}] + X[{pair[1]}]"


def _shown(point: list[Fraction]) -> Expression:
    return Array(*map(_fraction, point))


def _fraction(value: Fraction) -> Expression:
    size = abs(value)
    text = f"{float(size):.12g}"
    plain = Number(text) if Fraction(text) == size else None
    found = plain or Apply("/", Number(str(size.numerator)), Number(str(size.denominator)))
    return Apply("neg", found) if value < 0 else found


def _scaled(factor: Fraction, name: Expression) -> Expression:
    if factor == 1:
        return name
    if factor == -1:
        return Apply("neg", name)
    if factor < 0:
        return Apply("neg", Apply("*", _fraction(-factor), name))
    return Apply("*", _fraction(factor), name)
