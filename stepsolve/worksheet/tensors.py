"""The page about a derivative by vectors and matrices: what is shown, the answers and the checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from stepsolve.calculus.gradients import Gradient, Gradients
from stepsolve.calculus.matrices import as_on_paper, in_plain_language, transposed, with_value
from stepsolve.calculus.tidy import ONE, ZERO
from stepsolve.checking import scenes
from stepsolve.checking.tensors import TensorOracle
from stepsolve.derivation import (
    Block,
    Chain,
    Check,
    Detail,
    Equation,
    Lines,
    Result,
    Section,
    Table,
    Text,
    Worked,
)
from stepsolve.notation.precedence import COMPARISONS
from stepsolve.notation.shapes import Shape
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number, names, substitute, walk
from stepsolve.operations.shapes import Shapes
from stepsolve.worksheet.kinks import conventions
from stepsolve.worksheet.tensor_softmax import SoftmaxPart, Statement, pairs

_LARGEST = 200  # nodes of an answer up to which it is given without letters
CONDITIONS = {
    "symmetric": scenes.symmetric,
    "one-hot": scenes.one_hot,
    "sums to one": scenes.summing_to_one,
}
LAYOUTS = {
    "mixed": "The gradient of a scalar has the shape of the variable; a Jacobian has a row for every "
    "output and a column for every input.",
    "numerator": "Numerator layout: a row for every output and a column for every input, so that "
    "the gradient of a scalar is the transpose of the variable's shape.",
    "denominator": "Denominator layout: a row for every input and a column for every output, so "
    "that the gradient of a scalar has the shape of the variable.",
}


class TensorPage:
    """The parts of the document about one target."""

    def __init__(
        self,
        stated: Statement,
        gradients: Gradients,
        letters: Mapping[str, Expression],
        shapes: Shapes,
    ) -> None:
        self._stated, self._gradients = stated, gradients
        self._letters, self._shapes = letters, shapes
        self._softmax = SoftmaxPart(stated, gradients, shapes)

    @property
    def _target(self) -> str:
        return self._gradients.target

    @property
    def _found(self) -> Mapping[str, Gradient]:
        return self._gradients.found

    def _paper(self, form: Expression) -> Expression:
        return as_on_paper(form, self._shapes)

    # ------------------------------------------------------------------------------ what is shown

    def blocks(self) -> Iterator[Block]:
        """The whole page, in order."""
        yield from self._statement()
        yield from self._entries()
        for name, gradient in self._found.items():
            yield from self._softmax.lemma(name)
            yield from self._stage(name, gradient)
        yield from self._results()
        yield from self._branches()

    def _statement(self) -> Iterator[Block]:
        yield Text(("The quantities and their shapes:",), Detail.BRIEF)
        rows = [(Name(n), _shape_words(self._shapes.known[n])) for n in self._stated.given]
        yield Table(("quantity", "shape"), tuple(rows), Detail.BRIEF)
        one = len(self._stated.lines) == 1
        yield Text(("The function:" if one else "The lines:",), Detail.BRIEF)
        yield self._lines(self._stated.lines)
        for line, letter in self._stated.upstream.items():
            target = Name(self._target)
            told = (target, " is a number that hangs on ", Name(line), "; its gradient ")
            known = (Name(letter), " = ", Name(f"d{self._target}/d{line}"), " is known.")
            yield Text((*told, *known), Detail.BRIEF)
        yield Text((LAYOUTS[self._stated.layout],), Detail.BRIEF)
        if any(map(self._is_entrywise, self._definitions.values())):
            yield Text(("⊙ multiplies entry by entry, as functions, powers and quotients work.",))
        for kind, name in self._stated.conditions:
            yield Text(_condition_words(kind, name, name in self._stated.asked), Detail.BRIEF)
        yield from conventions(self._gradients.lines.values())

    def _is_entrywise(self, form: Expression) -> bool:
        """Whether something in a form works on the entries of vectors or matrices."""
        return any(
            isinstance(node, Apply)
            and node.operation in ("hadamard", "^", "/", "*")
            and all(self._shapes.of(a).rank or node.operation == "^" for a in node.arguments)
            and self._shapes.of(node).rank
            for node in walk(form)
        )

    def _lines(self, lines: Mapping[str, Expression], detail: Detail = Detail.BRIEF) -> Block:
        shown = (item for item in lines.items() if item[0] != self._stated.hidden)
        return Lines(tuple(Worked(n, self._paper(form)) for n, form in shown), detail=detail)

    def _entries(self) -> Iterator[Block]:
        if self._letters:
            yield Text(("With letters for the inner parts:",))
            yield self._lines(self._gradients.lines, Detail.NORMAL)
        yield Section(("In index notation",), Detail.NORMAL)
        for name in self._gradients.lines:
            if name != self._stated.hidden:
                yield Equation(self._gradients.in_entries(name), detail=Detail.NORMAL)
        if any(map(_has_delta, self._found.values())):
            delta = Apply("delta", Name("i"), Name("j"))
            told = ("Below, ", delta, " is Kronecker's delta: 1 if i = j, else 0.")
            yield Text(told)

    def _stage(self, name: str, gradient: Gradient) -> Iterator[Block]:
        if not gradient.steps:
            return
        yield Section(("By ", Name(name)), Detail.NORMAL)
        cases = tuple(self._softmax.cases(name))
        yield from cases or (Chain(gradient.steps),)
        if gradient.matrix is None:
            text = f"With {len(gradient.free)} free indices it stays in index notation."
            if len(gradient.free) <= 2:
                text = "It is no product of matrices and stays in index notation."
            yield Text((text,))
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

    # ------------------------------------------------------------------------------ results

    def _results(self) -> Iterator[Block]:
        yield Section(("Result",))
        for name in self._stated.asked:
            gradient = self._found.get(name)
            if gradient is None:
                text = f"{self._target} does not depend on "
                yield Text((text, Name(name), ": its derivative is 0."), Detail.BRIEF)
            elif gradient.matrix is None:
                left = Apply("diff", self._gradients.of, self._entry_of(gradient))
                yield Result((left, gradient.entry))
            else:
                yield Result((Name(gradient.name), self._paper(self._laid_out(gradient))))
        for gradient in self._used:
            assert gradient.matrix is not None
            form = self._paper(gradient.matrix)
            short = (Name(gradient.letter), " = ") if gradient.letter else ()
            told = (*short, Name(gradient.name), " = ", form)
            yield Text(("with ", *told), Detail.BRIEF)
        for name, form in self._letters.items():
            yield Text(("with ", Name(name), " = ", self._paper(form)), Detail.BRIEF)

    @property
    def _used(self) -> list[Gradient]:
        """The gradients that occur in others by name."""
        forms = [g.matrix for g in self._found.values() if g.matrix is not None]
        used = {name for form in forms for name in names(form)}
        return [g for g in self._found.values() if (g.letter or g.name) in used and g.steps]

    def _laid_out(self, gradient: Gradient) -> Expression:
        """The matrix form the way round that the layout asks for."""
        assert gradient.matrix is not None
        is_scalar = not self._shapes.known[self._target].rank
        if self._stated.layout == ("numerator" if is_scalar else "denominator"):
            return transposed(gradient.matrix, self._shapes)
        return gradient.matrix

    def _entry_of(self, gradient: Gradient) -> Expression:
        own = gradient.free[self._shapes.known[self._target].rank :]
        return Item(Name(gradient.by), *map(Name, own)) if own else Name(gradient.by)

    def answers(self) -> dict[str, Expression]:
        """The answers asked for, without letters where they stay readable."""
        found: dict[str, Expression] = {}
        for name in self._stated.asked:
            gradient = self._found.get(name)
            called = f"d{self._target}/d{name}"
            if gradient is None:
                found[called] = ZERO
            elif gradient.matrix is None:
                found[called] = gradient.entry
            else:
                found[called] = in_plain_language(self._without_letters(self._laid_out(gradient)))
        return found

    @cached_property
    def _definitions(self) -> dict[str, Expression]:
        """What every letter and every gradient's name stands for."""
        known = dict(self._letters)
        if self._stated.unnamed:
            known[self._target] = self._gradients.lines[self._target]
        for gradient in self._found.values():
            if gradient.matrix is not None and gradient.steps:
                known[gradient.letter or gradient.name] = gradient.matrix
        return known

    def _without_letters(self, form: Expression) -> Expression:
        while not self._definitions.keys().isdisjoint(names(form)):
            fuller = substitute(form, self._definitions)
            if fuller.size > _LARGEST:
                return form
            form = fuller
        return form

    # ------------------------------------------------------------------------------ branches

    @cached_property
    def _switch(self) -> Apply | None:
        """The comparison of numbers on which all answers hang, if there is a single one."""
        forms = [g.matrix for g in self._found.values() if g.matrix is not None]
        found = {
            node
            for form in forms
            for node in walk(form)
            if isinstance(node, Apply) and node.operation in COMPARISONS
        }
        scalar = [node for node in found if not self._shapes.of(node).rank]
        return scalar[0] if len(found) == len(scalar) == 1 else None

    def _in_branch(self, value: Expression) -> Iterator[tuple[str, Expression]]:
        assert self._switch is not None
        for gradient in self._used:
            assert gradient.matrix is not None
            yield gradient.letter or gradient.name, with_value(gradient.matrix, self._switch, value)
        for name in self._stated.asked:
            if name in self._found and self._found[name].matrix is not None:
                form = self._laid_out(self._found[name])
                if value == ZERO:
                    form = self._without_letters(form)
                yield self._found[name].name, with_value(form, self._switch, value)

    def _branches(self) -> Iterator[Block]:
        """The answers where a comparison holds, and where it does not."""
        if self._switch is None:
            return
        yield Section(("By cases",), Detail.NORMAL)
        yield Text(("Active, where ", self._switch, ":"))
        yield Lines(
            tuple(Worked(n, self._paper(form)) for n, form in self._in_branch(ONE)),
            detail=Detail.NORMAL,
        )
        left, right = self._switch.arguments
        other = Apply(_OPPOSITE[self._switch.operation], left, right)
        idle = [(n, form) for n, form in self._in_branch(ZERO)]
        if all(form == ZERO for _, form in idle):
            yield Text(("Inactive, where ", other, ": every one of them is 0."))
            return
        yield Text(("Inactive, where ", other, ":"))
        lines = tuple(Worked(n, self._paper(form)) for n, form in idle)
        yield Lines(lines, detail=Detail.NORMAL)

    def _checks_of_branches(self) -> Iterator[Check]:
        if self._switch is None:
            return
        left, right = self._switch.arguments
        other = Apply(_OPPOSITE[self._switch.operation], left, right)
        for value, holds in ((ONE, self._switch), (ZERO, other)):
            oracle = self._oracle_where(holds)
            for name, form in self._in_branch(value):
                gradient = next(g for g in self._found.values() if name in (g.name, g.letter))
                whole = self._laid_out(gradient) if name == gradient.name else gradient.matrix
                assert whole is not None
                shape = self._shapes.of(whole)
                if value == ZERO and shape.rank and form == ZERO:
                    form = Apply("*", ZERO, whole)
                text = "active" if value == ONE else "inactive"
                yield oracle.same(f"{gradient.name} where {text}", whole, form, shape)

    # ------------------------------------------------------------------------------ the checks

    @property
    def has_values(self) -> bool:
        """Whether there are vectors and matrices at which everything has a value."""
        return bool(self._oracle.scenes)

    @cached_property
    def _oracle(self) -> TensorOracle:
        return self._oracle_where(None)

    def _oracle_where(self, where: Expression | None) -> TensorOracle:
        lines = {**self._definitions, **self._gradients.lines}
        known = {*lines, *self._stated.given, *self._stated.upstream.values()}
        shapes = {name: s for name, s in self._shapes.known.items() if name in known}
        conditions = [CONDITIONS[kind](name) for kind, name in self._stated.conditions]
        return TensorOracle(shapes, lines, (), conditions, where)

    def checks(self) -> Iterator[Check]:
        """Every step and every matrix form at random tensors; every gradient by differences."""
        oracle = self._oracle
        yield from self._softmax.checks(oracle)
        for name, gradient in self._found.items():
            if not gradient.steps:
                continue
            claims = pairs(gradient.steps)
            free = gradient.free
            claimed: Expression = gradient.entry
            if gradient.matrix is not None:
                claimed = Item(gradient.matrix, *map(Name, free)) if free else gradient.matrix
                claims.append(("matrix form", gradient.entry, claimed))
            yield from oracle.steps(gradient.name, claims, free)
            if name in self._stated.asked:
                by = self._entry_of(gradient)
                yield oracle.gradient(gradient.name, self._gradients.of, by, claimed, free)
            if gradient.matrix is not None:
                yield oracle.both(gradient.name, gradient.matrix)
        for name in self._stated.asked:
            if name not in self._found:
                yield self._check_of_nothing(name)
        for name, form in self._stated.lines.items():
            if self._gradients.lines[name] != form:
                yield oracle.same(name, Name(name), form, self._shapes.known[name])
        yield from self._checks_of_branches()

    def _check_of_nothing(self, name: str) -> Check:
        indices = ("i", "j", "k", "l")
        of, by = self._shapes.known[self._target].rank, self._shapes.known[name].rank
        places = list(map(Name, indices[: of + by]))
        target = Item(Name(self._target), *places[:of]) if of else Name(self._target)
        variable = Item(Name(name), *places[of:]) if by else Name(name)
        called = f"d{self._target}/d{name}"
        return self._oracle.gradient(called, target, variable, ZERO, indices[: of + by])


