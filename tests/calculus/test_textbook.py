"""The forms that textbooks print: the way there is true, and never ends in something heavier."""

from __future__ import annotations

from random import Random

import pytest
from calculus.test_properties import RANDOM
from hypothesis import given, note, settings
from oracle import At, close, points

from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.textbook import recognise, textbook
from stepsolve.calculus.tidy import tidy
from stepsolve.derivation import Step
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, walk
from stepsolve.source.expression import parse


def chain(text: str) -> list[tuple[str, str]]:
    """The rewrites of an expression: the rule of each, and what it leads to."""
    return [(step.rule, plain(step.after)) for step in textbook(parse(text))]


def derivative(text: str) -> str:
    """The derivative by x in the form of a textbook."""
    value = differentiate(parse(text), "x").value
    steps = textbook(value)
    return plain(steps[-1].after if steps else value)


def test_the_logistic_function_by_the_reciprocal_rule() -> None:
    assert chain("exp(-x) / (1 + exp(-x))^2") == [
        ("split the fraction", "1 / (1 + exp(-x)) * (exp(-x) / (1 + exp(-x)))"),
        ("add and subtract", "1 / (1 + exp(-x)) * ((1 + exp(-x) - 1) / (1 + exp(-x)))"),
        ("divide out", "1 / (1 + exp(-x)) * (1 - 1 / (1 + exp(-x)))"),
        ("recognise the function", "sigmoid(x) * (1 - sigmoid(x))"),
    ]


def test_the_logistic_function_by_the_quotient_rule() -> None:
    assert chain("(exp(x) * (1 + exp(x)) - exp(x)^2) / (1 + exp(x))^2") == [
        ("divide each term", "exp(x) / (1 + exp(x)) - exp(x)^2 / (1 + exp(x))^2"),
        ("group the quotients", "exp(x) / (1 + exp(x)) - (exp(x) / (1 + exp(x)))^2"),
        ("recognise the function", "sigmoid(x) - sigmoid(x)^2"),
        ("factor out", "sigmoid(x) * (1 - sigmoid(x))"),
    ]


def test_the_hyperbolic_tangent() -> None:
    numerator = "(e^x + e^-x)^2 - (e^x - e^-x)^2"
    assert chain(f"({numerator}) / (e^x + e^-x)^2") == [
        ("divide each term", "1 - (e^x - e^(-x))^2 / (e^x + e^(-x))^2"),
        ("group the quotients", "1 - ((e^x - e^(-x)) / (e^x + e^(-x)))^2"),
        ("recognise the function", "1 - tanh(x)^2"),
    ]


def test_softplus_needs_one_step() -> None:
    assert chain("exp(x) / (1 + exp(x))") == [("recognise the function", "sigmoid(x)")]


