"""Derivatives of closed forms: every partial derivative, rule by rule, and the form a textbook prints.

Each step names its rule and states it before it is used; inner functions get letters of their own.
With `at`, the value of the function and of every derivative at that point. All quantities are
scalars, without units.

Source: Stewart, Calculus, 8th ed., ch. 3 and 14.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, count
from typing import ClassVar, NamedTuple

from stepsolve.algebra import Judge
from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.textbook import textbook
from stepsolve.checking.precise import Precise, Value
from stepsolve.checking.rewrites import Sampler, check_derivative, check_steps, counted, flat
from stepsolve.checking.worksheets import (
    GradientOracle,
    Gradients,
    check_values,
    settled_values,
)
from stepsolve.derivation import (
    Block,
    Check,
    Derivation,
    Detail,
    Equation,
    Lines,
    Result,
    Section,
    Step,
    Steps,
    Text,
)
from stepsolve.errors import InvalidProblem, nearest
from stepsolve.notation.tree import Apply, Array, Expression, Name, names, replaced, walk
from stepsolve.operations.table import CONSTANTS, OPERATIONS
from stepsolve.problem import Problem
from stepsolve.source.fields import entry, one_or_list
from stepsolve.source.quantities import (
    Given,
    Written,
    WrittenLine,
    WrittenName,
    check_scalar,
    expression,
    given_values,
    line,
    lines,
    written_name,
)
from stepsolve.source.report import Report
from stepsolve.worksheet.backward import gradient_name
from stepsolve.worksheet.evaluation import LineError, evaluate
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.working import Workings

_LONG = 10  # nodes beyond which an inner function that recurs keeps its letter in the answer


class Function(NamedTuple):
    """`name(parameters) = body`; the parameters are what it is differentiated by."""

    name: str
    parameters: tuple[str, ...]
    body: Expression


@dataclass(frozen=True)
class Derivative(Problem):
    """Derivatives of one or more functions, step by step."""

    STARTER: ClassVar = ("expression", "variable")

    expression: Written | None = entry(
        expression,
        "The expression to differentiate; it is called f, or y if f is taken.",
        default=None,
        examples=("1 / (1 + exp(-x))",),
    )
    function: WrittenLine | None = entry(
        line,
        "Instead of an expression: a function, differentiated by all its parameters.",
        default=None,
        examples=("f(x, y) = x^y * log(x + y)",),
    )
    functions: tuple[WrittenLine, ...] = entry(
        lines,
        "Several functions, each differentiated by all its parameters.",
        default=(),
        examples=(["f(x, y) = x * y", "g(x) = exp(2 * x)"],),
    )
    variable: WrittenName | None = entry(
        written_name, "What to differentiate by.", default=None, examples=("x",)
    )
    variables: tuple[WrittenName, ...] = entry(
        one_or_list(written_name),
        "What to differentiate by, for all partial derivatives and the gradient.",
        default=(),
        examples=(["x", "y"],),
    )
    at: tuple[Given, ...] = entry(
        given_values,
        "A point at which the derivatives are evaluated.",
        default=(),
        examples=({"x": 0},),
    )

    @property
    def _written(self) -> tuple[tuple[str, tuple[Name, ...], Written], ...]:
        if self.expression is not None:
            taken = names(self.expression.expression)
            usual = chain(("f", "y", "g", "h", "F"), map("f_{}".format, count(1)))
            free = next(name for name in usual if name not in taken)
            return ((free, (), self.expression),)
        given = self.functions or ((self.function,) if self.function else ())
        return tuple((w.name.name, w.parameters, w.written) for w in given)

    @cached_property
    def solved(self) -> tuple[Function, ...]:
        """The functions with what each is differentiated by."""
        asked = [v.name for v in (self.variables or ((self.variable,) if self.variable else ()))]
        found = []
        for name, parameters, written in self._written:
            own = [p.name for p in parameters] or [
                n for n in names(written.expression) if n not in CONSTANTS
            ]
            found.append(Function(name, tuple(asked or own), written.expression))
        return tuple(found)

    def check(self, report: Report) -> None:
        ways = [self.expression, self.function, self.functions]
        if sum(bool(way) for way in ways) != 1:
            raise InvalidProblem("a derivative needs one of expression, function or functions")
        for name, parameters, written in self._written:
            check_scalar(written, report)
            self._check_parameters(name, parameters, written, report)
        everything = {n for f in self.solved for n in (*names(f.body), *f.parameters)}
        for given in self.at:
            if given.name not in everything:
                hint = nearest(given.name, everything)
                report.add(given.node.diagnose(f"{given.name} does not occur", hint))
            if given.expression is None:
                report.add(
                    given.node.diagnose(f"a point needs a number for {given.name}, not symbol")
                )
        by = [v.name for v in self.variables]
        for k, asked in enumerate(self.variables):
            if asked.name in by[:k]:
                report.add(asked.node.diagnose(f"{asked.name} is named twice"))
        called = [name for name, _, _ in self._written]
        for k, (name, _, written) in enumerate(self._written):
            if name in called[:k]:
                report.add(written.diagnose(f"there are two functions {name}"))
            itself = {*names(written.expression), *self.solved[k].parameters}
            if name in itself and not report.failed:
                hint = "give the function a name of its own"
                report.add(written.diagnose(f"{name} is the function itself", hint=hint))
            if not self.solved[k].parameters and not report.failed:
                report.add(written.diagnose(f"there is nothing to differentiate by in {name}"))
        if self.variable is not None and self.variables:
            report.add(
                self.variable.node.diagnose("variable and variables are the same", "keep one")
            )
        if not report.failed:
            self._check_point(report)

    @staticmethod
    def _check_parameters(
        name: str, parameters: tuple[Name, ...], written: Written, report: Report
    ) -> None:
        known = [p.name for p in parameters]
        for k, parameter in enumerate(parameters):
            if parameter.name in known[:k] or parameter.name == name:
                report.add(written.diagnose(f"{parameter.name} stands for two things", parameter))

    def _check_point(self, report: Report) -> None:
        """The function needs values for all its names, and a value of its own, at the point."""
        if not self.at:
            return
        given = {g.name for g in self.at}
        for name, _, written in self._written:
            missing = [n for n in names(written.expression) if n not in given | set(CONSTANTS)]
            for other in missing:
                report.add(
                    self.at[0].node.diagnose(
                        f"at gives no value for {other}, which {name} depends on",
                        f"write at: {{..., {other}: ...}}",
                    )
                )
            if missing:
                continue
            try:
                evaluate(self._worksheet(name, written.expression))
            except LineError as error:
                message = f"{name} has no value at this point: {error.reason}"
                report.add(written.diagnose(message, error.node))

    def _worksheet(self, name: str, body: Expression) -> Worksheet:
        return Worksheet({g.name: g.expression for g in self.at}, (Line(name, body),))

    def derive(self) -> Derivation:
        pages = [_Page(self, function) for function in self.solved]
        blocks = tuple(block for page in pages for block in page.blocks(alone=len(pages) == 1))
        called = ", ".join(function.name for function in self.solved)
        return Derivation(
            self.title or f"Derivative of {called}",
            self.kind,
            blocks,
            {name: value for page in pages for name, value in page.quantities.items()},
            {name: form for page in pages for name, form in page.answers.items()},
            tuple(check for page in pages for check in page.checks()),
            self.shown,
        )


class _Partial(NamedTuple):
    """One partial derivative: its steps, the outcome of the rules, and its final form."""

    variable: str
    steps: tuple[Step, ...]
    outcome: Expression
    form: Expression
    definitions: Mapping[str, Expression]


class _Page:
    """The part of the document about one function."""

    def __init__(self, problem: Derivative, function: Function) -> None:
        self._problem, self._function = problem, function
        self._euler = "e" not in {g.name for g in problem.at} | set(function.parameters)
        self._precise = Precise()
        taken = [function.name, *function.parameters]
        self._partials = [self._partial(variable, taken) for variable in function.parameters]

    def _partial(self, variable: str, taken: list[str]) -> _Partial:
        found = differentiate(self._function.body, variable, taken, euler=self._euler)
        first = found.step
        if found.step.steps and found.step.result is None:
            first = first._replace(result=found.value)
        # the written-out forms that it looks for are made with Euler's e
        polished = textbook(found.value) if self._euler else ()
        form = polished[-1].after if polished else found.value
        return _Partial(variable, (first, *polished), found.value, form, found.definitions)

    def _name(self, partial: _Partial) -> str:
        return gradient_name(self._function.name, partial.variable)

    @property
    def answers(self) -> dict[str, Expression]:
        return {self._name(partial): partial.form for partial in self._partials}

    @cached_property
    def _worksheet(self) -> Worksheet:
        function = self._function
        given = {g.name: g.expression for g in self._problem.at}
        used = set(names(function.body)) | set(function.parameters)
        lines = [Line(function.name, function.body, role="value")]
        lines += [Line(name, form, role="gradient") for name, form in self.answers.items()]
        return Worksheet({n: v for n, v in given.items() if n in used}, tuple(lines))

    @property
    def quantities(self) -> dict[str, float]:
        """The values at the point, rounded from the precise ones."""
        return {name: float(value) + 0.0 for name, value in self._exact.items()}

    @cached_property
    def floats(self) -> dict[str, float]:
        """The values at the point, if one is given."""
        if not self._problem.at:
            return {}
        try:
            return evaluate(self._worksheet)
        except LineError as error:
            place = self._problem.at[0].node
            message = f"{error.line} does not exist at this point: {error.reason}"
            raise InvalidProblem(place.diagnose(message)) from None

    def blocks(self, alone: bool) -> Iterator[Block]:
        function = self._function
        left = Apply(function.name, *map(Name, function.parameters))
        if not alone:
            yield Section((left,))
        yield Equation((left, function.body))
        yield from self._kinks()
        for partial in self._partials:
            if len(self._partials) > 1:
                yield Section(("By ", Name(partial.variable)))
            if partial.variable not in names(function.body):
                yield Text((Name(partial.variable), " does not occur, so the derivative is 0."))
            yield Steps(partial.steps)
            form, letters = _with_letters(partial)
            yield Result((Name(self._name(partial)), form))
            for letter, inner in letters.items():
                yield Text(("with ", Name(letter), " = ", inner), Detail.BRIEF)
        if len(self._partials) > 1:
            gradient = Array(*self._entries())
            yield Text(("The gradient, all partial derivatives together:",), Detail.NORMAL)
            yield Equation((Name(f"∇{function.name}"), gradient), detail=Detail.NORMAL)
        yield from self._values()

    def _entries(self) -> list[Expression]:
        """The partial derivatives, with letters where these stand for the same in all of them."""
        told = [_with_letters(partial) for partial in self._partials]
        letters = [item for _, found in told for item in found.items()]
        same = len({letter for letter, _ in letters}) == len(set(letters))
        return [form if same else p.form for (form, _), p in zip(told, self._partials, strict=True)]

    def _kinks(self) -> Iterator[Block]:
        """Where the function has no derivative, and what stands for it there."""
        for node in dict.fromkeys(walk(self._function.body)):
            row = OPERATIONS.get(node.operation) if isinstance(node, Apply) else None
            if row is None or not isinstance(node, Apply) or not row.kinks:
                continue
            arguments = row.completed(node.arguments)
            for left, right in row.kink_sides(arguments):
                if names(left) or names(right):
                    place: tuple[str | Expression, ...] = (left, " = ", right)
                    yield Text(
                        (
                            f"{row.name} has no derivative where ",
                            *place,
                            f". Convention: {row.convention}.",
                        )
                    )

    def _values(self) -> Iterator[Block]:
        if not self._problem.at:
            return
        exact = self._exact
        workings = Workings(exact, self._precise, self._problem.shown)
        parts: list[str | Expression] = []
        for given in self._problem.at:
            assert given.expression is not None
            parts += [Name(given.name), " = ", given.expression, ", "]
        yield Text(("At ", *parts[:-1], ":"), Detail.BRIEF)
        yield Lines(tuple(workings.line(line) for line in self._worksheet.lines))

    @cached_property
    def _exact(self) -> dict[str, Value]:
        if not self.floats:  # which says, with its place, where there is no value
            return {}
        lines = {line.name: line.expression for line in self._worksheet.lines}
        values, self._precise = settled_values(self._worksheet.given, lines)
        return values

    def checks(self) -> Iterator[Check]:
        """Every step at random points, every outcome by differences and by SymPy, every value twice."""
        body = self._function.body
        for partial in self._partials:
            name = self._name(partial)
            free = [n for n in names(body) if n not in CONSTANTS or (not self._euler and n == "e")]
            variables = dict.fromkeys([*free, partial.variable])
            by = (partial.variable,)
            sampler = Sampler(body, variables, partial.definitions, self._precise, by)
            yield from check_steps(name, partial.steps, sampler)
            yield check_derivative(name, body, partial.variable, partial.form, sampler)
            yield from self._checks_by_sympy(name, partial)
        if self._problem.at:
            yield from self._checks_at_point()

    def _checks_by_sympy(self, name: str, partial: _Partial) -> Iterator[Check]:
        """Every step, the outcome of the rules, and each rewrite to the textbook's form."""
        judge = Judge(self._euler, partial.definitions)
        first, *polished = partial.steps
        claims = [(first.before, partial.outcome), *((s.before, s.after) for s in polished)]
        verdicts = [judge.equal(*claim) for claim in claims]
        if verdicts[0] is not None:
            yield _by_sympy(f"{name} by the rules", verdicts[0])
        below = [judge.equal(s.before, s.after, at_once=True) for s in flat((first,))]
        decided = [verdict for verdict in (*below, *verdicts[1:]) if verdict is not None]
        if decided:
            count, steps = len(decided), len(below) + len(polished)
            which = f"the {counted(steps)}" if count == steps else f"{count} of the {steps} steps"
            yield _by_sympy(f"{which} of {name}", all(decided))

    def _checks_at_point(self) -> Iterator[Check]:
        function, exact = self._function, self._exact
        yield from check_values(list(exact), self.floats, exact)
        at = {p.variable: self._name(p) for p in self._partials if p.variable in exact}
        name_of = {function.name: gradient_name(function.name, function.name), **at}
        users = {variable: [function.name] for variable in at}
        gradients = Gradients(function.name, name_of, users)
        lines = {function.name: function.body}
        yield from GradientOracle(lines, exact, gradients, self._precise).checks()


def _by_sympy(of: str, proved: bool) -> Check:
    return Check(of, "SymPy", 0.0 if proved else float("inf"), proved)


def _with_letters(partial: _Partial) -> tuple[Expression, dict[str, Expression]]:
    """The final form with the letters of long inner functions that recur in it, and what they are."""
    form, letters = partial.form, {}
    for letter, inner in partial.definitions.items():
        recurs = sum(node == inner for node in walk(form)) > 1
        if inner.size > _LONG and recurs:
            form = replaced(form, inner, Name(letter))
            letters[letter] = inner
    return form, letters
