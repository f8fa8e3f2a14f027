"""Expressions in LaTeX."""

from types import SimpleNamespace

import pytest

from stepsolve.notation.latex import latex
from stepsolve.notation.tree import Apply, Name
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.expression import parse


@pytest.mark.parametrize(
    ("source", "text"),
    [
        # products: only a number before a name or a function goes without a dot
        ("2*x", r"2\,x"),
        ("2*3", r"2 \cdot 3"),
        ("x*2", r"x \cdot 2"),
        ("2*x*y", r"2\,x \cdot y"),
        ("2*3*x", r"2 \cdot 3 \cdot x"),
        ("2*x_1^2", r"2\,x_{1}^{2}"),
        ("2*3^n", r"2 \cdot 3^{n}"),
        ("2*sin(x)", r"2\,\sin\left(x\right)"),
        ("2*h[3]", r"2\,h[3]"),
        ("2*(x+1)", r"2 \cdot \left(x + 1\right)"),
        ("2*df/dx", r"2 \cdot \frac{\mathrm{d}f}{\mathrm{d}x}"),
        ("1.5e8*x", r"1.5 \times 10^{8} \cdot x"),
        ("-2*x", r"-2\,x"),
        ("x*(-1)", r"x \cdot \left(-1\right)"),
        ("W_hh @ h", r"W_{hh}\,h"),
        # fractions need no brackets but under an exponent
        ("1/2*(x+1)", r"\frac{1}{2} \cdot \left(x + 1\right)"),
        ("(a+b)/(c*d)", r"\frac{a + b}{c \cdot d}"),
        ("a*(b/c)", r"a \cdot \frac{b}{c}"),
        ("a/b/c", r"\frac{\frac{a}{b}}{c}"),
        ("-a/b", r"-\frac{a}{b}"),
        ("(a/b)^2", r"\left(\frac{a}{b}\right)^{2}"),
        # exponents
        ("x^2", "x^{2}"),
        ("e^-x", "e^{-x}"),
        ("x^(n - 1/2)", r"x^{n - \frac{1}{2}}"),
        ("x^y^z", "x^{y^{z}}"),
        ("(x^y)^z", r"\left(x^{y}\right)^{z}"),
        ("x'^2", "x'^{2}"),
        ("W.T @ W", r"W^{\top}\,W"),
        ("W.T^2", r"\left(W^{\top}\right)^{2}"),
        ("W.T.T", r"\left(W^{\top}\right)^{\top}"),
        # numbers
        ("0.50", "0.50"),
        ("1.234e-5", r"1.234 \times 10^{-5}"),
        ("1e+08", "10^{8}"),
        ("1.5e8^2", r"\left(1.5 \times 10^{8}\right)^{2}"),
        ("x/1.5e8", r"\frac{x}{1.5 \times 10^{8}}"),
        # comparisons
        ("x >= 0", r"x \ge 0"),
        ("(x > 0)*w", r"\left[x > 0\right] \cdot w"),
        ("(x != y)/2", r"\frac{\left[x \ne y\right]}{2}"),
        # calls
        ("sigmoid(z) + sqrt(x)", r"\sigma\left(z\right) + \sqrt{x}"),
        ("abs(x/2)", r"\left|\frac{x}{2}\right|"),
        ("max(0, x)", r"\max\left(0, x\right)"),
        # derivatives
        ("diff(x^2, x)", r"\frac{\mathrm{d}}{\mathrm{d}x}\left[x^{2}\right]"),
        ("diff(u, x)", r"\frac{\mathrm{d}u}{\mathrm{d}x}"),
        ("diff(u, x)^2", r"\left(\frac{\mathrm{d}u}{\mathrm{d}x}\right)^{2}"),
        # entries, sums, derivatives by entries
        ("x[i]^2 + W[i, j]", "x_{i}^{2} + W_{ij}"),
        ("x[k - 1] + W[k - 1, j]", "x_{k - 1} + W_{k - 1, j}"),
        ("x'[i]^2", "{x'}_{i}^{2}"),
        ("W_1[i, j] + inv(X)[k, l]", r"\left[W_{1}\right]_{ij} + \left[X^{-1}\right]_{kl}"),
        ("delta(i, j) * delta[i]", r"\delta_{ij} \cdot \delta_{i}"),
        ("sum(v[k] * a[k], k)", r"\sum_{k} v_{k} \cdot a_{k}"),
        ("b * sum(a[k] + c, k, 1, n)", r"b \cdot \left(\sum_{k=1}^{n} \left(a_{k} + c\right)\right)"),
        ("diff(s, W[i, j])", r"\frac{\partial s}{\partial W_{ij}}"),
        ("hadamard(v, norm(x))", r"v \odot \left\|x\right\|"),
        # arrays
        ("[[1, 2], [3, x/2]]", r"\begin{bmatrix} 1 & 2 \\ 3 & \frac{x}{2} \end{bmatrix}"),
        ("[[1, 2], [3, 4]].T", r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}^{\top}"),
        ("[1, -x]", r"\left[1, -x\right]"),
        ("[[1, 2], [3]]", r"\left[\left[1, 2\right], \left[3\right]\right]"),
        ("W[0, 1]", "W[0, 1]"),
    ],
)  # fmt: skip
def test_latex(source: str, text: str) -> None:
    assert latex(parse(source)) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x", "x"),
        ("w0", "w_{0}"),
        ("w0_1", "w_{0,1}"),
        ("W_hh", "W_{hh}"),
        ("h_1_2", "h_{1,2}"),
        ("theta_1", r"\theta_{1}"),
        ("W_theta", r"W_{\theta}"),
        ("Sigma", r"\Sigma"),
        ("θ", r"\theta"),
        ("kθx", r"\mathrm{k{\theta}x}"),
        ("loss", r"\mathrm{loss}"),
        ("loss2", r"\mathrm{loss}_{2}"),
        ("x_", r"\mathrm{x{\_}}"),
        ("x'", "x'"),
        ("h_1'", "h_{1}'"),
        ("dL/dz_1", r"\frac{\mathrm{d}L}{\mathrm{d}z_{1}}"),
        ("∂f/∂x", r"\frac{\partial f}{\partial x}"),
    ],
)
def test_names(name: str, text: str) -> None:
    assert latex(Name(name)) == text


def test_an_operation_without_latex_is_an_operator() -> None:
    assert latex(Apply("my_stery", Name("x"))) == r"\operatorname{my\_stery}\left(x\right)"


def test_a_template_with_an_exponent_is_bracketed_under_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(OPERATIONS, "raise", SimpleNamespace(latex="e^{#1}"))
    power = Apply("^", Apply("raise", Name("x")), parse("2"))
    assert latex(power) == r"\left(e^{x}\right)^{2}"


def test_limits() -> None:
    assert latex(parse("limit(sin(x) / x, x, 0)")) == r"\lim_{x \to 0} \frac{\sin\left(x\right)}{x}"
    assert latex(parse("limit(1 / x, x, 0, above)")) == r"\lim_{x \to 0^{+}} \frac{1}{x}"
    assert latex(parse("limit(1 + n, n, -inf)")) == r"\lim_{n \to -\infty} \left(1 + n\right)"