@pytest.mark.parametrize(
    "logistic",
    [
        "1 / (1 + exp(-({})))",
        "1 / (1 + e^(-({})))",
        "exp({0}) / (1 + exp({0}))",
        "e^({0}) / (e^({0}) + 1)",
        "1 / (exp(-({})) + 1)",
        "(1 + exp(-({})))^(-1)",
        "sigmoid({})",
    ],
)
@pytest.mark.parametrize(
    ("argument", "answer"),
    [
        ("x", "sigmoid(x) * (1 - sigmoid(x))"),
        ("2 * x", "2 * sigmoid(2 * x) * (1 - sigmoid(2 * x))"),
        ("0.5 * x", "0.5 * sigmoid(0.5 * x) * (1 - sigmoid(0.5 * x))"),
        ("x + 1", "sigmoid(x + 1) * (1 - sigmoid(x + 1))"),
        ("w * x + b", "w * sigmoid(w * x + b) * (1 - sigmoid(w * x + b))"),
        ("x^2", "2 * x * sigmoid(x^2) * (1 - sigmoid(x^2))"),
        ("x / s", "sigmoid(x / s) * (1 - sigmoid(x / s)) / s"),
    ],
)
def test_every_way_of_writing_the_logistic_function(
    logistic: str, argument: str, answer: str
) -> None:
    assert derivative(logistic.format(argument)) == answer


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        # a sign, a factor or another order around the logistic function
        ("1 / (1 + exp(-a * x))", "a * sigmoid(a * x) * (1 - sigmoid(a * x))"),
        ("1 / (1 + exp(b - x))", "sigmoid(x - b) * (1 - sigmoid(x - b))"),
        ("3 / (1 + exp(-x))", "3 * sigmoid(x) * (1 - sigmoid(x))"),
        ("1 - 1 / (1 + exp(-x))", "-sigmoid(x) * (1 - sigmoid(x))"),
        ("1 / (1 + exp(x))", "-sigmoid(-x) * (1 - sigmoid(-x))"),
        # the hyperbolic functions
        ("(exp(x) - exp(-x)) / (exp(x) + exp(-x))", "1 - tanh(x)^2"),
        ("(e^x - e^-x) / (e^x + e^-x)", "1 - tanh(x)^2"),
        ("sinh(x) / cosh(x)", "1 - tanh(x)^2"),
        ("(exp(x) + exp(-x)) / 2", "sinh(x)"),
        ("(exp(x) - exp(-x)) / 2", "cosh(x)"),
        ("log(cosh(x))", "tanh(x)"),
        # softplus
        ("log(1 + exp(x))", "sigmoid(x)"),
        ("log(e^x + 1)", "sigmoid(x)"),
        ("log(1 + exp(w * x + b))", "w * sigmoid(w * x + b)"),
        # cross entropy of a logistic output
        ("-log(sigmoid(x))", "sigmoid(x) - 1"),
        ("-y * log(sigmoid(x)) - (1 - y) * log(1 - sigmoid(x))", "sigmoid(x) - y"),
        # trigonometric functions
        ("sin(x)^2 + cos(x)^2", "0"),
        ("cos(x) / sin(x)", "-1 / sin(x)^2"),
        ("log(cos(x))", "-tan(x)"),
        # quotients of polynomials, the numerator multiplied out
        ("(2 * x - 1) / (3 * x + 2)", "7 / (3 * x + 2)^2"),
        ("(x^2 + 1) / (x^2 - 1)", "-4 * x / (x^2 - 1)^2"),
        ("x / (x^2 + 1)", "(1 - x^2) / (x^2 + 1)^2"),
        # polynomials
        ("(x^2 + 1) * (x - 3)", "3 * x^2 - 6 * x + 1"),
        ("(x + 1)^2 - (x - 1)^2", "4"),
        ("3 * x^4 - 5 * x^2 + 7", "12 * x^3 - 10 * x"),
        ("x^3 + x^2", "3 * x^2 + 2 * x"),
        # what all terms share, in front
        ("x * exp(-x)", "exp(-x) * (1 - x)"),
        ("x^2 * exp(3 * x)", "x * exp(3 * x) * (2 + 3 * x)"),
        ("x * sigmoid(x)", "sigmoid(x) * (1 + x * (1 - sigmoid(x)))"),
        ("sigmoid(x) - sigmoid(x)^2", "sigmoid(x) * (1 - sigmoid(x)) * (1 - 2 * sigmoid(x))"),
        ("silu(x)", "silu(x) + sigmoid(x) * (1 - silu(x))"),
        ("1.7159 * tanh(2/3 * x)", "3.4318 * (1 - tanh(2 / 3 * x)^2) / 3"),
        ("a * tanh(b * x)", "a * b * (1 - tanh(b * x)^2)"),
        ("(1 - exp(-2 * x)) / (1 + exp(-2 * x))", "4 * sigmoid(2 * x) * (1 - sigmoid(2 * x))"),
        ("(e^-x + e^x) / 2", "sinh(x)"),
        # one form of the slope of tan, however it is written
        ("tan(x)", "1 / cos(x)^2"),
        ("sin(x) / cos(x)", "1 / cos(x)^2"),
        ("cot(x)", "-1 / sin(x)^2"),
        ("sec(x)^2", "2 * sec(x)^2 * tan(x)"),
        ("coth(x)", "1 - coth(x)^2"),
        # a share of a sum: p (1 - p), and -p q
        (
            "exp(x) / (exp(x) + exp(y) + exp(z))",
            "exp(x) / (exp(x) + exp(y) + exp(z)) * (1 - exp(x) / (exp(x) + exp(y) + exp(z)))",
        ),
        ("exp(y) / (exp(x) + exp(y))", "-exp(y) * exp(x) / (exp(x) + exp(y))^2"),
        ("log(exp(x) + exp(y))", "exp(x) / (exp(x) + exp(y))"),
        # common factors cancelled
        ("x / (1 + x)^2", "(1 - x) / (1 + x)^3"),
        ("x * (1 + x)^(-2)", "(1 - x) / (1 + x)^3"),
        ("(x^2 + 1) / (x - 1)^3", "(-x^2 - 2 * x - 3) / (x - 1)^4"),
        ("sin(x) / (1 + x)^2", "(cos(x) * (1 + x) - 2 * sin(x)) / (1 + x)^3"),
        # one fraction
        ("x * sqrt(1 - x^2)", "(1 - 2 * x^2) / sqrt(1 - x^2)"),
        ("x / sqrt(1 + x^2)", "1 / (1 + x^2)^(3 / 2)"),
        ("sqrt(x) + 1 / sqrt(x)", "(x - 1) / (2 * x^(3 / 2))"),
        ("x^(1/3) * (x - 1)", "(4 * x - 1) / (3 * x^(2 / 3))"),
        ("log(x + sqrt(1 + x^2))", "1 / sqrt(1 + x^2)"),
        ("x / 2 * sqrt(1 - x^2) + asin(x) / 2", "sqrt(1 - x^2)"),
        ("1 / (1 + 1 / x)", "1 / (x + 1)^2"),
        ("atan((x + 1) / (1 - x))", "1 / (1 + x^2)"),
        # signs and sizes
        ("x / (1 + abs(x))", "1 / (1 + abs(x))^2"),
        ("abs(x)^3", "3 * x * abs(x)"),
        ("relu(w * x + b)^2", "2 * w * relu(w * x + b)"),
    ],
)
def test_the_form_of_a_textbook(written: str, answer: str) -> None:
    assert derivative(written) == answer


