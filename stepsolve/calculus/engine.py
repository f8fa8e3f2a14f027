"""Differentiation as a teacher writes it: a tree of rewrites, each by the rule that the form asks for.

The derivative of a part is worked out below the step that needs it. An inner function gets a letter
of its own, so that the pages and the time grow in step with the nesting, not with its square.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain, count
from typing import NamedTuple

from stepsolve.calculus import rules
from stepsolve.calculus.patterns import Bindings
from stepsolve.calculus.rules import Rule
from stepsolve.calculus.tidy import ONE, ZERO, terms, tidy
from stepsolve.derivation import Step
from stepsolve.errors import StepsolveError
from stepsolve.notation.tree import Apply, Expression, Name, names, substitute, transform
from stepsolve.operations.table import OPERATIONS

_READABLE = 60  # nodes up to which the derivative of a part is written out in full
_LONG = 40  # nodes beyond which a step refers to inner functions by their letters
_SHORT = 12  # nodes up to which an inner function is written without letters of its own
_SPARE = ("f", "g", "h", "k", "m")
_LETTERS = ("u", "v", "w", "p", "q", "r", "s", "t")


class Derivative(NamedTuple):
    """The derivation of one derivative.

    `value` is the outcome in the letters of the problem; `definitions` are the inner functions.
    """

    step: Step
    value: Expression
    definitions: dict[str, Expression]


def differentiate(
    expression: Expression,
    variable: str,
    taken: Iterable[str] = (),
    *,
    euler: bool = True,
    dependent: Collection[str] = (),
) -> Derivative:
    """The derivative of an expression by a variable, with its steps.

    `taken` are names that no inner function may get; `euler` says that `e` is Euler's number;
    `dependent` are names of quantities that depend on the variable, whose derivatives stay open:
    with h among them, that of w h is h + w diff(h, w). The value is tidied.
    """
    engine = _Engine(variable, {*taken, *names(expression), variable}, euler, dependent)
    found = engine.derive(expression)
    return Derivative(found.step, tidy(found.value), engine.definitions)


class _Found(NamedTuple):
    step: Step
    value: Expression
    named: Expression  # the differentiated expression, its inner function under its letter


class _Engine:
    def __init__(
        self, variable: str, taken: set[str], euler: bool, dependent: Collection[str] = ()
    ) -> None:
        self._euler = euler
        self._dependent = dependent
        self.variable = Name(variable)
        self.definitions: dict[str, Expression] = {}
        self._taken = taken
        self._letters = self._fresh()
        self._depends: dict[int, tuple[Expression, bool]] = {}
        self._found: dict[Expression, _Found] = {}

    def _fresh(self) -> Iterator[str]:
        numbered = (f"u_{k}" for k in count(1))
        for letters in (_LETTERS, numbered):
            yield from (letter for letter in letters if letter not in self._taken)

    def depends(self, node: Expression) -> bool:
        """Whether the variable occurs in a node."""
        known = self._depends.get(id(node))
        if known is None:
            if isinstance(node, Name):
                answer = node == self.variable or node.name in self._dependent
            else:
                answer = any(self.depends(child) for child in node.children)
            known = self._depends[id(node)] = node, answer
        return known[1]

    def diff(self, node: Expression) -> Apply:
        return Apply("diff", node, self.variable)

    def derive(self, node: Expression) -> _Found:
        known = self._found.get(node)
        if known is None:
            known = self._found[node] = self._derive(node)
        return known

    def _derive(self, node: Expression) -> _Found:
        if not self.depends(node):
            return self._plain(rules.named("constant rule"), node, ZERO)
        if isinstance(node, Name):
            if node != self.variable:  # nothing to work out, and nothing to say
                left = self.diff(node)
                return _Found(Step("", left, left, trivial=True), left, node)
            return self._plain(rules.named("identity rule"), node, ONE)
        if not isinstance(node, Apply) or node.operation not in OPERATIONS:
            raise StepsolveError("only scalar expressions can be differentiated by these rules")
        if node.operation in ("+", "-"):
            return self._sum(node)
        found = rules.find(node, self.variable, self.depends, self._euler) or self._function(node)
        return self._ruled(node, *found)

    def _plain(self, rule: Rule, node: Expression, value: Expression) -> _Found:
        step = Step(rule.name, self.diff(node), value, self._stated(rule.formula), trivial=True)
        return _Found(step, value, node)

    def _sum(self, node: Apply) -> _Found:
        """All terms of a sum at once, however many."""
        parts = terms(node)
        rule = rules.named("sum rule" if all(s > 0 for s, _ in parts) else "difference rule")
        found = [self.derive(part) for _, part in parts]
        if node.size > _LONG:
            parts = [(sign, f.named) for (sign, _), f in zip(parts, found, strict=True)]
        after = self._signed([(sign, self.diff(part)) for sign, part in parts])
        named = self._signed(parts)
        signed = zip((sign for sign, _ in parts), found, strict=True)
        # constants leave no zero behind: a chain of sums must stay one flat product
        value = self._signed([(sign, f.value) for sign, f in signed if f.value != ZERO])
        return self._finished(named, rule, after, found, value)

    @staticmethod
    def _signed(parts: list[tuple[int, Expression]]) -> Expression:
        if not parts:
            return ZERO
        sign, result = parts[0]
        if sign < 0:
            result = Apply("neg", result)
        for sign, part in parts[1:]:
            result = Apply("+" if sign > 0 else "-", result, part)
        return result

    def _function(self, node: Apply) -> tuple[Rule, Bindings]:
        row = OPERATIONS[node.operation]
        arguments = row.completed(node.arguments)
        varying = tuple(self.depends(argument) for argument in arguments)
        nested = any(v and a != self.variable for v, a in zip(varying, arguments, strict=True))
        rule = rules.function_rule(node.operation, len(arguments), varying, nested)
        if not _open(rule.template):  # a step is flat, whatever it is a step of
            rule = rule._replace(name=f"derivative of {node.operation}", inner="")
        holes = (hole.name for hole in rule.pattern.children if isinstance(hole, Name))
        return rule, dict(zip(holes, arguments, strict=True))

    def _ruled(self, node: Apply, rule: Rule, parts: Bindings) -> _Found:
        parts = {**parts, "x": self.variable}
        full = substitute(rule.template, parts)
        if not rule.inner or not _open(full):
            found = [self.derive(d.arguments[0]) for d in _open(full)]
            value = _closed(full, found)
            after = _folded(full) if found else tidy(full)
            named: Expression = node
            if node.size > _LONG:  # in the letters of its parts, as they are in the steps below
                letters = {d.arguments[0]: f.named for d, f in zip(_open(full), found, strict=True)}
                short = {hole: letters.get(part, part) for hole, part in parts.items()}
                named = substitute(rule.pattern, short)
                after = _folded(substitute(rule.template, short)) if found else after
            return self._finished(named, rule, after, found, value)
        return self._chained(node, rule, parts, full)

    def _chained(self, node: Apply, rule: Rule, parts: Bindings, full: Expression) -> _Found:
        """A step by the chain rule, the inner function under a letter of its own."""
        inner = parts[rule.inner]
        letter = Name(next(self._letters))
        self.definitions[letter.name] = inner
        below = self.derive(inner)
        named = {**parts, rule.inner: letter}
        body = substitute(rule.pattern, named)
        # the derivative of the letter is that of what it stands for
        after = substitute(rule.template, named)
        outer = Apply("diff", body, letter)
        shown = inner if inner.size <= _SHORT else below.named
        step = Step(
            rule.name,
            self.diff(body),
            _folded(after),
            (self.diff(body), Apply("*", outer, self.diff(letter))),
            steps=_worked((below,)),
            where=((letter.name, shown),),
        )
        value = _closed(full, [below])
        shown = value if inner.size <= _SHORT else _closed(after, [below])
        if shown.size <= _READABLE:
            step = step._replace(result=tidy(shown))
        return _Found(step, value, body)

    def _finished(
        self,
        node: Expression,
        rule: Rule,
        after: Expression,
        found: list[_Found],
        value: Expression,
    ) -> _Found:
        step = Step(
            rule.name,
            self.diff(node),
            after,
            self._stated(rule.formula),
            steps=_worked(found),
            trivial=rule.linear and all(f.step.trivial for f in found),
        )
        if found and value.size <= _READABLE:
            step = step._replace(result=tidy(value))
        return _Found(step, value, node)

    def _stated(self, formula: tuple[Expression, Expression]) -> tuple[Expression, Expression]:
        """A formula in letters that the problem does not use for something else."""
        letters = {name for side in formula for name in names(side)} - {"x", "e"}
        used = self._taken | letters
        swap: dict[str, Expression] = {"x": self.variable}
        for letter in sorted(letters & self._taken):
            usual = ("c", "k", "b", "m") if letter in rules.FIXED else _SPARE
            candidates = chain(usual, map("c_{}".format, count(1)))
            other = next(name for name in candidates if name not in used)
            swap[letter] = Name(other)
            used = used | {other}
        return substitute(formula[0], swap), substitute(formula[1], swap)


def _worked(found: Iterable[_Found]) -> tuple[Step, ...]:
    """The steps of the parts; the derivative of a dependent quantity takes none."""
    return tuple(f.step for f in found if f.step.rule)


def _open(expression: Expression) -> list[Apply]:
    """The derivatives that a rule leaves to be worked out, from left to right, each once."""
    found: dict[Expression, Apply] = {}

    def note(node: Expression) -> Expression | None:
        if isinstance(node, Apply) and node.operation == "diff":
            found.setdefault(node, node)
            return node
        return None

    transform(expression, note)
    return list(found.values())


def _closed(expression: Expression, found: list[_Found]) -> Expression:
    """The expression with the worked-out derivatives put in."""
    known = dict(zip(_open(expression), (f.value for f in found), strict=True))

    def put(node: Expression) -> Expression | None:
        if isinstance(node, Apply) and node.operation == "diff":
            return known[node]
        return None

    return transform(expression, put)


def _folded(expression: Expression) -> Expression:
    """The expression without what nobody writes: `u^(2 - 1)`, `1 * u`, a sign inside a product."""
    if not isinstance(expression, Apply) or expression.operation == "diff":
        return expression
    if expression.operation in OPERATIONS and OPERATIONS[expression.operation].is_call:
        return expression
    parts = tuple(map(_folded, expression.arguments))
    match expression.operation, parts:
        case "^", (base, exponent):
            exponent = tidy(exponent)
            return base if exponent == ONE else Apply("^", base, exponent)
        case "*", (left, right) if left == ONE or right == ONE:
            return right if left == ONE else left
        case "*" | "/", (Apply(operation="neg", arguments=(left,)), right):
            return Apply("neg", _folded(Apply(expression.operation, left, right)))
        case "neg", (Apply(operation="neg", arguments=(inner,)),):
            return inner
    return expression.rebuilt(parts)
