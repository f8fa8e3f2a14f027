"""From a worksheet to the parts of a page: values, backward pass, working, answers and checks.

Every kind that writes lines ends here; a kind adds its own words, tables and figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import groupby

from stepsolve.calculus.tidy import tidy
from stepsolve.checking.precise import Precise, Value
from stepsolve.checking.sampling import POINTS, candidates
from stepsolve.checking.worksheets import (
    GradientOracle,
    Gradients,
    check_values,
    precise_values,
)
from stepsolve.derivation import Block, Check, Detail, Lines, Table, Text
from stepsolve.errors import OutsideDomain
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Apply, Expression, Name, names, substitute
from stepsolve.worksheet.backward import MAX_PATHS, Graph, backward, gradient_name
from stepsolve.worksheet.evaluation import evaluate
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.working import Workings

_READABLE = 40  # nodes of a formula up to which it is an answer in itself


class Solution:
    """A worksheet solved: forward and, if a target is given, backward from it.

    `wrt` are the names the target is differentiated by; all given ones unless named.
    Raises `LineError` where a line has no finite real value.
    """

    def __init__(
        self,
        worksheet: Worksheet,
        target: str | None = None,
        wrt: Iterable[str] = (),
        digits: Digits = Digits(),
    ) -> None:
        self.forward = worksheet
        self.graph = Graph(worksheet, target, wrt) if target is not None else None
        self.backward = backward(self.graph) if self.graph else ()
        self.worksheet = worksheet.extended(self.backward)
        self.floats = evaluate(self.worksheet)
        self.precise = Precise()
        self._lines = {line.name: line.expression for line in self.worksheet.lines}
        self.exact = precise_values(self.worksheet.given, self._lines, self.precise)
        self.workings = Workings(self.floats, self.exact, self.precise, digits)

    @property
    def gradients(self) -> dict[str, str]:
        """The name of the gradient by every name, the target's own first."""
        if self.graph is None:
            return {}
        target = self.graph.target
        return {name: gradient_name(target, name) for name in reversed(self.graph.active)}

    def forward_blocks(self) -> tuple[Block, ...]:
        """The lines as given, worked out."""
        return (Lines(tuple(self.workings.line(line) for line in self.forward.lines)),)

    def backward_blocks(self) -> Iterator[Block]:
        """The backward pass, gate by gate from the target."""
        locals_ = {line.name: line.expression for line in self.backward if line.role == "local"}
        for of, lines in groupby(self._by_gate(), key=lambda pair: pair[0]):
            found = tuple(self.workings.line(line, locals_) for _, line in lines)
            if of:
                yield Text(("through ", Name(of), " = ", self._lines[of]), Detail.NORMAL)
            yield Lines(found)

    def _by_gate(self) -> Iterator[tuple[str, Line]]:
        """Every line of the backward pass with the gate that it goes through."""
        gate = ""
        for line in self.backward:
            gate = line.of or gate
            yield gate, line

    def answers(self, wanted: Iterable[str]) -> dict[str, Expression]:
        """The gradients by some names as formulas in the names of the worksheet."""
        return {name: self._formula(name, {}) for name in (self.gradients[w] for w in wanted)}

    def _formula(self, name: str, done: dict[str, Expression]) -> Expression:
        """A gradient with the local gradients put in, and those from above while it is readable."""
        if name not in done:
            expression = self._lines[name]
            inner = {n: self._formula(n, done) for n in names(expression) if n in self._backward}
            full = tidy(substitute(expression, inner))
            if full.size > _READABLE:
                locals_ = {n: f for n, f in inner.items() if self._backward[n].role == "local"}
                full = tidy(substitute(expression, locals_))
            done[name] = full
        return done[name]

    @cached_property
    def _backward(self) -> dict[str, Line]:
        return {line.name: line for line in self.backward}

    def paths(self, source: str) -> Table:
        """The ways from a name to the target, each with its product of local gradients."""
        assert self.graph is not None
        graph, indirect = self.graph, self.graph.indirect()
        rows: list[tuple[str | Expression, ...]] = []
        for path in list(graph.paths(source))[:MAX_PATHS]:
            product: Expression | None = None
            for by, of in reversed(list(zip(path, path[1:], strict=False))):
                local = Name(graph.local_name(of, by, indirect))
                product = local if product is None else Apply("*", product, local)
            assert product is not None
            inner = {n: self._lines[n] for n in names(product)}
            rows.append((" → ".join(path), product, tidy(substitute(product, inner))))
        return Table(("path", "local gradients along it", "product"), tuple(rows))

    @property
    def quantities(self) -> dict[str, float]:
        return dict(self.floats)

    def checks(self) -> tuple[Check, ...]:
        """Every value by two libraries and every gradient by differences.

        Symbols get random values, at which the gradients are confirmed.
        """
        found = check_values(list(self.exact), self.floats, self.exact)
        if self.graph is None:
            return found
        gradients = Gradients(self.graph.target, self.gradients, self.graph.consumers)
        per_point = [
            GradientOracle(self._forward_lines, values, gradients, self.precise).checks()
            for values in self._points()
        ]
        if not per_point:
            note = "no values were found at which every line has one"
            return (*found, Check(self.graph.target, "differences", float("inf"), False, note))
        return found + tuple(max(same, key=_severity) for same in zip(*per_point, strict=True))

    @cached_property
    def _forward_lines(self) -> dict[str, Expression]:
        return {line.name: line.expression for line in self.forward.lines}

    def _points(self) -> Iterator[Mapping[str, Value]]:
        """The values at which gradients are confirmed: the given ones, or random ones for symbols."""
        symbols = [name for name, value in self.forward.given.items() if value is None]
        if not symbols:
            yield self.exact
            return
        found = 0
        for known in candidates(symbols, self.precise):
            try:
                values = precise_values(self.worksheet.given, self._lines, self.precise, known)
            except OutsideDomain:
                continue
            yield values
            found += 1
            if found == POINTS:
                return


def _severity(check: Check) -> tuple[bool, float]:
    return not check.passed, check.error
