"""A worksheet of arrays being written: lines and backward passes in any order, with words between.

A kind writes lines as text in the expression language, in the order of the page; what it differentiates
becomes further lines, and so do the updates that use them. Sizes are worked out as lines are written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from stepsolve.checking.arrays import work
from stepsolve.checking.jacobians import Jacobian
from stepsolve.derivation import Block, Check, Detail, Equation, Section, Text
from stepsolve.errors import InvalidProblem, StepsolveError
from stepsolve.notation.names import gradient_name
from stepsolve.notation.tree import Apply, Expression, Name, Number, names
from stepsolve.operations.array_operation import Dims
from stepsolve.operations.dimensions import Dimensions, Sized
from stepsolve.operations.shapes import Misfit
from stepsolve.source.data import Node
from stepsolve.source.expression import parse
from stepsolve.source.quantities import WrittenLine
from stepsolve.source.report import Report
from stepsolve.worksheet.backward import Graph
from stepsolve.worksheet.lines import BACKWARD, FORWARD, Line, Worksheet
from stepsolve.worksheet.sheet_parts import Given, Item, Later, Pass, Value, Written
from stepsolve.worksheet.stretches import put_together
from stepsolve.worksheet.vector_jacobian import ONE, Contribution, VectorJacobian, added

if TYPE_CHECKING:
    from stepsolve.worksheet.solved import Solved

APART = Text(())
_MOST_ENTRIES = 100_000_000  # of all lines: 800 MB
_MOST_WORK = 5_000_000_000  # operations on numbers: a few seconds, with the checks
_LISTED = 4  # users of a name that are told before "..."


class Sheet:
    """Given quantities, and what is written below them; `work` counts its operations on numbers."""

    def __init__(self) -> None:
        self.given: dict[str, Given] = {}
        self.lines: dict[str, Line] = {}
        self.items: list[Written] = []
        self.passes: list[Pass] = []
        self.jacobians: list[Jacobian] = []
        self.results: list[str] = []
        self.equalities: list[tuple[str, Expression]] = []
        self.confirmations: list[Callable[[Solved], Iterable[Check]]] = []
        self.hidden: set[str] = set()
        self.detail = Detail.BRIEF
        """At least how much detail shows what is written from now on."""
        self.dimensions = Dimensions({}, {})
        self.work = 0
        """About how many operations the lines take, each entry by itself."""
        self._entries = self._total = 0
        self._integers: dict[str, int] = {}
        self._named: dict[Expression, str] = {}
        self._places: dict[str, Node] = {}
        self._works: dict[Sized, tuple[int, int]] = {}
        self.rate = ""
        """The learning rate, to which a line without a value is put down if it hangs on it."""
        self.advice = "the steps may be too long: take a smaller rate"

    def give(self, name: str, value: Value, dims: Dims, place: Node | None = None) -> None:
        """A given quantity."""
        self.given[name] = Given(value, dims, place)
        if isinstance(value, Number) and value.text.isdecimal() and len(value.text) < 10:
            self._integers[name] = int(value.text)
            self.dimensions.integers = self._integers
        self.dimensions.known[name] = dims
        if place is not None:
            self._places[name] = place

    def hide(self, *names_: str) -> None:
        """Names that are worked out and checked but not shown, and neither are their gradients."""
        self.hidden.update(names_)

    def with_values(self, values: Mapping[str, np.ndarray[Any, Any]]) -> Sheet:
        """The same sheet with numbers for some of its symbols."""
        other = copy(self)
        other.given = {
            name: given._replace(value=values[name]) if name in values else given
            for name, given in self.given.items()
        }
        return other

    def draft(self) -> Sheet:
        """An empty sheet with the same given quantities: lines that are to be written again."""
        other = Sheet()
        for name, given in self.given.items():
            other.give(name, *given)
        other.detail = self.detail
        return other

    def section(self, *parts: str | Expression, detail: Detail = Detail.BRIEF) -> None:
        """A heading; it replaces one that nothing stands under."""
        self.heading(Section(parts, max(detail, self.detail)))

    def heading(self, heading: Section) -> None:
        """The same as it is."""
        if self.items and isinstance(self.items[-1], Section):
            self.items.pop()
        self.items.append(heading)

    def text(self, *parts: str | Expression, detail: Detail = Detail.NORMAL) -> None:
        """A sentence of words and expressions."""
        self.items.append(Text(parts, max(detail, self.detail)))

    def block(self, block: Block | Later) -> None:
        """A block, or a function from the solved sheet to blocks."""
        self.items.append(block)

    def line(
        self,
        name: str,
        expression: str | Expression,
        because: str = "",
        place: Node | None = None,
        detail: Detail = Detail.BRIEF,
    ) -> None:
        """A line, name = expression. Raises `InvalidProblem` where sizes do not fit."""
        tree = _parsed(expression) if isinstance(expression, str) else expression
        if place is not None:
            self._places[name] = place
        if name in self.lines or name in self.given:
            told = f"{name} is assigned twice"
            raise self._invalid(told, "names are assigned once", name)
        try:
            dims = self.dimensions.of_line(tree)
        except Misfit as error:
            raise self.misfit(name, tree, error) from None
        self._add(Line(name, tree, because, FORWARD, detail=max(detail, self.detail)), dims)
        if isinstance(tree, Apply):
            self._named.setdefault(tree, name)

    def written(self, lines: Iterable[WrittenLine]) -> None:
        """The lines of a file. Raises `InvalidProblem` with all that do not fit.

        Those that hang on another such line are left out of it.
        """
        report, wrong = Report(), set[str]()
        for line in lines:
            name = line.name.name
            if not wrong.isdisjoint(names(line.expression)):
                wrong.add(name)
                continue
            try:
                self.line(name, line.expression, line.because, line.written.node)
            except InvalidProblem as error:
                wrong.add(name)
                report.add(*error.diagnoses)
        report.raise_if_any()

    def equal(
        self, name: str, expression: str | Expression, detail: Detail | None = Detail.NORMAL
    ) -> None:
        """Another expression for a line: shown, unless `detail` is None, and confirmed to be equal."""
        tree = _parsed(expression) if isinstance(expression, str) else expression
        assert self.dimensions.of(tree) == self.dimensions.known[name]
        self.equalities.append((name, tree))
        if detail is not None:
            self.items.append(Equation((Name(name), tree), detail=detail))

    def confirm(self, checks: Callable[[Solved], Iterable[Check]]) -> None:
        """Checks of what is told beside the lines, once these are solved."""
        self.confirmations.append(checks)

    def jacobian(
        self, of: str, by: str, expression: str | Expression, because: str, lines: Iterable[str]
    ) -> str:
        """A line for the partial derivatives of a line by another quantity; gives its name.

        They are confirmed by moving that quantity and running `lines` again, nothing else.
        """
        name = f"∂{of}/∂{by}"
        self.line(name, expression, because)
        self.jacobians.append(Jacobian(name, of, by, tuple(lines)))
        return name

    def _add(self, line: Line, dims: Dims) -> None:
        self._entries += prod(dims)
        alone, at_once = self._work(line.expression)
        self.work, self._total = self.work + alone, self._total + at_once
        if self._entries > _MOST_ENTRIES or self._total > _MOST_WORK:
            told = f"at {line.name} the work becomes too large for a page"
            raise self._invalid(told, "make the arrays smaller", line.name, *names(line.expression))
        self.lines[line.name] = line
        self.dimensions.known[line.name] = dims
        last = self.items[-1] if self.items else None
        if isinstance(last, list):
            last.append(line)
        else:
            self.items.append([line])

    def _work(self, expression: Expression) -> tuple[int, int]:
        """About how many operations on numbers an expression takes, one by one and at once."""
        sized = self.dimensions.sized(expression)
        if sized is not None and sized in self._works:
            return self._works[sized]
        found = work(expression, self.dimensions), work(expression, self.dimensions, False)
        if sized is not None:
            self._works[sized] = found
        return found

    def result(self, *names_: str) -> None:
        """Names of lines that are the answers, set apart at the end."""
        self.results += [name for name in names_ if name not in self.results]

    def gradient(self, target: str, name: str, expression: str, because: str = "") -> None:
        """The gradient of a line by what it uses itself, in a form of its own; it is checked."""
        self._gradient(target, name, _parsed(expression), because)
        self.passes.append(Pass(target, {name: gradient_name(target, name)}, {name: [target]}, {}))

    def apart(self) -> None:
        """The next line begins a group of its own."""
        self.items.append(APART)

    def backward(
        self,
        target: str,
        wrt: Iterable[str] = (),
        seeds: Mapping[str, str] | None = None,
        heading: tuple[str | Expression, ...] | None = None,
        groups: Callable[[str], Block] | None = None,
    ) -> Pass:
        """Further lines: the gradients of a line by the names that it hangs on, `wrt` at the end.

        With `seeds`, gradients of a quantity `target` outside of the sheet by some of its lines.
        With `groups`, they stand under the block that it gives for each name, in the order in which
        these come up.
        """
        wrt = tuple(wrt) or tuple(n for n in self.given if n not in self.dimensions.counted)
        if heading is None:
            heading = ("Backward pass from ", Name(target))
        if heading:
            self.section(*heading)
        above = {name: _parsed(text) for name, text in (seeds or {}).items()}
        if target in self.lines and self.dimensions.known[target] != ():
            told = f"{target} is not a number: only a number has a gradient"
            raise self._invalid(told, "sum its entries, or compare them with a target", target)
        graph = Graph(
            Worksheet(dict.fromkeys(self.given), tuple(self.lines.values())),
            target,
            wrt,
            tuple(above),
        )
        gradients = {n: gradient_name(target, n) for n in reversed(graph.active) if n != target}
        self.apart()
        start = len(self.items)
        self._differentiate(graph, above)
        idle = tuple(name for name in wrt if name not in gradients)
        for name in idle:
            dims = self.dimensions.known[name]
            zero = Apply("zeros", *(Number(str(k)) for k in dims)) if dims else Number("0")
            self._gradient(target, name, zero, f"{target} does not hang on {name}")
        if groups is not None:
            self._group(start, gradients, groups)
        done = Pass(target, gradients, graph.consumers, above, idle)
        self.passes.append(done)
        return done

    def _group(
        self, start: int, gradients: Mapping[str, str], groups: Callable[[str], Block]
    ) -> None:
        """Lines from an item on under the blocks of their names, given quantities last."""
        of = {title: name for name, title in gradients.items()}
        found: dict[Block, list[Line]] = {}
        for item in self.items[start:]:
            assert isinstance(item, list)  # nothing but lines is written there
            line: Line
            for line in item:
                found.setdefault(groups(of[line.name]), []).append(line)
        ends = [block for block, lines in found.items() if of[lines[-1].name] in self.given]
        order = [block for block in found if block not in ends] + ends
        self.items[start:] = [part for block in order for part in (block, found[block])]

    def _differentiate(self, graph: Graph, above: Mapping[str, Expression]) -> None:
        """Reverse accumulation (Rumelhart, Hinton, Williams 1986): users before what they use."""
        rules = VectorJacobian(self.dimensions, self._named)
        parts: dict[str, list[Contribution]] = {name: [] for name in graph.active}
        for name, seed in above.items():
            parts.setdefault(name, []).append(Contribution(seed, "given from above"))
        waiting = {name: len(users) for name, users in graph.consumers.items()}
        for name in graph.active:
            if not waiting[name] and name in above:
                self._sum(graph, name, parts[name])
        for name in reversed(graph.active):
            if name not in graph.arguments:
                continue
            upstream = ONE if name == graph.target else Name(gradient_name(graph.target, name))
            expression = self.lines[name].expression
            found = rules.contributions(name, expression, upstream, graph.arguments[name])
            for argument in graph.arguments[name]:
                if argument in found:
                    parts[argument].append(found[argument])
                waiting[argument] -= 1
                if not waiting[argument]:
                    self._sum(graph, argument, parts[argument])

    def _sum(self, graph: Graph, name: str, parts: list[Contribution]) -> None:
        dims = self.dimensions.known[name]
        if not parts:  # every use is one without a gradient, such as argmax
            zero = Apply("zeros", *(Number(str(k)) for k in dims)) if dims else Number("0")
            self._gradient(graph.target, name, zero, "no use of it has a gradient")
            return
        users = graph.consumers[name]
        because = parts[0].because
        note = self._factors(parts[0].expression) if len(parts) == 1 else ""
        expressions = [part.expression for part in parts]
        total = added(expressions, dims)
        if put_together(expressions, dims) is not None:
            because = f"each part of {name} gets its own gradient back"
        elif len(users) > 1:
            shown = [*users[:_LISTED], "..."] if len(users) > _LISTED + 2 else users[:-1]
            because = f"{name} feeds {', '.join(shown)} and {users[-1]}, and the paths add"
        self._gradient(graph.target, name, total, because, note)

    def _factors(self, expression: Expression) -> str:
        """The sizes of the factors of a matrix product: why the transpose stands where it stands."""
        match expression:
            case Apply(operation="@" | "outer" as operation, arguments=(left, right)):
                one, other = self.dimensions.of(left), self.dimensions.of(right)
                if operation == "outer":
                    one, other = (*one, 1), (1, *other)
                first: Dims = one if len(one) == 2 else (1, *one)
                second: Dims = other if len(other) == 2 else (*other, 1)
                sizes = [" × ".join(map(str, dims)) for dims in (first, second)]
                return f"{sizes[0]} times {sizes[1]}"
        return ""

    def _gradient(
        self, target: str, name: str, expression: Expression, because: str, note: str = ""
    ) -> None:
        title = gradient_name(target, name)
        if expression == Name(title):  # given from above under its own name
            self.dimensions.known.setdefault(title, self.dimensions.known[name])
            return
        if name in self.hidden:
            self.hidden.add(title)
        line = Line(title, expression, because, BACKWARD, "gradient", note, detail=self.detail)
        self._add(line, self.dimensions.known[name])

    def misfit(self, line: str, tree: Expression, error: Misfit) -> InvalidProblem:
        """Sizes that do not fit, at their place in the file."""
        if line in self._places and self._places[line].value is not None:
            node = self._places[line]
            return InvalidProblem(node.diagnose(error.message, error.hint, error.part.span))
        return self._invalid(error.message, error.hint, *names(error.part))

    def _invalid(self, message: str, hint: str, *concerned: str) -> InvalidProblem:
        """An error at the first place of what it concerns."""
        node = next((self._places[n] for n in concerned if n in self._places), None)
        if node is None:
            return InvalidProblem(message)
        return InvalidProblem(node.diagnose(message, hint))

    def wrong_value(self, line: str, node: Expression, reason: str) -> StepsolveError:
        """A line without a value, at its place or at the first one that it hangs on."""
        concerned = [name for name in self._below(line) if name in self._places]
        learned = self.rate in concerned
        told, hint = f"{line}: {reason}", self.advice if learned else ""
        if line in self._places:
            return InvalidProblem(self._places[line].diagnose(told, hint, node.span))
        if concerned:
            first = self.rate if learned else concerned[0]
            return InvalidProblem(self._places[first].diagnose(told, hint))
        return InvalidProblem(f"{line}: {reason}")

    def _below(self, line: str) -> Iterator[str]:
        """A line and all that it hangs on, what is nearest first."""
        found = {line: None}
        for name in (waiting := [line]):
            yield name
            if name in self.lines:
                fresh = [used for used in names(self.lines[name].expression) if used not in found]
                found |= dict.fromkeys(fresh)
                waiting += fresh

    @property
    def groups(self) -> Iterator[Item]:
        """The blocks in order, consecutive lines together."""
        for item in self.items:
            yield tuple(item) if isinstance(item, list) else item


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    return parse(text)
