"""Gradients of vectors and matrices, line by line from the target back, in entries and in matrices.

Source: Magnus, Neudecker, Matrix Differential Calculus, 3rd ed. (2019), ch. 9; for networks,
Nielsen, Neural Networks and Deep Learning (2015), ch. 2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from stepsolve.calculus.entries import Entries
from stepsolve.calculus.index import Stage, User, flat
from stepsolve.calculus.matrices import settled, transposed
from stepsolve.calculus.regroup import NoMatrixForm, Regroup
from stepsolve.calculus.terms import Letters, Term, collected, terms_of, written
from stepsolve.calculus.tidy import ONE
from stepsolve.derivation import Step
from stepsolve.errors import StepsolveError
from stepsolve.notation.names import parts
from stepsolve.notation.shapes import Shape
from stepsolve.notation.tree import (
    Apply,
    Expression,
    Item,
    Name,
    names,
    substitute,
    transform,
    walk,
)
from stepsolve.operations import activations
from stepsolve.operations.shapes import Shapes
from stepsolve.operations.table import row_of

_READABLE = 15  # nodes up to which a gradient without a letter is put in for its name
_MANY = 40  # lines
_LONGEST = 6000  # nodes in all steps together: about twenty pages
_SHORT = 4  # factors up to which a gradient is put in where it is used

_ACTIVATIONS = {row.name for row in activations.ROWS} | {"tanh", "softmax"}


class Gradient(NamedTuple):
    """The gradient of the target by one name.

    `name` is how it is called, `dJ/dx`, and `letter` a shorter name, `delta`, if it has one; `steps`
    derive `entry`, the gradient at the indices `free`; `matrix` is its matrix form, if it has one.
    """

    name: str
    letter: str
    by: str
    steps: tuple[Step, ...]
    entry: Expression
    terms: tuple[Term, ...]
    free: tuple[str, ...]
    matrix: Expression | None
    shape: Shape


class Gradients:
    """The gradients of the last line by some names, through the lines in between.

    `shapes` gets to know the gradients that others are made of. `ones` are vectors whose entries sum
    to one; `upstream` names gradients by lines that are known already. Raises `StepsolveError` where
    a derivation would be endless.
    """

    def __init__(
        self,
        lines: Mapping[str, Expression],
        shapes: Shapes,
        by: Iterable[str],
        taken: Iterable[str] = (),
        ones: Iterable[str] = (),
        upstream: Mapping[str, str] | None = None,
    ) -> None:
        if len(lines) > _MANY:
            raise StepsolveError(f"a derivation through more than {_MANY} lines is too long")
        self.lines, self.shapes = dict(lines), shapes
        self.target = list(self.lines)[-1]
        self._asked = tuple(by)
        self._ones = frozenset(ones)
        self._upstream = dict(upstream or {})
        self._letters = Letters({*taken, *shapes.known, *self.lines})
        self._taken = {*taken, *shapes.known, *self.lines}
        self._outputs = self._letters.several(shapes.known[self.target].rank)
        self.of = self._entry(self.target, self._outputs)
        self.found: dict[str, Gradient] = {}
        leading = self._leading()
        inner = [name for name in reversed(self.lines) if name in leading and name != self.target]
        for name in (*inner, *(n for n in self._asked if n not in inner)):
            if name in self._upstream:
                self.found[name] = self._from_above(name)
            elif self._users(name, leading):
                self.found[name] = self._derive(name, leading)
                self._refuse_endless()

    def _refuse_endless(self) -> None:
        steps = [step for gradient in self.found.values() for step in gradient.steps]
        if sum(step.after.size for step in steps) > _LONGEST:
            raise StepsolveError(
                "this derivation is longer than anybody reads: ask for fewer names at once, or give "
                "parts of the expression lines of their own"
            )

    def _entry(self, name: str, indices: Iterable[str]) -> Expression:
        places = tuple(map(Name, indices))
        return Item(Name(name), *places) if places else Name(name)

    def _hanging(self, variables: Iterable[str]) -> set[str]:
        """Some variables and the lines that change with them."""
        found = set(variables)
        for name, expression in self.lines.items():
            if not found.isdisjoint(names(expression)):
                found.add(name)
        return found

    def _leading(self) -> set[str]:
        """The lines between the variables and the target, and the target."""
        hanging = self._hanging(self._asked)
        needed = {self.target}
        for name in reversed(self.lines):
            if name in needed:
                needed |= {n for n in names(self.lines[name]) if n in self.lines}
        return needed & hanging

    def _users(self, name: str, leading: set[str]) -> list[str]:
        return [line for line in self.lines if line in leading and name in names(self.lines[line])]

    def _from_above(self, name: str) -> Gradient:
        letter, shape = self._upstream[name], self.shapes.known[name]
        free = self._letters.copy().several(shape.rank)
        entry = self._entry(letter, free)
        term = Term(1, ((entry, 1),))
        called = f"d{self.target}/d{name}"
        return Gradient(called, letter, name, (), entry, (term,), free, Name(letter), shape)

    def _derive(self, name: str, leading: set[str]) -> Gradient:
        letters = self._letters.copy()
        shape = self.shapes.known[name]
        own = letters.several(shape.rank)
        by = self._entry(name, own)
        stage = Stage(self.shapes, letters, self.of, by, self._hanging({name}))
        users = [User(u, self.lines[u], self._known(u)) for u in self._users(name, leading)]
        found = stage.derive(users)
        steps, terms = self._conditions(found.steps, list(found.terms))
        steps, terms = self._cancelled(steps, terms)
        free = (*self._outputs, *own)
        whole = Shape((*self.shapes.known[self.target].sizes, *shape.sizes))
        matrix = self._matrix(terms, free, whole, shape)
        letter = self._letter(name) if matrix is not None else ""
        called = f"d{self.target}/d{name}"
        if matrix is not None:
            seen = shape if shape.rank == 1 and whole.rank == 1 else whole
            self.shapes.known[letter or called] = seen
        return Gradient(
            called, letter, name, steps, written(terms), tuple(terms), free, matrix, whole
        )

    def _known(self, name: str) -> Callable[[tuple[Expression, ...]], Term] | None:
        """The gradient of the target by the entries of a line: in full if short, else by name."""
        if name == self.target:
            return None
        gradient = self.found[name]
        own = gradient.free[len(self._outputs) :]

        def at(places: tuple[Expression, ...]) -> Term:
            term = gradient.terms[0] if len(gradient.terms) == 1 else None
            if term and not term.bound and not gradient.letter and len(term.powers) <= _SHORT:
                return term.with_indices(dict(zip(own, places, strict=True)))
            entry = Item(Name(name), *places) if places else Name(name)
            return Term(1, ((Apply("diff", self.of, entry), 1),))

        return at

    # ------------------------------------------------------------------------- conditions, forms

    def _conditions(
        self, steps: tuple[Step, ...], terms: list[Term]
    ) -> tuple[tuple[Step, ...], list[Term]]:
        """The sum of a vector whose entries sum to one is put in as 1."""
        done: list[Term] = []
        said: tuple[Expression, Expression] | None = None
        for term in terms:
            for index in term.bound:
                uses = [k for k, (b, _) in enumerate(term.powers) if index in names(b)]
                if len(uses) != 1 or term.powers[uses[0]][1] != 1:
                    continue
                base = term.powers[uses[0]][0]
                if isinstance(base, Item) and names(base.base).keys() <= self._ones:
                    said = Apply("sum", base, Name(index)), ONE
                    powers = term.powers[: uses[0]] + term.powers[uses[0] + 1 :]
                    bound = tuple(b for b in term.bound if b != index)
                    term = Term(term.number, powers, bound)
            done.append(term)
        if said is None:
            return steps, terms
        done = collected(done)
        step = Step("condition", written(terms), written(done), said)
        return (*steps, step), done

    def _cancelled(
        self, steps: tuple[Step, ...], terms: list[Term]
    ) -> tuple[tuple[Step, ...], list[Term]]:
        """A gradient of several terms put in for its name, where multiplying it out cancels much."""
        if len(terms) != 1 or terms[0].bound:
            return steps, terms
        (term,) = terms
        for position, (base, power) in enumerate(term.powers):
            gradient = self._gradient_of(base)
            if gradient is None or power != 1 or gradient.letter or len(gradient.terms) < 2:
                continue
            if any(part.bound for part in gradient.terms):
                continue
            assert isinstance(base, Apply)
            change = dict(zip(gradient.free, _places(*base.arguments), strict=True))
            parts = [t.with_indices(change) for t in gradient.terms]
            whole = written([term.replaced(position, Term(1, ((written(parts), 1),)))])
            product = [term.replaced(position, part) for part in parts]
            plain = collected(t for m in product for t in terms_of(written([m]), lambda e: False))
            if written(plain).size < written(terms).size:
                rewrites = (
                    (f"{gradient.name} put in", written(terms), whole),
                    ("multiplied out", whole, written(product)),
                    ("cancelled", written(product), written(plain)),
                )
                return (*steps, *(Step(*rewrite) for rewrite in rewrites)), plain
        return steps, terms

    def _gradient_of(self, base: Expression) -> Gradient | None:
        """The gradient that `diff(s, z[k])` is an entry of."""
        if not isinstance(base, Apply) or base.operation != "diff":
            return None
        by = base.arguments[1]
        line = by.base if isinstance(by, Item) else by
        assert isinstance(line, Name)
        return self.found[line.name]

    def _matrix(
        self, terms: list[Term], free: tuple[str, ...], whole: Shape, shape: Shape
    ) -> Expression | None:
        try:
            named = [self._named(term) for term in terms]
            regroup = Regroup(self.shapes, dict(zip(free, whole.sizes, strict=True)))
            form = regroup.form(named, free)
        except NoMatrixForm:
            return None
        is_row = len(free) == 1 and (shape.row or self.shapes.known[self.target].row)
        return self._put_in(transposed(form, self.shapes) if is_row else form)

    def _put_in(self, form: Expression) -> Expression:
        """The form with short gradients that have no letter put in for their names."""
        short = {
            g.name: g.matrix
            for g in self.found.values()
            if not g.letter and g.matrix is not None and g.matrix.size <= _READABLE
        }
        if short.keys().isdisjoint(names(form)):
            return form
        return settled(substitute(form, short), self.shapes)

    def _named(self, term: Term) -> Term:
        """The term with the names of gradients for `diff(s, z[k])`."""

        def change(node: Expression) -> Expression | None:
            gradient = self._gradient_of(node)
            if gradient is None:
                return None
            if gradient.matrix is None:
                raise NoMatrixForm
            places = _places(*node.children)
            name = Name(gradient.letter or gradient.name)
            return Item(name, *places) if places else name

        powers = tuple((transform(base, change), power) for base, power in term.powers)
        return Term(term.number, powers, term.bound)

    def _letter(self, name: str) -> str:
        """The usual name of the gradient by the argument of a function: delta, with its index."""
        if self._outputs or name not in self.lines or name in self._asked:
            return ""
        if not self.shapes.known[name].rank or not any(
            _is_function_of(line, name) for line in self.lines.values()
        ):
            return ""
        found = parts(name)
        step = f"step{found.iterate}" if found.iterate else ""
        index = "_".join(part for part in (found.digits, found.subscript, step) if part)
        tail = (f"_{index}" if index else "") + "'" * found.primes
        letter = next((c for c in (f"delta{tail}", f"delta_{name}") if c not in self._taken), "")
        self._taken.add(letter)
        return letter

    # ------------------------------------------------------------------------- what is shown

    def in_entries(self, name: str) -> tuple[Expression, Expression]:
        """A line in index notation: its entry, and the formula of that."""
        letters = Letters({*self._taken, *self.shapes.known})
        places = letters.several(self.shapes.known[name].rank)
        formula = Entries(self.shapes, letters, in_full=True).of(
            self.lines[name], tuple(map(Name, places))
        )
        return self._entry(name, places), flat(formula)


def _places(*entries: Expression) -> list[Expression]:
    """The indices of entries, in order."""
    return [index for entry in entries if isinstance(entry, Item) for index in entry.indices]


def _is_function_of(line: Expression, name: str) -> bool:
    """Whether an activation function of a name alone occurs in a line."""
    return any(
        isinstance(node, Apply)
        and node.arguments == (Name(name),)
        and (node.operation in _ACTIVATIONS or row_of(node.operation) is None)
        for node in walk(line)
    )
