"""The expression language: what it reads, and what it refuses in which words and where."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timing import at_most

from stepsolve.errors import ExpressionError
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number, walk
from stepsolve.source.expression import MAX_DEPTH, parse, parse_definition

steady = settings(derandomize=True, deadline=None, max_examples=300)


def shape(tree: Expression) -> Any:
    """A tree as nested tuples, names and numbers as their text."""
    match tree:
        case Name():
            return tree.name
        case Number():
            return tree.text
        case Apply():
            return (tree.operation, *map(shape, tree.arguments))
        case Array():
            return ("[]", *map(shape, tree.items))
        case Item():
            return ("item", *map(shape, tree.children))
    raise AssertionError(tree)


def refusal(text: str, read: Any = parse) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        read(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        # sums and products from the left, products tighter
        ("a + b + c", ("+", ("+", "a", "b"), "c")),
        ("a - b - c", ("-", ("-", "a", "b"), "c")),
        ("a - (b + c)", ("-", "a", ("+", "b", "c"))),
        ("a / b / c", ("/", ("/", "a", "b"), "c")),
        ("a / b * c", ("*", ("/", "a", "b"), "c")),
        ("a @ b * c", ("*", ("@", "a", "b"), "c")),
        ("a + b * c", ("+", "a", ("*", "b", "c"))),
        ("a * b + c", ("+", ("*", "a", "b"), "c")),
        ("(a + b) * c", ("*", ("+", "a", "b"), "c")),
        ("1/2*(x+1)", ("*", ("/", "1", "2"), ("+", "x", "1"))),
        # powers from the right, and tightest
        ("a ^ b ^ c", ("^", "a", ("^", "b", "c"))),
        ("a ** b ** c", ("^", "a", ("^", "b", "c"))),
        ("(a ^ b) ^ c", ("^", ("^", "a", "b"), "c")),
        ("2 * x^3", ("*", "2", ("^", "x", "3"))),
        ("x^y * z", ("*", ("^", "x", "y"), "z")),
        ("x^y.T", ("^", "x", ("T", "y"))),
        ("x^h[2]", ("^", "x", ("item", "h", "2"))),
        # signs: looser than products, tighter than sums
        ("-x^2", ("neg", ("^", "x", "2"))),
        ("-2*x", ("neg", ("*", "2", "x"))),
        ("-a / b @ c", ("neg", ("@", ("/", "a", "b"), "c"))),
        ("-a + b", ("+", ("neg", "a"), "b")),
        ("a + -b + c", ("+", ("+", "a", ("neg", "b")), "c")),
        ("a - -b", ("-", "a", ("neg", "b"))),
        ("a * -b * c", ("*", ("*", "a", ("neg", "b")), "c")),
        ("a * -b^2", ("*", "a", ("neg", ("^", "b", "2")))),
        ("2^-1", ("^", "2", ("neg", "1"))),
        ("2^-x * y", ("*", ("^", "2", ("neg", "x")), "y")),
        ("2^-x^2", ("^", "2", ("neg", ("^", "x", "2")))),
        ("--x", ("neg", ("neg", "x"))),
        ("+x", "x"),
        ("a + +b", ("+", "a", "b")),
        ("-W.T", ("neg", ("T", "W"))),
        # comparisons: loosest
        ("a + b < c * d", ("<", ("+", "a", "b"), ("*", "c", "d"))),
        ("-a <= -b", ("<=", ("neg", "a"), ("neg", "b"))),
        ("(a < b) == c", ("==", ("<", "a", "b"), "c")),
        ("a != b", ("!=", "a", "b")),
        ("(x > 0) * y", ("*", (">", "x", "0"), "y")),
        # calls, indices, arrays, transposes
        ("exp(x)^2", ("^", ("exp", "x"), "2")),
        ("max(a, -b, c + 1)", ("max", "a", ("neg", "b"), ("+", "c", "1"))),
        ("where(a >= 0, a, b)", ("where", (">=", "a", "0"), "a", "b")),
        ("ln(x)", ("log", "x")),
        ("leaky_relu(x)", ("leaky_relu", "x")),
        ("diff(sin(x), x)", ("diff", ("sin", "x"), "x")),
        ("W[0, n + 1][2].T", ("T", ("item", ("item", "W", "0", ("+", "n", "1")), "2"))),
        ("(a + b).T @ c", ("@", ("T", ("+", "a", "b")), "c")),
        ("[[1, 2], [-x, y]]", ("[]", ("[]", "1", "2"), ("[]", ("neg", "x"), "y"))),
        ("[]", ("[]",)),
        # the signs of mathematics
        ("−a × b · c", ("neg", ("*", ("*", "a", "b"), "c"))),
        ("a ≤ b − c", ("<=", "a", ("-", "b", "c"))),
        ("a ≥ 1", (">=", "a", "1")),
        (" a\n+\tb\r\n", ("+", "a", "b")),
    ],
)  # fmt: skip
def test_precedence(text: str, tree: object) -> None:
    assert shape(parse(text)) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", Fraction(2)),
        ("0.50", Fraction(1, 2)),
        ("5.", Fraction(5)),
        (".5", Fraction(1, 2)),
        ("007", Fraction(7)),
        ("1e-3", Fraction(1, 1000)),
        ("1.5E+2", Fraction(150)),
        ("1e300", Fraction(10) ** 300),
        ("1" * 50, Fraction(int("1" * 50))),
    ],
)
def test_numbers_are_kept_as_typed(text: str, value: Fraction) -> None:
    tree = parse(text)
    assert isinstance(tree, Number)
    assert (tree.text, tree.value) == (text, value)


@pytest.mark.parametrize(
    "text",
    [
        "x", "w0", "W_hh", "h_1", "x'", "x''", "theta_1'", "alpha", "lambda", "α_1", "Ω", "e", "pi",
        "E", "I", "S", "N", "d", "dx", "exp", "df/dx", "dL/dW_hh", "df'/dx'", "dalpha/dβ", "∂f/∂x",
    ],
)  # fmt: skip
def test_names(text: str) -> None:
    tree = parse(text)
    assert isinstance(tree, Name)
    assert (tree.name, tree.span) == (text, (0, len(text)))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("df/dq * dq/dx", ("*", "df/dq", "dq/dx")),
        ("2*df/dx^2", ("*", "2", ("^", "df/dx", "2"))),
        ("df/dx/dt", ("/", "df/dx", "dt")),
        ("df / dx", ("/", "df", "dx")),
        ("df/ dx", ("/", "df", "dx")),
        ("d1/d2", ("/", "d1", "d2")),
        ("d/dx", ("/", "d", "dx")),
        ("df/x", ("/", "df", "x")),
        ("(df)/dx", ("/", "df", "dx")),
    ],
)
def test_a_gradient_is_one_name_and_a_quotient_is_not(text: str, tree: object) -> None:
    assert shape(parse(text)) == tree


NO_PART = "is not part of the expression language"
QUOTES = "text in quotes is not part of the expression language"
LEVELS = "an expression may have 200 levels"
PARTS = "give parts of it names of their own"
POWER = "this power is too large to work out: at most 1000 digits"
EXPONENT = "a name can stand for the exponent"
NESTED = "brackets, signs and powers may be nested 100 deep"
PIECEWISE = "piecewise takes values and conditions in turn and, last, the value otherwise"
PIECEWISE_HINT = "write the value before its condition: piecewise(x^2, x < 0, x)"
REFUSED = [
    # code
    ("__import__('os').system('x')", "a name begins with a letter", 0, 1, ""),
    ("x.__class__", "attributes are not part of the expression language", 1, 2, ""),
    ("x.y", "attributes are not part of the expression language", 1, 2, ""),
    ('f"{x}"', QUOTES, 1, 2, ""),
    ("'abc'", QUOTES, 0, 1, ""),
    ('eval("1")', QUOTES, 5, 6, ""),
    ("lambda x: x", f"':' {NO_PART}", 8, 9, ""),
    ("(x := 1)", f"':' {NO_PART}", 3, 4, ""),
    ("[i for i in x]", f"for {NO_PART}", 3, 6, ""),
    ("x if y else z", f"if {NO_PART}", 2, 4, ""),
    ("import os", f"import {NO_PART}", 0, 6, ""),
    ("x; y", f"';' {NO_PART}", 1, 2, ""),
    ("x \\ y", f"'\\' {NO_PART}", 2, 3, ""),
    ("x\x00", f"'\\x00' {NO_PART}", 1, 2, ""),
    # mathematics that is written otherwise here
    ("5!", "factorials are not part of the expression language", 1, 2, ""),
    ("{}", "braces are not part of the expression language", 0, 1, "write ( ) for brackets"),
    ("|x|", "bars are not part of the expression language", 0, 1, "write abs(x)"),
    ("2x", "an operator is missing between 2 and x", 1, 2, "for a product write 2 * x"),
    ("x y", "an operator is missing between x and y", 2, 3, "for a product write x * y"),
    ("2(x)", "an operator is missing between 2 and (", 1, 2, "for a product write 2 * (...)"),
    ("0x10", "an operator is missing between 0 and x10", 1, 4, "for a product write 0 * x10"),
    ("x = 1", "an = does not belong in an expression", 2, 3, "compare with =="),
    ("a < b < c", "comparisons cannot be chained", 6, 7, "use brackets"),
    ("where(0 < x < 1, a, b)", "comparisons cannot be chained", 12, 13, "use brackets"),
    ("x, y", "a comma does not belong here", 1, 2, "decimals are written with a point: 0.5"),
    ("0,5", "a comma does not belong here", 1, 2, "decimals are written with a point: 0.5"),
    ("x + ٣", f"'٣' {NO_PART}", 4, 5, ""),
    # calls
    ("f(x)", "f is not an operation", 0, 1, "for a product write f * (...)"),
    ("1 + sigmod(x)", "sigmod is not an operation", 4, 10, "did you mean sigmoid?"),
    ("neg(x)", "neg is not an operation", 0, 3, "for a product write neg * (...)"),
    ("1 + relu(x, y)", "relu takes 1 argument, not 2", 4, 14, ""),
    ("exp()", "exp takes 1 argument, not 0", 0, 5, ""),
    ("elu(x, 1, 2)", "elu takes 1 or 2 arguments, not 3", 0, 12, ""),
    ("where(x)", "where takes 3 arguments, not 1", 0, 8, ""),
    (f"max({', '.join('x' * 101)})", "max takes 1 to 100 arguments, not 101", 0, 306, ""),
    ("max()", "max takes 1 to 100 arguments, not 0", 0, 5, ""),
    ("log(x, 2, 3)", "log takes 1 or 2 arguments, not 3", 0, 12, ""),
    ("sech(x, y)", "sech takes 1 argument, not 2", 0, 10, ""),
    ("silo(x)", "silo is not an operation", 0, 4, "did you mean silu?"),
    ("peicewise(x, x > 0, 0)", "peicewise is not an operation", 0, 9, "did you mean piecewise?"),
    ("1 + piecewise(x, 0)", PIECEWISE, 4, 19, PIECEWISE_HINT),
    ("piecewise(x, x > 0, y, x < 1)", PIECEWISE, 0, 29, PIECEWISE_HINT),
    ("piecewise(x > 0, x, 0)", "a condition is a comparison", 17, 18, PIECEWISE_HINT),
    ("ln(x, 2)", "ln takes 1 argument, not 2", 0, 8, ""),
    ("diff(x, 2)", "diff takes an expression and a name: diff(x^2, x)", 0, 10, ""),
    ("h[]", "an index is missing", 1, 2, ""),
    # what is missing
    ("", "something is missing at the end", 0, 1, ""),
    ("   ", "something is missing at the end", 3, 4, ""),
    ("x +", "something is missing at the end", 3, 4, ""),
    ("x + * y", "a value is missing before *", 4, 5, ""),
    ("()", "a value is missing before )", 1, 2, ""),
    ("(x", "a ) is missing here", 2, 3, ""),
    ("exp(x", "a ) is missing here", 5, 6, ""),
    ("[1, 2", "a ] is missing here", 5, 6, ""),
    ("(x]", "expected ) here", 2, 3, ""),
    ("x)", "this ) closes nothing", 1, 2, ""),
    # what is too large
    ("9**9**9**9", POWER, 3, 10, EXPONENT),
    ("1 + 9^9^9", POWER, 4, 9, EXPONENT),
    ("2^1001", POWER, 0, 6, EXPONENT),
    ("2^-1001", POWER, 0, 7, EXPONENT),
    ("1e300^4", POWER, 0, 7, EXPONENT),
    ("1" * 51, "a number may have 50 digits", 0, 51, "round it"),
    ("1 + 1e301", "a power of ten may reach 300 either way", 4, 9, ""),
    ("1e-301", "a power of ten may reach 300 either way", 0, 6, ""),
    ("1e1000000000", "a power of ten may reach 300 either way", 0, 12, ""),
    ("(" * 10_000, NESTED, 100, 101, "give inner parts names of their own"),
    ("-" * 10_000, NESTED, 100, 101, "give inner parts names of their own"),
    ("x^" * 5_000, NESTED, 200, 201, "give inner parts names of their own"),
    ("(" * 5_000 + "x" + ")" * 5_000,
     "an expression may have 10000 characters, this one has 10001", 10_000, 10_001, PARTS),
    ("+".join("a" * 201), LEVELS, 399, 400, PARTS),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message", "start", "end", "hint"), REFUSED, ids=[r[0][:30] for r in REFUSED]
)
def test_refusals(text: str, message: str, start: int, end: int, hint: str) -> None:
    found = refusal(text)
    assert (found.message, found.hint) == (message, hint)
    assert (found.start, found.end) == (start, end)


@pytest.mark.parametrize("text", [r[0] for r in REFUSED], ids=[r[0][:30] for r in REFUSED])
def test_refusals_are_quick(text: str) -> None:
    with at_most(0.05):
        refusal(text)


@pytest.mark.parametrize("text", ["9^9", "(9^9)^9", "2^1000", "10^-1000", "0.1^300", "x^(10*n)"])
def test_powers_within_reach(text: str) -> None:
    assert shape(parse(text))[0] == "^"


@pytest.mark.parametrize(
    "exponent",
    [
        "1e9", "1 / 1e-9", "1 / (1 - 0.9999999999)", "max(1e9, 1)", "abs(-1e9)", "sqrt(1e20)",
        "exp(log(1e9))", "(1 / 10)^(-9)", "-(-1e9)", "where(1, 1e9, 0)",
    ],
)  # fmt: skip
def test_no_constant_exponent_is_a_giant_in_disguise(exponent: str) -> None:
    assert refusal(f"9^({exponent})").message == POWER


LONG = "+".join("a" * 150)


@pytest.mark.parametrize(
    "text",
    [
        "x" + ".T" * 4000, "x" + "[0]" * 3000, f"[[{LONG}]]".replace("a", "(-(a*a))^n"),
        "exp(" * 90 + LONG + ")" * 90, "h[" * 90 + LONG + "]" * 90,
    ],
    ids=["transposes", "indices", "arrays", "calls", "nested indices"],
)  # fmt: skip
def test_no_tree_is_deeper_than_allowed(text: str) -> None:
    with suppress(ExpressionError):
        assert parse(text).depth <= MAX_DEPTH


def test_the_deepest_tree() -> None:
    assert parse("+".join("a" * 200)).depth == MAX_DEPTH
    assert parse("(" * 99 + "x" + ")" * 99) == Name("x")


def test_definitions() -> None:
    name, parameters, expression = parse_definition("f(x, y') = x * y'")
    assert (name, parameters) == (Name("f"), (Name("x"), Name("y'")))
    assert [part.span for part in (name, *parameters)] == [(0, 1), (2, 3), (5, 7)]
    assert expression == Apply("*", Name("x"), Name("y'"))
    assert expression.span == (11, 17)
    assert parse_definition("W_hh=2") == (Name("W_hh"), (), Number("2"))
    assert parse_definition("f = x == y").expression == Apply("==", Name("x"), Name("y"))


SINGLE = "a definition needs a single = after its name"


@pytest.mark.parametrize(
    ("text", "message", "start", "end", "hint"),
    [
        ("", "a definition begins with a name, as in f = x + 1", 0, 1, ""),
        ("2 = x", "a definition begins with a name, as in f = x + 1", 0, 1, ""),
        ("f", SINGLE, 1, 2, "write name = expression"),
        ("f x", SINGLE, 2, 3, "write name = expression"),
        ("f == 2", SINGLE, 2, 4, "write name = expression"),
        ("f[0] = 2", SINGLE, 1, 2, "write name = expression"),
        ("f() = 2", "a parameter is a name, as in f(x, y) = x + y", 2, 3, ""),
        ("f(x,) = 2", "a parameter is a name, as in f(x, y) = x + y", 4, 5, ""),
        ("f(2) = x", "a parameter is a name, as in f(x, y) = x + y", 2, 3, ""),
        ("f =", "something is missing at the end", 3, 4, ""),
        ("f = x = y", "an = does not belong in an expression", 6, 7, "compare with =="),
        ("df/dx = 2", "df/dx is a gradient: it is worked out, not defined", 0, 5, ""),
        ("f = 2x", "an operator is missing between 2 and x", 5, 6, "for a product write 2 * x"),
    ],
)
def test_definitions_refused(text: str, message: str, start: int, end: int, hint: str) -> None:
    found = refusal(text, parse_definition)
    assert (found.message, found.start, found.end, found.hint) == (message, start, end, hint)


WORDS = ["x", "h_1", "x'", "df/dx", "∂f/∂x", "2", "0.5", "1e3", "exp(", "max(", "diff(", "(", ")"]
WORDS += ["[", "]", ",", ".T", "+", "-", "*", "/", "@", "^", "**", "<", "==", "=", " ", "−", "d"]
words = st.lists(st.sampled_from(WORDS), max_size=20).map("".join)
anything = st.one_of(words, st.text(max_size=40), st.text("0123456789.eE+-*/^()[]xTd'_ ,<=!"))


def tree_or_error(text: str) -> Expression | ExpressionError:
    try:
        return parse(text)
    except ExpressionError as error:
        return error


@steady
@given(anything)
def test_any_text_is_read_back_or_refused_within_it(text: str) -> None:
    found = tree_or_error(text)
    if isinstance(found, ExpressionError):
        assert 0 <= found.start <= len(text)
        assert found.start < found.end <= len(text) + 1
    else:
        assert parse(plain(found)) == found


terms = st.recursive(
    st.sampled_from(["x", "h_1'", "2", "0.50", "df/dx"]),
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from("+-*/@<"), inner).map("({})".format),
        st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner),
        st.builds("{}^{}".format, st.sampled_from(["x", "(x)", "h[0]"]), st.sampled_from("nkm")),
        st.builds("({}^x)".format, inner.map("({})".format)),
        inner.map("-{}".format),
        inner.map("( {} ) . T".replace(" . ", ".").format),
        inner.map("({})[0, x]".format),
        st.builds("max({}, {})".format, inner, inner),
        inner.map("[{}, 1]".format),
    ),
    max_leaves=6,
)


@steady
@given(terms)
def test_a_span_is_the_text_of_its_node(text: str) -> None:
    for node in walk(parse(text)):
        assert node.span is not None
        assert parse(text[slice(*node.span)]) == node


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("(a + b) * c", (0, 11)),
        ("c * (a + b)", (0, 11)),
        ("1 + (x)^2", (4, 9)),
        ("1 + -(x)", (4, 8)),
        ("1 + (x).T", (4, 9)),
        ("1 + (x)[0]", (4, 10)),
        ("1 + exp((x))", (4, 12)),
    ],
)
def test_brackets_belong_to_the_span_around_them(text: str, span: tuple[int, int]) -> None:
    tree = parse(text)
    found = tree if span[0] == 0 else tree.children[1]
    assert found.span == span