_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _factors(form: Expression) -> Iterator[Expression]:
    """The names that a matrix form is made of, with their transposes, and its functions."""
    match form:
        case Name():
            yield form
        case Apply(operation="T" | "inv", arguments=(Name(),)):
            yield form
        case Apply(operation="neg", arguments=(inner,)):
            yield from _factors(inner)
        case Apply(arguments=(Name() | Number(),)):
            yield form
        case Apply(arguments=arguments):
            for argument in arguments:
                yield from _factors(argument)


def _has_delta(gradient: Gradient) -> bool:
    return any(
        isinstance(node, Apply) and node.operation == "delta"
        for step in gradient.steps
        for node in walk(step.after)
    )


def _shape_words(shape: Shape) -> str:
    if shape.rank == 1:
        return f"{shape}, a {'row' if shape.row else 'column'}"
    return str(shape)


def _condition_words(kind: str, name: str, asked: bool) -> tuple[str | Expression, ...]:
    of = Name(name)
    match kind:
        case "symmetric":
            told = (of, " is symmetric: ", Apply("T", of), " = ", of, ".")
            return (*told, " A derivative by it moves every entry alone.") if asked else told
        case "one-hot":
            return (of, " is one-hot: one entry is 1, the others are 0.")
    return ("The entries of ", of, " sum to 1.")
