"""Properties of all printers over random trees."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsolve.notation.box import layout
from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number, names
from stepsolve.notation.unicode import one_line
from stepsolve.operations.table import OPERATIONS, TENSORS
from stepsolve.source.expression import MAX_DEPTH, parse

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
ROWS = OPERATIONS | TENSORS
CALLS = sorted(name for name, row in ROWS.items() if row.is_call and name != "sum")
PRINTERS = (plain, one_line, latex, lambda tree: layout(tree).text)

leaves = st.one_of(
    st.sampled_from(["x", "w0", "W_hh", "h_1", "x'", "theta_1", "e", "pi", "loss"]).map(Name),
    st.sampled_from(["df/dx", "dL/dW_xh", "∂f/∂x'", "dalpha/dt"]).map(Name),
    st.sampled_from(["0", "2", "0.50", "1e-3", "1.5E8", "12"]).map(Number),
)


def powers(base: Expression, exponent: Expression) -> Apply:
    """A power without giants: the parser refuses constants that are too large to work out."""
    return Apply("^", base, exponent if names(exponent) else Number("1"))


@st.composite
def calls(draw: st.DrawFn, inner: st.SearchStrategy[Expression]) -> Expression:
    name = draw(st.sampled_from(CALLS))
    least, most = ROWS[name].arity
    count = draw(st.integers(least, min(most, least + 2)))
    return Apply(name, *[draw(inner) for _ in range(count)])


def arithmetic(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Apply, st.sampled_from("+-*/@"), inner, inner),
        st.builds(Apply, st.just("neg"), inner),
    )


def everything(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        arithmetic(inner),
        st.builds(Apply, st.sampled_from(COMPARISONS), inner, inner),
        st.builds(powers, inner, inner),
        st.builds(Apply, st.just("T"), inner),
        st.builds(Apply, st.just("diff"), inner, st.sampled_from(["x", "dL/dz"]).map(Name)),
        st.lists(inner, min_size=1, max_size=2).flatmap(
            lambda indices: st.builds(Item, inner, *map(st.just, indices))
        ),
        st.lists(inner, max_size=3).map(lambda items: Array(*items)),
        calls(inner),
        indexed(inner),
    )


def indexed(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    """Entries, sums over an index and derivatives by an entry."""
    index = st.sampled_from("ijkq").map(Name)
    place = st.one_of(index, st.sampled_from(["k - 1", "i + 1", "2"]).map(parse))
    entries = st.one_of(
        st.builds(Item, inner, place),
        st.builds(Item, inner, place, place),
        st.builds(Item, st.sampled_from(["x", "W_1", "x'", "theta"]).map(Name), place, index),
    )
    variable = st.builds(Item, st.sampled_from(["x", "W_1"]).map(Name), index)
    return st.one_of(
        entries,
        st.builds(Apply, st.just("sum"), inner),
        st.builds(Apply, st.just("sum"), inner, index),
        st.builds(Apply, st.just("sum"), inner, index, inner, inner),
        st.builds(Apply, st.sampled_from(["diff", "partial"]), inner, variable),
    )


expressions = st.recursive(leaves, everything, max_leaves=12)
sums_and_products = st.recursive(st.sampled_from("abc").map(Name), arithmetic, max_leaves=12)


@settings(max_examples=500)
@given(expressions)
def test_plain_is_read_back(tree: Expression) -> None:
    assert parse(plain(tree)) == tree


@given(sums_and_products)
def test_one_line_brackets_as_plain_does(tree: Expression) -> None:
    assert parse(one_line(tree)) == tree


@given(expressions)
def test_boxes_are_rectangles(tree: Expression) -> None:
    box = layout(tree)
    assert {len(row) for row in box.rows} == {box.width}
    assert 0 <= box.baseline < box.height


@settings(max_examples=500)
@given(expressions)
def test_latex_is_balanced(tree: Expression) -> None:
    text = latex(tree)
    assert text.count("{") == text.count("}")
    assert text.count(r"\left") == text.count(r"\right")
    flat = text
    while "{" in flat:  # the innermost groups first
        # TeX stops at a double superscript
        assert not re.search(r"\^@\^|\^@_@\^", flat), text
        flat = re.sub(r"\{[^{}]*\}", "@", flat)
    assert not re.search(r"\^@\^|\^@_@\^", flat), text


@pytest.mark.parametrize("name", CALLS)
def test_every_operation_is_printed(name: str) -> None:
    least = ROWS[name].arity[0]
    tree = Apply(name, *[parse(f"a_{k} / b") for k in range(least)])
    assert parse(plain(tree)) == tree
    for printer in PRINTERS:
        assert "#" not in printer(tree)


@pytest.mark.parametrize(
    "grow",
    [
        lambda tree: Apply("+", tree, Name("x")),
        lambda tree: Apply("+", Name("x"), tree),
        lambda tree: Apply("/", Name("x"), tree),
        lambda tree: Apply("^", Name("x"), tree),
        lambda tree: Apply("neg", tree),
        lambda tree: Apply("exp", tree),
        lambda tree: Apply("max", tree, Name("x")),
        lambda tree: Apply("diff", tree, Name("x")),
        Array,
        lambda tree: Item(tree, Name("x")),
        lambda tree: Item(tree, Name("q")),
        lambda tree: Apply("sum", tree, Name("k")),
        lambda tree: Apply("sum", tree, Name("k"), Name("a"), Name("b")),
        lambda tree: Apply("inv", tree),
    ],
)
def test_the_deepest_trees_are_printed(grow: Callable[[Expression], Expression]) -> None:
    tree: Expression = Name("x")
    while tree.depth < MAX_DEPTH:
        tree = grow(tree)
    for printer in PRINTERS:
        assert printer(tree)
