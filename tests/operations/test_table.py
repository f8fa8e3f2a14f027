"""Every row of the table of operations, against functions that share no code with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

import numpy as np
import pytest
import sympy
from oracle import MEANING, MP, SMOOTH
from sympy.parsing.sympy_parser import parse_expr

from stepsolve.checking.precise import Precise
from stepsolve.errors import OutsideDomain
from stepsolve.notation.box import layout
from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names
from stepsolve.notation.unicode import one_line
from stepsolve.operations.operation import VARIADIC, Operation
from stepsolve.operations.table import ALIASES, CONSTANTS, OPERATIONS
from stepsolve.source.expression import parse
from stepsolve.worksheet.evaluation import value

ROWS = list(OPERATIONS.values())
every_row = pytest.mark.parametrize("row", ROWS, ids=list(OPERATIONS))


def counts(row: Operation) -> range:
    """The numbers of arguments to try."""
    least, most = row.arity
    return range(least, (4 if most == VARIADIC else most) + 1)


def applied(row: Operation, count: int) -> Apply:
    return Apply(row.name, *map(Name, row.parameters(count)))


def points(row: Operation, count: int, number: int = 40) -> list[tuple[float, ...]]:
    """Corners and inner points of the domain, the same in every run."""
    domain = [row.domain[min(k, len(row.domain) - 1)] for k in range(count)]
    random = Random(count)
    inner = [tuple(random.uniform(*interval) for interval in domain) for _ in range(number)]
    return [*product(*domain), *inner]


def smooth(row: Operation, count: int) -> Iterator[tuple[float, ...]]:
    """Those points that are not kinks, nor jumps of a condition."""
    for point in points(row, count):
        kinks = {
            "zero": point[0] == 0,
            "ties": len(set(point)) < count,
            "bounds": point[0] in point[1:],
            "jumps": point[0] == int(point[0]),
            "": False,
        }
        if not kinks[row.kinks] and not (row.name == "where" and point[0] == 0):
            yield point


def by_numpy(tree: Expression, values: dict[str, Any]) -> Any:
    """The value of a tree by the NumPy functions of its rows."""
    if isinstance(tree, Name):
        return values[tree.name] if tree.name in values else {"π": np.pi, "e": np.e}[tree.name]
    if isinstance(tree, Number):
        return float(tree.text)
    assert isinstance(tree, Apply)
    row = OPERATIONS[tree.operation]
    return row.numpy(*(by_numpy(a, values) for a in row.completed(tree.arguments)))


def by_reference(tree: Expression, values: dict[str, Any]) -> Any:
    """The value of a tree by the functions of this file."""
    if isinstance(tree, Name):
        return values[tree.name] if tree.name in values else {"π": +MP.pi, "e": +MP.e}[tree.name]
    if isinstance(tree, Number):
        return MP.mpf(tree.text)
    assert isinstance(tree, Apply)
    return MEANING[tree.operation](*(by_reference(a, values) for a in tree.arguments))


def reference(row: Operation, point: tuple[float, ...]) -> Any:
    return MP.re(MEANING[row.name](*map(MP.mpf, point)))


def slope(row: Operation, point: tuple[float, ...], by: int, side: int) -> Any:
    """The slope beside a point, to the right (1) or left (-1), in one argument."""
    step = side * MP.mpf("1e-20")

    def at(steps: int) -> Any:
        moved = [MP.mpf(v) + (steps * step if k == by else 0) for k, v in enumerate(point)]
        return MP.re(MEANING[row.name](*moved))

    return (at(2) - at(1)) / step  # a jump at the point itself has no part in it


def derivative(row: Operation, point: tuple[float, ...], by: int) -> Any:
    """By a complex step where the operation is analytic, else by differences on both sides."""
    if row.name in SMOOTH:
        moved = [MP.mpc(v, 1e-25 if k == by else 0) for k, v in enumerate(point)]
        return MP.im(SMOOTH[row.name](*moved)) / MP.mpf(1e-25)
    left, right = slope(row, point, by, -1), slope(row, point, by, 1)
    assert abs(left - right) < 1e-15
    return right


def local_gradients(row: Operation, point: tuple[float, ...]) -> list[float]:
    """By NumPy from the rules of the row, with y its own value."""
    values = dict(zip(row.parameters(len(point)), point, strict=True))
    values["y"] = row.numpy(*point)
    return [float(by_numpy(rule, values)) for rule in row.local_rules(len(point))]


def close(found: Any, wanted: Any, tolerance: float = 1e-12, floor: float = 0.0) -> bool:
    return bool(abs(MP.mpf(float(found)) - wanted) <= tolerance * abs(wanted) + floor)


def test_every_row_has_a_function_here() -> None:
    assert set(MEANING) == set(OPERATIONS)


@every_row
def test_numpy_has_the_value(row: Operation) -> None:
    for count in counts(row):
        for point in points(row, count):
            values = dict(zip(row.parameters(count), point, strict=True))
            found = by_numpy(applied(row, count), values)
            assert np.shape(found) == () and close(found, reference(row, point)), point


@every_row
def test_high_precision_has_the_value(row: Operation) -> None:
    precise = Precise()
    for point in points(row, row.arity[0]):
        completed = row.completed(tuple(Number(repr(v)) for v in point))
        arguments = [*map(precise.mp.mpf, point)]
        arguments += [precise.number(n.text) for n in completed[len(point) :]]
        found = MP.mpf(precise.apply(row.name, arguments))
        wanted = reference(row, point)
        assert abs(found - wanted) <= 1e-45 * max(abs(wanted), 1e-3), point


@pytest.mark.parametrize("shape", [(0,), (4,), (2, 2), (1, 4, 1)], ids=str)
@every_row
def test_numpy_works_elementwise(row: Operation, shape: tuple[int, ...]) -> None:
    chosen = points(row, row.arity[0])[-4:][: np.prod(shape)]
    columns = np.array(chosen).reshape((-1, row.arity[0])).T
    arguments = [column.reshape(shape) for column in columns]
    tree = applied(row, row.arity[0])
    values = dict(zip(row.parameters(len(arguments)), arguments, strict=True))
    found = by_numpy(tree, values)
    one_by_one = [by_numpy(tree, dict(zip(values, p, strict=True))) for p in chosen]
    assert found.shape == shape
    assert found.dtype == np.float64
    assert np.array_equal(found.ravel(), np.array(one_by_one))


@every_row
def test_local_gradients(row: Operation) -> None:
    for count in {len(row.completed((Name("x"),) * n)) for n in counts(row)}:
        for point in smooth(row, count):
            found = local_gradients(row, point)
            assert len(found) == count
            for by in range(count):
                assert close(found[by], derivative(row, point, by), floor=1e-15), (point, by)


@pytest.mark.parametrize("row", [row for row in ROWS if row.kinks], ids=lambda row: row.name)
def test_at_a_kink_the_convention_lies_between_the_slopes(row: Operation) -> None:
    count = len(row.completed((Name("x"),) * row.arity[0]))
    for point in points(row, count, 5):
        at = {
            "zero": (0.0, *point[1:]),
            "ties": (point[0],) * count,
            "bounds": (point[-1], *point[1:]),
            "jumps": (round(point[0]), *point[1:]),
        }[row.kinks]
        for by, found in enumerate(local_gradients(row, at)):
            low, high = sorted((slope(row, at, by, -1), slope(row, at, by, 1)))
            assert low - 1e-15 <= found <= high + 1e-15, (at, by)


def in_sympy(row: Operation, symbols: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """SymPy's own function or, where it has none, the definition read by SymPy's parser."""
    if row.sympy:
        return getattr(sympy, row.sympy)(*symbols)
    known = {symbol.name: symbol for symbol in symbols} | {
        "where": lambda c, x, y: sympy.Piecewise((x, c), (y, True)),
        "max": sympy.Max,
        "min": sympy.Min,
        "root": sympy.real_root,
        "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
        "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    }
    definition = row.definition
    text = definition(len(symbols)) if callable(definition) else definition
    return parse_expr(text.replace("^", "**"), known)


@pytest.mark.parametrize(
    "row",
    # SymPy does not differentiate what jumps
    [row for row in ROWS if (row.sympy or row.definition) and row.kinks != "jumps"],
    ids=lambda row: row.name,
)
def test_sympy_has_the_same_derivative(row: Operation) -> None:
    count = len(row.completed((Name("x"),) * row.arity[0]))
    symbols = tuple(sympy.Symbol(name, real=True) for name in row.parameters(count))
    function = in_sympy(row, symbols)
    slopes = [sympy.diff(function, symbol) for symbol in symbols]
    for point in list(smooth(row, count))[-5:]:
        exact = dict(zip(symbols, map(sympy.Rational, point), strict=True))
        wanted = [MP.mpf(sympy.N(s.subs(exact).doit(), 30)) for s in slopes]
        for found, want in zip(local_gradients(row, point), wanted, strict=True):
            assert close(found, want, floor=1e-15), point


@pytest.mark.parametrize("row", [row for row in ROWS if row.definition], ids=lambda row: row.name)
def test_the_definition_and_its_forms_have_the_value_of_the_row(row: Operation) -> None:
    count = len(row.completed((Name("x"),) * row.arity[0]))
    definition = row.definition_tree(count)
    assert definition is not None
    assert len(row.form_trees) == 1 + len(row.forms)
    for tree in (definition, *row.form_trees[1:]):
        assert set(names(tree)) <= {*row.parameters(count), *CONSTANTS}
        for point in [*points(row, count), *smooth(row, count)]:
            values = dict(zip(row.parameters(count), map(MP.mpf, point), strict=True))
            assert close(row.numpy(*point), MP.re(by_reference(tree, values))), point


FAR = (-1000.0, -745.0, -40.0, -30.0, 30.0, 40.0, 745.0, 1000.0)
LARGE = ["sigmoid", "softplus", "relu", "leaky_relu", "elu", "gelu", "tanh", "erf", "atan", "asinh"]


@pytest.mark.parametrize("at", FAR)
@pytest.mark.parametrize("name", LARGE)
def test_far_out_the_value_is_right(name: str, at: float) -> None:
    row = OPERATIONS[name]
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = by_numpy(applied(row, 1), {"a": at})
    # to the last of the smallest numbers that a float can be
    assert close(found, reference(row, (at,)), floor=5e-324)


@pytest.mark.parametrize("at", FAR)
@pytest.mark.parametrize("name", LARGE)
def test_far_out_the_gradient_is_finite_and_right(name: str, at: float) -> None:
    row = OPERATIONS[name]
    point = (at, *(float(d) for d in row.defaults))
    values = dict(zip(row.parameters(len(point)), point, strict=True))
    with np.errstate(over="ignore"):
        values["y"] = float(row.numpy(*point))
        found = value(row.local_rules(len(point))[0], values)
    assert close(found, derivative(row, point, 0), floor=1e-15)


@pytest.mark.parametrize("at", FAR)
def test_the_logarithm_of_a_sigmoid_by_way_of_softplus(at: float) -> None:
    exact = -MP.log1p(MP.exp(-MP.mpf(at)))
    found = -OPERATIONS["softplus"].numpy(-at)
    assert close(found, exact, floor=5e-324)
    if at > -700:  # below, the sigmoid is smaller than any float
        assert close(np.log(OPERATIONS["sigmoid"].numpy(at)), exact, floor=1e-16)


OUTSIDE = {
    "/": [(1.0, 0.0), (0.0, 0.0)],
    "^": [(-2.0, 0.5), (0.0, -1.0)],
    "log": [(0.0,), (-1.0,)],
    "log2": [(0.0,), (-1.0,)],
    "log10": [(0.0,), (-1.0,)],
    "sqrt": [(-1.0,)],
    "asin": [(1.5,), (-1.5,)],
    "acos": [(1.5,), (-1.5,)],
    "acosh": [(0.5,), (-2.0,)],
    "atanh": [(1.0,), (-1.0,), (1.5,)],
    "log_base": [(0.0, 2.0), (-1.0, 2.0), (2.0, 1.0), (2.0, -2.0), (-2.0, -2.0), (1.0, 1.0)],
    "root": [(-8.0, 2.0), (-8.0, 2.5), (4.0, 0.0), (0.5, 0.0), (0.0, -3.0)],
    "asec": [(0.5,), (0.0,)],
    "acsc": [(-0.5,), (0.0,)],
    "csc": [(0.0,)],
    "cot": [(0.0,)],
    "csch": [(0.0,)],
    "coth": [(0.0,)],
    "asech": [(0.0,), (-0.5,), (1.5,)],
    "acsch": [(0.0,)],
    "acoth": [(0.5,), (1.0,), (0.0,)],
}


@pytest.mark.parametrize(("name", "point"), [(n, p) for n in OUTSIDE for p in OUTSIDE[n]])
def test_outside_the_condition_there_is_no_value(name: str, point: tuple[float, ...]) -> None:
    with np.errstate(all="ignore"):
        assert not np.isfinite(OPERATIONS[name].numpy(*point))
    precise = Precise()
    with pytest.raises(OutsideDomain) as caught:
        precise.apply(name, [*map(precise.mp.mpf, point)])
    assert (caught.value.operation, caught.value.arguments) == (name, point)


def test_conditions_are_stated_where_there_are_any() -> None:
    assert {row.name for row in ROWS if row.condition} == {
        *OUTSIDE,
        "tan",
        "sec",
    }  # no float is pi/2


@every_row
def test_the_plain_text_is_read_back(row: Operation) -> None:
    for count in counts(row):
        tree = applied(row, count)
        assert parse(plain(tree)) == tree
        if row.is_call:
            assert plain(tree) == f"{row.written}({', '.join(row.parameters(count))})"


@every_row
def test_the_notation_of_the_row_is_used(row: Operation) -> None:
    for count in counts(row):
        tree = applied(row, count)
        arguments = [one_line(Name(name)) for name in row.parameters(count)]
        for template, printed in ((row.text, one_line(tree)), (row.latex, latex(tree))):
            shown = template.replace("#*", ", ".join(arguments))
            for k, argument in enumerate(arguments, 1):
                shown = shown.replace(f"#{k}", argument)
            if template and "#3" not in template and count <= 2:
                assert printed == shown
            assert printed and "#" not in printed
        assert layout(tree).text


@pytest.mark.parametrize(("alias", "name"), ALIASES.items())
def test_aliases_are_read_as_the_operation(alias: str, name: str) -> None:
    assert alias not in OPERATIONS
    assert alias in OPERATIONS[name].aliases
    if alias != "piecewise":  # whose arguments come in another order
        assert parse(f"{alias}(x)") == Apply(name, Name("x"))


@every_row
def test_the_row_is_filled_in(row: Operation) -> None:
    assert row.description and row.source
    assert row.kinks in ("", "zero", "ties", "bounds", "jumps")
    assert bool(row.convention) == bool(row.kinks)
    least, most = row.arity
    assert 1 <= least <= most
    assert len(row.domain) == (least if most == VARIADIC else most)
    assert all(low < high for low, high in row.domain)
    assert len(row.defaults) in (0, most - least)
    for count in range(most if most < VARIADIC else least, most if most < VARIADIC else 5):
        rules = row.local_rules(count)
        allowed = {*row.parameters(count), "y", *CONSTANTS}
        assert len(rules) == count and all(set(names(rule)) <= allowed for rule in rules)


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("name", ["max", "min"])
def test_of_max_and_min_one_argument_takes_the_whole_gradient(name: str, count: int) -> None:
    row = OPERATIONS[name]
    for point in product((-1.0, 0.0, 2.0), repeat=count):
        winner = point.index(max(point) if name == "max" else min(point))
        expected = [float(k == winner) for k in range(count)]
        assert local_gradients(row, point) == expected, point
