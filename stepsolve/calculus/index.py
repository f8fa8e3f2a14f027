"""Index calculus: a derivative entry by entry, as a chain of rewrites, each by a named rule.

One stage goes from the lines that use a variable back to the variable: the chain rule, the rules of
sums, products and functions, the entries of the variable itself, and the sums that collapse.

Source: Magnus, Neudecker, Matrix Differential Calculus, 3rd ed. (2019), ch. 5 and 9.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple

from stepsolve.calculus.deltas import collapse, has_delta
from stepsolve.calculus.entries import Entries, _parsed
from stepsolve.calculus.terms import Letters, Term, collected, in_order, terms_of, written
from stepsolve.derivation import Step
from stepsolve.errors import StepsolveError
from stepsolve.notation.exact import numeric
from stepsolve.notation.indices import is_summation
from stepsolve.notation.tree import Apply, Expression, Item, Name, names, substitute, walk
from stepsolve.notation.unicode import pretty_name
from stepsolve.operations.shapes import Shapes
from stepsolve.operations.table import OPERATIONS, TENSORS

_ARITHMETIC = ("+", "-", "*", "/", "neg")
_CONSTANT = "constant factor"
_MANY = 60  # terms, and
_LONG = 400  # factors in all of them: more are no derivation that anybody reads


class User(NamedTuple):
    """A line that uses the variable: its name, its formula, and the gradient by its entries.

    `gradient` gives that gradient at some indices: a formula where it is short, else its own name.
    """

    name: str
    formula: Expression
    gradient: Callable[[tuple[Expression, ...]], Term] | None


class Found(NamedTuple):
    """A derivative in index notation: its steps and what comes of them."""

    steps: tuple[Step, ...]
    terms: tuple[Term, ...]


class Stage:
    """The derivative of a target by one variable, through the lines that use that variable.

    `of` is the entry of the target and `by` that of the variable; `letters` are the free ones.
    `hanging` are the lines that change with the variable.
    """

    def __init__(
        self,
        shapes: Shapes,
        letters: Letters,
        of: Expression,
        by: Expression,
        hanging: Iterable[str] = (),
    ) -> None:
        self._shapes, self._letters, self._hanging = shapes, letters, frozenset(hanging)
        self._of, self._by = of, by
        self._variable = by.base if isinstance(by, Item) else by
        self._entries = Entries(shapes, letters, lambda e: not self._depends(e))
        self._steps: list[Step] = []
        self._selves: dict[Expression, Expression] = {}

    def derive(self, users: Iterable[User]) -> Found:
        """The derivation. Raises `StepsolveError` where it would grow beyond all reading."""
        terms = self._through(list(users))
        before: Expression = Apply("diff", self._of, self._by)
        if self._steps:
            before = self._steps[-1].after
        while True:
            changed, rules = self._distributed(terms)
            if rules:
                self._note(", ".join(rules), before, changed, self._constants(terms))
            whole, functions, named = self._functions(changed)
            if named:
                start = written(changed) if rules else before
                shown = self._note(" and ".join(named), start, whole)
                self._note("multiplied out", shown, functions)
            if not rules and not named:
                break
            terms, before = functions, written(functions)
            self._refuse_endless(terms)
        terms = self._entries_of_variable(terms)
        terms = self._collapsed(terms)
        return Found(tuple(self._steps), tuple(terms))

    # ------------------------------------------------------------------------------- the chain rule

    def _through(self, users: list[User]) -> list[Term]:
        start = Apply("diff", self._of, self._by)
        open_: list[tuple[Term, Term]] = []
        shown: list[Term] = []
        through = [user for user in users if user.gradient is not None]
        for user in users:
            rank = self._shapes.of(Name(user.name)).rank
            if user.gradient is None:
                places = self._of.indices if isinstance(self._of, Item) else ()
                entry: Expression = self._of
                factor = Term(1, ())
                formal = Term(1, ())
            else:
                places = tuple(map(Name, self._letters.several(rank)))
                entry = Item(Name(user.name), *places) if rank else Name(user.name)
                bound = tuple(p.name for p in places if isinstance(p, Name))
                formal = Term(1, ((Apply("diff", self._of, entry), 1),), bound)
                known = user.gradient(places)
                factor = known._replace(bound=(*bound, *known.bound))
            formula = flat(self._entries.of(user.formula, places))
            self._selves[formula] = entry
            inner = Term(1, ((Apply("partial", formula, self._by), 1),))
            shown.append(formal.times(Term(1, ((Apply("partial", entry, self._by), 1),))))
            open_.append((factor, inner))
        before: Expression = start
        if through:
            lines = ", ".join(pretty_name(user.name) for user in through)
            direct = "" if len(through) == len(users) else f", and directly with {lines} held fixed"
            before = self._note("chain rule", before, shown, f"through {lines}{direct}")
        terms = [factor.times(inner) for factor, inner in open_]
        if written(terms) != before and not all(self._is_function(u.formula) for u in users):
            told = [pretty_name(u.name) for u in users]
            self._note(f"{', '.join(told)} written out", before, terms)
        return terms

    def _is_function(self, formula: Expression) -> bool:
        if not isinstance(formula, Apply) or formula.operation in (*_ARITHMETIC, "^"):
            return False
        row = TENSORS.get(formula.operation)
        return row is None or row.local is not None

    # ------------------------------------------------------------------------------- the rules

    def _depends(self, expression: Expression) -> bool:
        return not names(self._variable).keys().isdisjoint(names(expression))

    def _whole(self, expression: Expression) -> bool:
        return not has_delta(expression) and not self._depends(expression)

    def _open(self, term: Term) -> int | None:
        """Where a term has a derivative that is still to be worked out."""
        for position, (base, _) in enumerate(term.powers):
            if isinstance(base, Apply) and base.operation == "partial":
                return position
        return None

    def _body(self, term: Term, position: int) -> Expression:
        partial = term.powers[position][0]
        assert isinstance(partial, Apply)
        return partial.arguments[0]

    def _is_atom(self, body: Expression) -> bool:
        """Whether no rule of sums, products or powers applies: an entry, a name, a function."""
        if not self._depends(body):
            return False
        if isinstance(body, Item | Name):
            return True
        assert isinstance(body, Apply)
        if is_summation(body) or body.operation in _ARITHMETIC:
            return False
        if body.operation == "^":
            return self._depends(body.arguments[1]) or not _is_number(body.arguments[1])
        return True

    def _distributed(self, terms: Iterable[Term]) -> tuple[list[Term], list[str]]:
        """Derivatives of sums, products and powers, down to entries and functions."""
        rules: dict[str, None] = {}
        done: list[Term] = []
        waiting = list(terms)
        while waiting:
            term = waiting.pop(0)
            position = self._open(term)
            if position is None or self._is_atom(self._body(term, position)):
                done.append(term)
                continue
            body = self._body(term, position)
            inner = self._apart(term, terms_of(body, self._whole))
            kind = "sum rule" if len(inner) > 1 or inner[0].bound else _CONSTANT
            rules.setdefault(kind, None)
            parts = [part for one in inner for part in self._product_rule(one, rules)]
            waiting = [term.replaced(position, part) for part in parts] + waiting
            self._refuse_endless([*done, *waiting])
        if len(rules) > 1:
            rules.pop(_CONSTANT, None)
        return done, list(rules)

    @staticmethod
    def _refuse_endless(terms: list[Term]) -> None:
        if len(terms) > _MANY or sum(len(term.powers) for term in terms) > _LONG:
            raise StepsolveError(
                f"this derivative has more than {_MANY} terms or {_LONG} factors: give parts of the "
                "expression lines of their own"
            )

    def _apart(self, outer: Term, inner: list[Term]) -> list[Term]:
        """The inner terms with summed indices that the outer one does not use."""
        used = {name for base, _ in outer.powers for name in names(base)} | set(outer.bound)
        found = []
        for term in inner:
            for index in term.bound:
                if index in outer.bound or _also_closed(outer, index, used):
                    other = self._letters.take()
                    bound = tuple(other if b == index else b for b in term.bound)
                    term = term.renamed(index, Name(other))._replace(bound=bound)
            found.append(term)
        return found

    def _product_rule(self, term: Term, rules: dict[str, None]) -> list[Term]:
        parts = []
        varying = [k for k, (base, _) in enumerate(term.powers) if self._depends(base)]
        if len(varying) > 1:
            rules.setdefault("product rule", None)
        for k in varying:
            base, power = term.powers[k]
            slope = Apply("partial", base, self._by)
            if power != 1:
                rules.setdefault("power rule", None)
            powers = [*term.powers[:k]]
            if power != 1:
                powers.append((base, power - 1))
            powers += [(slope, 1), *term.powers[k + 1 :]]
            parts.append(Term(term.number * power, tuple(powers), term.bound))
        return parts

    def _constants(self, terms: Iterable[Term]) -> str:
        """The names beside the variable in what is differentiated, as words."""
        known = dict.fromkeys(
            pretty_name(node.name)
            for term in terms
            if (position := self._open(term)) is not None
            for node in walk(self._body(term, position))
            if isinstance(node, Name) and node.name in self._shapes.known
            if node != self._variable and node.name not in self._hanging
        )
        if not known:
            return ""
        verb = "does" if len(known) == 1 else "do"
        return f"{', '.join(known)} {verb} not depend on {names_of(self._variable)}"

    # ------------------------------------------------------------------------------- functions

    def _functions(self, terms: Iterable[Term]) -> tuple[list[Term], list[Term], list[str]]:
        """The chain rule at every function whose derivative is to be worked out.

        A derivative of several terms is put in as one factor first, then multiplied out.
        """
        named: dict[str, None] = {}
        whole: list[Term] = []
        done: list[Term] = []
        for term in terms:
            position = self._open(term)
            body = None if position is None else self._body(term, position)
            if position is None or body is None or self._is_variable(body):
                whole.append(term)
                done.append(term)
                continue
            operation, parts = self._slopes(body)
            named.setdefault(f"derivative of {operation}", None)
            parts = self._apart(term, parts)
            several = [Term(1, ((written(parts), 1),))] if len(parts) > 1 else parts
            whole += [term.replaced(position, part) for part in several]
            done += [term.replaced(position, part) for part in parts]
        return whole, done, list(named)

    def _is_variable(self, body: Expression) -> bool:
        return (body.base if isinstance(body, Item) else body) == self._variable

    def _slopes(self, body: Expression) -> tuple[str, list[Term]]:
        whole = body.base if isinstance(body, Item) else body
        assert isinstance(whole, Apply)
        if whole.operation in TENSORS:
            return whole.operation, self._tensor_slopes(body, whole)
        if whole.operation in OPERATIONS:
            return whole.operation, self._scalar_slopes(whole)
        (inner,) = whole.arguments
        slope = Apply(f"{whole.operation}'", inner)
        return whole.operation, [Term(1, ((slope, 1), (Apply("partial", inner, self._by), 1)))]

    def _scalar_slopes(self, whole: Apply) -> list[Term]:
        row = OPERATIONS[whole.operation]
        arguments = row.completed(whole.arguments)
        result = self._selves.get(whole, whole)
        holes = dict(zip(row.parameters(len(arguments)), arguments, strict=True)) | {"y": result}
        found: list[Term] = []
        for argument, local in zip(arguments, row.local_rules(len(arguments)), strict=True):
            if self._depends(argument):
                slope = Term(1, ((Apply("partial", argument, self._by), 1),))
                known = substitute(local, holes)
                is_sum = isinstance(known, Apply) and known.operation in ("+", "-")
                kept = [Term(1, ((known, 1),))]
                keep = kept if is_sum else terms_of(known, lambda e: True)
                found += [term.times(slope) for term in keep]
        return found

    def _tensor_slopes(self, body: Expression, whole: Apply) -> list[Term]:
        row = TENSORS[whole.operation]
        (argument,) = whole.arguments
        shape = self._shapes.of(argument)
        if row.local is None:
            raise StepsolveError(f"no rule for the derivative of {whole.operation}")
        is_own = argument == self._variable and isinstance(self._by, Item)
        own = () if is_own else self._letters.several(shape.rank)
        at = self._by.indices if isinstance(self._by, Item) and is_own else tuple(map(Name, own))
        places: dict[str, Expression] = dict(zip("kl", at, strict=False))
        if isinstance(body, Item):
            places |= dict(zip("ij", body.indices, strict=False))
        known = self._selves.get(body, body)
        result = known.base if isinstance(known, Item) else known
        local = self._entries.filled(_parsed(row.local(shape)), (argument,), places, result)
        inner = self._entries.of(argument, at)
        slope = Term(1, () if is_own else ((Apply("partial", inner, self._by), 1),), own)
        return [part.times(slope) for part in terms_of(local, lambda e: not has_delta(e))]

    # ------------------------------------------------------------------------------- entries

    def _entries_of_variable(self, terms: list[Term]) -> list[Term]:
        """The derivative of an entry by an entry: 1 for the same one, else 0."""
        done: list[Term] = []
        formula: tuple[Expression, Expression] | None = None
        for term in terms:
            while (position := self._open(term)) is not None:
                partial = term.powers[position][0]
                deltas = self._deltas(self._body(term, position))
                if formula is None and deltas.powers:
                    formula = partial, written([deltas])
                term = term.replaced(position, deltas)
            done.append(term)
        if done != terms:
            self._note("derivative of an entry", written(terms), done, formula=formula)
        return done

    def _deltas(self, body: Expression) -> Term:
        if not isinstance(body, Item) or not isinstance(self._by, Item):
            return Term(1, ())
        pairs = zip(body.indices, self._by.indices, strict=True)
        return Term(1, tuple((Apply("delta", a, b), 1) for a, b in pairs))

    def _collapsed(self, terms: list[Term]) -> list[Term]:
        """Sums over an index of a delta: one term of each is left."""
        said: dict[str, None] = {}
        done = collected(collapse(term, said) for term in terms)
        if written(done) != written(terms):
            left = " and ".join(said)
            verb = "remains" if len(said) == 1 else "remain"
            self._note("sum over a delta", written(terms), done, f"only {left} {verb}")
        return done

    def _note(
        self,
        rule: str,
        before: Expression,
        after: list[Term],
        because: str = "",
        formula: tuple[Expression, Expression] | None = None,
    ) -> Expression:
        result = written(after)
        if result != before:
            self._steps.append(Step(rule, before, result, formula, because))
        return result


def _also_closed(outer: Term, index: str, used: set[str]) -> bool:
    """Whether a factor of the outer term sums over the same letter inside."""
    return index in used and any(
        is_summation(node) and node.children[1] == Name(index)
        for base, _ in outer.powers
        if not (isinstance(base, Apply) and base.operation == "partial")
        for node in walk(base)
    )


def _is_number(expression: Expression) -> bool:
    return numeric(expression) is not None


def flat(expression: Expression) -> Expression:
    """Index notation with the sums of a product in front of it, their indices as they occur."""
    is_sum = is_summation(expression) or (
        isinstance(expression, Apply) and expression.operation in (*_ARITHMETIC,)
    )
    if not is_sum:
        return expression
    found = terms_of(expression, lambda e: True)
    used = Counter(index for term in found for index in term.bound)
    return written(in_order(t) if all(used[b] == 1 for b in t.bound) else t for t in found)


def names_of(variable: Expression) -> str:
    """The variable in words."""
    return pretty_name(variable.name) if isinstance(variable, Name) else str(variable)
