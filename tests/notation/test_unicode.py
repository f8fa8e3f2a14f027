"""Expressions on one line for people."""

from types import SimpleNamespace
from unicodedata import normalize

import pytest

from stepsolve.notation.box import layout
from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Name, Number
from stepsolve.notation.unicode import one_line
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.expression import parse


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("1/2*(x+1)", "1 / 2 · (x + 1)"),
        ("-2*x - 3", "−2 · x − 3"),
        ("a + (-b)", "a + (−b)"),
        ("2 * (-1)", "2 · (−1)"),
        ("a / (b * c)", "a / (b · c)"),
        ("a - (b - c)", "a − (b − c)"),
        ("W_hh @ h_0 + b", "W_hh @ h₀ + b"),
        ("1/(1+exp(-(w0*x0+w2)))", "1 / (1 + exp(−(w0 · x0 + w2)))"),
        # exponents
        ("x^2 + x^-1 + x^n", "x² + x⁻¹ + xⁿ"),
        ("x^100 + x^1000", "x¹⁰⁰ + x^1000"),
        ("e^-x", "e⁻ˣ"),
        ("exp(-2) + exp(x + 1)", "e⁻² + exp(x + 1)"),
        ("exp(x)^2", "(eˣ)²"),
        ("x^0.5", "x^0.5"),
        ("x^q + x^T + x^alpha", "x^q + x^T + x^α"),
        ("x^(n - 1)", "x^(n − 1)"),
        ("x^(1/2)", "x^(1 / 2)"),
        ("(-x)^2 + (x^2)^3 + (x + y)^2", "(−x)² + (x²)³ + (x + y)²"),
        ("-x^2", "−x²"),
        ("sin(x)^2", "sin(x)²"),
        ("h[2]^2", "h[2]²"),
        ("sqrt(x)^2", "(√(x))²"),
        ("x^2^n", "x^(2ⁿ)"),
        # transposes are exponents
        ("W.T @ W", "Wᵀ @ W"),
        ("(A + B).T", "(A + B)ᵀ"),
        ("W.T^2 + W.T.T + (x^2).T", "(Wᵀ)² + (Wᵀ)ᵀ + (x²)ᵀ"),
        ("W.T[0, 1]", "(Wᵀ)[0, 1]"),
        # numbers
        ("0.50 * 1.234e-5", "0.50 · 1.234·10⁻⁵"),
        ("1.5E+08", "1.5·10⁸"),
        ("1.5e8^2", "(1.5·10⁸)²"),
        ("x / 1.5e8", "x / (1.5·10⁸)"),
        ("x / 1e-3", "x / 10⁻³"),
        ("1e-3^2", "(10⁻³)²"),
        # comparisons
        ("x >= 0", "x ≥ 0"),
        ("(x > 0) * w", "[x > 0] · w"),
        ("(x <= 0) + (x == 1) - (x != y)", "[x ≤ 0] + [x = 1] − [x ≠ y]"),
        ("(a < b) == (b < c)", "[a < b] = [b < c]"),
        ("where(x > 0, a, -a)", "{a if x > 0, −a otherwise}"),
        # calls
        ("sigmoid(z_1) + abs(-x) + sqrt(x + 1)", "σ(z₁) + |−x| + √(x + 1)"),
        ("max(0, x, y)", "max(0, x, y)"),
        # derivatives
        ("diff(sin(x^2), x)", "d/dx[sin(x²)]"),
        ("diff(u, theta) * diff(v_1, x)", "du/dθ · dv₁/dx"),
        ("diff(df/dx, x)", "d/dx[df/dx]"),
        ("diff(x^2, x)^2", "(d/dx[x²])²"),
        ("df/dq * dq/dx", "df/dq · dq/dx"),
        ("x / (df/dq)", "x / (df/dq)"),
        ("(df/dq)^2", "(df/dq)²"),
        # entries: letters below the line where there are small ones, numbers in brackets
        ("x[i] + W[i, j] + x[k - 1]", "xᵢ + Wᵢⱼ + xₖ₋₁"),
        ("W_1[i, j] + inv(X)[k, l] + (A @ x)[i]", "[W₁]ᵢⱼ + [X⁻¹]ₖₗ + [A @ x]ᵢ"),
        ("W[p, q] + W[k - 1, j] + x[2] + W[i, 2]", "W[p, q] + W[k − 1, j] + x[2] + Wᵢ₂"),
        ("x[i]^2 * x'[i]", "xᵢ² · x′ᵢ"),
        ("delta(i, j) * delta(k, q) * delta[i]", "δᵢⱼ · δ(k, q) · δᵢ"),
        # sums over an index: a product without brackets, anything looser with them
        ("sum(v[k] * a[k], k)", "Σₖ vₖ · aₖ"),
        ("sum(sum(x[k] * A[k, l], l), k)", "Σₖ Σₗ xₖ · Aₖₗ"),
        ("sum(a[k] + b[k], k)", "Σₖ (aₖ + bₖ)"),
        ("sum(a[k], k) + b - sum(c[k], k)", "Σₖ aₖ + b − Σₖ cₖ"),
        ("-sum(y[k] * log(p[k]), k)", "−Σₖ yₖ · ln(pₖ)"),
        ("sum(a[k], k) * b", "(Σₖ aₖ) · b"),
        ("b * sum(a[k], k) / sum(c[k], k)^2", "b · (Σₖ aₖ) / (Σₖ cₖ)²"),
        ("sum(k^2, k, 1, n)", "Σₖ₌₁ⁿ k²"),
        ("sum(k^2, q, 1, n - 1)", "Σ_(q = 1..n − 1) k²"),
        ("sum(x) + trace(A) + norm(x - y)^2", "sum(x) + tr(A) + ‖x − y‖²"),
        # derivatives by entries
        ("diff(s, W[i, j]) + partial(z[k], x[i])", "∂s/∂Wᵢⱼ + ∂zₖ/∂xᵢ"),
        ("partial(v[k] * a[k], x[i]) * 2", "∂/∂xᵢ[vₖ · aₖ] · 2"),
        # matrices
        ("inv(A + B) @ inv(X)^2 * c", "(A + B)⁻¹ @ (X⁻¹)² · c"),
        ("hadamard(W.T @ d, v)", "(Wᵀ @ d) ⊙ v"),
        # arrays
        ("[[1, -2], [x^2, 40]]", "[[1, −2], [x², 40]]"),
        ("[]", "[]"),
    ],
)
def test_one_line(source: str, text: str) -> None:
    assert one_line(parse(source)) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x", "x"),
        ("loss", "loss"),
        ("lambda", "λ"),
        ("Sigma", "Σ"),
        ("theta_1", "θ₁"),
        ("alpha2", "α2"),
        ("h_12", "h₁₂"),
        ("w0", "w0"),
        ("W_hh", "W_hh"),
        ("sigma_x", "σ_x"),
        ("h_1_2", "h_1_2"),
        ("x_", "x_"),
        ("x'", "x′"),
        ("h_1''", "h₁′′"),
        ("df/dx", "df/dx"),
        ("dL/dz_1", "dL/dz₁"),
        ("dloss/dtheta", "dloss/dθ"),
        ("∂f/∂x_1", "∂f/∂x₁"),
    ],
)
def test_names(name: str, text: str) -> None:
    assert one_line(Name(name)) == text


