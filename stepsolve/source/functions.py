"""Expressions that call functions of the problem itself: `logit(p) = log(p / (1 - p))`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from stepsolve.errors import ExpressionError, nearest
from stepsolve.notation.indices import bounds, is_summation
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names, walk
from stepsolve.operations.table import ALIASES, CONSTANTS, OPERATIONS, row_of
from stepsolve.source.data import Node
from stepsolve.source.expression import parse, parse_definition
from stepsolve.source.fields import written
from stepsolve.source.quantities import Written
from stepsolve.source.report import Report

MAX_SIZE = 300  # nodes of an expression with the functions written out
MAX_TERMS = 20  # of a sum with bounds
_LARGEST_BOUND = 1000
_COUNTED = 10**6  # nodes up to which they are counted


class WrittenFunction(NamedTuple):
    """`name(parameters) = body`."""

    name: str
    parameters: tuple[str, ...]
    body: Written


class FunctionReader:
    """Reads definitions, then expressions that use them; every mistake goes into the report.

    `left_open` are functions of one argument that have no definition; `indexed` says that entries
    `x[i]` and sums over all values of an index, `sum(x[i], i)`, may occur.
    """

    def __init__(
        self, report: Report, left_open: Iterable[str] = (), *, indexed: bool = False
    ) -> None:
        self._report, self._is_indexed = report, indexed
        self._counts = dict.fromkeys(left_open, 1)
        self._weights: dict[str, tuple[int, tuple[int, ...]]] = {}
        self.functions: dict[str, WrittenFunction] = {}

    def define(self, node: Node) -> None:
        """Read `name(parameters) = expression`; what follows may call it."""
        try:
            found = parse_definition(written(node), self._counts)
        except ExpressionError as wrong:
            self._report.add(node.diagnose(wrong.message, wrong.hint, (wrong.start, wrong.end)))
            return
        called, body = found.name.name, Written(found.expression, node)
        parameters = tuple(p.name for p in found.parameters)
        self.check_free(called, node)
        if called in self._counts:
            self._report.add(body.diagnose(f"{called} is defined twice", found.name))
        if not parameters:
            hint = f"write {called}(x) = ..."
            self._report.add(body.diagnose(f"{called} has no argument", found.name, hint))
        for k, parameter in enumerate(found.parameters):
            if parameter.name in parameters[:k]:
                message = f"{parameter.name} stands for two things"
                self._report.add(body.diagnose(message, parameter))
        for other, part in names(found.expression).items():
            if parameters and other not in parameters and other not in CONSTANTS:
                hint = nearest(other, parameters)
                self._report.add(body.diagnose(f"{other} is no argument of {called}", part, hint))
        if self._is_scalar(body) and self._fits(body):
            self._weights[called] = self._weight(found.expression, parameters)
        self._counts[called] = len(parameters)
        self.functions[called] = WrittenFunction(called, parameters, body)

    def check_free(self, called: str, node: Node) -> None:
        """Report a name that means something already."""
        if row_of(called) or called in ALIASES or called in CONSTANTS or called == "diff":
            message = f"{called} has a meaning already"
            self._report.add(node.diagnose(message, "choose another name for it"))

    def expression(self, node: Node) -> Written | None:
        """The expression of a node, or None after reporting what is wrong with it."""
        try:
            found = Written(parse(written(node), self._counts), node)
        except ExpressionError as wrong:
            self._report.add(node.diagnose(wrong.message, wrong.hint, (wrong.start, wrong.end)))
            return None
        return found if self._is_scalar(found) and self._fits(found) else None

    def _is_scalar(self, found: Written) -> bool:
        for node in walk(found.expression):
            known = not node.children
            if isinstance(node, Apply) and node.operation == "diff":
                known = isinstance(node.arguments[1], Name)
            elif isinstance(node, Apply):
                known = node.operation in OPERATIONS or node.operation in self._counts
                if self._is_indexed and is_summation(node):
                    if not self._is_sum(node, found):
                        return False
                    known = True
            elif isinstance(node, Item):
                known = self._is_indexed and isinstance(node.base, Name)
                wrong = next((i for i in node.indices if not _is_index(i)), None)
                if known and wrong is not None:
                    message, hint = "this is no index", "as in x[i], x[n - m] or x[2]"
                    self._report.add(found.diagnose(message, wrong, hint))
                    return False
            if not known:
                what = node.operation if isinstance(node, Apply) else "a vector or an index"
                message = f"{what} has no place among scalars"
                self._report.add(found.diagnose(message, node))
                return False
        return True

    def _is_sum(self, node: Apply, found: Written) -> bool:
        """Whether a sum has no bounds or such that it can be written out; else it is reported."""
        if len(node.arguments) == 2:
            return True
        run, hint = bounds(node), "as in sum(k^2, k, 1, 4)"
        if run is None:
            symbols = sorted(n for bound in node.arguments[2:] for n in names(bound))
            message = "the bounds of a sum are whole numbers here: it is written out term by term"
            if symbols:
                message += f", which {symbols[0]} does not allow"
        elif any(isinstance(part, Item) for part in walk(node)):
            message, hint = (
                "a sum with bounds is one of numbers",
                "sum(x[k], k) is that of all entries",
            )
        elif not run:
            message, hint = "this sum is empty", "the lower bound comes first"
        elif len(run) > MAX_TERMS or abs(run.start) > _LARGEST_BOUND:
            message = f"a sum may have {MAX_TERMS} terms, from at most {_LARGEST_BOUND}"
        else:
            return True
        self._report.add(found.diagnose(message, node, hint))
        return False

    def _fits(self, found: Written) -> bool:
        size, _ = self._weight(found.expression, ())
        if size > MAX_SIZE:
            message = f"this has more than {MAX_SIZE} parts with its functions written out"
            self._report.add(found.diagnose(message))
        return size <= MAX_SIZE

    def _weight(self, node: Expression, parameters: tuple[str, ...]) -> tuple[int, tuple[int, ...]]:
        """The nodes of an expression written out, and how often each parameter occurs in it."""
        if isinstance(node, Name) and node.name in parameters:
            return 0, tuple(int(p == node.name) for p in parameters)
        below = [self._weight(child, parameters) for child in node.children]
        own, times = 1, (1,) * len(below)
        if isinstance(node, Apply) and node.operation in self._weights:
            own, times = self._weights[node.operation]
        run = bounds(node)
        if run is not None:
            times = (len(run), *times[1:])
        pairs = list(zip(times, below, strict=True))
        size = own + sum(t * inner for t, (inner, _) in pairs)
        uses = (sum(t * used[k] for t, (_, used) in pairs) for k in range(len(parameters)))
        return min(size, _COUNTED), tuple(min(used, _COUNTED) for used in uses)


def _is_index(expression: Expression) -> bool:
    """Whether an index is made of letters and whole numbers by sums."""
    match expression:
        case Number(text=text):
            return text.isdecimal() and len(text) < 4
        case Apply(operation="+" | "-" | "neg", arguments=parts):
            return all(map(_is_index, parts))
    return isinstance(expression, Name)
