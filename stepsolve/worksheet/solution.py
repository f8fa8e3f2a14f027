"""From a worksheet to the parts of a page: values, backward pass, working, answers and checks.

Every kind that writes lines ends here; a kind adds its own words, tables and figures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property, partial, reduce
from itertools import groupby, islice, pairwise
from itertools import product as cartesian

from stepsolve.calculus.engine import Derivative
from stepsolve.calculus.tidy import tidy
from stepsolve.checking.precise import Precise, Value
from stepsolve.checking.rewrites import Sampler, check_steps
from stepsolve.checking.sampling import POINTS, candidates
from stepsolve.checking.worksheets import (
    GradientOracle,
    Gradients,
    check_values,
    precise_values,
    settled_values,
)
from stepsolve.derivation import Block, Cell, Check, Detail, Lines, Steps, Table, Text
from stepsolve.errors import OutsideDomain
from stepsolve.notation.names import gradient_name
from stepsolve.notation.numbers import Digits
from stepsolve.notation.tree import Apply, Expression, Name, names, substitute
from stepsolve.operations.forms import form_of, holes_of
from stepsolve.operations.table import CONSTANTS
from stepsolve.worksheet.backward import MAX_PATHS, Graph, backward
from stepsolve.worksheet.evaluation import evaluate, rounding_of
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.local import LocalGradients
from stepsolve.worksheet.working import Workings

_SHORT = 60  # lines of a backward pass up to which numbers, too, are answered with full formulas
_RULES = 24  # derivations of local gradients that are checked step by step, or shown on a long page
_SHOWN = 250  # lines of one pass that are shown where there are more than twice as many
_MANY = 40  # quantities beyond which a graph of symbols is confirmed at one point
_READABLE = 24  # nodes of a formula up to which it is an answer in itself


class Solution:
    """A worksheet solved: forward and, if a target is given, backward from it.

    `wrt` are the names the target is differentiated by; all given ones unless named. `values` are
    those of lines that are known already, in float64.
    Raises `LineError` where a line has no finite real value.
    """

    def __init__(
        self,
        worksheet: Worksheet,
        target: str | None = None,
        wrt: Iterable[str] = (),
        digits: Digits | None = None,
        values: Mapping[str, float] | None = None,
    ) -> None:
        self.forward = worksheet
        self.graph = Graph(worksheet, target, wrt) if target is not None else None
        self.backward = backward(self.graph) if self.graph else ()
        self.worksheet = worksheet.extended(self.backward)
        self.floats = evaluate(self.worksheet, values)
        self._digits = digits or Digits()

    @cached_property
    def _lines(self) -> dict[str, Expression]:
        return {line.name: line.expression for line in self.worksheet.lines}

    @cached_property
    def _settled(self) -> tuple[dict[str, Value], Precise]:
        return settled_values(self.worksheet.given, self._lines)

    @property
    def exact(self) -> dict[str, Value]:
        """The value of every name that has one, to 50 digits or more."""
        return self._settled[0]

    @property
    def precise(self) -> Precise:
        """The arithmetic of these values."""
        return self._settled[1]

    @cached_property
    def workings(self) -> Workings:
        """The lines with numbers put in."""
        return Workings(self.exact, self.precise, self._digits)

    @cached_property
    def gradients(self) -> dict[str, str]:
        """The name of the gradient by every name, the target's own first."""
        if self.graph is None:
            return {}
        target = self.graph.target
        return {name: gradient_name(target, name) for name in reversed(self.graph.active)}

    def forward_blocks(self) -> tuple[Block, ...]:
        """The lines as given, worked out."""
        lines = self.forward.lines
        shown = lines if self._whole else lines[:_SHOWN]
        worked = Lines(tuple(self.workings.line(line) for line in shown))
        return (worked, *_left_out(len(lines), len(shown)))

    @property
    def _whole(self) -> bool:
        """Whether every line stands on the page."""
        return len(self.worksheet.lines) <= 2 * _SHOWN

    def backward_blocks(self) -> tuple[Block, ...]:
        """The backward pass, gate by gate from the target."""
        lines = self.backward if self._whole else self.backward[:_SHOWN]
        return (*self._gates(lines), *_left_out(len(self.backward), len(lines)))

    def _gates(self, shown: tuple[Line, ...]) -> Iterator[Block]:
        ruled = 0
        for of, lines in groupby(_by_gate(shown), key=lambda pair: pair[0]):
            group = [line for _, line in lines]
            found = tuple(self.workings.line(line, self._formulas(line)) for line in group)
            if of:
                note = next(line.note for line in group if line.of == of)
                yield Lines(found, ("through ", Name(of), " = ", self._lines[of]), note)
            else:
                yield Lines(found)
            for line in group:
                if line.derive is not None and (self._whole or ruled < _RULES):
                    ruled += 1
                    yield Text(("The rules behind ", Name(line.name), ":"), Detail.FULL)
                    yield Steps((line.derive().step,), Detail.FULL)

    def _formulas(self, line: Line) -> tuple[Expression, ...]:
        """A gradient without a value: with the local gradients put in, and in full if readable."""
        if line.name in self.exact or isinstance(line.expression, Name):
            return ()
        sides = dict.fromkeys((self._with_locals(line), self._full[line.name]))
        return tuple(side for side in sides if side != line.expression)

    def _with_locals(self, line: Line) -> Expression:
        """A line of the backward pass with the local gradients put in."""
        inner = {
            name: self._lines[name]
            for name in names(line.expression)
            if name in self._backward and self._backward[name].role == "local"
        }
        return tidy(substitute(line.expression, inner))

    def answers(self, wanted: Iterable[str]) -> dict[str, Expression]:
        """The gradients by some names as formulas in the names of the worksheet.

        Where the formula in the given names alone is shorter, that one: 3 x^2 for q + 2 x^2.
        """
        asked = [self.gradients[name] for name in wanted]
        if len(self.backward) > _SHORT and asked and asked[0] in self.exact:
            return {name: self._with_locals(self._backward[name]) for name in asked}
        found = {name: self._full[name] for name in asked}
        for name, formula in found.items():
            if name in self.exact:
                continue
            closed = self._closed(formula)
            if closed is not None and closed.size < formula.size:
                found[name] = closed
        return found

    def _closed(self, formula: Expression) -> Expression | None:
        """A formula without the names of lines, while it is readable."""
        while formula.size <= 2 * _READABLE:
            used = [name for name in names(formula) if name in self._forward_lines]
            if not used:
                return tidy(formula)
            formula = substitute(formula, {name: self._forward_lines[name] for name in used})
        return None

    @cached_property
    def _full(self) -> dict[str, Expression]:
        """Every gradient with the local ones put in, and those from above while it is readable."""
        found: dict[str, Expression] = {}
        for line in self.backward:
            inner = {n: found[n] for n in names(line.expression) if n in found}
            full = tidy(substitute(line.expression, inner))
            found[line.name] = full if full.size <= _READABLE else self._with_locals(line)
        return found

    @cached_property
    def _backward(self) -> dict[str, Line]:
        return {line.name: line for line in self.backward}

    def paths(self, source: str) -> Table:
        """The ways from a name to the target, each with its product of local gradients."""
        assert self.graph is not None
        graph, indirect = self.graph, self.graph.indirect()
        rows: list[tuple[Cell, ...]] = []
        for path in list(graph.paths(source))[:MAX_PATHS]:
            edges = list(pairwise(path))[::-1]
            if not edges:  # the target itself
                continue
            product = _product(Name(graph.local_name(of, by, indirect)) for by, of in edges)
            # an input that stands twice in a gate is two paths
            for places in islice(cartesian(*(self._places(*edge) for edge in edges)), MAX_PATHS):
                rows.append((_arrows(path), product, tidy(_product(places))))
        return Table(("path", "local gradients along it", "product"), tuple(rows))

    def _places(self, by: str, of: str) -> tuple[Expression, ...]:
        """The local gradient of a line by an argument, for every place where it stands."""
        assert self.graph is not None
        (found,) = LocalGradients().of(self.graph.line(of), (by,))
        return found.parts or (found.expression,)

    @cached_property
    def quantities(self) -> dict[str, float]:
        """The value of every name that has one, rounded from the precise one."""
        return {name: float(value) + 0.0 for name, value in self.exact.items()}

    def checks(self) -> tuple[Check, ...]:
        """Every value by two libraries and every gradient by differences.

        Symbols get random values, at which the gradients are confirmed.
        """
        unsure = partial(rounding_of, self.worksheet, self.floats)
        found = check_values(list(self.exact), self.floats, self.quantities, unsure)
        found += self._checks_of_rules()
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

    def _checks_of_rules(self) -> tuple[Check, ...]:
        """The steps of every local gradient that took the rules of calculus."""
        found: list[Check] = []
        known = set(self.worksheet.names)
        for derivative, name in self._ruled():
            body, by = derivative.step.before.children
            assert isinstance(by, Name)
            full = substitute(body, derivative.definitions)
            used = [n for n in names(full) if n in known or n not in CONSTANTS]
            sampler = Sampler(full, used, derivative.definitions, self.precise, (by.name,))
            found += check_steps(name, (derivative.step,), sampler)
        return tuple(found)

    def _ruled(self) -> Iterator[tuple[Derivative, str]]:
        """The derivations of local gradients, of very many one for each form of line and gradient."""
        ruled = [line for line in self.backward if line.derive is not None]
        if len(ruled) > _RULES:  # their values are confirmed one by one
            forms: dict[object, Line] = {}
            for line in ruled:
                whole = self._forward_lines[line.of]
                place = {name: k for k, name in enumerate((*holes_of(whole), line.of))}
                places = tuple(place[name] for name in holes_of(line.expression))
                forms.setdefault((form_of(whole), form_of(line.expression), places), line)
            ruled = list(forms.values())
        for line in ruled[:: 1 + len(ruled) // _RULES]:
            if line.derive is not None:
                yield line.derive(), line.name

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
            if found == (POINTS if len(self.forward.names) <= _MANY else 1):
                return


def _by_gate(backward: Iterable[Line]) -> Iterator[tuple[str, Line]]:
    """Every line of the backward pass with the gate that it goes through."""
    gate = ""
    for line in backward:
        gate = line.of or gate
        yield gate, line


def _left_out(count: int, shown: int) -> tuple[Block, ...]:
    """What a long pass says of the lines that are not on the page."""
    if shown == count:
        return ()
    told = f"{count - shown} of {count} lines are left out here: they were worked out and checked "
    return (Text((told + "as well.",)),)


def _arrows(path: tuple[str, ...]) -> tuple[str | Expression, ...]:
    parts: list[str | Expression] = []
    for name in path:
        parts += [Name(name), " → "]
    return tuple(parts[:-1])


def _product(factors: Iterable[Expression]) -> Expression:
    return reduce(lambda left, right: Apply("*", left, right), factors)


def _severity(check: Check) -> tuple[bool, float]:
    return not check.passed, check.error
