"""A computational graph: the forward pass line by line, and the backward pass from one of the lines.

Shows every value with the numbers put in, the local gradient of every gate, and the gradient of every
name as local times upstream, summed over the paths. Names without a value stay symbols, and the page
gives formulas. All quantities are scalars, without units.

Source: Rumelhart, Hinton, Williams, Learning representations by back-propagating errors (1986);
Goodfellow, Bengio, Courville, Deep Learning (2016), 6.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stepsolve.calculus.textbook import recognise
from stepsolve.checking.precise import Point
from stepsolve.derivation import (
    Block,
    Check,
    Derivation,
    Detail,
    Equation,
    Result,
    Section,
    Table,
    Text,
)
from stepsolve.errors import Diagnosis, InvalidProblem, nearest
from stepsolve.notation import names as notation
from stepsolve.notation.names import gradient_name
from stepsolve.notation.numbers import is_exact, number
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute, walk
from stepsolve.operations.table import CONSTANTS, OPERATIONS
from stepsolve.problem import Problem
from stepsolve.source.fields import boolean, choice, either, entry, one_or_list, record
from stepsolve.source.quantities import (
    Given,
    Written,
    WrittenLine,
    WrittenName,
    check_scalar,
    given_values,
    lines,
    written_name,
)
from stepsolve.source.report import Report
from stepsolve.worksheet.backward import MAX_PATHS
from stepsolve.worksheet.evaluation import LineError, evaluate
from stepsolve.worksheet.gates import split_into_gates
from stepsolve.worksheet.lines import Line, Worksheet
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
class Graph(Problem):
    """A computational graph, forward and backward."""

    STARTER: ClassVar = ("given", "backward")

    given: tuple[Given, ...] | None = entry(
        given_values,
        "The given values by name: a number, a fraction, or the word symbol for a name without one. "
        "Without this key every name that no line assigns is a symbol.",
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
        for line in self.lines:
            name = line.name.name
            check_scalar(line.written, report)
            if line.parameters:
                report.add(line.written.diagnose("a line has no parameters", line.parameters[0]))
            if name in places or name in known:
                what = "is assigned twice" if name in places else "is given and assigned"
                report.add(
                    line.written.diagnose(f"{name} {what}", line.name, "names are assigned once")
                )
            if self.given is not None:
                self._check_names(line.written, known | set(places), assigned, report)
            elif unready := (assigned - set(places)) & set(names(line.expression)):
                self._check_names(
                    line.written, set(names(line.expression)) - unready, assigned, report
                )
            places[name] = line
        if self.target is not None and self.target.name not in places:
            hint = nearest(self.target.name, places)
            report.add(self.target.node.diagnose(f"{self.target.name} is not a line", hint))
        everything = set(self.worksheet.names)
        for asked in self.wrt:
            if asked.name not in everything:
                hint = nearest(asked.name, everything)
                report.add(asked.node.diagnose(f"{asked.name} is not a quantity here", hint))
        if not report.failed:
            self._check_values(report)

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
            evaluate(self.worksheet)
        except LineError as error:
            where = {g.name: Written(Number("0"), g.node) for g in self.given or ()}
            where |= {line.name.name: line.written for line in self.lines}
            report.add(where[error.line].diagnose(error.reason, error.node))

    @cached_property
    def worksheet(self) -> Worksheet:
        """The lines as written, over the given names and the symbols."""
        given: dict[str, Expression | None] = {g.name: g.expression for g in self.given or ()}
        if self.given is None:
            assigned = {line.name.name for line in self.lines}
            for line in self.lines:
                for name in names(line.expression):
                    if name not in assigned and name not in CONSTANTS:
                        given.setdefault(name, None)
        written = (Line(w.name.name, w.expression, w.because) for w in self.lines)
        return Worksheet(given, tuple(written))

    def derive(self) -> Derivation:
        worksheet = self.worksheet
        if self.gates == "binary":
            worksheet = split_into_gates(worksheet)
        target = self.target.name if self.target else None
        wrt = tuple(name.name for name in self.wrt)
        try:
            solution = Solution(worksheet, target, wrt, self.shown)
        except LineError as error:
            raise InvalidProblem(self._no_gradient(error)) from None
        return _Page(self, solution).derivation()

    def _no_gradient(self, error: LineError) -> Diagnosis:
        """A gradient that is infinite at these values, at the line it belongs to."""
        message = f"{error.line} does not exist at these values: {error.reason}"
        found = notation.gradient(error.line)
        line = next((w for w in self.lines if found and w.name.name == found.of), self.lines[-1])
        return line.written.diagnose(message)


class _Page:
    """The document of a solved graph."""

    def __init__(self, problem: Graph, solution: Solution) -> None:
        self._problem, self._solution = problem, solution
        asked = [name.name for name in problem.wrt] or list(solution.forward.given)
        self._asked = [name for name in asked if name in solution.gradients]
        self._idle = [name for name in asked if name not in solution.gradients]
        self._answers = solution.answers(self._asked) if solution.graph else {}
        self._shortcut_checks: list[Check] = []

    def derivation(self) -> Derivation:
        blocks = tuple(self._blocks())
        solution = self._solution
        return Derivation(
            self._problem.title or "Computational graph",
            self._problem.kind,
            blocks,
            {**solution.quantities, **dict.fromkeys(self._idle_gradients, 0.0)},
            {**self._answers, **{name: Number("0") for name in self._idle_gradients}},
            solution.checks() + tuple(self._shortcut_checks),
            self._problem.shown,
        )

    @property
    def _idle_gradients(self) -> list[str]:
        """The gradients by names that the target does not hang on."""
        graph = self._solution.graph
        return [gradient_name(graph.target, name) for name in self._idle] if graph else []

    def _conventions(self) -> Iterator[Block]:
        """What stands for a derivative that does not exist at these very values."""
        solution = self._solution
        said: set[str] = set()
        for line in solution.forward.lines:
            for node in walk(line.expression):
                row = OPERATIONS.get(node.operation) if isinstance(node, Apply) else None
                if row is None or not isinstance(node, Apply) or row.convention in said:
                    continue
                for left, right in row.kink_sides(row.completed(node.arguments)):
                    if self._meet(left, right):
                        said.add(row.convention)
                        told = ("At ", left, " = ", right, " there is no derivative. ")
                        yield Text((*told, f"Convention: {row.convention}."))
                        break

    def _meet(self, left: Expression, right: Expression) -> bool:
        """Whether two expressions have the same value here; not so where one has none."""
        known = self._solution.exact
        used = {*names(left), *names(right)} - set(CONSTANTS)
        if not used or not used <= set(known):
            return False
        point = Point(known)
        precise = self._solution.precise
        return bool(precise.evaluate(left, point) == precise.evaluate(right, point))

    def _blocks(self) -> Iterator[Block]:
        yield from self._given()
        if self._problem.gates == "binary":
            for line in self._problem.lines:
                yield Equation((line.name, line.expression))
        yield Section(("Forward pass",))
        yield from self._solution.forward_blocks()
        if self._solution.graph is None:
            return
        yield Section(("Backward pass from ", Name(self._solution.graph.target)))
        yield from self._conventions()
        yield from self._solution.backward_blocks()
        yield from self._shortcuts()
        if self._problem.paths:
            yield from self._paths()
        yield from self._results()
        if self._problem.sensitivity:
            yield from self._sensitivity()

    def _given(self) -> Iterator[Block]:
        given = self._solution.forward.given
        values = [(name, value) for name, value in given.items() if value is not None]
        symbols = [name for name, value in given.items() if value is None]
        if values:
            parts: list[str | Expression] = ["Given "]
            for name, value in values:
                parts += [Name(name), " = ", value, ", "]
            yield Text((*parts[:-1], "."), Detail.BRIEF)
        if symbols and values:
            listed: list[str | Expression] = []
            for name in symbols:
                listed += [Name(name), ", "]
            yield Text(("Without a value: ", *listed[:-1], "."), Detail.NORMAL)

    def _shortcuts(self) -> Iterator[Block]:
        """Where gates together are a function of the table, its gradient in one step."""
        solution = self._solution
        graph = solution.graph
        if self._problem.gates != "binary" or graph is None:
            return
        for line in self._problem.lines:
            known = recognise(line.expression)
            inner = self._gate_of(known.arguments[0]) if isinstance(known, Apply) else None
            if line.name.name != graph.target or inner not in solution.gradients:
                continue
            assert isinstance(known, Apply) and inner is not None
            local = OPERATIONS[known.operation].local_rules(1)[0]
            local = substitute(local, {"y": line.name, "a": Name(inner)})
            gradient = solution.gradients[inner]
            sides: tuple[Expression, ...] = (Name(gradient), local)
            if gradient in solution.exact:
                value = solution.precise.evaluate(local, Point(solution.exact))
                error = float(abs(value - solution.exact[gradient]))
                method = f"gradient of {known.operation} in one step"
                self._shortcut_checks.append(Check(gradient, method, error, error < 1e-30))
                decimal = solution.precise.decimal(value)
                sides = (*sides, number(decimal, self._problem.shown))
            function = Apply(known.operation, Name(inner))
            yield Text(
                (
                    "Shortcut: the gates from ",
                    Name(inner),
                    " to ",
                    line.name,
                    " together are ",
                    function,
                    ", whose gradient is known in one step:",
                ),
                Detail.NORMAL,
            )
            rounded = len(sides) > 2 and not is_exact(decimal, self._problem.shown)
            yield Equation(sides, rounded, Detail.NORMAL)

    def _gate_of(self, expression: Expression) -> str | None:
        """The name of the gate that computes an expression as written."""
        formulas: dict[str, Expression] = {}
        if isinstance(expression, Name):
            return expression.name
        for line in self._solution.forward.lines:
            formulas[line.name] = substitute(line.expression, formulas)
            if formulas[line.name] == expression:
                return line.name
        return None

    def _paths(self) -> Iterator[Block]:
        assert self._solution.graph is not None
        yield Section(("Paths",), Detail.NORMAL)
        for name in self._asked:
            table = self._solution.paths(name)
            yield Text(("from ", Name(name), f" to {self._solution.graph.target}:"), Detail.NORMAL)
            yield table
            if len(table.rows) == MAX_PATHS:
                yield Text((f"Only the first {MAX_PATHS} paths are listed.",), Detail.NORMAL)

    def _results(self) -> Iterator[Block]:
        solution = self._solution
        if self._answers or self._idle:
            yield Section(("Result",))
        for gradient, formula in self._answers.items():
            if gradient in solution.exact:
                decimal = solution.workings.decimal(gradient)
                value = number(decimal, self._problem.shown)
                yield Result((Name(gradient), value), not is_exact(decimal, self._problem.shown))
            else:
                yield Result((Name(gradient), formula))
        assert solution.graph is not None
        for name in self._idle:
            target = solution.graph.target
            yield Text(
                (f"{target} does not depend on ", Name(name), ": its gradient is 0."), Detail.BRIEF
            )

    def _sensitivity(self) -> Iterator[Block]:
        solution = self._solution
        graph = solution.graph
        if graph is None or graph.target not in solution.exact:
            return
        rows = []
        base = solution.forward
        for name in self._asked:
            given = base.given.get(name)
            if given is None:
                continue
            moved = Worksheet({**base.given, name: Apply("+", given, Number("1"))}, base.lines)
            rows.append(self._moved(name, moved, graph.target))
        yield Text(("When one input grows by 1 and the others stay:",), Detail.NORMAL)
        target = graph.target
        yield Table(
            ("input", "gradient", f"{target} before", f"{target} after", "change"), tuple(rows)
        )

    def _moved(self, name: str, moved: Worksheet, target: str) -> tuple[str | Expression, ...]:
        solution, shown = self._solution, self._problem.shown
        after = Solution(moved, digits=shown)
        values = [
            solution.exact[solution.gradients[name]],
            solution.exact[target],
            after.exact[target],
            after.exact[target] - solution.exact[target],
        ]
        return (Name(name), *(number(solution.precise.decimal(v), shown) for v in values))
