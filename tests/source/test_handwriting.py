"""Working written by hand: what is read, and as what. The rows stand in `handwriting_lines`."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from handwriting_lines import KNOWN, LATEX, PLAIN
from timing import at_most

from stepsolve.errors import ExpressionError
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Name, Number
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
    ("text", "paper"),
    [("A x", True), ("A @ x", False), ("A x * y", False), ("W * x", False)],
)
def test_products_without_a_sign_are_as_on_paper(text: str, paper: bool) -> None:
    (chain,) = read_chains(f"u = {text}", {"A", "x", "r", "b", "y", "W"}, latex=False)
    assert chain.paper is paper


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
        ("1 + Wx + b", {"W", "x", "b"}, "1 + W * x + b"),
        ("Wx + b", {"W", "x", "b", "Wx"}, "Wx + b"),
        ("Wxy + b", {"W", "x", "b"}, "Wxy + b"),
        ("Wx = 3", {"W", "x"}, "Wx = 3"),
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
        (
            r"\begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}",
            "the rows of this matrix differ in length",
            r"\begin{bmatrix}",
        ),
        (r"[1\ 2]", "a sign is missing before this number", "2"),
        (r"a \otimes b", r"\otimes is not read", r"\otimes"),
        (r"x \text{ cm}", "cm is no factor that is known", r"\text{ cm}"),
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
        ("2(X = 1)", "an = does not belong in brackets", "="),
        ("f'(2)", "f' is no function that is known", "f"),
        ("x^2^3", "a second exponent needs brackets", "3"),
        ("(x + 1)_2", "an index or a mark belongs to a name", "("),
        (r"\text{some words}", "words in the working are not read", r"\text{some words}"),
        (r"\mathbb{E}[X]", "expectations are not read", r"\mathbb"),
        (r"e^{net_{h1}}", "net is no name that is known", "net"),
        (r"\mathrm{Cov}(X)", "Cov is no function that is known", r"\mathrm{Cov}"),
        ("target - 1", "target is no name that is known", "target"),
        ("sigmoid(1, 2)", "sigmoid does not take 2 arguments", "sigmoid(1, 2)"),
        (
            r"\begin{align} a = 1 text",
            "an environment is never closed",
            r"\begin{align} a = 1 text",
        ),
        ("$x = 3", "'$' is not read", "$"),
        ("", "there is no equation here", ""),
        ("{" * 101 + "x" + "}" * 101, "brackets may be nested 100 deep", "{"),
        ("+".join("x" * 300), "an expression may have 200 levels", "+"),
        ("x" * 10_001, "a line of working may have 10000 characters, this one has 10001", "x"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    text: str, message: str, marked: str
) -> None:
    with pytest.raises(ExpressionError) as caught:
        read_chains(text, latex=True)
    assert caught.value.message == message
    assert text[caught.value.start : caught.value.end] == marked


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("so we have n = 3 cells and go on", "and stands between equations only"),
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
    assert [chain.paper for chain in read_chains(text)] == [latex]


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
    with at_most(0.001 * len(lines)):  # ten times what it takes
        for text in lines:
            read_chains(text, latex=True)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (r"P(\text{ill} \mid +) = 0.5", "P(ill|+)"),
        (r"P(+) = 0.5", "P(+)"),
        (r"P(X = 1) = 0.5", "P(X=1)"),
        (r"D_{KL}(p \| q) = 0.5", "D_KL(p‖q)"),
        (r"KL(p || q) = 0.5", "KL(p‖q)"),
        (r"\sum = 0.5", "Sigma"),
    ],
)
def test_brackets_that_hold_no_expression_belong_to_the_name(text: str, name: str) -> None:
    (chain,) = read_chains(text)
    assert chain.sides == (Name(name), Number("0.5"))


def test_a_name_with_what_it_is_of_is_the_name_where_all_are_known() -> None:
    (chain,) = read_chains(r"H(p, q) = 1", {"H", "p", "q"})
    assert chain.sides[0] == Name("H")


def test_an_upright_word_after_a_number_at_the_end_is_its_unit() -> None:
    (chain,) = read_chains(r"H = 1.75 \text{ bits}")
    assert chain.sides == (Name("H"), Number("1.75"))