@pytest.mark.parametrize(
    ("written", "steps"),
    [
        ("x * (x - 1) - x^2", [("expand and collect", "-x")]),
        ("2 * (x + 1) - 2 * (x - 1)", [("expand and collect", "4")]),
        ("(x + y)^2 - (x - y)^2", [("expand and collect", "4 * x * y")]),
        ("sin(t)^2 + cos(t)^2", [("Pythagorean identity", "1")]),
        ("cosh(2 * x)^2 - sinh(2 * x)^2", [("Pythagorean identity", "1")]),
        ("x * sin(a) + y * sin(a)", [("factor out", "sin(a) * (x + y)")]),
        ("2 * exp(x) - 4 * x * exp(x)", [("factor out", "2 * exp(x) * (1 - 2 * x)")]),
        ("sin(x) / cos(x)", [("recognise the function", "tan(x)")]),
        (
            "(a * (1 + x)^2 - b * (1 + x)) / (1 + x)^3",
            [("cancel", "(a * (1 + x) - b) / (1 + x)^2")],
        ),
        ("2 / ((1 - x)^2 + (1 + x)^2)", [("multiply out", "1 / (1 + x^2)")]),
        ("relu(x) * (x > 0) + x * sign(x)", [("merge the factors", "relu(x) + abs(x)")]),
    ],
)
def test_one_step_by_its_name(written: str, steps: list[tuple[str, str]]) -> None:
    assert chain(written) == steps


@pytest.mark.parametrize(
    "written",
    [
        "x",
        "3 * x^2 - 2",
        "cos(x)^2 - sin(x)^2",
        "(x + 1)^4",
        "(x + 1) * (x + 2) * (x + 3)",
        "x * (x + y + z)",
        "12 * x^3 - 10 * x",
        "1 / (2 * sqrt(x))",
        "x / sqrt(1 + x^2)",
        "sigmoid(x) * (1 - sigmoid(x))",
        "sin(x)^2 + cos(y)^2",
        "exp(-x) / (2 + exp(-x))^2",
        "exp(-x) / (1 + exp(-x))^3",
    ],
)
def test_what_is_as_simple_as_it_gets_is_left_alone(written: str) -> None:
    assert chain(written) == []


def test_a_very_large_expression_is_left_alone() -> None:
    written = " + ".join(f"exp(x_{k}) / (1 + exp(x_{k}))" for k in range(30))
    assert textbook(parse(written)) == ()


@pytest.mark.parametrize(
    ("written", "function"),
    [
        ("1 / (1 + exp(-x))", "sigmoid(x)"),
        ("1 / (e^-x + 1)", "sigmoid(x)"),
        ("exp(x) / (exp(x) + 1)", "sigmoid(x)"),
        ("1 / (1 + exp(-(w * x + b)))", "sigmoid(w * x + b)"),
        ("1 / (1 + exp(-2 * x))", "sigmoid(2 * x)"),
        ("log(1 + exp(x^2))", "softplus(x^2)"),
        ("(exp(x) - exp(-x)) / 2", "sinh(x)"),
        ("(e^y - e^-y) / (e^y + e^-y)", "tanh(y)"),
        ("sinh(2 * x) / cosh(2 * x)", "tanh(2 * x)"),
        ("sin(x) / cos(x)", "tan(x)"),
        ("log(x) / log(2)", "log2(x)"),
        ("x * (1 + erf(x / sqrt(2))) / 2", "gelu(x)"),
    ],
)
def test_a_function_written_out_is_recognised(written: str, function: str) -> None:
    found = recognise(parse(written))
    assert found is not None
    assert plain(found) == function


