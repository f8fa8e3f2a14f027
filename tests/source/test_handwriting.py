"""Working written by hand: what is read, and as what. Every row is a text and its sides in plain text.

The sides are written down by hand from what the text means, never from what the reader gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

import pytest

from stepsolve.errors import ExpressionError
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Number
from stepsolve.source import hand_calls, hand_grammar
from stepsolve.source.handwriting import Chain, read_chains


def written(chains: tuple[Chain, ...]) -> str:
    """Chains in plain text, with two bars between them."""
    texts = []
    for chain in chains:
        assert len(chain.signs) == len(chain.sides) - 1 == len(chain.spans) - 1
        parts = [chain.lead] if chain.lead else []
        for sign, side in zip(("", *chain.signs), chain.sides, strict=True):
            parts += [sign, plain(side)] if sign else [plain(side)]
        texts.append(" ".join(parts))
    return " || ".join(texts)


# fmt: off
LATEX = [
    (r"\frac12 = 0.5", "1 / 2 = 0.5"),
    (r"\frac{1}{2}x + \dfrac34", "1 / 2 * x + 3 / 4"),
    (r"\frac1{2}", "1 / 2"),
    (r"\tfrac{a}{b}", "a / b"),
    (r"2 \div 4 = 0.5", "2 / 4 = 0.5"),
    ("a * b / c", "a * b / c"),
    (r"\sqrt2", "sqrt(2)"),
    (r"\sqrt[3]{8} = 2", "root(8, 3) = 2"),
    (r"\sqrt x", "sqrt(x)"),
    ("e^{-x}", "e^(-x)"),
    ("e^-2", "e^(-2)"),
    (r"\exp(-x)", "exp(-x)"),
    (r"\exp\left(-\frac{x}{2}\right)", "exp(-x / 2)"),
    (r"\ln x", "log(x)"),
    (r"\log x", "log(x)"),
    (r"\log_{10} 100 = 2", "log10(100) = 2"),
    (r"\log_2 8 = 3", "log2(8) = 3"),
    (r"\log_b(x)", "log(x, b)"),
    (r"\sin 0.1", "sin(0.1)"),
    (r"\cos 2x", "cos(2 * x)"),
    (r"\sin x \cos y", "sin(x) * cos(y)"),
    (r"\sin 2\pi x", "sin(2 * pi * x)"),
    (r"\sin x^2", "sin(x^2)"),
    (r"\sin(x)^2", "sin(x)^2"),
    (r"\tanh^2(x)", "tanh(x)^2"),
    (r"1 - \tanh^2 x", "1 - tanh(x)^2"),
    (r"\sin^{-1}(x)", "asin(x)"),
    (r"\tan^{-1} x", "atan(x)"),
    (r"\arctan x", "atan(x)"),
    (r"\max(0, x)", "max(0, x)"),
    (r"\max\{0, x\}", "max(0, x)"),
    (r"\text{ReLU}(x)", "relu(x)"),
    (r"\operatorname{softmax}([1, 2])", "softmax([1, 2])"),
    (r"\mathrm{softmax}(z)", "softmax(z)"),
    (r"\text{softmax}(1, 2, 3)", "softmax([1, 2, 3])"),
    (r"\mathrm{sigmoid}(x)", "sigmoid(x)"),
    (r"\sigma(x)", "sigmoid(x)"),
    (r"\sigma(z)(1 - \sigma(z))", "sigmoid(z) * (1 - sigmoid(z))"),
    (r"\sigma(1 - \sigma)", "sigma * (1 - sigma)"),
    (r"\sigma'(x)", "sigmoid(x) * (1 - sigmoid(x))"),
    (r"\tanh'(x)", "1 - tanh(x)^2"),
    (r"\text{ReLU}'(2) = 1", "2 > 0 = 1"),
    ("|x|", "abs(x)"),
    ("|x - 1| + |y|", "abs(x - 1) + abs(y)"),
    ("2|x|", "2 * abs(x)"),
    (r"\left| -3 \right| = 3", "abs(-3) = 3"),
    (r"\lvert x \rvert", "abs(x)"),
    (r"\|x\|", "norm(x)"),
    (r"\|x\|_2^2", "norm(x)^2"),
    (r"\lfloor 2.5 \rfloor = 2", "floor(2.5) = 2"),
    (r"\left\lceil x \right\rceil", "ceil(x)"),
    ("0.5(1-2)", "0.5 * (1 - 2)"),
    ("2x", "2 * x"),
    ("(a)(b)", "a * b"),
    ("0.24(1-0.24)", "0.24 * (1 - 0.24)"),
    (r"2 \times -1", "2 * (-1)"),
    ("0.5 (-0.3)", "0.5 * (-0.3)"),
    (r"5.23 \times 10^{-5}", "5.23e-5"),
    (r"5.23 \cdot 10^{-5}", "5.23e-5"),
    (r"2 \times 10^3", "2e3"),
    ("10^{-3}", "10^(-3)"),
    ("5e-3", "5e-3"),
    (r"x^{2} \times 10^{3}", "x^2 * 10^3"),
    (r"\frac12 \times 10^{-3}", "1 / 2 * 10^(-3)"),
    (r"73\%", "73e-2"),
    (r"0.73 = 73\%", "0.73 = 73e-2"),
    ("61{,}706", "61706"),
    ("61,706 = 61706", "61706 = 61706"),
    ("n = 3,274,634", "n = 3274634"),
    ("(61,706)", "[61, 706]"),
    (r"a\,b\;c\!d~e\quad f", "a * b * c * d * e * f"),
    (r"1\!/\!2", "1 / 2"),
    (r"\left( x + 1 \right)", "x + 1"),
    (r"\big( x \big) \Big( y \Big)", "x * y"),
    ("{x} + {{y}}", "x + y"),
    (r"\displaystyle x", "x"),
    (r"\boxed{x}", "x"),
    (r"\boxed{x = 3}", "x = 3"),
    (r"x = \boxed{3}", "x = 3"),
    (r"\boxed{a + b}^2", "(a + b)^2"),
    (r"\underbrace{x + 1}_{text} + 2", "x + 1 + 2"),
    (r"\underbrace{x}_{\text{in words}}", "x"),
    (r"\color{red}{x} + 1", "x + 1"),
    (r"\cancel{2} x", "2 * x"),
    ("z_1^{(2)}", "z_1^(2)"),
    ("z^{(2)}_1", "z_1^(2)"),
    ("W^{[1]}", "W^[1]"),
    ("W^{[l-1]}_{ij}", "W_ij^[l-1]"),
    ("w_{11}", "w_11"),
    ("w_11", "w_11"),
    ("h_{t-1}", "h_(t-1)"),
    ("E_{total}", "E_total"),
    (r"E_{\text{total}}", "E_total"),
    (r"\hat{y}_1", "yhat_1"),
    (r"\hat y_1", "yhat_1"),
    (r"\hat{y_1}", "yhat_1"),
    (r"\hat{y}^{(1)}", "yhat^(1)"),
    (r"\bar x", "xbar"),
    (r"\tilde{c}", "ctilde"),
    (r"\vec{x}", "x"),
    (r"\mathbf{W}_{xh}", "W_xh"),
    (r"\mathbf x", "x"),
    (r"\boldsymbol{\theta}_1", "theta_1"),
    (r"\mathbb{E}", "E"),
    (r"\mathcal{L}", "L"),
    ("x'", "x'"),
    ("x'' + y_1'", "x'' + y_1'"),
    ("{x'}_{i}", "x_i'"),
    (r"\theta", "theta"),
    (r"\text{loss}", "loss"),
    (r"\mathrm{net}_{h1}", "net_h1"),
    (r"\Delta w_1", "Δw_1"),
    (r"\Delta \theta", "Δtheta"),
    (r"\Delta", "Delta"),
    ("x^*", "x*"),
    ("x^{*}_1", "x_1*"),
    ("x^2", "x^2"),
    ("x_1^2", "x_1^2"),
    ("x^2_1", "x_1^2"),
    ("x^{T} y", "x.T * y"),
    (r"W^\top x", "W.T * x"),
    (r"W^{\mathsf T}", "W.T"),
    (r"W^{\mathsf{T}} x", "W.T * x"),
    ("2^T", "2^T"),
    ("e^{(2)}", "e^2"),
    ("e^{-(x+1)}", "e^(-(x + 1))"),
    ("x^{(a+b)/2}", "x^((a + b) / 2)"),
    ("W_{1,2}", "W_1_2"),
    (r"\frac{dL}{dw_1}", "dL/dw_1"),
    (r"\frac{\partial L}{\partial a_3}", "dL/da_3"),
    (r"\partial L / \partial w", "dL/dw"),
    (r"\frac{\partial E_{total}}{\partial w_5}", "dE_total/dw_5"),
    (r"\frac{\mathrm{d} f}{\mathrm{d} x}", "df/dx"),
    ("dL/dw_1 = 0.5", "dL/dw_1 = 0.5"),
    (r"\frac{\partial^2 f}{\partial x^2}", "d^2f/dx^2"),
    (r"\frac{\partial^2 f}{\partial x \partial y}", "d^2f/dx dy"),
    (r"\frac{d^2 y}{dx^2}", "d^2y/dx^2"),
    (r"\nabla_W L", "dL/dW"),
    (r"\nabla_{\theta} J", "dJ/dtheta"),
    (r"\frac{\partial L}{\partial z} \cdot \frac{\partial z}{\partial w}", "dL/dz * dz/dw"),
    (r"\frac{\partial L}{\partial W^{[1]}}", "dL/dW^[1]"),
    (r"\frac{d}{dx} (x^2 + 1)", "diff(x^2 + 1, x)"),
    (r"\frac{d}{dx} x^2 + 1", "diff(x^2, x) + 1"),
    (r"\frac{d}{dx}\left[x^2\right] = 2x", "diff(x^2, x) = 2 * x"),
    (r"\frac{\partial}{\partial x} (x y)", "partial(x * y, x)"),
    (r"\frac{d}{2}", "d / 2"),
    (r"\frac{d_1}{d_2}", "d_1 / d_2"),
    (r"\frac{d\sigma(z)}{dz}", "diff(sigmoid(z), z)"),
    (r"\frac{dL(w)}{dw}", "dL/dw"),
    ("ab", "a * b"),
    ("wx + b", "w * x + b"),
    (r"\pi r^2", "pi * r^2"),
    ("f(x) = x^2", "f(x) = x^2"),
    ("f'(x) = 2x", "f'(x) = 2 * x"),
    ("f(x, y) = xy", "f(x, y) = x * y"),
    ("x(1 - x)", "x * (1 - x)"),
    (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}", "[[1, 2], [3, 4]]"),
    (r"\begin{pmatrix} 1 \\ 3 \end{pmatrix}", "[[1], [3]]"),
    (r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \\ \end{bmatrix}", "[[1, 2], [3, 4]]"),
    (r"\left[\begin{array}{cc} 1 & 2 \end{array}\right]", "[[1, 2]]"),
    (r"\begin{smallmatrix} a \\ b \end{smallmatrix}", "[[a], [b]]"),
    ("[1, 2]", "[1, 2]"),
    ("[[1,2],[3,4]]", "[[1, 2], [3, 4]]"),
    ("x = (1, 2)", "x = [1, 2]"),
    ("[0.1; 0.2]", "[[0.1], [0.2]]"),
    (r"a \odot b", "hadamard(a, b)"),
    (r"a \circ b", "hadamard(a, b)"),
    (r"W^T \delta \odot \sigma'(z)", "hadamard(W.T * delta, sigmoid(z) * (1 - sigmoid(z)))"),
    (r"\sum_{i=1}^{3} i^2", "sum(i^2, i, 1, 3)"),
    (r"\sum_i x_i y_i", "sum(x_i * y_i, i)"),
    (r"\sum_{i} (x_i - 1)^2 + 2", "sum((x_i - 1)^2, i) + 2"),
    ("a := 3", "a = 3"),
    (r"x \approx 0.5", "x ≈ 0.5"),
    (r"x \simeq 1 \sim 2", "x ≈ 1 ≈ 2"),
    (r"0.5 + 0.1 \Rightarrow 0.6", "0.5 + 0.1 ⇒ 0.6"),
    (r"z = 3 \Rightarrow a = 0.95", "z = 3 || a = 0.95"),
    (r"x \to 3", "x ⇒ 3"),
    (r"x \leq 3", "x ≤ 3"),
    (r"a < b \leq c", "a < b ≤ c"),
    (r"a \equiv 2", "a = 2"),
    (r"\therefore x = 3", "x = 3"),
    (r"\Rightarrow x = 3", "x = 3"),
    ("a = 1, b = 2", "a = 1 || b = 2"),
    ("a = 1; b = 2", "a = 1 || b = 2"),
    (r"a = 1 \quad b = 2", "a = 1 || b = 2"),
    (r"a = 1 \text{ and } b = 2", "a = 1 || b = 2"),
    (r"a = 1 \\ b = 2", "a = 1 || b = 2"),
    ("&= 6", "= 6"),
    (r"a &= 1 + 2 \\ &= 3", "a = 1 + 2 || = 3"),
    (r"x = 3 \text{ (chain rule)}", "x = 3"),
    (r"x = 3 \quad \text{(chain rule)}", "x = 3"),
    (r"x = 3 \tag{1}", "x = 3"),
    (r"x = 3 \label{eq:one} \nonumber", "x = 3"),
    ("x = 3.", "x = 3"),
    ("x = 3,", "x = 3"),
    (r"x = 0.5 \checkmark", "x = 0.5"),
    (r"\begin{aligned} a &= 1 \\ b &= 2 \end{aligned}", "a = 1 || b = 2"),
    (r"f(x) = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}", "f(x) = where(x > 0, x, 0)"),
    (r"\lim_{x \to 0} \frac{\sin x}{x} = 1", "limit(sin(x) / x, x, 0) = 1"),
    (r"\lim_{x \to 0^{+}} \frac{1}{x}", "limit(1 / x, x, 0, above)"),
    ("-x^2", "-x^2"),
    ("a - -b", "a - (-b)"),
    (r"\frac{1/3}{9/25}", "1 / 3 / (9 / 25)"),
    ("1/2(0.5 - 1)^2", "1 / 2 * (0.5 - 1)^2"),
    ("2[1 - 0.5]", "2 * (1 - 0.5)"),
    ("W[0, 1]", "W[0, 1]"),
    ("x_i^{(j)}", "x_i^(j)"),
    (r"\alpha\beta", "alpha * beta"),
    (r"\varepsilon", "epsilon"),
    (r"\infty", "inf"),
    (r"\overset{!}{=} 3", "= 3"),
    (r"\ln 2 \cdot 3", "log(2) * 3"),
    (r"\ln\frac{a}{b}", "log(a / b)"),
    (r"-\log(0.7)", "-log(0.7)"),
    (r"\ln|x|", "log(abs(x))"),
    (r"\ln -x", "log(-x)"),
    ("e^{2x}y", "e^(2 * x) * y"),
    (r"J = \frac{1}{2m}\sum_{i=1}^{m}(h_i - y_i)^2", "J = 1 / (2 * m) * sum((h_i - y_i)^2, i, 1, m)"),
    (r"\text{MSE}(a, b)", "mse(a, b)"),
    (r"w := w - 0.1 \cdot 0.2", "w = w - 0.1 * 0.2"),
    (r"\operatorname{tr}(A)", "trace(A)"),
    (r"w^{(t+1)} = w^{(t)} - \eta g", "w^(t+1) = w^(t) - eta * g"),
    (r"\sigma(-0.5)", "sigmoid(-0.5)"),
    (r"\frac{1}{1+e^{-(0.5)(2)}}", "1 / (1 + e^(-0.5 * 2))"),
    (r"\text{so } x = 3", "x = 3"),
]  # fmt: skip

PLAIN = [
    ("z = 3 and a = 4", "z = 3 || a = 4"),
    ("5.23*10^-5", "5.23e-5"),
    ("5.23×10⁻⁵", "5.23e-5"),
    ("x² + y³", "x^2 + y^3"),
    ("½(x - 1)²", "1 / 2 * (x - 1)^2"),
    ("2πr", "2 * pi * r"),
    ("σ(x)", "sigmoid(x)"),
    ("σ(z₁)(1 − σ(z₁))", "sigmoid(z_1) * (1 - sigmoid(z_1))"),
    ("w₁₁·x₁ + w₁₂·x₂", "w_11 * x_1 + w_12 * x_2"),
    ("z₁⁽²⁾ = 3", "z_1^(2) = 3"),
    ("√2", "sqrt(2)"),
    ("√(x + 1)", "sqrt(x + 1)"),
    ("dL/dw0 = 0.5", "dL/dw0 = 0.5"),
    ("∂L/∂w₁ = ∂L/∂a·∂a/∂w₁", "dL/dw_1 = dL/da * da/dw_1"),
    ("∂²f/∂x²", "d^2f/dx^2"),
    ("x ≈ 0.5", "x ≈ 0.5"),
    ("z = 3 ⇒ a = 0.95", "z = 3 || a = 0.95"),
    ("0.5 + 0.1 → 0.6", "0.5 + 0.1 ⇒ 0.6"),
    ("∴ x = 3", "x = 3"),
    ("a ⊙ b", "hadamard(a, b)"),
    ("ŷ₁ = 0.5", "yhat_1 = 0.5"),
    ("Δw_1 = 0.5", "Δw_1 = 0.5"),
    ("loss = 0.5*(t - o)^2", "loss = 0.5 * (t - o)^2"),
    ("2x + 3(y - 1)", "2 * x + 3 * (y - 1)"),
    ("sigmoid(0.5) = 0.62", "sigmoid(0.5) = 0.62"),
    ("sin 0.1", "sin(0.1)"),
    ("ln 2", "log(2)"),
    ("log_2(8) = 3", "log2(8) = 3"),
    ("log10(100)", "log10(100)"),
    ("h[2] + W[0,1]", "h[2] + W[0, 1]"),
    ("[[1,2],[3,4]] @ [1, 2]", "[[1, 2], [3, 4]] @ [1, 2]"),
    ("W.T @ x", "W.T @ x"),
    ("sum(x[k]^2, k, 1, 3)", "sum(x[k]^2, k, 1, 3)"),
    ("sum(A, axis=0)", "sum(A, axis=0)"),
    ("x[1:3]", "x[1:3]"),
    ("e^-x", "e^(-x)"),
    ("2^3^2", "2^(3^2)"),
    ("-x**2", "-x^2"),
    ("73%", "73e-2"),
    ("61,706", "61706"),
    ("x = 0.5.", "x = 0.5"),
    ("x = 3 (chain rule)", "x = 3"),
    ("so x = 3", "x = 3"),
    ("= 6", "= 6"),
    ("|x - 1|", "abs(x - 1)"),
    ("Wᵀ", "W.T"),
    ("d/dx (x^2) = 2x", "diff(x^2, x) = 2 * x"),
    ("f(x) = x^2", "f(x) = x^2"),
    ("relu'(2)", "2 > 0"),
    ("tanh(0.5)^2", "tanh(0.5)^2"),
    ("tanh²(0.5)", "tanh(0.5)^2"),
    ("1/2 * x", "1 / 2 * x"),
    ("θ_1 + λ", "theta_1 + lambda"),
    ("a == 3", "a = 3"),
    ("where(x > 0, 1, 0)", "where(x > 0, 1, 0)"),
]  # fmt: skip

KNOWN: list[tuple[str, set[str], str]] = [
    (r"ab + wx", {"wx"}, "a * b + wx"),
    (r"netw", {"net"}, "net * w"),
    (r"out_{h1} w", {"out_h1"}, "out_h1 * w"),
    (r"w_0 + w_{1}", {"w0"}, "w0 + w_1"),
    (r"w_{0}", {"w0", "w_0"}, "w_0"),
    (r"w0", {"w0"}, "w0"),
    (r"\hat{y}_1", {"y_hat_1"}, "y_hat_1"),
    (r"\theta_1", {"θ_1"}, "θ_1"),
    (r"\frac{\partial L}{\partial w_0}", {"w0"}, "dL/dw0"),
    (r"\frac{\partial L}{\partial w}", {"∂L/∂w"}, "∂L/∂w"),
    (r"\sigma(1 - x)", {"sigma"}, "sigma * (1 - x)"),
    (r"5 \text{cells}", {"cells"}, "5 * cells"),
    (r"wx = 3", {"w", "x"}, "w * x = 3"),
    (r"wx = 3", set(), "wx = 3"),
    (r"net_{h1} = 0.3", set(), "net_h1 = 0.3"),
    (r"w^Tx + b", set(), "w.T * x + b"),
    (r"W^Tx", set(), "W.T * x"),
    (r"a^{[1]T} b", set(), "a^[1].T * b"),
    (r"x_1w_1+x_2w_2", set(), "x_1 * w_1 + x_2 * w_2"),
    (r"\sum_{i=1}^nx_i", set(), "sum(x_i, i, 1, n)"),
    (r"-\sum_i y_i \log \hat{y}_i", set(), "-sum(y_i * log(yhat_i), i)"),
    (r"-[y \ln a + (1-y) \ln(1-a)]", set(), "-(y * log(a) + (1 - y) * log(1 - a))"),
    (r"\frac{\partial o_{h1}}{\partial net_{h1}}", set(), "do_h1/dnet_h1"),
    (r"\frac{e^{x_1}}{e^{x_1} + e^{x_2}}", set(), "e^x_1 / (e^x_1 + e^x_2)"),
    (r"\begin{bmatrix}0.1 & 0.2\end{bmatrix}^T", set(), "[[0.1, 0.2]].T"),
    (r"\text{Forward: } z = 3", set(), "z = 3"),
]
# fmt: on


@pytest.mark.parametrize(("text", "sides"), LATEX)
def test_latex(text: str, sides: str) -> None:
    assert written(read_chains(text, latex=True)) == sides


@pytest.mark.parametrize(("text", "sides"), PLAIN)
def test_plain(text: str, sides: str) -> None:
    assert written(read_chains(text, latex=False)) == sides


@pytest.mark.parametrize(("text", "names", "sides"), KNOWN)
def test_known_names(text: str, names: set[str], sides: str) -> None:
    assert written(read_chains(text, names, latex=True)) == sides


@pytest.mark.parametrize(
    ("text", "names", "sides"),
    [
        ("w_0 + 1", {"w0"}, "w0 + 1"),
        ("z_1^(2) * 2", {"z_1^(2)"}, "z_1^(2) * 2"),
        ("z^(2)", set(), "z^2"),
        ("h_(t-1)*2", {"h_(t-1)"}, "h_(t-1) * 2"),
        ("loss(1 - loss)", {"loss"}, "loss * (1 - loss)"),
        ("a b = 3", {"a", "b"}, "a * b = 3"),
        ("θ + 1", {"θ"}, "θ + 1"),
    ],
)
def test_known_names_of_plain_text(text: str, names: set[str], sides: str) -> None:
    assert written(read_chains(text, names, latex=False)) == sides


@pytest.mark.parametrize(
    ("text", "functions", "sides"),
    [
        ("f(2)", {"f": 1}, "f(2)"),
        ("f(2)", {}, "f * 2"),
        ("f'(2)", {"f": 1}, "f'(2)"),
        ("g(x, y) + 1", {"g": 2}, "g(x, y) + 1"),
        (r"\frac{f(x + h) - f(x)}{h}", {"f": 1}, "(f(x + h) - f(x)) / h"),
        ("xf(x)", {"f": 1}, "x * f(x)"),
    ],
)
def test_functions(text: str, functions: Mapping[str, int], sides: str) -> None:
    assert written(read_chains(text, (), functions, latex=True)) == sides


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        ("0. 5", "a sign is missing before this number", "5"),
        ("0,5 = x", ", stands between equations only", ","),
        ("x = 1, 2", ", stands between equations only", ","),
        (r"\left( x \right]", "this ] closes nothing", "]"),
        (r"\frac{1}{2", "this { is never closed", "{"),
        (r"\left. x \right|", "a bracket that is not seen is not read", r"\left"),
        (r"\begin{vmatrix} 1 \end{vmatrix}", "vmatrix is not read", r"\begin{vmatrix}"),
        (r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}", "the rows of this matrix differ in length", r"\begin{bmatrix}"),
        (r"[1\ 2]", "a sign is missing before this number", "2"),
        (r"a \otimes b", r"\otimes is not read", r"\otimes"),
        (r"5 \text{ cm}", "cm is no factor that is known", r"\text{ cm}"),
        (r"\ln x (1 - x)", "it is not clear where the argument of log ends", "("),
        ("a / b c", "it is not clear whether this factor is divided by", "c"),
        ("1/2x", "it is not clear whether this factor is divided by", "x"),
        (r"x = \foo", r"\foo is not read", r"\foo"),
        ("x =", "a side is missing here", "="),
        (r"\sin", "the argument of sin is missing here", ""),
        ("3!", "factorials are not read", "!"),
        ("9^{9^9}", "this power is too large to work out: at most 1000 digits", "9^{9^9}"),
        ("1" * 51, "a number may have 50 digits", "1" * 51),
        ("1e301", "a power of ten may reach 300 either way", "1e301"),
        (r"1 \times 10^{301}", "a power of ten may reach 300 either way", r"1 \times 10^{301}"),
        (r"\hat{2}", "an accent belongs to a name", r"\hat"),
        (r"x = 3 \neq 4", "≠ is no step of a chain", r"\neq"),
        (r"\frac{dL}{dx^2}", "the orders above and below differ", r"\frac"),
        ("P(X = 1)", "an = does not belong in brackets", "="),
        ("f'(2)", "f' is no function that is known", "f"),
        ("x^2^3", "a second exponent needs brackets", "3"),
        ("(x + 1)_2", "an index or a mark belongs to a name", "("),
        (r"\text{some words}", "words in the working are not read", r"\text{some words}"),
        (r"\mathrm{Cov}(X)", "Cov is no function that is known", r"\mathrm{Cov}"),
        ("target - 1", "target is no name that is known", "target"),
        ("sigmoid(1, 2)", "sigmoid does not take 2 arguments", "sigmoid(1, 2)"),
        (r"\begin{align} a = 1 text", "an environment is never closed", r"\begin{align} a = 1 text"),
        ("$x = 3", "'$' is not read", "$"),
        ("", "there is no equation here", ""),
        ("{" * 101 + "x" + "}" * 101, "brackets may be nested 100 deep", "{"),
        ("+".join("x" * 300), "an expression may have 200 levels", "+"),
        ("x" * 10_001, "a line of working may have 10000 characters, this one has 10001", "x"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, message: str, marked: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_chains(text, latex=True)
    assert caught.value.message == message
    assert text[caught.value.start : caught.value.end] == marked


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("so we have n = 3 cells and go on", ", stands between equations only"),
        ("5 cm", "cm is no factor that is known"),
        ("the value is x = 3", "value is no factor that is known"),
        ("x = ?", "'?' is not read"),
        ("√x²", "it is not clear what stands under this root"),
        ("a b = 3", "b is no factor that is known"),
        ("foo(x)", "foo is no function that is known"),
        ('x = "a"', "'\"' is not read"),
        ("x.__class__", ". does not belong here"),
    ],
)
def test_prose_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_chains(text, latex=False)
    assert caught.value.message == message


def test_spans_are_those_of_the_sides() -> None:
    text = r"  a_1 = \frac{1}{1 + e^{-0.5}} \approx 0.62, \quad b = 2"
    first, second = read_chains(text)
    assert [text[a:b] for a, b in first.spans] == ["a_1", r"\frac{1}{1 + e^{-0.5}}", "0.62"]
    assert [text[a:b] for a, b in second.spans] == ["b", "2"]
    assert first.sides[1].span == first.spans[1]


@pytest.mark.parametrize(
    ("text", "latex"), [("x = 2*y", False), (r"x = 2 \cdot y", True), ("w_{11} = 2", True)]
)
def test_the_text_says_what_it_is(text: str, latex: bool) -> None:
    assert [chain.latex for chain in read_chains(text)] == [latex]


def test_a_row_that_goes_on_has_a_lead() -> None:
    (chain,) = read_chains(r"&\approx 6 = 6")
    assert (chain.lead, chain.continued, chain.signs) == ("≈", True, ("=",))
    assert not read_chains("x = 6")[0].continued


def test_a_wrong_rule_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(hand_grammar._INFIX, "*", (20, "*"))
    assert written(read_chains("1 + 2 * 3", latex=True)) != "1 + 2 * 3"
    monkeypatch.setitem(hand_calls.BASES, Number("2"), "log10")
    assert written(read_chains(r"\log_2 8", latex=True)) != "log2(8)"


def test_a_line_is_read_at_once() -> None:
    lines = [text for text, _ in LATEX] * 5
    start = perf_counter()
    for text in lines:
        read_chains(text, latex=True)
    assert perf_counter() - start < 0.001 * len(lines)  # ten times what it takes

