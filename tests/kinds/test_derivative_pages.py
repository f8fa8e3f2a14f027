"""Pages of derivatives: the round d, letters, the way that was taken, what is too long."""

from __future__ import annotations

import json
import re

import pytest
from commands import run

import stepsolve
from stepsolve.calculus.letters import in_letters
from stepsolve.derivation import Derivation, Detail, Text
from stepsolve.errors import InvalidProblem
from stepsolve.notation.tree import Apply, Name, Number
from stepsolve.render.page import Style
from stepsolve.render.text import render
from stepsolve.source.expression import parse


def solve(**problem: object) -> Derivation:
    return stepsolve.solve({"kind": "derivative", **problem})


def page(derivation: Derivation, detail: Detail = Detail.NORMAL) -> str:
    assert derivation.confirmed
    return render(derivation, Style(80, detail))


# ---------------------------------------------------------------------------------- the round d


def test_partial_derivatives_have_a_round_d_on_the_page_and_not_in_the_data() -> None:
    derivation = solve(function="f(x, y) = sin(x * y)", order=2, at={"x": 1, "y": 0})
    text = page(derivation)
    for written in ("∂f/∂x = ", "∂²f/∂y ∂x", "∂²f/∂x²", "∂/∂x[sin(u)] = d/du[sin(u)] · ∂u/∂x"):
        assert written in text
    # only the outer function of the chain rule has one variable
    assert set(re.findall(r"d/d\w", text)) == {"d/du"}
    told = derivation.to_json()
    assert set(told["results"]) == {  # type: ignore[call-overload]
        *("df/dx", "df/dy", "d^2f/dx^2", "d^2f/dy dx", "d^2f/dy^2")
    }
    assert "∂" not in json.dumps(told, ensure_ascii=False)


def test_a_function_of_one_variable_keeps_its_d_beside_one_of_two() -> None:
    text = page(solve(functions=["f(x, y) = x^2 * y", "g(x) = exp(a * x)"]))
    first, second = text.split("g(x)\n", 1)
    assert "∂f/∂x" in first and not re.search(r"\bd/d|df", first)
    assert "dg/dx" in second and "∂" not in second


def test_a_step_that_stands_twice_is_still_named_by_its_number() -> None:
    expression = "sin(x^3 + y) * cos(sin(x^3 + y))"
    assert "as in step" in page(solve(expression=expression, variables=["x", "y"]))


# -------------------------------------------------------------------------------------- letters

NEST = "sin(x + sin(x + sin(x + sin(x + sin(x + 1)))))"


def test_a_long_answer_is_told_in_letters() -> None:
    derivation = solve(expression=NEST, variable="x")
    assert "cos(u) · (1 + cos(v)" in page(derivation)
    told = [b.parts for b in derivation.blocks if isinstance(b, Text) and b.parts[0] == "with "]
    v = parse("x + sin(x + sin(x + sin(x + 1)))")
    assert told == [("with ", Name("u"), " = ", parse("x + sin(v)"), ", ", Name("v"), " = ", v)]
    assert "u" not in derivation.to_json()["results"]["df/dx"]  # type: ignore[index]


def test_a_wrong_letter_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = in_letters

    def wrong(form: object, definitions: object) -> object:
        short, letters = right(form, definitions)  # type: ignore[arg-type]
        return Apply("+", short, Number("1")), letters

    monkeypatch.setattr("stepsolve.calculus.partial.in_letters", wrong)
    assert not solve(expression=NEST, variable="x").confirmed


# ------------------------------------------------------------------------------ which way, and why


@pytest.mark.parametrize(
    ("expression", "method", "heading"),
    [
        ("x / sin(x)", "quotient", "1.  quotient rule, as asked for: "),
        ("x / sin(x)", "product", "1.  quotient as a product, as asked for: "),
        ("x^2 * exp(x)", "logarithmic", "1.  logarithmic differentiation, as asked for: "),
        ("3 / sin(x)", "as-written", "1.  reciprocal rule, as the numerator is constant\n"),
        ("x^x", "as-written", "1.  logarithmic differentiation, as base and exponent both vary\n"),
        ("x / sin(x)", "as-written", "1.  quotient rule:  "),
    ],
)
def test_the_page_says_which_way_was_taken(expression: str, method: str, heading: str) -> None:
    assert heading in page(solve(expression=expression, variable="x", method=method))


def test_the_reasons_of_rewrites_are_told_in_full_detail() -> None:
    derivation = solve(expression="1 / (1 + exp(-x))", variable="x")
    reason = "divide out: each term of the numerator by the denominator"
    assert reason in page(derivation, Detail.FULL)
    assert reason not in page(derivation)


@pytest.mark.parametrize("method", ["as-written", "quotient", "logarithmic"])
def test_what_a_numerator_shares_is_factored_out_at_once(method: str) -> None:
    derivation = solve(expression="x^2 / (x + 1)", variable="x", method=method)
    assert derivation.confirmed
    assert derivation.results["df/dx"] == parse("x * (x + 2) / (x + 1)^2")
    assert "divide each term" not in [step.rule for step in derivation.steps]


def test_where_cases_meet_is_told_in_words() -> None:
    text = page(solve(expression="piecewise(x^2, x <= 1, 2 * x)", variable="x"))
    assert "The cases meet where x = 1. Convention: the derivative there is that of the" in text
    assert "<=" not in text and "≤ has" not in text


def test_a_condition_on_a_product_is_one_on_each_factor() -> None:
    expression = "sqrt(1 + sin(x)^2) / (1 + tanh(3 * x + 1))"  # a value everywhere
    assert "Only where" not in page(solve(expression=expression, variable="x"))


def test_the_base_of_a_logarithm_stands_below() -> None:
    text = page(solve(expression="log(x, 3)", variable="x"))
    assert "log₃(x)" in text and "log_3" not in text


# ------------------------------------------------------------------------------------- too long

TOWER = "(" * 90 + "x" + ")^x" * 90
PRODUCT = " * ".join(f"sin({k} * x)" for k in range(1, 9))


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ({"expression": TOWER, "variable": "x"}, "too long to differentiate in one piece"),
        ({"expression": PRODUCT, "variable": "x", "order": 6}, r"d\^3f/dx\^3 has more than 20000"),
        ({"function": f"f(x, y) = y * {PRODUCT}", "mixed": ["x"] * 6}, "has more than 20000"),
        (
            {"equation": "sin(" * 40 + "x" + " + y)" * 40 + " = x", "order": 3},
            "has more than 20000",
        ),
        (
            {"expression": f"logsumexp({', '.join(f'{k} * x' for k in range(1, 60))})", "order": 3},
            "has more than 20000",
        ),
    ],
    ids=["tower", "order", "mixed", "equation", "logsumexp"],
)
def test_what_is_too_long_is_a_mistake_with_its_place(
    problem: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidProblem, match=message) as caught:
        solve(**problem)
    (told,) = caught.value.diagnoses
    assert told.place is not None
    assert str(told.place) in ("expression", "function", "equation")
    assert told.hint


def test_what_is_too_long_has_a_caret_and_exit_status_3() -> None:
    found = run("run", "-", input=f"kind: derivative\nexpression: {TOWER}\nvariable: x\n")
    assert found.returncode == 3
    assert "-:2:13:" in found.stderr.replace("<stdin>", "-").replace("standard input", "-")
    assert "^^^" in found.stderr and "hint: " in found.stderr
