"""Expressions in two dimensions: golden pictures, seen and approved."""

from textwrap import dedent
from types import SimpleNamespace

import pytest

from stepsolve.notation.box import Box, beside, layout
from stepsolve.notation.tree import Apply, Name
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.expression import parse


def picture(source: str) -> str:
    return layout(parse(source)).text


def drawn(text: str) -> str:
    return dedent(text).strip("\n")


@pytest.mark.parametrize(
    ("source", "golden"),
    [
        (
            "1/(1+exp(-(w0*x0+w1*x1+w2)))",
            """
                             1
            ────────────────────────────────────
             1 + exp(−(w0 · x0 + w1 · x1 + w2))
            """,
        ),
        (
            "1 + (exp(x)-exp(-x))/(e^x+e^-x)",
            """
                 eˣ − e⁻ˣ
            1 + ──────────
                 eˣ + e⁻ˣ
            """,
        ),
        (
            "exp(-(x-mu)^2/(2*sigma^2))/(sigma*sqrt(2*pi))",
            """
                ⎛   (x − μ)² ⎞
             exp⎜− ──────────⎟
                ⎝    2 · σ²  ⎠
            ───────────────────
               σ · √(2 · π)
            """,
        ),
        (
            "1/(2/(3/(4+x)))",
            """
                 1
            ───────────
                 2
             ─────────
                 3
              ───────
               4 + x
            """,
        ),
        ("x^y*log(x+y)", "xʸ · ln(x + y)"),
        (
            "x^(n+1) + x^(-1/2) + e^2 + x^0.5",
            """
             n + 1    −1/2         0.5
            x      + x     + e² + x
            """,
        ),
        (
            "x^(n/2)",
            """
              n
             ───
              2
            x
            """,
        ),
        (
            "(x^(n+1))^2 + (exp(x))^n",
            """
            ⎛ n + 1⎞²
            ⎝x     ⎠  + (eˣ)ⁿ
            """,
        ),
        (
            "-(a/b)^2 * (a/b)^(n-1) - a/b",
            """
                           n − 1
             ⎛ a ⎞²   ⎛ a ⎞         a
            −⎜───⎟  · ⎜───⎟      − ───
             ⎝ b ⎠    ⎝ b ⎠         b
            """,
        ),
        (
            "sqrt(a/b) + abs(x/2) + max(0, a/b)",
            """
             ⎛ a ⎞   │ x │      ⎛    a ⎞
            √⎜───⎟ + │───│ + max⎜0, ───⎟
             ⎝ b ⎠   │ 2 │      ⎝    b ⎠
            """,
        ),
        (
            "diff(sin(x^2)/x, x) + diff(u, x) + diff(x, t)",
            """
            d ⎡ sin(x²) ⎤   du   dx
            ──⎢─────────⎥ + ── + ──
            dx⎣    x    ⎦   dx   dt
            """,
        ),
        (
            "df/dq * dq/dx / (2 * (dL/dz_1)^2)",
            """
              df   dq
              ── · ──
              dq   dx
            ────────────
                 ⎛dL ⎞²
             2 · ⎜───⎟
                 ⎝dz₁⎠
            """,
        ),
        (
            "-∂f/∂x + (x > a/b) * w",
            """
              ∂f   ⎡     a ⎤
            − ── + ⎢x > ───⎥ · w
              ∂x   ⎣     b ⎦
            """,
        ),
        (
            "[[1, 2], [3, 40]].T @ [5, -6]",
            """
            ⎡1   2⎤ᵀ @ [5, −6]
            ⎣3  40⎦
            """,
        ),
        (
            "[[1/2, -x], [3, 4]] @ [1/2, x]",
            """
            ⎡ 1     ⎤
            ⎢───  −x⎥   ⎡ 1    ⎤
            ⎢ 2     ⎥ @ ⎢───, x⎥
            ⎢       ⎥   ⎣ 2    ⎦
            ⎣  3   4⎦
            """,
        ),
        ("[[1, 2, 3]]", "[1  2  3]"),
        (
            "sum(x[k]^2 / 2, k, 1, n) + sum(a[k] / b, k)",
            """
              n    xₖ²        aₖ
              Σ   ───── + Σₖ ────
            k = 1   2         b
            """,
        ),
        (
            "(A / 2)[i, j] * diff(s, x[i])",
            """
            ⎡ A ⎤     ∂s
            ⎢───⎥   · ───
            ⎣ 2 ⎦ᵢⱼ   ∂xᵢ
            """,
        ),
        ("[]", "[]"),
        ("2 * 1.5e-8 * h_1[2]", "2 · 1.5·10⁻⁸ · h₁[2]"),
    ],
)
def test_picture(source: str, golden: str) -> None:
    assert picture(source) == drawn(golden)


def test_beside_stands_on_the_baseline() -> None:
    tall = Box(("a", "b", "c"), 1)
    low = Box(("d", "e"), 0)
    assert beside(tall, low) == Box(("a ", "bd", "ce"), 1)
    assert beside(low, tall, low).rows == (" a ", "dbd", "ece")


def test_a_box_knows_its_size() -> None:
    box = layout(parse("a/(b+c)"))
    assert (box.width, box.height, box.baseline) == (7, 3, 1)
    assert {len(row) for row in box.rows} == {7}


def test_a_tall_part_of_a_sign_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "outer", SimpleNamespace(text="#1 ⊗ #2"))
    outer = Apply("outer", parse("a / b"), Name("c"))
    assert layout(outer).text == drawn("""
        ⎛ a ⎞
        ⎜───⎟ ⊗ c
        ⎝ b ⎠
    """)


def test_what_a_limit_goes_to_stands_below_it() -> None:
    assert layout(parse("limit(1 / x, x, 0, above)")).text.splitlines() == [
        "        1",
        " lim   ───",
        "x → 0⁺  x",
    ]
