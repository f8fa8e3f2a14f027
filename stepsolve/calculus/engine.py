"""Differentiation as a teacher writes it: a tree of rewrites, each by the rule that the form asks for.

The derivative of a part is worked out below the step that needs it. An inner function gets a letter
of its own, so that the pages and the time grow in step with the nesting, not with its square.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, count
from typing import NamedTuple

from stepsolve.calculus import rules
from stepsolve.calculus.families import Asked, Fit, Rule
from stepsolve.calculus.patterns import Bindings
from stepsolve.calculus.rules import METHODS
from stepsolve.calculus.tidy import ONE, ZERO, terms, tidy
from stepsolve.derivation import Step
from stepsolve.errors import Diagnosis, StepsolveError
from stepsolve.notation.tree import Apply, Expression, Name, names, substitute, transform
from stepsolve.operations.table import OPERATIONS

_GIVEN = "dependent variable"  # the rule of a derivative that has a name of its own
_READABLE = 60  # nodes up to which the derivative of a part is written out in full
_LONG = 40  # nodes beyond which a step refers to inner functions by their letters
_SHORT = 12  # nodes up to which an inner function is written without letters of its own
__all__ = ("METHODS", "Derivative", "differentiate")
_DEEPEST = 300  # levels of an outcome: a sum has one for every term
_TOO_LONG = Diagnosis(
    "this is too long to differentiate in one piece", hint="differentiate its parts one by one"
)
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
    method: str = "as-written",
    dependent: Mapping[str, str] | None = None,
) -> Derivative:
    """The derivative of an expression by a variable, with its steps.

    `taken` are names that no inner function may get; `euler` says that `e` is Euler's number;
    `method` is one of `METHODS`, for products, quotients and powers; `dependent` are names that stand
    for functions of the variable, each with that of its derivative, or with "" where that stays open:
    with h among them, the derivative of w h is h + w diff(h, w). The value is tidied. Raises
    `StepsolveError` for what is no scalar expression, and where the outcome has too many terms.
    """
    engine = _Engine(variable, {*taken, *names(expression), variable}, euler, dependent or {})
    try:
        found = engine.derive(expression, method)
        value = tidy(found.value)
    except RecursionError:
        raise StepsolveError(_TOO_LONG) from None
    if value.depth > _DEEPEST:
        raise StepsolveError(_TOO_LONG)
    step = found.step
    if step.steps and step.result is None:  # in full it would be too long: as far as it has got
        step = step._replace(result=step.after)
    return Derivative(step, value, engine.definitions)


class _Found(NamedTuple):
    """A derivative worked out: its step, its value in full and in letters, and what it is of.

    There is no value in letters where it would be too long to read.
    """

    step: Step
    value: Expression
    brief: Expression | None
    named: Expression  # the differentiated expression, its inner functions under their letters


class _Engine:
    def __init__(
        self, variable: str, taken: set[str], euler: bool, dependent: Mapping[str, str]
    ) -> None:
        self.variable = Name(variable)
        self.definitions: dict[str, Expression] = {}
        self._euler = euler
        self._dependent = dependent
        self._taken = taken
        self._fresh_letters = self._fresh()
        self._letters: dict[Expression, Name] = {}
        self._depends: dict[int, tuple[Expression, bool]] = {}
        self._found: dict[tuple[Expression, str], _Found] = {}

    def _fresh(self) -> Iterator[str]:
        numbered = (f"u_{k}" for k in count(1))
        for letters in (_LETTERS, numbered):
            yield from (letter for letter in letters if letter not in self._taken)

    def _letter(self, inner: Expression) -> Name:
        """The letter of an inner function, the same wherever that stands."""
        known = self._letters.get(inner)
        if known is None:
            known = self._letters[inner] = Name(next(self._fresh_letters))
            self.definitions[known.name] = inner
        return known

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

    def derive(self, node: Expression, method: str) -> _Found:
        known = self._found.get((node, method))
        if known is None:
            known = self._found[node, method] = self._derive(node, method)
        return known

    def _derive(self, node: Expression, method: str) -> _Found:
        if not self.depends(node):
            return self._plain(rules.named("constant rule"), node, ZERO)
        if isinstance(node, Name) and node != self.variable:
            return self._dependence(node)
        if isinstance(node, Name):
            return self._plain(rules.named("identity rule"), node, ONE)
        if not isinstance(node, Apply) or node.operation not in OPERATIONS:
            raise StepsolveError("only scalar expressions can be differentiated by these rules")
        if node.operation in ("+", "-"):
            return self._sum(node, method)
        asked = Asked(self.variable, self.depends, self._euler, method)
        rule, parts = rules.find(node, asked) or self._function(node)
        if method == "logarithmic" and rule.name.startswith(method):
            method = "as-written"  # once, for the expression as a whole
        parts = {**parts, "x": self.variable}
        full = self._resolved(substitute(rule.template, parts))
        if rule.inner and _open(full):
            return self._chained(node, rule, parts, method)
        return self._ruled(node, rule, parts, method)

    def _plain(self, rule: Rule, node: Expression, value: Expression) -> _Found:
        step = Step(rule.name, self.diff(node), value, self._stated(rule.formula), trivial=True)
        return _Found(step, value, value, node)

    def _dependence(self, node: Name) -> _Found:
        known = self._dependent[node.name]
        derivative = Name(known) if known else self.diff(node)
        because = f"{node.name} depends on {self.variable.name}"
        step = Step(_GIVEN, self.diff(node), derivative, because=because, trivial=True)
        return _Found(step, derivative, derivative, node)

    def _resolved(self, expression: Expression) -> Expression:
        """The expression with the derivatives of dependent names under their own names."""

        def put(node: Expression) -> Expression | None:
            match node:
                case Apply(operation="diff", arguments=(Name(name=name), by)) if (
                    by == self.variable
                ):
                    known = self._dependent.get(name)
                    return Name(known) if known else None
            return None

        return transform(expression, put) if self._dependent else expression

    def _sum(self, node: Apply, method: str) -> _Found:
        """All terms of a sum at once, however many."""
        parts = terms(node)
        rule = rules.named("sum rule" if all(s > 0 for s, _ in parts) else "difference rule")
        found = [self.derive(part, method) for _, part in parts]
        signs = [sign for sign, _ in parts]
        if node.size > _LONG:
            parts = [(sign, f.named) for sign, f in zip(signs, found, strict=True)]
        after = self._resolved(self._signed([(sign, self.diff(part)) for sign, part in parts]))
        # constants leave no zero behind: a chain of sums must stay one flat product
        left = [(sign, f) for sign, f in zip(signs, found, strict=True) if f.value != ZERO]
        value = self._signed([(sign, f.value) for sign, f in left])
        told = [(sign, f.brief) for sign, f in left if f.brief is not None]
        brief = self._signed(told) if len(told) == len(left) else None
        return self._finished(self._signed(parts), rule, after, found, value, brief)

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

    def _function(self, node: Apply) -> Fit:
        row = OPERATIONS[node.operation]
        arguments = row.completed(node.arguments)
        varying = tuple(self.depends(argument) for argument in arguments)
        nested = any(v and a != self.variable for v, a in zip(varying, arguments, strict=True))
        rule = rules.function_rule(node.operation, len(arguments), varying, nested)
        if not _open(rule.template):  # a step is flat, whatever it is a step of
            rule = rule._replace(name=f"derivative of {node.operation}", inner="")
        holes = (hole.name for hole in rule.pattern.children if isinstance(hole, Name))
        return rule, dict(zip(holes, arguments, strict=True))

    def _ruled(self, node: Apply, rule: Rule, parts: Bindings, method: str) -> _Found:
        """A step that leaves the derivatives of its parts open, long parts under letters."""
        full = self._resolved(substitute(rule.template, parts))
        left = [d.arguments[0] for d in _open(full)]
        letters = {part: self._letter(part) for part in left if self._needs_letter(part)}
        found = [self.derive(part, method) for part in left]
        value = _closed(full, found)
        if not found:
            return self._finished(node, rule, tidy(full), found, value, value)
        if node.size <= _LONG:
            return self._finished(node, rule, _folded(full), found, value, value)
        named = {part: letters.get(part, f.named) for part, f in zip(left, found, strict=True)}
        short = {hole: named.get(part, part) for hole, part in parts.items()}
        template = self._resolved(substitute(rule.template, short))
        brief = _closed_briefly(template, found)
        where = tuple(
            (letters[part].name, f.named)
            for part, f in zip(left, found, strict=True)
            if part in letters
        )
        formula = self._stated(rule.formula, {h: letters.get(p) for h, p in parts.items()})
        body, after = substitute(rule.pattern, short), _folded(template)
        return self._finished(body, rule, after, found, value, brief, where, formula)

    @staticmethod
    def _needs_letter(part: Expression) -> bool:
        """Whether a part is long, and not a function that gives a letter to what is inside it."""
        return part.size > _LONG and isinstance(part, Apply) and part.operation in "+-*/"

    def _chained(self, node: Apply, rule: Rule, parts: Bindings, method: str) -> _Found:
        """A step by the chain rule, the inner function under a letter of its own."""
        inner = parts[rule.inner]
        letter = self._letter(inner)
        below = self.derive(inner, method)
        named = {**parts, rule.inner: letter}
        body = substitute(rule.pattern, named)
        # the derivative of the letter is that of what it stands for
        after = substitute(rule.template, named)
        outer = Apply("diff", body, letter)
        shown = inner if inner.size <= _SHORT else below.named
        value = _closed(substitute(rule.template, parts), [below])
        brief = value if inner.size <= _SHORT else _closed_briefly(after, [below])
        formula = self.diff(body), Apply("*", outer, self.diff(letter))
        where = ((letter.name, shown),)
        return self._finished(body, rule, _folded(after), [below], value, brief, where, formula)

    def _finished(
        self,
        node: Expression,
        rule: Rule,
        after: Expression,
        found: list[_Found],
        value: Expression,
        brief: Expression | None,
        where: tuple[tuple[str, Expression], ...] = (),
        formula: tuple[Expression, Expression] | None = None,
    ) -> _Found:
        if after.depth > _DEEPEST:
            raise StepsolveError(_TOO_LONG)
        step = Step(
            rule.name,
            self.diff(node),
            after,
            formula or self._stated(rule.formula),
            rule.because,
            tuple(f.step for f in found if f.step.rule != _GIVEN),
            where=where,
            trivial=rule.linear and all(f.step.trivial for f in found),
        )
        if brief is not None and brief.size > _READABLE:
            brief = None
        if found and brief is not None:
            step = step._replace(result=tidy(brief))
        return _Found(step, value, brief, node)

    def _stated(
        self,
        formula: tuple[Expression, Expression],
        given: Mapping[str, Name | None] | None = None,
    ) -> tuple[Expression, Expression]:
        """A formula in letters that the problem does not use for something else.

        `given` are the letters that its parts have already.
        """
        fixed = {hole: letter for hole, letter in (given or {}).items() if letter is not None}
        letters = {name for side in formula for name in names(side)} - {"x", "e", *fixed}
        taken = self._taken | {letter.name for letter in fixed.values()}
        used = taken | letters
        swap: dict[str, Expression] = {**fixed, "x": self.variable}
        for letter in sorted(letters & taken):
            usual = ("c", "k", "b", "m") if letter in rules.FIXED else _SPARE
            candidates = chain(usual, map("c_{}".format, count(1)))
            other = next(name for name in candidates if name not in used)
            swap[letter] = Name(other)
            used = used | {other}
        return substitute(formula[0], swap), substitute(formula[1], swap)


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
    """The expression with the worked-out derivatives put in, in full."""
    return _put(expression, [f.value for f in found])


def _closed_briefly(expression: Expression, found: list[_Found]) -> Expression | None:
    """The expression with the worked-out derivatives put in, in letters; None if one is too long."""
    known = [f.brief for f in found if f.brief is not None]
    return _put(expression, known) if len(known) == len(found) else None


def _put(expression: Expression, values: list[Expression]) -> Expression:
    known = dict(zip(_open(expression), values, strict=True))

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
