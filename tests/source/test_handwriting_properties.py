"""Properties of the reader of handwriting: what printers write is read, anything else refused."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from handwriting_lines import LATEX, PLAIN
from hypothesis import given, settings
from hypothesis import strategies as st
from timing import at_most

from stepsolve.collector import undisturbed
from stepsolve.errors import ExpressionError
from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number, names, walk
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.handwriting import read_chains

steady = settings(derandomize=True, deadline=None, max_examples=400)
NAMES = ("x", "w0", "W_hh", "h_1", "x'", "theta_1", "loss", "dL/dW_hh", "df/dx", "∂f/∂x'", "alpha")
VALUES = dict(zip(NAMES, np.random.default_rng(7).uniform(0.3, 2.1, len(NAMES)), strict=True))
VALUES |= {"e": np.e, "pi": np.pi}
CALLS = sorted(name for name, row in OPERATIONS.items() if row.is_call)
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

leaves = st.one_of(
    st.sampled_from([*NAMES, "e", "pi"]).map(Name),
    st.sampled_from(["0", "2", "0.50", "1e-3", "1.5E8", "12"]).map(Number),
)


def powers(base: Expression, exponent: Expression) -> Apply:
    return Apply("^", base, exponent if set(names(exponent)) - {"e", "pi"} else Number("1"))


@st.composite
def calls(draw: st.DrawFn, inner: st.SearchStrategy[Expression]) -> Expression:
    name = draw(st.sampled_from(CALLS))
    least, most = OPERATIONS[name].arity
    return Apply(
        name, *[draw(inner) for _ in range(draw(st.integers(least, min(most, least + 1))))]
    )


def numeric(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Apply, st.sampled_from("+-*/"), inner, inner),
        st.builds(Apply, st.just("neg"), inner),
        st.builds(powers, inner, inner),
        st.builds(Apply, st.sampled_from(COMPARISONS), inner, inner).map(
            lambda tree: Apply("*", tree, Name("x"))
        ),
        calls(inner),
    )


trees = st.recursive(leaves, numeric, max_leaves=10)


def value(tree: Expression) -> Any:
    match tree:
        case Number(text=text):
            return float(text)
        case Name(name=name):
            return VALUES[name]
        case Apply(operation=operation, arguments=arguments):
            row = OPERATIONS[operation]
            return row.numpy(*map(value, row.completed(arguments)))
    raise AssertionError(tree)


def same(one: Expression, other: Expression) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.allclose(value(one), value(other), rtol=1e-6, atol=1e-9, equal_nan=True))


@steady
@given(trees)
def test_latex_is_read_back(tree: Expression) -> None:
    (chain,) = read_chains(latex(tree), VALUES, latex=True)
    (side,) = chain.sides
    assert same(tree, side), latex(tree)


@steady
@given(trees)
def test_plain_is_read_back(tree: Expression) -> None:
    (chain,) = read_chains(plain(tree), VALUES, latex=False)
    assert chain.sides == (tree,)


@pytest.mark.parametrize("name", CALLS)
def test_every_operation_is_read_back(name: str) -> None:
    arguments = [Name(n) for n in ("x", "theta_1", "loss")][: OPERATIONS[name].arity[0]]
    tree = Apply(name, *arguments)
    (chain,) = read_chains(latex(tree), VALUES, latex=True)
    assert same(tree, chain.sides[0])
    (chain,) = read_chains(plain(tree), VALUES, latex=False)
    assert chain.sides == (tree,)


@pytest.mark.parametrize(
    "tree",
    [
        Apply("@", Apply("T", Name("W_hh")), Name("x")),
        Apply("softmax", Array(Name("x"), Number("2"))),
        Array(Array(Number("1"), Number("2")), Array(Number("3"), Apply("neg", Name("x")))),
        Item(Name("W"), Number("0"), Number("1")),
        Apply("sum", Apply("*", Name("x"), Name("i")), Name("i"), Number("1"), Number("3")),
        Apply("norm", Name("x")),
        Apply("hadamard", Name("x"), Apply("hadamard", Name("h_1"), Name("alpha"))),
        Apply("diff", Apply("^", Name("x"), Number("2")), Name("x")),
        Apply("limit", Apply("/", Number("1"), Name("x")), Name("x"), Number("0"), Name("above")),
        Apply("sum", Name("A"), Apply("axis", Number("0"))),
        Item(Name("x"), Apply("slice", Number("1"), Number("3"))),
    ],
)
def test_arrays_are_read_back(tree: Expression) -> None:
    (chain,) = read_chains(plain(tree), VALUES, latex=False)
    assert chain.sides == (tree,)
    if not any(isinstance(n, Apply) and n.operation in ("axis", "slice") for n in walk(tree)):
        (chain,) = read_chains(latex(tree), VALUES, latex=True)
        products = plain(chain.sides[0]).replace("*", "@") if "@" in plain(tree) else None
        assert products == plain(tree) or chain.sides == (tree,)


@undisturbed()
def refuses_or_reads(text: str, is_latex: bool | None) -> None:
    with at_most(0.5):  # ten times what the slowest takes
        try:
            chains = read_chains(text, VALUES, {"f": 1}, is_latex)
        except ExpressionError as error:
            placed = 0 <= error.start < error.end and error.start <= len(text)
        else:
            placed = True
            for chain in chains:
                assert len(chain.sides) == len(chain.spans) == len(chain.signs) + 1
                assert all(0 <= a < b <= len(text) for a, b in chain.spans)
        assert placed


TEXTS = [text for text, _ in (*LATEX, *PLAIN)]
PIECES = sorted({piece for text in TEXTS for piece in re.findall(r"\\[A-Za-z]+|\w+|.", text)})


@steady
@given(st.text(max_size=60), st.sampled_from([True, False, None]))
def test_any_text(text: str, is_latex: bool | None) -> None:
    refuses_or_reads(text, is_latex)


@settings(steady, max_examples=1500)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.sampled_from([True, False]))
def test_pieces_of_lines(text: str, is_latex: bool) -> None:
    refuses_or_reads(text, is_latex)


@pytest.mark.parametrize("text", TEXTS)
def test_lines_cut_short(text: str) -> None:
    for k in range(len(text)):
        refuses_or_reads(text[:k], None)
        refuses_or_reads(text[k:], True)


@pytest.mark.parametrize("count", [40, 99, 101, 800])
@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("(", ")"), ("[", "]"), ("{", "}"), (r"\frac{", "}{2}"), (r"\sqrt{", "}"), ("e^{", "}"),
        (r"\frac{d", "}{dx}"), (r"\frac{d}{dx}", ""), (r"\hat{", "}"), ("x_{", "}"), ("f(", ")"),
        (r"\sin ", ""), ("-", ""), ("|", "|"), (r"\boxed{x=", "}"), (r"\sum_{i=1}^{3}", ""),
        ("2^", ""), (r"\frac", ""), (r"\begin{bmatrix}", r"\end{bmatrix}"), ("a+", ""), ("√", ""),
        (r"\left(", ""),
        ("ab^{", "}"), (r"\sigma(1-", ")"), (r"\sigma(\sigma-", ")"),
        (r"\frac{d}{dx}(", ")"), (r"\text{relu}(", ")"), (r"\log_{", "}x"), (r"\mathbf{", "}"),
        (r"\text{", "}"), ("x'", ""), ("x^", ""),
    ],
)  # fmt: skip
def test_deep_and_long_texts(opening: str, closing: str, count: int) -> None:
    text = (opening * count + "x" + closing * count)[:10_000]
    for is_latex in (True, False):
        refuses_or_reads(text, is_latex)


def test_a_giant_power_is_not_worked_out() -> None:
    with suppress(ExpressionError):
        refuses_or_reads(r"9^{9^{9^{9}}}", True)