@pytest.mark.parametrize(
    "written",
    [
        "1 / (2 + exp(-x))",
        "1 / (1 - exp(-x))",
        "2 / (1 + exp(-x))",
        "exp(x) / (1 + exp(y))",
        "(exp(x) - exp(-x)) / 3",
        "(exp(x) + exp(-x)) / (exp(x) - exp(-x))",
        "cos(x) / sin(x)",
        "log(1 - exp(x))",
        "sin(x) / cos(y)",
    ],
)
def test_what_only_looks_like_a_function_is_not(written: str) -> None:
    assert recognise(parse(written)) is None


ARGUMENTS = ["x", "-x", "2 * x", "x + y", "w * x - 1", "x / 2", "0.5 * x"]
PARTS = [
    "exp({0}) / (1 + exp({0}))",
    "1 / (1 + exp(-({0})))",
    "exp(-({0})) / (1 + exp(-({0})))^2",
    "2 * exp(-({0})) / (1 + exp(-({0})))^3",
    "sigmoid({0})",
    "sinh({0}) / cosh({0})",
    "(exp({0}) - exp(-({0}))) / (exp({0}) + exp(-({0})))",
    "sin({0})^2 + cos({0})^2",
    "cos({0}) / sin({0})",
    "cosh({0})^2 - sinh({0})^2",
    "({0})^2 - 3 * ({0})",
    "({0}) * exp({0})",
    "log(1 + exp({0}))",
    "({0} + 1) * ({0} - 2)",
    "x",
    "1.5",
    "y^2",
    "sqrt({0})",
    "1 / sqrt(1 + ({0})^2)",
    "(1 + x)^2",
    "1 / (1 + x)",
    "abs({0}) * sign({0})",
    "relu({0})^2",
    "exp({0}) / (exp({0}) + exp(y))",
    "({0})^(1/3)",
]


def _mixed(random: Random) -> Expression:
    """Sums, products and quotients of what the rewrites look for."""
    text = random.choice(PARTS).format(random.choice(ARGUMENTS))
    for _ in range(random.randint(0, 2)):
        another = random.choice(PARTS).format(random.choice(ARGUMENTS))
        text = f"({text}) {random.choice('+-**/')} ({another})"
    expression = parse(text)
    if random.random() < 0.5:
        return differentiate(expression, "x").value
    return tidy(expression)


def _weight(expression: Expression) -> int:
    """How much there is to read: the signs and names, a fraction or an exponential counted twice."""
    heavy = [n for n in walk(expression) if isinstance(n, Apply) and n.operation in ("/", "exp")]
    powers = [n for n in walk(expression) if isinstance(n, Apply) and n.operation == "^"]
    return expression.size + len(heavy) + sum(plain(n.arguments[0]) == "e" for n in powers)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(RANDOM)
def test_every_rewrite_is_true_and_the_last_form_no_heavier(random: Random) -> None:
    expression = _mixed(random)
    steps = textbook(expression)
    note(f"{plain(expression)}: {[(step.rule, plain(step.after)) for step in steps]}")
    befores = [step.before for step in steps]
    assert befores == [expression, *(step.after for step in steps)][: len(steps)]
    if steps:
        assert _weight(steps[-1].after) <= _weight(expression)
    for values in points(expression, ["x", "y", "w"]):
        at = At(values)
        for step in steps:
            assert close(at(step.after), at(expression)), step.rule


def test_the_property_meets_every_rewrite() -> None:
    """It would hold of anything if no rewrite ever applied."""
    met: set[str] = set()
    for seed in range(150):
        met |= {step.rule for step in textbook(_mixed(Random(seed)))}
    assert met >= {
        "split the fraction",
        "add and subtract",
        "divide out",
        "recognise the function",
        "divide each term",
        "group the quotients",
        "factor out",
        "expand and collect",
        "Pythagorean identity",
        "cancel",
        "common denominator",
        "square of a root",
        "merge the factors",
    }


def test_every_rewrite_says_why() -> None:
    steps: list[Step] = []
    for seed in range(60):
        steps += textbook(_mixed(Random(seed)))
    assert steps
    assert all(step.because and step.formula is None and not step.steps for step in steps)
