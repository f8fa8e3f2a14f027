"""What the gradient of a line gives to its arguments: the vector-Jacobian product, as expressions.

Reverse mode within one line (Griewank, Walther, Evaluating Derivatives, 2nd ed., 3.2): the gradient
from above goes down the tree of the line, through each operation by the rule of its row, and is summed
over the axes along which an argument was broadcast.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from stepsolve.calculus.tidy import tidy
from stepsolve.notation.tree import (
    Apply,
    Expression,
    Item,
    Name,
    Number,
    folded,
    names,
    substitute,
    transform,
    walk,
)
from stepsolve.operations.array_operation import Dims
from stepsolve.operations.dimensions import Dimensions, Sized
from stepsolve.operations.forms import Form, form_of, holes_of
from stepsolve.operations.operation import parameters
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.expression import parse
from stepsolve.worksheet.stretches import put_together

ONE = Number("1")


class Contribution(NamedTuple):
    """What a line gives to one argument, and why it has this form."""

    expression: Expression
    because: str


class _Pattern(NamedTuple):
    """The contribution to a hole, for all lines of a form; `named` if there may be names in it."""

    hole: str
    form: Form
    holes: Sequence[str]
    because: str
    named: bool


_LINE, _UPSTREAM = Name("#"), Name("#g")  # stand for the line's name and the gradient from above


class VectorJacobian:
    """The gradients that a line passes on. `lines` are the names of expressions that have one."""

    def __init__(self, dimensions: Dimensions, lines: Mapping[Expression, str]) -> None:
        self._dimensions = dimensions
        self._lines = lines
        self._line_forms = frozenset(map(form_of, lines))
        self._rules: dict[str, Expression] = {}
        self._patterns: dict[object, list[_Pattern]] = {}

    def contributions(
        self, line: str, expression: Expression, upstream: Expression, wanted: Collection[str]
    ) -> dict[str, Contribution]:
        """What goes to each of the wanted names, which occur in the expression.

        For lines that differ in their names alone it is found once.
        """
        sized = self._dimensions.sized(expression)
        if sized is None or not isinstance(upstream, Name):
            return self._contributions(line, expression, upstream, wanted)
        hole = dict(zip(holes_of(expression), sized.form.holes, strict=True))
        asked = tuple(hole[name] for name in wanted if name in hole)
        dims = self._dimensions.of(upstream)
        key = sized, dims, asked
        if key not in self._patterns:
            self._patterns[key] = self._found(*key)
        name_in = {hole[name]: name for name in hole}
        name_in |= {_LINE.name: line, _UPSTREAM.name: upstream.name}
        return {name_in[p.hole]: self._filled_in(p, name_in) for p in self._patterns[key]}

    def _found(self, sized: Sized, dims: Dims, asked: tuple[str, ...]) -> list[_Pattern]:
        """The contributions of lines of one form and sizes; `dims` are those of what is above."""
        inner = sized.dimensions()
        tree = sized.form.tree
        inner.known |= {_LINE.name: inner.of(tree), _UPSTREAM.name: dims}
        found = VectorJacobian(inner, {})._contributions(_LINE.name, tree, _UPSTREAM, asked)
        patterns = []
        for hole, (expression, because) in found.items():
            parts = {form_of(node) for node in walk(expression) if isinstance(node, Apply)}
            named = not parts.isdisjoint(self._line_forms)
            form, holes = form_of(expression), holes_of(expression)
            patterns.append(_Pattern(hole, form, holes, because, named))
        return patterns

    def _filled_in(self, pattern: _Pattern, name_in: Mapping[str, str]) -> Contribution:
        made = pattern.form.filled([name_in[hole] for hole in pattern.holes])
        return Contribution(self._named(made) if pattern.named else made, pattern.because)

    def _contributions(
        self, line: str, expression: Expression, upstream: Expression, wanted: Collection[str]
    ) -> dict[str, Contribution]:
        self._line, self._whole = line, expression
        self._wanted = frozenset(wanted)
        found: dict[str, list[Contribution]] = {}
        for name, part in self._down(expression, Contribution(upstream, "")):
            found.setdefault(name, []).append(part)
        dims = self._dimensions.known
        return {
            name: Contribution(
                self._named(added([part.expression for part in parts], dims[name])),
                parts[0].because,
            )
            for name, parts in found.items()
        }

    def _because(self, node: Apply) -> str:
        """Why the gradient of an operation has its form, if it says so."""
        call = self._dimensions.call(node)
        if call is not None:
            return call.row.because
        row = OPERATIONS.get("*" if node.operation == "hadamard" else node.operation)
        return f"derivative of {row.written}" if row and row.is_call else ""

    def _down(self, node: Expression, above: Contribution) -> Iterator[tuple[str, Contribution]]:
        """What goes to each name, with the first reason that is met on the way to it."""
        if self._wanted.isdisjoint(names(node)):
            return
        upstream, because = above
        dims = self._dimensions.of(node)
        match node:
            case Name(name=name):
                yield name, Contribution(self._spread(upstream, dims), because)
            case Item(base=base):
                part = self._put_back(node, self._spread(upstream, dims))
                reason = because or "the other entries were not used"
                yield from self._down(base, Contribution(part, reason))
            case Apply():
                because = because or self._because(node)
                call = self._dimensions.call(node)
                if call is None:
                    yield from self._entrywise(node, Contribution(upstream, because), dims)
                    return
                shapes = [self._dimensions.of(a) for a in call.operands]
                rules = call.row.gradient(*shapes, *call.whole, **call.options)
                count = len(node.arguments) - len(call.options)
                # a number from above goes with every entry, but a product has to have its sizes
                needs = call.row.name not in _SPREADING
                whole = self._spread(upstream, dims) if needs else upstream
                for argument, rule, shape in zip(call.operands, rules, shapes, strict=False):
                    if rule and not self._wanted.isdisjoint(names(argument)):
                        part = self._filled(rule, node, node.arguments[:count], whole)
                        passed = Contribution(self._fitted(part, shape), because)
                        yield from self._down(argument, passed)
            case _:
                for k, child in enumerate(node.children):
                    part = Item(self._spread(upstream, dims), Number(str(k)))
                    yield from self._down(child, Contribution(part, because))

    def _entrywise(
        self, node: Apply, above: Contribution, dims: Dims
    ) -> Iterator[tuple[str, Contribution]]:
        row = OPERATIONS["*" if node.operation == "hadamard" else node.operation]
        arguments = row.completed(node.arguments)
        rules = row.local_rules(len(arguments))
        holes = dict(zip(row.parameters(len(arguments)), arguments, strict=True))
        holes["y"] = self._result(node)
        for argument, rule in zip(arguments, rules, strict=True):
            if self._wanted.isdisjoint(names(argument)):
                continue
            local = substitute(rule, holes)
            if not all(isinstance(a, Name) for a in arguments):
                local = tidy(local)
            part = _times(above.expression, local)
            own = self._dimensions.of(argument)
            because = above.because or (_MANY_USES if own != dims else "")
            yield from self._down(argument, Contribution(self._summed(part, dims, own), because))

    def _result(self, node: Expression) -> Expression:
        return Name(self._line) if node is self._whole else node

    def _filled(
        self, rule: str, node: Apply, arguments: tuple[Expression, ...], upstream: Expression
    ) -> Expression:
        if rule not in self._rules:
            self._rules[rule] = parse(rule)
        holes = dict(zip(parameters(len(arguments)), arguments, strict=True))
        holes |= {"y": self._result(node), "g": upstream}
        return _settled(substitute(self._rules[rule], holes))

    def _spread(self, part: Expression, dims: Dims) -> Expression:
        """A gradient in the full sizes of what it belongs to."""
        if self._dimensions.of(part) == dims:
            return part
        return _times(part, Apply("ones", *(Number(str(size)) for size in dims)))

    def _fitted(self, part: Expression, dims: Dims) -> Expression:
        """As it is where it goes with every entry of the sizes, by broadcasting."""
        return part if len(self._dimensions.of(part)) <= len(dims) else self._spread(part, dims)

    def _summed(self, part: Expression, dims: Dims, own: Dims) -> Expression:
        """The sum over the axes along which an argument of its own sizes was broadcast."""
        if own == dims:
            return part
        part = self._spread(part, dims)
        if not own:
            return Apply("sum", part)
        for _ in range(len(dims) - len(own)):
            part = Apply("sum", part, Apply("axis", Number("0")))
        rest = dims[len(dims) - len(own) :]
        for axis, (size, kept) in enumerate(zip(rest, own, strict=True)):
            if size != kept:
                part = Apply("sum", part, Apply("axis", Number(str(axis))))
                rest = (*rest[:axis], 1, *rest[axis + 1 :])
                part = Apply("reshape", part, *(Number(str(k)) for k in rest))
        return part

    def _put_back(self, item: Item, part: Expression) -> Expression:
        """A gradient of some entries among zeros for the others."""
        dims = self._dimensions.of(item.base)
        places = self._dimensions.place(item)
        if len(places) == 1 and isinstance(places[0], tuple):
            rows = (Apply("one_hot", Number(str(p)), Number(str(dims[0]))) for p in places[0])
            return Apply("@", Apply("T", Apply("stack", *rows)), part)
        if all(isinstance(p, int) for p in places) and len(places) <= 2:
            hot = [
                Apply("one_hot", index, Number(str(size)))
                for index, size in zip(item.indices, dims, strict=False)
            ]
            if len(hot) == len(dims) == 1:
                return _times(part, hot[0])
            if len(hot) == len(dims):
                return _times(part, Apply("outer", *hot))
            if len(hot) == 1 and len(dims) == 2:
                return Apply("outer", hot[0], part)
        return self._padded(item, part, dims, places)

    def _padded(
        self,
        item: Item,
        part: Expression,
        dims: Dims,
        places: tuple[int | slice | tuple[int, ...], ...],
    ) -> Expression:
        """Zeros before and after a gradient along every axis that an index picks from."""
        stretches = [
            slice(p, p + 1) if isinstance(p, int) else p for p in places if not isinstance(p, tuple)
        ]
        sizes = [s.stop - s.start for s in stretches] + list(dims[len(stretches) :])
        if tuple(sizes) != self._dimensions.of(part):
            part = Apply("reshape", part, *(Number(str(k)) for k in sizes))
        for axis, (stretch, size) in enumerate(zip(stretches, dims, strict=False)):
            parts: list[Expression] = []
            for count in (stretch.start, None, size - stretch.stop):
                if count is None:
                    parts.append(part)
                elif count:
                    zero = [*sizes[:axis], count, *sizes[axis + 1 :]]
                    parts.append(Apply("zeros", *(Number(str(k)) for k in zero)))
            sizes[axis] = size
            if len(parts) > 1:
                settings = [Apply("axis", Number(str(axis)))] if axis else []
                part = Apply("concat", *parts, *settings)
        return part

    def _named(self, expression: Expression) -> Expression:
        """With the names of lines for what they stand for: p for softmax(z)."""

        def change(node: Expression) -> Expression | None:
            if isinstance(node, Apply) and node in self._lines:
                return Name(self._lines[node])
            match node:
                case Apply(operation="reshape"):
                    return self._laid_out(node)
                case Apply(operation="T", arguments=(inner,)):
                    turned = self._turned(inner)
                    return None if turned is None else self._named(turned)
            return None

        return transform(expression, change)

    def _turned(self, node: Expression) -> Expression | None:
        """The transpose of what consists of transposes: `a - b` of `a.T - b.T`; else None."""
        if not self._dimensions.of(node):
            return node
        match node:
            case Apply(operation="T", arguments=(inner,)):
                return inner
            case Apply(operation="softmax", arguments=(inner, Apply(operation="axis") as axis)):
                turned = self._turned(inner)
                other = Number(str(1 - int(axis.arguments[0] == ONE)))
                return turned and Apply("softmax", turned, Apply("axis", other))
            case Apply(operation="+" | "-" | "*" | "/" | "neg", arguments=parts):
                found = [self._turned(part) for part in parts]
                if None not in found:
                    return Apply(node.operation, *(part for part in found if part is not None))
        return None

    def _laid_out(self, node: Apply) -> Expression | None:
        """What is laid out several times in turn, once; or not at all if it has these sizes."""
        inner = node.arguments[0]
        while isinstance(inner, Apply) and inner.operation == "reshape":
            inner = inner.arguments[0]
        if self._dimensions.of(inner) == self._dimensions.of(node):
            return self._named(inner)
        if inner is node.arguments[0]:
            return None
        return Apply("reshape", self._named(inner), *node.arguments[1:])


_MANY_USES = "it was used many times, and its gradients add"
_SPREADING = ("sum", "mean")  # their rules hold for a number from above as well


def _times(left: Expression, right: Expression) -> Expression:
    """A product; the factors of the right one follow each other without brackets."""
    if isinstance(right, Apply) and right.operation == "*":
        return _times(_times(left, right.arguments[0]), right.arguments[1])
    return _settled(Apply("*", left, right))


def _settled(expression: Expression) -> Expression:
    """Without factors of 1."""
    if not isinstance(expression, Apply):
        return expression
    parts = tuple(map(_settled, expression.arguments))
    match expression.operation, parts:
        case "*", (left, right):
            if left == ONE:
                return right
            if right == ONE:
                return left
            if right == Apply("neg", ONE):
                return Apply("neg", left)
            if isinstance(left, Apply) and left.operation == "neg" and left.arguments[0] == ONE:
                return Apply("neg", right)
            if isinstance(right, Number) and (rest := _without(left, Apply("/", ONE, right))):
                return rest
            if isinstance(right, Apply) and right.operation == "/" and right.arguments[0] == ONE:
                return Apply("/", left, right.arguments[1])
        case "/", (left, right) if right == ONE:
            return left
        case "reshape", (Apply(operation="reshape", arguments=(inner, *_)), *sizes):
            return Apply("reshape", inner, *sizes)
        case "T", (Apply(operation="T", arguments=(inner,)),):
            return inner
        case "T", (Apply(operation="@" | "outer" as product, arguments=(left, right)),):
            if product == "outer":
                return Apply("outer", right, left)
            return Apply("@", _settled(Apply("T", right)), _settled(Apply("T", left)))
    return expression.rebuilt(parts)


def _without(product: Expression, factor: Expression) -> Expression | None:
    """A product without one of its factors, the half that a 2 cancels; None if it is none of them."""
    if product == factor:
        return ONE
    match product:
        case Apply(operation="*", arguments=(left, right)):
            rest = _without(left, factor)
            return None if rest is None else _settled(Apply("*", rest, right))
    return None


def added(parts: Sequence[Expression], dims: Dims) -> Expression:
    """A sum of gradients of one array; what goes to parts of it is put together again."""
    return put_together(parts, dims) or folded(_plus, parts)


def _plus(left: Expression, right: Expression) -> Expression:
    positive = _negated(right)
    return Apply("+", left, right) if positive is None else Apply("-", left, positive)


def _negated(expression: Expression) -> Expression | None:
    """What an expression is the negative of, where it is written as one."""
    match expression:
        case Apply(operation="neg", arguments=(inner,)):
            return inner
        case Apply(operation="*" | "@" as product, arguments=(left, right)):
            positive = _negated(left)
            return None if positive is None else Apply(product, positive, right)
    return None
