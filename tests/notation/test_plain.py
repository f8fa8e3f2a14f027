"""The canonical text of hand-made trees; the round trip through the parser is tested elsewhere."""

import pytest

from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Array, Expression, Item, Name, Number

x, y, n, h, W = (Name(name) for name in "xynhW")
one, two = Number("1"), Number("2")


def neg(part: Expression) -> Apply:
    return Apply("neg", part)


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (Number("0.50"), "0.50"),
        (Number("1e-3"), "1e-3"),
        (Name("W_hh"), "W_hh"),
        (Name("x'"), "x'"),
        (Name("∂f/∂x"), "∂f/∂x"),
        # sums: from the left
        (Apply("-", Apply("+", x, y), one), "x + y - 1"),
        (Apply("-", x, Apply("+", y, one)), "x - (y + 1)"),
        (Apply("+", x, Apply("-", y, one)), "x + (y - 1)"),
        # signs
        (Apply("+", neg(x), one), "-x + 1"),
        (Apply("+", x, neg(y)), "x + (-y)"),
        (Apply("-", x, neg(y)), "x - (-y)"),
        (neg(neg(x)), "-(-x)"),
        (neg(Apply("+", x, y)), "-(x + y)"),
        (neg(Apply("*", two, x)), "-2 * x"),
        (Apply("*", neg(two), x), "(-2) * x"),
        (Apply("*", two, neg(one)), "2 * (-1)"),
        (Apply("/", x, neg(one)), "x / (-1)"),
        (neg(Apply("^", x, two)), "-x^2"),
        (Apply("^", neg(x), two), "(-x)^2"),
        # products: from the left
        (Apply("*", Apply("/", one, two), Apply("+", x, one)), "1 / 2 * (x + 1)"),
        (Apply("/", one, Apply("*", two, x)), "1 / (2 * x)"),
        (Apply("*", x, Apply("@", W, h)), "x * (W @ h)"),
        (Apply("@", Apply("@", W, W), h), "W @ W @ h"),
        # gradients are one token, and stand in brackets where / or ^ would run into them
        (Apply("*", Name("df/dq"), Name("dq/dx")), "df/dq * dq/dx"),
        (Apply("/", Name("df"), Name("dx")), "df / dx"),
        (Apply("/", x, Name("df/dq")), "x / (df/dq)"),
        (Apply("^", Name("df/dq"), two), "(df/dq)^2"),
        (Apply("T", Name("dL/dW")), "(dL/dW).T"),
        # powers: an exponent that is not a name, a number or a call stands in brackets
        (Apply("^", x, Apply("-", n, one)), "x^(n - 1)"),
        (Apply("^", Name("e"), neg(x)), "e^(-x)"),
        (Apply("^", x, Apply("^", y, n)), "x^(y^n)"),
        (Apply("^", Apply("^", x, y), n), "(x^y)^n"),
        (Apply("^", x, Apply("exp", y)), "x^exp(y)"),
        (Apply("^", x, Item(h, two)), "x^(h[2])"),
        (Apply("^", Item(h, two), n), "h[2]^n"),
        (Apply("^", Apply("T", W), two), "W.T^2"),
        # after a value
        (Item(W, Number("0"), Apply("+", n, one)), "W[0, n + 1]"),
        (Apply("T", Apply("+", W, W)), "(W + W).T"),
        (Item(Apply("T", W), one), "W.T[1]"),
        (Apply("T", Apply("^", x, two)), "(x^2).T"),
        (Apply("T", two), "(2).T"),
        (Apply("T", Array(one, two)), "[1, 2].T"),
        # comparisons
        (Apply(">", Apply("+", x, y), neg(one)), "x + y > -1"),
        (Apply("*", Apply(">=", x, one), y), "(x >= 1) * y"),
        (Apply("==", Apply("<", x, y), one), "(x < y) == 1"),
        (Apply("where", Apply("!=", x, y), x, y), "where(x != y, x, y)"),
        # calls and arrays
        (Apply("max", neg(x), Apply("+", x, y)), "max(-x, x + y)"),
        (Apply("diff", Apply("sin", Apply("^", x, two)), x), "diff(sin(x^2), x)"),
        (Array(Array(one, two), Array(neg(x), y)), "[[1, 2], [-x, y]]"),
        (Array(), "[]"),
    ],
    ids=str,
)
def test_text(tree: Expression, text: str) -> None:
    assert plain(tree) == text


def test_repr_is_the_text() -> None:
    assert repr(Apply("+", x, one)) == "<x + 1>"


def test_a_stranger_is_refused() -> None:
    with pytest.raises(TypeError, match="no notation for Expression"):
        plain(Expression())
