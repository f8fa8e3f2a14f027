"""Derivatives by vectors and matrices: in index notation, rule by rule, and back in matrix form.

Each product is written out as a sum over indices and differentiated entry by entry; sums over
Kronecker deltas collapse, and what is left is read as products of matrices. Vectors are columns
unless the file says `vectors: rows`; sizes are letters or numbers, and all quantities are without
units. The page names its layout: which way round a gradient and a Jacobian are written.

Source: Petersen, Pedersen, The Matrix Cookbook (2012), ch. 2; Magnus, Neudecker, Matrix Differential
Calculus with Applications in Statistics and Econometrics, 3rd ed. (2019), ch. 9.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

from stepsolve.calculus.gradients import Gradients
from stepsolve.calculus.matrix_letters import Lettered
from stepsolve.checking.scenes import Condition as Drawing
from stepsolve.derivation import Derivation
from stepsolve.errors import InvalidProblem, StepsolveError, nearest
from stepsolve.notation.names import free_name
from stepsolve.notation.shapes import SCALAR, Shape
from stepsolve.notation.tree import Apply, Expression, Name, names, walk
from stepsolve.operations.shapes import Shapes
from stepsolve.operations.table import CONSTANTS
from stepsolve.problem import Problem
from stepsolve.source.fields import choice, entry, mapping_of, one_or_list
from stepsolve.source.fields import name as any_name
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
from stepsolve.worksheet.tensor_softmax import Statement
from stepsolve.worksheet.tensors import CONDITIONS, LAYOUTS, TensorPage


class Stated(NamedTuple):
    """The lines of a problem, with letters for their inner parts, and what is known of their names.

    `given` are the shapes of names without a line; `letters` are short names of gradients.
    """

    given: Mapping[str, Shape]
    lines: Mapping[str, Expression]
    target: str
    is_scalar: bool
    by: tuple[str, ...]
    conditions: tuple[Drawing, ...]
    letters: Mapping[str, str]


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
        "The expression: @ is the matrix product, .T the transpose; * and functions work entry by "
        "entry. f, g and h are functions that are left open.",
        default=None,
        examples=("v.T @ f(W @ x + b)",),
    )
    lines: tuple[WrittenLine, ...] = entry(
        lines,
        "Instead of an expression: lines in order, of which the last is differentiated. Its parts keep "
        "their names in the answer.",
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
        choice(*LAYOUTS),
        "Which way round derivatives are written; mixed gives gradients the shape of the variable "
        "and Jacobians a row for every output.",
        default="mixed",
        examples=("mixed",),
    )
    by: str = entry(
        choice("deltas", "cases"),
        "How softmax is differentiated: in one sweep with Kronecker's delta, or by the cases of equal "
        "and of different indices.",
        default="deltas",
        examples=("cases",),
    )
    upstream: dict[str, WrittenName] = entry(
        mapping_of(any_name, written_name),
        "Instead of a scalar at the end: the last line, and the name of a number's gradient by it.",
        default={},
        examples=({"s": "g"},),
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
            return {free_name(("s", "J", "L", "y", "F"), taken): self.expression}
        return {line.name.name: line.written for line in self.lines}

    # ------------------------------------------------------------------------------ what is wrong

    def check(self, report: Report) -> None:
        if (self.expression is None) == (not self.lines):
            told = "a matrix derivative needs one of expression or lines"
            raise InvalidProblem(self.node_of("expression", "lines").diagnose(told))
        self._check_names(report)
        self._check_conditions(report)
        self._check_upstream(report)
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
            elif name.name == list(self._written)[-1] and not self.upstream:
                report.add(name.node.diagnose(f"{name.name} is what is differentiated"))
            asked.add(name.name)

    def _check_used(self, part: Written, ready: set[str], report: Report) -> None:
        sizes = [str(size) for shape in self._known.values() for size in shape.sizes]
        for node in filter(_is_sized, walk(part.expression)):
            for name, place in names(node).items():
                if name not in sizes:
                    hint = nearest(name, sizes)
                    report.add(part.diagnose(f"{name} is not a size here", place, hint))
        for name, node in _quantities(part.expression).items():
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

    def _check_upstream(self, report: Report) -> None:
        last = list(self._written)[-1]
        for line, name in self.upstream.items():
            if line != last:
                report.add(name.node.diagnose(f"upstream names the last line, {last}, not {line}"))
            if name.name in {*self._known, *self._written}:
                report.add(name.node.diagnose(f"{name.name} is there already"))

    def _check_shapes(self, report: Report) -> None:
        known = Shapes(self._known, OPEN_FUNCTIONS)
        unknown: set[str] = set()
        for name, part in self._written.items():
            if not unknown.isdisjoint(names(part.expression)):
                unknown.add(name)  # what is wrong there may come from above
                continue
            wrong = known.misfits(part.expression)
            report.add(*(part.diagnose(e.message, e.part, e.hint) for e in wrong))
            if wrong:
                unknown.add(name)
            else:
                known.known[name] = known.of(part.expression)

    def _check_derivation(self, report: Report) -> None:
        last = next(reversed(self._written.values()))
        try:
            has_values = self._page.has_values
        except StepsolveError as error:
            report.add(last.diagnose(str(error)))
            return
        if not has_values:
            target = list(self._written)[-1]
            hint = (
                "random numbers of either sign were put in: is it outside a domain, or too large?"
            )
            told = f"{target} and its derivatives have no value at any vectors and matrices tried"
            report.add(last.diagnose(told, hint=hint))

    # ------------------------------------------------------------------------------ the derivation

    @cached_property
    def _lines(self) -> dict[str, Expression]:
        return {name: part.expression for name, part in self._written.items()}

    @cached_property
    def _solved(self) -> tuple[Gradients, Lettered, Shapes]:
        symmetric = [c.name for c in self.conditions if c.kind == "symmetric"]
        known = Shapes(self._known, OPEN_FUNCTIONS, symmetric)
        for name, form in self._lines.items():
            known.known[name] = known.of(form)
        lines = {**self._lines, **self._surrogate(known)}
        asked = [n.name for n in self.wrt]
        # f as a function leaves no f for a letter
        lettered = Lettered(lines, known, asked, {f.rstrip("'") for f in OPEN_FUNCTIONS})
        ones = [c.name for c in self.conditions if c.kind != "symmetric"]
        gradients = Gradients(lettered.lines, known, asked, (), ones, self._upstream)
        return gradients, lettered, known

    @property
    def _upstream(self) -> dict[str, str]:
        return {line: name.name for line, name in self.upstream.items()}

    @cached_property
    def _hidden(self) -> str:
        """The name of the number that hangs on the last line, if its gradient there is given."""
        if not self.upstream:
            return ""
        taken = {*self._known, *self._written, *self._upstream.values()}
        return next(name for name in ("s", "J", "L", "F", "s_1") if name not in taken)

    def _surrogate(self, known: Shapes) -> dict[str, Expression]:
        """A number with the given gradient: what holds for it holds for every other such number."""
        found: dict[str, Expression] = {}
        for line, letter in self._upstream.items():
            shape = known.known[letter] = known.known[line]
            product = Apply("*", Name(letter), Name(line))
            found[self._hidden] = Apply("sum", product) if shape.rank else product
            known.known[self._hidden] = SCALAR
        return found

    @property
    def stated(self) -> Stated:
        """What others need to work the same lines out with numbers."""
        gradients, lettered, known = self._solved
        given = [*(s.name for s in self.shapes), *self._upstream.values()]
        found = gradients.found.values()
        return Stated(
            {name: known.known[name] for name in given},
            lettered.lines,
            gradients.target,
            not known.known[gradients.target].rank,
            tuple(name.name for name in self.wrt),
            tuple(CONDITIONS[c.kind](c.name) for c in self.conditions),
            {g.letter: g.name for g in found if g.letter and g.letter not in given},
        )

    @cached_property
    def _page(self) -> TensorPage:
        gradients, lettered, known = self._solved
        stated = Statement(
            tuple(s.name for s in self.shapes),
            self._lines,
            tuple(name.name for name in self.wrt),
            tuple((c.kind, c.name) for c in self.conditions),
            self.layout,
            self.by == "cases",
            self._upstream,
            self._hidden,
            self.expression is not None,
        )
        return TensorPage(stated, gradients, lettered.added, known)

    def derive(self) -> Derivation:
        page = self._page
        return Derivation(
            self.title or f"Derivative of {self._solved[0].target}",
            self.kind,
            tuple(page.blocks()),
            {},
            page.answers(),
            tuple(page.checks()),
            self.shown,
        )


def _quantities(expression: Expression) -> dict[str, Name]:
    """The names in an expression in order, without the letters of sizes, as in `eye(n)`."""
    if isinstance(expression, Name):
        return {expression.name: expression}
    found: dict[str, Name] = {}
    if not _is_sized(expression):
        for part in expression.children:
            for name, node in _quantities(part).items():
                found.setdefault(name, node)
    return found


def _is_sized(expression: Expression) -> bool:
    return isinstance(expression, Apply) and expression.operation in ("eye", "ones")
