"""Derivatives by vectors and matrices: in index notation, rule by rule, and back in matrix form.

Each product is written out as a sum over indices and differentiated entry by entry; sums over
Kronecker deltas collapse, and what is left is read as products of matrices. Vectors are columns
unless the file says `vectors: rows`; sizes are letters or numbers, and all quantities are without
units. The page names its layout: which way round a gradient and a Jacobian are written.

Source: Petersen, Pedersen, The Matrix Cookbook (2012), ch. 2; Magnus, Neudecker, Matrix Differential
Calculus with Applications in Statistics and Econometrics, 3rd ed. (2019), ch. 9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from stepsolve.calculus.gradients import Gradient, Gradients
from stepsolve.calculus.letters import Lettered
from stepsolve.calculus.matrices import as_on_paper, in_plain_language, transposed
from stepsolve.checking import scenes
from stepsolve.checking.tensors import TensorOracle
from stepsolve.derivation import (
    Block,
    Chain,
    Check,
    Derivation,
    Detail,
    Equation,
    Lines,
    Result,
    Section,
    Table,
    Text,
    Worked,
)
from stepsolve.errors import InvalidProblem, StepsolveError, nearest
from stepsolve.notation.shapes import Shape
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names, substitute, walk
from stepsolve.operations.shapes import Misfit, Shapes
from stepsolve.operations.table import CONSTANTS
from stepsolve.problem import Problem
from stepsolve.source.fields import choice, entry, one_or_list
from stepsolve.source.quantities import Written, WrittenLine, WrittenName, written_name
from stepsolve.source.report import Report
from stepsolve.source.tensors import (
    OPEN_FUNCTIONS,
    Condition,
    WrittenShape,
    condition,
    expression,
    lines,
    shapes,
)

_LARGEST = 200  # nodes of an answer up to which it is given without letters
_CONDITIONS = {
    "symmetric": scenes.symmetric,
    "one-hot": scenes.one_hot,
    "sums to one": scenes.summing_to_one,
}
_LAYOUTS = {
    "mixed": "The gradient of a scalar has the shape of the variable; a Jacobian has a row for every "
    "output and a column for every input.",
    "numerator": "Numerator layout: a row for every output and a column for every input, so that "
    "the gradient of a scalar is the transpose of the variable's shape.",
    "denominator": "Denominator layout: a row for every input and a column for every output, so "
    "that the gradient of a scalar has the shape of the variable.",
}


@dataclass(frozen=True)
class MatrixDerivative(Problem):
    """Derivatives by vectors and matrices, entry by entry."""

    STARTER: ClassVar = ("expression",)

    shapes: tuple[WrittenShape, ...] = entry(
        shapes,
        "The shape of every quantity: [n] a vector, [m, n] a matrix, [] a number.",
        examples=({"v": ["m"], "W": ["m", "n"], "x": ["n"], "b": ["m"]},),
    )
    wrt: tuple[WrittenName, ...] = entry(
        one_or_list(written_name, minimum=1), "What to differentiate by.", examples=("W",)
    )
    expression: Written | None = entry(
        expression,
        "The expression; f, g and h are functions that are left open, entry by entry.",
        default=None,
        examples=("v.T @ f(W @ x + b)",),
    )
    lines: tuple[WrittenLine, ...] = entry(
        lines,
        "Instead of an expression: lines in order, of which the last is differentiated.",
        default=(),
        examples=(["z = W @ x + b", "s = v.T @ f(z)"],),
    )
    conditions: tuple[Condition, ...] = entry(
        one_or_list(condition),
        "What holds for the quantities: sum(y) == 1, one-hot y, A == A.T.",
        default=(),
        examples=("sum(v) == 1",),
    )
    vectors: str = entry(
        choice("columns", "rows"),
        "Whether vectors are columns or rows.",
        default="columns",
        examples=("columns",),
    )
    layout: str = entry(
        choice(*_LAYOUTS),
        "Which way round derivatives are written; mixed gives gradients the shape of the variable "
        "and Jacobians a row for every output.",
        default="mixed",
        examples=("mixed",),
    )

    @cached_property
    def _known(self) -> dict[str, Shape]:
        row = self.vectors == "rows"
        return {
            s.name: s.shape._replace(row=True) if row and s.shape.rank == 1 else s.shape
            for s in self.shapes
        }

    @cached_property
    def _written(self) -> dict[str, Written]:
        """The lines by name; an expression alone gets one that is free."""
        if self.expression is not None:
            taken = {*self._known, *names(self.expression.expression)}
            usual = ("s", "J", "L", "y", "F", "s_1", "s_2", "s_3", "s_4", "s_5")
            free = next((letter for letter in usual if letter not in taken), "result")
            return {free: self.expression}
        return {line.name.name: line.written for line in self.lines}

    # ------------------------------------------------------------------------------ what is wrong

    def check(self, report: Report) -> None:
        if (self.expression is None) == (not self.lines):
            raise InvalidProblem("a matrix derivative needs one of expression or lines")
        self._check_names(report)
        self._check_conditions(report)
        if not report.failed:
            self._check_shapes(report)
        if not report.failed:
            self._check_derivation(report)

    def _check_names(self, report: Report) -> None:
        ready = set(self._known)
        called = {
            node.operation.rstrip("'")
            for part in self._written.values()
            for node in walk(part.expression)
            if isinstance(node, Apply) and node.operation in OPEN_FUNCTIONS
        }
        for line in self.lines:
            if line.parameters:
                report.add(line.written.diagnose("a line has no parameters", line.parameters[0]))
            if line.name.name in ready:
                report.add(line.written.diagnose(f"{line.name.name} is there already", line.name))
            self._check_used(line.written, ready, report)
            ready.add(line.name.name)
        if self.expression is not None:
            self._check_used(self.expression, ready, report)
        for shape in self.shapes:
            if shape.name in called:
                report.add(shape.node.diagnose(f"{shape.name} is a quantity and a function"))
        asked: set[str] = set()
        for name in self.wrt:
            if name.name not in ready:
                hint = nearest(name.name, ready)
                report.add(name.node.diagnose(f"{name.name} is not a quantity here", hint))
            elif name.name in asked:
                report.add(name.node.diagnose(f"{name.name} is named twice"))
            elif name.name == list(self._written)[-1]:
                report.add(name.node.diagnose(f"{name.name} is what is differentiated"))
            asked.add(name.name)

    @staticmethod
    def _check_used(part: Written, ready: set[str], report: Report) -> None:
        for name, node in names(part.expression).items():
            if name not in ready and name not in CONSTANTS:
                hint = nearest(name, ready) or f"add it to shapes: {{{name}: [n]}}"
                report.add(part.diagnose(f"{name} has no shape", node, hint))

    def _check_conditions(self, report: Report) -> None:
        for told in self.conditions:
            shape = self._known.get(told.name)
            if shape is None:
                hint = nearest(told.name, self._known)
                report.add(told.node.diagnose(f"{told.name} has no shape", hint))
            elif told.kind == "symmetric" and (shape.rank != 2 or len(set(shape.sizes)) != 1):
                report.add(told.node.diagnose(f"{told.name} is {shape}, not a square matrix"))
            elif told.kind != "symmetric" and shape.rank != 1:
                report.add(told.node.diagnose(f"{told.name} is {shape}, not a vector"))

    def _check_shapes(self, report: Report) -> None:
        known = Shapes(self._known, OPEN_FUNCTIONS)
        for name, part in self._written.items():
            try:
                known.known[name] = known.of(part.expression)
            except Misfit as error:
                report.add(part.diagnose(error.message, error.part, error.hint))
                return

    def _check_derivation(self, report: Report) -> None:
        try:
            self._gradients  # noqa: B018
        except StepsolveError as error:
            report.add(next(reversed(self._written.values())).diagnose(str(error)))

    # ------------------------------------------------------------------------------ the derivation

    @cached_property
    def _lettered(self) -> tuple[Lettered, Shapes]:
        symmetric = [c.name for c in self.conditions if c.kind == "symmetric"]
        known = Shapes(self._known, OPEN_FUNCTIONS, symmetric)
        for name, part in self._written.items():
            known.known[name] = known.of(part.expression)
        taken = {f.rstrip("'") for f in OPEN_FUNCTIONS}
        plain = {name: part.expression for name, part in self._written.items()}
        return Lettered(plain, known, [n.name for n in self.wrt], taken), known

    @cached_property
    def _gradients(self) -> Gradients:
        lettered, known = self._lettered
        ones = [c.name for c in self.conditions if c.kind != "symmetric"]
        by = [name.name for name in self.wrt]
        return Gradients(lettered.lines, known, by, (), ones)

    def derive(self) -> Derivation:
        page = _Page(self, self._gradients, *self._lettered)
        target = self._gradients.target
        return Derivation(
            self.title or f"Derivative of {target}",
            self.kind,
            tuple(page.blocks()),
            {},
            page.answers(),
            tuple(page.checks()),
            self.shown,
        )


class _Page:
    """The document about one target."""

    def __init__(
        self, problem: MatrixDerivative, gradients: Gradients, lettered: Lettered, shapes: Shapes
    ) -> None:
        self._problem, self._gradients = problem, gradients
        self._lettered, self._shapes = lettered, shapes
        self._asked = [name.name for name in problem.wrt]

    @property
    def _target(self) -> str:
        return self._gradients.target

    def _paper(self, form: Expression) -> Expression:
        return as_on_paper(form, self._shapes)

    # ------------------------------------------------------------------------------ what is shown

    def blocks(self) -> Iterator[Block]:
        yield from self._statement()
        yield from self._entries()
        for name, gradient in self._gradients.found.items():
            yield from self._stage(name, gradient)
        yield from self._results()

    def _statement(self) -> Iterator[Block]:
        rows = [
            (Name(s.name), _shape_words(self._shapes.known[s.name])) for s in self._problem.shapes
        ]
        yield Table(("quantity", "shape"), tuple(rows), Detail.BRIEF)
        written = self._problem._written.items()
        yield self._lines((name, part.expression) for name, part in written)
        yield Text((_LAYOUTS[self._problem.layout],), Detail.BRIEF)
        for told in self._problem.conditions:
            yield Text(_condition_words(told), Detail.BRIEF)

    def _lines(
        self, lines: Iterable[tuple[str, Expression]], detail: Detail = Detail.BRIEF
    ) -> Block:
        return Lines(tuple(Worked(n, self._paper(form)) for n, form in lines), detail=detail)

    def _entries(self) -> Iterator[Block]:
        added = self._lettered.added
        if added:
            yield Text(("With letters for the inner parts:",))
            yield self._lines(self._gradients.lines.items(), Detail.NORMAL)
        yield Section(("In index notation",), Detail.NORMAL)
        for name in self._gradients.lines:
            yield Equation(self._gradients.in_entries(name), detail=Detail.NORMAL)

    def _stage(self, name: str, gradient: Gradient) -> Iterator[Block]:
        yield Section(("By ", Name(name)), Detail.NORMAL)
        yield Chain(gradient.steps)
        if gradient.matrix is None:
            if gradient.free:
                yield Text((f"With {len(gradient.free)} free indices it stays in index notation.",))
            return
        called: tuple[Expression, ...] = (Name(gradient.name),)
        if gradient.letter:
            called = (Name(gradient.letter), *called)
        form = self._paper(gradient.matrix)
        yield Text(self._introduced(name, form))
        yield Equation((*called, form), detail=Detail.NORMAL)

    def _introduced(self, name: str, form: Expression) -> tuple[str | Expression, ...]:
        """The words before a matrix form: the shape of every factor, and of the whole."""
        factors = [f for f in dict.fromkeys(_factors(form)) if self._shapes.of(f).rank]
        if len(factors) < 2:
            return ("In matrix form:",)
        parts: list[str | Expression] = ["In matrix form, where "]
        for factor in factors:
            parts += [factor, f" is {self._shapes.of(factor)}, "]
        whole = self._shapes.of(form)
        if whole == self._shapes.known[name] and whole.rank:
            return (*parts, f"and the whole {whole}, as ", Name(name), ":")
        return (*parts, f"and the whole {whole}:")

    def _results(self) -> Iterator[Block]:
        yield Section(("Result",))
        for name in self._asked:
            gradient = self._gradients.found.get(name)
            if gradient is None:
                yield Text(
                    (f"{self._target} does not depend on ", Name(name), ": its derivative is 0."),
                    Detail.BRIEF,
                )
            elif gradient.matrix is None:
                left = Apply("diff", self._gradients._of, self._entry_of(gradient))
                yield Result((left, gradient.entry))
            else:
                yield Result((Name(gradient.name), self._paper(self._laid_out(gradient))))
        used = [g for g in self._gradients.found.values() if g.letter and self._is_used(g)]
        for gradient in used:
            assert gradient.matrix is not None
            form = self._paper(gradient.matrix)
            sides = (Name(gradient.letter), " = ", Name(gradient.name), " = ", form)
            yield Text(("with ", *sides), Detail.BRIEF)
        for name, form in self._lettered.added.items():
            yield Text(("with ", Name(name), " = ", self._paper(form)), Detail.BRIEF)

    def _is_used(self, gradient: Gradient) -> bool:
        return any(
            g.matrix is not None and gradient.letter in names(g.matrix)
            for g in self._gradients.found.values()
        )

    def _laid_out(self, gradient: Gradient) -> Expression:
        """The matrix form the way round that the layout asks for."""
        assert gradient.matrix is not None
        is_scalar = not self._shapes.known[self._target].rank
        turned = "numerator" if is_scalar else "denominator"
        if self._problem.layout == turned:
            return transposed(gradient.matrix, self._shapes)
        return gradient.matrix

    def _entry_of(self, gradient: Gradient) -> Expression:
        own = gradient.free[self._shapes.known[self._target].rank :]
        return Item(Name(gradient.by), *map(Name, own)) if own else Name(gradient.by)

    # ------------------------------------------------------------------------------ the answers

    def answers(self) -> dict[str, Expression]:
        """The answers asked for, without letters where they stay readable."""
        found: dict[str, Expression] = {}
        for name in self._asked:
            gradient = self._gradients.found.get(name)
            called = f"d{self._target}/d{name}"
            if gradient is None:
                found[called] = Number("0")
            elif gradient.matrix is None:
                found[called] = gradient.entry
            else:
                found[called] = in_plain_language(self._without_letters(self._laid_out(gradient)))
        return found

    @cached_property
    def _definitions(self) -> dict[str, Expression]:
        """What every letter and every gradient's name stands for."""
        known = dict(self._lettered.added)
        if self._problem.expression is not None:  # the target's name is ours, not the author's
            known[self._target] = self._gradients.lines[self._target]
        for gradient in self._gradients.found.values():
            if gradient.matrix is not None:
                known[gradient.letter or gradient.name] = gradient.matrix
        return known

    def _without_letters(self, form: Expression) -> Expression:
        while not self._definitions.keys().isdisjoint(names(form)):
            fuller = substitute(form, self._definitions)
            if fuller.size > _LARGEST:
                return form
            form = fuller
        return form

    # ------------------------------------------------------------------------------ the checks

    @cached_property
    def _oracle(self) -> TensorOracle:
        lines = {**self._definitions, **self._gradients.lines}
        shapes = {n: s for n, s in self._shapes.known.items() if n in lines or n in self._given}
        conditions = [_CONDITIONS[c.kind](c.name) for c in self._problem.conditions]
        return TensorOracle(shapes, lines, (), conditions)

    @property
    def _given(self) -> set[str]:
        return {s.name for s in self._problem.shapes}

    def checks(self) -> Iterator[Check]:
        """Every step and every matrix form at random tensors; every gradient by differences."""
        oracle = self._oracle
        for name, gradient in self._gradients.found.items():
            pairs = [(s.rule, s.before, s.after) for s in gradient.steps]
            free = gradient.free
            claimed: Expression = gradient.entry
            if gradient.matrix is not None:
                claimed = Item(gradient.matrix, *map(Name, free)) if free else gradient.matrix
                pairs.append(("matrix form", gradient.entry, claimed))
            yield from oracle.steps(gradient.name, pairs, free)
            if name in self._asked:
                by = self._entry_of(gradient)
                yield oracle.gradient(gradient.name, self._gradients._of, by, claimed, free)
            if gradient.matrix is not None:
                yield oracle.both(gradient.name, gradient.matrix)
        for name in self._asked:
            if name not in self._gradients.found:
                yield self._check_of_nothing(name)
        yield from self._checks_of_letters()

    def _check_of_nothing(self, name: str) -> Check:
        free = ("i", "j", "k", "l")
        of, by = self._shapes.known[self._target], self._shapes.known[name]
        places = list(map(Name, free[: of.rank + by.rank]))
        target = Item(Name(self._target), *places[: of.rank]) if of.rank else Name(self._target)
        variable = Item(Name(name), *places[of.rank :]) if by.rank else Name(name)
        indices = free[: len(places)]
        called = f"d{self._target}/d{name}"
        return self._oracle.gradient(called, target, variable, Number("0"), indices)

    def _checks_of_letters(self) -> Iterator[Check]:
        """Lines with letters against the lines as they were written."""
        for name, part in self._problem._written.items():
            if self._gradients.lines[name] != part.expression:
                shape = self._shapes.known[name]
                yield self._oracle.same(name, Name(name), part.expression, shape)


def _factors(form: Expression) -> Iterator[Expression]:
    """The names that a matrix form is made of, with their transposes, and its functions."""
    match form:
        case Name():
            yield form
        case Apply(operation="T" | "inv", arguments=(Name(),)):
            yield form
        case Apply(operation=operation, arguments=(Name() | Number(),)) if operation not in (
            "neg",
        ):
            yield form
        case Apply(arguments=arguments):
            for argument in arguments:
                yield from _factors(argument)


def _shape_words(shape: Shape) -> str:
    if shape.rank == 1:
        return f"{shape}, a {'row' if shape.row else 'column'}"
    return str(shape)


def _condition_words(told: Condition) -> tuple[str | Expression, ...]:
    name = Name(told.name)
    match told.kind:
        case "symmetric":
            return (name, " is symmetric: ", Apply("T", name), " = ", name, ".")
        case "one-hot":
            return (name, " is one-hot: one entry is 1, the others are 0.")
    return ("The entries of ", name, " sum to 1.")
