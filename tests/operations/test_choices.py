"""Cases, logarithms to a base, and what SymPy says of what is put together from pieces."""

from __future__ import annotations

import pytest

from stepsolve.algebra import Judge
from stepsolve.calculus.engine import differentiate
from stepsolve.notation.box import layout
from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Name
from stepsolve.notation.unicode import one_line
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.expression import parse

HUBER = "piecewise(x^2 / 2, abs(x) <= d, d * (abs(x) - d / 2))"


def test_cases_are_choices_within_each_other() -> None:
    assert parse("piecewise(1, x < 0, 2, x < 1, 3)") == parse("where(x < 0, 1, where(x < 1, 2, 3))")
    assert parse("piecewise(1, (x > 0) * (x < 1), 2)") == parse("where((x > 0) * (x < 1), 1, 2)")


def test_one_brace_holds_all_cases() -> None:
    tree = parse("piecewise(x^2, x < 0, 2 * x, x < 1, 3)")
    assert one_line(tree) == "{x² if x < 0, 2 · x if x < 1, 3 otherwise}"
    assert layout(tree).text == "⎧ x²     if x < 0\n⎨ 2 · x  if x < 1\n⎩ 3      otherwise"
    assert latex(tree) == (
        r"\begin{cases} x^{2} & \text{if } x < 0 \\ 2\,x & \text{if } x < 1 \\"
        r" 3 & \text{otherwise} \end{cases}"
    )
    assert layout(parse("where(x < 0, 1, 2)")).text == "⎰ 1  if x < 0\n⎱ 2  otherwise"


def test_around_a_brace_there_are_brackets() -> None:
    tree = parse("1 + 2 * where(x < 0, 1, 2)")
    assert layout(tree).text == "1 + 2 · ⎛⎰ 1  if x < 0 ⎞\n        ⎝⎱ 2  otherwise⎠"
    assert r"\left(\begin{cases}" in latex(tree)
    assert one_line(tree) == "1 + 2 · {1 if x < 0, 2 otherwise}"


@pytest.mark.parametrize(
    ("written", "line", "tex"),
    [
        ("log(x, b)", "log_b(x)", r"\log_{b}\left(x\right)"),
        ("log(x, b + 1)", "log_(b + 1)(x)", r"\log_{b + 1}\left(x\right)"),
        ("cbrt(x)^2", "(∛(x))²", r"\sqrt[3]{x}^{2}"),
        ("root(x, n)", "√[n](x)", r"\sqrt[n]{x}"),
        ("floor(x / 2)", "⌊x / 2⌋", r"\left\lfloor \frac{x}{2}\right\rfloor"),
        ("ceil(x)", "⌈x⌉", r"\left\lceil x\right\rceil"),
    ],
)
def test_notation(written: str, line: str, tex: str) -> None:
    assert (one_line(parse(written)), latex(parse(written))) == (line, tex)
    assert parse(plain(parse(written))) == parse(written)


def test_a_logarithm_is_natural_unless_it_has_a_base() -> None:
    assert parse("log(x)") == parse("ln(x)") == Apply("log", Name("x"))
    assert parse("log(x, 2)").operation == "log_base"  # type: ignore[attr-defined]
    assert OPERATIONS["log_base"].written == "log"


# by hand; None: not decided
@pytest.mark.parametrize(
    ("written", "claim", "proved"),
    [
        (HUBER, "where(abs(x) <= d, x, d * sign(x))", True),
        (HUBER, "where(abs(x) <= d, x, d)", None),
        ("relu(x)^2", "2 * relu(x)", True),
        ("relu(x)^2", "2 * relu(x) + 1", None),
        ("max(x, 0)^2", "2 * max(x, 0)", True),
        ("max(x, y)", "x >= y", True),
        ("max(x, y)", "x <= y", None),
        ("x * floor(x)", "floor(x)", True),
        ("x * floor(x^2)", "floor(x^2)", True),
        ("x * floor(x)", "ceil(x)", None),
        ("x * sign(x)", "sign(x)", True),
        ("where((x > 0) * (y > 0), x * y, 0)", "where((x > 0) * (y > 0), y, 0)", True),
        ("leaky_relu(x)", "where(x > 0, 1, 0.01)", True),
        ("leaky_relu(x)", "where(x > 0, 1, 0.1)", None),
        ("silu(x)", "sigmoid(x) + x * sigmoid(x) * (1 - sigmoid(x))", True),
    ],
)
def test_sympy_decides_case_by_case(written: str, claim: str, proved: bool | None) -> None:
    found = Judge().equal(Apply("diff", parse(written), Name("x")), parse(claim))
    assert found is proved or (proved is None and found is False)


def test_the_derivative_of_cases_is_taken_case_by_case() -> None:
    found = differentiate(parse("piecewise(x^2, x < 0, x^3, x < 1, 3 * x)"), "x")
    assert plain(found.value) == "where(x < 0, 2 * x, where(x < 1, 3 * x^2, 3))"