def test_an_operation_outside_the_table_is_a_call() -> None:
    assert one_line(Apply("mystery", Name("x"), Number("2"))) == "mystery(x, 2)"


def test_a_sign_of_the_table_brackets_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(OPERATIONS, "outer", SimpleNamespace(text="#1 ⊗ #2"))
    outer = Apply("outer", parse("a + b"), parse("sin(x)"))
    assert one_line(outer) == "(a + b) ⊗ sin(x)"
    assert one_line(Apply("*", Name("c"), outer)) == "c · ((a + b) ⊗ sin(x))"


def test_limits() -> None:
    assert one_line(parse("limit(sin(x) / x, x, 0)")) == "lim[x → 0] sin(x) / x"
    assert one_line(parse("limit(1 / x, x, 0, below)")) == "lim[x → 0⁻] 1 / x"
    assert one_line(parse("limit(1 + n, n, inf) - limit(n, n, -inf)")) == (
        "lim[n → ∞] (1 + n) − lim[n → −∞] n"
    )
    assert one_line(parse("limit(x, x, 0)^2")) == "(lim[x → 0] x)²"


HATS = {
    "mhat": ("m̂", r"\hat{m}"),
    "vhat_W'": ("v̂_W′", r"\hat{v}_{W}'"),
    "thetahat_3": ("θ̂₃", r"\hat{\theta}_{3}"),
    "yhat": ("ŷ", r"\hat{y}"),
    "mhat_W_hh_step2": ("m̂_W_hh⁽²⁾", r"{\hat{m}_{W,hh}^{(2)}}"),
    "W_hh_step12": ("W_hh⁽¹²⁾", r"{W_{hh}^{(12)}}"),
    "chapeauhat": ("chapeauhat", r"\mathrm{chapeauhat}"),
    "hat": ("hat", r"\mathrm{hat}"),
}


@pytest.mark.parametrize(("name", "written"), HATS.items(), ids=HATS)
def test_hats_and_iterates(name: str, written: tuple[str, str]) -> None:
    assert normalize("NFD", one_line(Name(name))) == normalize("NFD", written[0])
    assert latex(Name(name)) == written[1] and plain(Name(name)) == name


def test_an_axis_is_said() -> None:
    assert one_line(parse("norm(K, axis=1)")) == "norm(K, axis=1)"
    assert latex(parse("norm(K, axis=1)")) == r"\operatorname{norm}\left(K, axis=1\right)"
    assert one_line(parse("norm(K)")) == "‖K‖"
    assert one_line(parse("log_softmax(K, axis=0)")) == "log softmax(K, axis=0)"


def test_a_hat_takes_no_place_in_a_picture() -> None:
    """The bar of a fraction is as wide as what is seen, and no private character comes out."""
    drawn = layout(parse("mhat / (1 - vhat)")).text
    assert "───" in drawn and normalize("NFD", drawn).count("\u0302") == 2
    bar = next(row for row in drawn.splitlines() if "─" in row)
    assert len(bar.strip()) == len("1 − v") + 2
    assert not any(ord(character) >= 0xF0000 for character in drawn)
