"""The ledger of a problem: its quantities with their formulas and true values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import singledispatch
from math import prod
from typing import Any, Final

import numpy as np

from stepsolve.derivation import Derivation
from stepsolve.kinds.graph import Graph
from stepsolve.kinds.matrix_derivative import MatrixDerivative
from stepsolve.marking.drawn import drawn
from stepsolve.marking.ledger import Function, Ledger, Quantity
from stepsolve.marking.values import Arithmetic, Exact
from stepsolve.notation import names as notation
from stepsolve.notation.tree import Expression, Name, names
from stepsolve.problem import Problem
from stepsolve.sheet_problem import SheetProblem
from stepsolve.worksheet.solution import Solution
from stepsolve.worksheet.solved import Solved

_LARGE: Final = 5_000  # entries of an array beyond which its values stay in float64


@singledispatch
def ledger_of(problem: Problem) -> Ledger:
    """The quantities of a problem. Raises `StepsolveError` where it cannot be solved."""
    return _of_derivation(problem.derivation)


@ledger_of.register
def _(problem: SheetProblem) -> Ledger:
    return _of_sheet(problem.solved)


@ledger_of.register
def _(problem: Graph) -> Ledger:
    return _of_sheet(problem.solved) if problem.has_arrays else _of_scalars(problem.solution)


@ledger_of.register
def _(problem: MatrixDerivative) -> Ledger:
    found = drawn(problem)
    if found is None:
        return _of_derivation(problem.derivation)
    ledger = ledger_of(found.graph)
    ledger.is_drawn, ledger.functions = True, found.functions
    letters = (Quantity(letter, Name(name)) for letter, name in found.letters.items())
    return _filled(ledger, tuple(q for q in letters if q.name not in ledger))


def functions_of(problem: Problem, ledger: Ledger) -> dict[str, Function]:
    """The functions that a problem is about, and the derivatives of those of one variable."""
    found = dict(ledger.functions)
    for name, (parameters, body) in problem.defined_functions().items():
        found[name] = Function(parameters, body)
        if len(parameters) == 1:
            gradient = notation.gradient_name(name, *parameters)
            formula = ledger[gradient].formula if gradient in ledger else None
            if formula is not None:
                found[f"{name}'"] = Function(parameters, formula)
    return found


def _of_sheet(solved: Solved) -> Ledger:
    sheet = solved.sheet
    known = sheet.dimensions.known
    arithmetic = Arithmetic(sheet.dimensions.integers)

    def true(name: str) -> Exact | None:
        if not solved.is_known(name):
            return None
        dims = known[name]
        if prod(dims) > _LARGE:
            return solved.value(name)
        if not dims:
            return arithmetic.exactly(solved.decimal(name))
        found = np.empty(dims, dtype=object)
        for index in np.ndindex(dims):
            found[index] = arithmetic.exactly(solved.decimal(name, *index))
        return found

    given = (Quantity(name, given=True, dims=known[name]) for name in sheet.given)
    lines = (
        Quantity(line.name, line.expression, dims=known[line.name]) for line in sheet.lines.values()
    )
    return _filled(Ledger(arithmetic, true), (*given, *lines))


def _of_scalars(solution: Solution) -> Ledger:
    exact = solution.exact
    given = (Quantity(name, given=True) for name in solution.worksheet.given)
    lines = (Quantity(line.name, line.expression) for line in solution.worksheet.lines)
    return _filled(Ledger(Arithmetic(), exact.get), (*given, *lines))


def _of_derivation(derivation: Derivation) -> Ledger:
    arithmetic = Arithmetic()
    lines = {line.name: line for line in derivation.lines}
    # one value for each of several steps: such a name has none of its own
    several = {line.name for line in derivation.lines if line.value != lines[line.name].value}
    lines = {name: line for name, line in lines.items() if name not in several}
    values = {n: v for n, v in derivation.quantities.items() if n not in several}

    def true(name: str) -> Exact | None:
        line = lines.get(name)
        if line is not None and line.decimal is not None:
            return arithmetic.exactly(line.decimal)
        return _exactly(values.get(name), arithmetic)

    formulas = {n: form for n, form in derivation.results.items() if n not in several}
    formulas |= {n: line.expression for n, line in lines.items()}
    varying = (Quantity(name, varies=True) for name in sorted(several))
    return _filled(Ledger(arithmetic, true), (*_in_order(values, formulas), *varying))


def _in_order(values: Mapping[str, Any], formulas: Mapping[str, Expression]) -> Iterator[Quantity]:
    """Quantities of a document: those without a formula are given."""
    for name in dict.fromkeys((*values, *formulas)):
        formula = formulas.get(name)
        own = formula is not None and name in names(formula)
        dims = np.shape(np.asarray(values[name])) if name in values else ()
        yield Quantity(name, None if own else formula, given=formula is None, dims=dims)


def _exactly(value: Any, arithmetic: Arithmetic) -> Exact | None:
    if value is None:
        return None
    if isinstance(value, list):
        floats = np.asarray(value, dtype=float)
        return np.vectorize(lambda v: arithmetic.exactly(float(v)), otypes=[object])(floats)
    return arithmetic.exactly(float(value))


def _filled(ledger: Ledger, quantities: tuple[Quantity, ...] | Iterator[Quantity]) -> Ledger:
    for quantity in quantities:
        quantity.from_problem = True
        ledger.add(quantity)
    return ledger
