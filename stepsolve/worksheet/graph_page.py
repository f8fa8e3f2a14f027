"""The document of a graph of scalars: given values, both passes, paths, answers, sensitivity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

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
from stepsolve.notation.names import gradient_name
from stepsolve.notation.numbers import Digits, is_exact, number
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute, walk
from stepsolve.operations.forms import form_of
from stepsolve.operations.table import CONSTANTS, OPERATIONS
from stepsolve.source.quantities import WrittenLine, WrittenName
from stepsolve.worksheet.backward import MAX_PATHS
from stepsolve.worksheet.lines import Worksheet
from stepsolve.worksheet.solution import Solution


class Asked(Protocol):
    """What a problem asks of a graph."""

    @property
    def title(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def lines(self) -> Sequence[WrittenLine]: ...
    @property
    def wrt(self) -> Sequence[WrittenName]: ...
    @property
    def gates(self) -> str: ...
    @property
    def paths(self) -> bool: ...
    @property
    def sensitivity(self) -> bool: ...
    @property
    def shown(self) -> Digits: ...


class GraphPage:
    """The document of a solved graph."""

    def __init__(self, problem: Asked, solution: Solution) -> None:
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
        kinked = {name for name, row in OPERATIONS.items() if row.kinks}
        for line in solution.forward.lines:
            if kinked.isdisjoint(form_of(line.expression).operations):
                continue
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
