"""Proofs of textbook identities are found, and every link is true by mpmath's own functions."""

from __future__ import annotations

from itertools import pairwise
from random import Random
from typing import Any

import mpmath
import pytest

from stepsolve.calculus import laws as laws_module
from stepsolve.calculus.laws import Law, definitions, laws
from stepsolve.calculus.moves import Knowledge
from stepsolve.calculus.proofs import Proof, Prover
from stepsolve.calculus.signs import Assumptions, natural_domain
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, walk
from stepsolve.source.expression import parse

DL = "Goodfellow, Bengio, Courville, Deep Learning (2016), 3.10"
DLMF = "DLMF 4.21, 4.28, 4.35"
AS = "Abramowitz, Stegun, Handbook of Mathematical Functions, 4.1 to 4.6"
CLIP = "Goodfellow, Bengio, Courville, Deep Learning (2016), 6.3"
ALGEBRA = "Stewart, Calculus, 8th ed., review of algebra"

IDENTITIES = [
    ("1 - sigmoid(x) == sigmoid(-x)", "", DL),
    ("sigmoid(x) == exp(x) / (1 + exp(x))", "", DL),
    ("sigmoid(x) + sigmoid(-x) == 1", "", DL),
    ("sigmoid(x) / (1 - sigmoid(x)) == e^x", "", DL),
    ("log(sigmoid(x)) == -softplus(-x)", "", DL),
    ("log(1 - sigmoid(x)) == -softplus(x)", "", DL),
    ("softplus(x) - softplus(-x) == x", "", DL),
    ("softplus(x) == x + softplus(-x)", "", DL),
    ("diff(sigmoid(x), x) == sigmoid(x) * (1 - sigmoid(x))", "", DL),
    ("diff(softplus(x), x) == sigmoid(x)", "", DL),
    ("sigmoid(log(p / (1 - p))) == p", "p > 0, p < 1", DL),
    ("log(sigmoid(x) / (1 - sigmoid(x))) == x", "", DL),
    ("sigmoid(x) * sigmoid(-x) == exp(-x) / (1 + exp(-x))^2", "", DL),
    ("diff(log(sigmoid(x)), x) == 1 - sigmoid(x)", "", DL),
    ("diff(diff(sigmoid(x), x), x) == sigmoid(x) * (1 - sigmoid(x)) * (1 - 2*sigmoid(x))", "", DL),
    ("x * sigmoid(x) + x * sigmoid(-x) == x", "", "Elfwing et al., Sigmoid-weighted units (2018)"),
    ("-(y*log(sigmoid(z)) + (1-y)*log(1-sigmoid(z))) == softplus(z) - y*z", "", DL),
    ("log(p^y * (1-p)^(1-y)) == y*log(p) + (1-y)*log(1-p)", "p > 0, p < 1", DL),
    ("exp(a) / (exp(a) + exp(b)) == sigmoid(a - b)", "", DL),
    ("exp(a+c) / (exp(a+c) + exp(b+c)) == exp(a) / (exp(a) + exp(b))", "", DL),
    ("log(exp(a) + exp(b)) == a + log(1 + exp(b - a))", "", DL),
    ("tanh(x) == 2 * sigmoid(2*x) - 1", "", DL),
    ("sigmoid(x) == (1 + tanh(x/2)) / 2", "", DL),
    ("1 - tanh(x)^2 == 4 * sigmoid(2*x) * (1 - sigmoid(2*x))", "", DL),
    ("diff(tanh(x), x) == 1 - tanh(x)^2", "", DLMF),
    ("cosh(x)^2 - sinh(x)^2 == 1", "", DLMF),
    ("sinh(2*x) == 2 * sinh(x) * cosh(x)", "", DLMF),
    ("cosh(2*x) == cosh(x)^2 + sinh(x)^2", "", DLMF),
    ("tanh(2*x) == 2*tanh(x) / (1 + tanh(x)^2)", "", DLMF),
    ("tanh(-x) == -tanh(x)", "", DLMF),
    ("sinh(-x) == -sinh(x)", "", DLMF),
    ("cosh(-x) == cosh(x)", "", DLMF),
    ("sinh(x+y) == sinh(x)*cosh(y) + cosh(x)*sinh(y)", "", DLMF),
    ("cosh(x+y) == cosh(x)*cosh(y) + sinh(x)*sinh(y)", "", DLMF),
    ("tanh(x+y) == (tanh(x) + tanh(y)) / (1 + tanh(x)*tanh(y))", "", DLMF),
    ("cosh(x) + sinh(x) == e^x", "", DLMF),
    ("1 - tanh(x)^2 == 1 / cosh(x)^2", "", DLMF),
    ("tanh(x/2) == sinh(x) / (1 + cosh(x))", "", DLMF),
    ("(sinh(x) + cosh(x))^3 == sinh(3*x) + cosh(3*x)", "", DLMF),
    ("diff(sinh(x), x) == cosh(x)", "", DLMF),
    ("diff(cosh(x), x) == sinh(x)", "", DLMF),
    ("diff(log(cosh(x)), x) == tanh(x)", "", DLMF),
    ("1 + tan(x)^2 == 1 / cos(x)^2", "", DLMF),
    ("sin(x)^4 - cos(x)^4 == sin(x)^2 - cos(x)^2", "", DLMF),
    ("cos(2*x) == 1 - 2*sin(x)^2", "", DLMF),
    ("(sin(x) + cos(x))^2 == 1 + sin(2*x)", "", DLMF),
    ("tan(2*x) == 2*tan(x) / (1 - tan(x)^2)", "", DLMF),
    ("sin(3*x) == 3*sin(x) - 4*sin(x)^3", "", DLMF),
    ("sin(x) / (1 + cos(x)) == (1 - cos(x)) / sin(x)", "", DLMF),
    ("(-x) * sin(-x) == x * sin(x)", "", DLMF),
    ("tanh(log(x)) == (x^2 - 1) / (x^2 + 1)", "x > 0", AS),
    ("log(a*b) == log(a) + log(b)", "a > 0, b > 0", AS),
    ("log(a^3 / b) == 3*log(a) - log(b)", "a > 0, b > 0", AS),
    ("log(x^2) == 2*log(x)", "x > 0", AS),
    ("a^x == exp(x * log(a))", "a > 0", AS),
    ("exp(log(a) + log(b)) == a * b", "a > 0, b > 0", AS),
    ("asinh(x) == log(x + sqrt(x^2 + 1))", "", AS),
    ("sqrt(x^2) == abs(x)", "", AS),
    ("diff(x^x, x) == x^x * (log(x) + 1)", "x > 0", AS),
    ("relu(x) - relu(-x) == x", "", CLIP),
    ("relu(x) + relu(-x) == abs(x)", "", CLIP),
    ("relu(x) == (x + abs(x)) / 2", "", CLIP),
    ("relu(a*x) == a * relu(x)", "a > 0", CLIP),
    ("max(a, b) == (a + b + abs(a - b)) / 2", "", CLIP),
    ("min(a, b) == (a + b - abs(a - b)) / 2", "", CLIP),
    ("max(a, b) + min(a, b) == a + b", "", CLIP),
    ("max(a, b) == a + relu(b - a)", "", CLIP),
    ("leaky_relu(x, a) == relu(x) - a * relu(-x)", "", CLIP),
    ("elu(x) == relu(x) + exp(min(x, 0)) - 1", "", CLIP),
    ("min(max(x, 0), 1) == relu(x) - relu(x - 1)", "", CLIP),
    ("x * sign(x) == abs(x)", "", CLIP),
    ("abs(x * y) == abs(x) * abs(y)", "", CLIP),
    ("gelu(x) - gelu(-x) == x", "", "Hendrycks, Gimpel, Gaussian error linear units (2016)"),
    ("(a+b)^2 - (a-b)^2 == 4*a*b", "", ALGEBRA),
    ("1/x - 1/(x+1) == 1 / (x*(x+1))", "", ALGEBRA),
    ("(a^2+b^2) * (c^2+d^2) == (a*c-b*d)^2 + (a*d+b*c)^2", "", ALGEBRA),
    ("x^2 + 2*b*x == (x+b)^2 - b^2", "", ALGEBRA),
    ("(a^3 - b^3) / (a - b) == a^2 + a*b + b^2", "", ALGEBRA),
]

# false, or true on a part of the domain only; the search must find no chain, whatever its budget
FALSE = [
    "sqrt(x^2) == x",
    "sigmoid(x + y) == sigmoid(x) * sigmoid(y)",
    "log(a + b) == log(a) + log(b)",
    "1 - sigmoid(x) == sigmoid(x)",
    "tanh(x) == sigmoid(2*x) - 1",
    "relu(x) + relu(-x) == x",
    "(a + b)^2 == a^2 + b^2",
    "max(a, b) == (a + b - abs(a - b)) / 2",
    "exp(a * b) == exp(a) * exp(b)",
    "sqrt(a^2 + b^2) == a + b",
    "diff(sigmoid(x), x) == sigmoid(x)",
    "cosh(x)^2 + sinh(x)^2 == 1",
    "abs(a + b) == abs(a) + abs(b)",
    "relu(a * x) == a * relu(x)",
]


def found(claim: str, conditions: str = "") -> tuple[Proof | None, Expression, Expression]:
    expression = parse(claim)
    assert isinstance(expression, Apply)
    left, right = expression.arguments
    told = tuple(parse(c) for c in conditions.split(",") if c)
    domain = (*natural_domain(left), *natural_domain(right))
    prover = Prover(Knowledge(Assumptions((*told, *domain)), definitions()))
    return prover.prove(left, right), left, right


# ------------------------------------------------ a reader of its own, by mpmath's own functions

MP = mpmath.mp.clone()
MP.dps = 30
FUNCTIONS: dict[str, Any] = {
    "sigmoid": lambda x: 1 / (1 + MP.exp(-x)),
    "softplus": lambda x: MP.log(1 + MP.exp(x)),
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x, a="0.01": x if x > 0 else MP.mpf(a) * x,
    "elu": lambda x: x if x > 0 else MP.exp(x) - 1,
    "gelu": lambda x: x * (1 + MP.erf(x / MP.sqrt(2))) / 2,
    "abs": abs,
    "max": max,
    "min": min,
    "sign": MP.sign,
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "^": lambda a, b: a**b,
    "neg": lambda a: -a,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "!=": lambda a, b: a != b,
    "==": lambda a, b: a == b,
    **{
        name: getattr(MP, name)
        for name in (
            "exp",
            "log",
            "sqrt",
            "sin",
            "cos",
            "tan",
            "sinh",
            "cosh",
            "tanh",
            "erf",
            "asinh",
        )
    },
}


def value(node: Expression, at: dict[str, Any]) -> Any:
    match node:
        case Number(text=text):
            return MP.mpf(text)
        case Name(name=name):
            return at[name] if name in at else {"e": MP.e, "pi": MP.pi, "π": MP.pi}[name]
        case Apply(operation="where", arguments=(condition, yes, no)):
            return value(yes if value(condition, at) else no, at)
        case Apply(operation="diff", arguments=(body, Name(name=name))):
            return MP.diff(lambda x: value(body, {**at, name: x}), at[name])
        case Apply(operation=operation, arguments=arguments):
            return FUNCTIONS[operation](*(value(a, at) for a in arguments))
    raise AssertionError(node)


def points(conditions: tuple[Expression, ...], variables: list[str]) -> list[dict[str, Any]]:
    random = Random(7)
    good = []
    for _ in range(4000):
        at = {n: MP.mpf(random.uniform(-2.5, 2.5)) for n in variables}
        if any(isinstance(c, Apply) and c.operation == "==" for c in conditions):
            at = dict.fromkeys(at, MP.mpf(0))
        if all(value(c, at) for c in conditions):
            good.append(at)
        if len(good) == 3:
            break
    return good


def assert_true(steps: Any, conditions: tuple[Expression, ...], variables: list[str]) -> None:
    places = points(conditions, variables)
    assert places, "a case without a point is no case"
    for step in steps:
        for at in places:
            one, other = value(step.before, at), value(step.after, at)
            if not MP.isnan(one) and MP.im(one) == 0 == MP.im(other):
                assert abs(one - other) < 1e-9 * max(1, abs(one)), (step.rule, plain(step.after))


# ---------------------------------------------------------------------------------- the search


@pytest.mark.parametrize(("claim", "conditions", "source"), IDENTITIES, ids=lambda v: str(v)[:60])
def test_a_textbook_identity_is_proved(claim: str, conditions: str, source: str) -> None:
    proof, left, right = found(claim, conditions)
    assert proof is not None and source
    told = tuple(parse(c) for c in conditions.split(",") if c)
    variables = [n for n in {**names(left), **names(right)} if n not in ("e", "pi")]
    for leaf in proof.leaves():
        first, last = (left, right)
        if leaf.difference:
            first, last = Apply("-", left, right), Number("0")
        assert leaf.steps[0].before == first and leaf.steps[-1].after == last
        for one, other in pairwise(leaf.steps):
            assert one.after == other.before
        assert all(step.rule for step in leaf.steps)
        assert_true(leaf.steps, (*told, *leaf.case), variables)


@pytest.mark.parametrize("claim", FALSE)
def test_what_is_false_is_not_proved(claim: str) -> None:
    assert found(claim)[0] is None


def test_the_complement_as_on_the_board() -> None:
    proof, _, _ = found("1 - sigmoid(x) == sigmoid(-x)")
    assert proof is not None
    assert [(step.rule, plain(step.after)) for step in proof.steps] == [
        ("definition of σ", "1 - 1 / (1 + exp(-x))"),
        ("common denominator", "(1 + exp(-x) - 1) / (1 + exp(-x))"),
        ("collect like terms", "exp(-x) / (1 + exp(-x))"),
        ("multiply above and below by eˣ", "1 / (1 + exp(x))"),
        ("definition of σ", "sigmoid(-x)"),
    ]


def test_cases_are_told_apart_where_a_maximum_asks_for_it() -> None:
    proof, _, _ = found("max(a, b) + min(a, b) == a + b")
    assert proof is not None
    told = [[plain(c) for c in leaf.case] for leaf in proof.leaves()]
    assert told == [["a >= b"], ["a < b"]]


def test_a_law_is_not_used_without_what_it_needs() -> None:
    """log(a b) = log a + log b where a and b are negative, which nobody has excluded."""
    left, right = parse("log(a * b)"), parse("log(a) + log(b)")
    assert Prover(Knowledge(Assumptions(), definitions())).prove(left, right) is None
    known = Assumptions((parse("a > 0"), parse("b > 0")))
    assert Prover(Knowledge(known, definitions())).prove(left, right) is not None


@pytest.mark.parametrize(
    "claim",
    [
        "sinh(x+y) == sinh(x)*cosh(y) + cosh(x)*sinh(y)",
        "tanh(-x) == -tanh(x)",
        "cosh(x)^2 - sinh(x)^2 == 1",
        "1 + sinh(x)^2 == cosh(x)^2",
    ],
)
def test_a_theorem_is_not_proved_by_itself(claim: str) -> None:
    proof, _, _ = found(claim)
    assert proof is not None
    rules = {step.rule for step in proof.steps}
    assert any(rule.startswith("definition") for rule in rules)
    assert not rules & {"addition theorem", "tanh is odd", "sinh is odd", "cosh²a − sinh²a = 1"}


def test_a_derivative_is_not_proved_by_the_table() -> None:
    proof, _, _ = found("diff(tanh(x), x) == 1 - tanh(x)^2")
    assert proof is not None
    (before,) = [step.before for step in proof.steps if step.rule == "differentiate"]
    assert "tanh" not in {n.operation for n in walk(before) if isinstance(n, Apply)}


def test_a_search_ends() -> None:
    """Two sides that rules can rewrite for ever, and that are not equal."""
    prover = Prover(Knowledge(Assumptions(), definitions()))
    left = parse("sin(a+b)*cos(c+d)*tanh(a-d) + sinh(a+b+c)*sigmoid(a*b)^3")
    assert prover.prove(left, parse("exp(a+b+c) * cos(a-b)^2 + softplus(a)")) is None
    assert prover.tried < 20_000


# ------------------------------------------------------------------------------- every law

LAWS = [law for rows in laws().values() for law in rows]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: f"{law.name} {plain(law.left)}"[:50])
def test_a_law_is_true(law: Law) -> None:
    functions = {**FUNCTIONS, "atan": MP.atan, "asin": MP.asin, "acos": MP.acos}
    functions |= {"acosh": MP.acosh, "atanh": MP.atanh}
    letters = [n for n in names(law.left) if n != "pi"]
    random = Random(3)
    tried = 0
    for _ in range(600):
        at: dict[str, Any] = {n: MP.mpf(random.uniform(-2, 2)) for n in letters}
        if "n" in at:
            at["n"] = MP.mpf(random.randint(-3, 3))
        if any("==" in plain(need) for need in law.needs):
            at["a"] = MP.mpf(0)
        FUNCTIONS.update(functions)
        try:
            if not all(value(need, at) for need in law.needs):
                continue
            one, other = value(law.left, at), value(law.right, at)
        except (ZeroDivisionError, ValueError, TypeError):
            continue
        if MP.im(one) or not MP.isfinite(one):
            continue  # outside the domain of the left side
        assert abs(one - other) < 1e-20 * max(1, abs(one)), at
        tried += 1
    assert tried >= 20


def test_a_wrong_law_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """log(a + b) = log a + log b put among the laws: the test above must refuse it."""
    wrong = ("a wish", "log(a + b)", "log(a) + log(b)", "a > 0", "b > 0")
    monkeypatch.setattr(laws_module, "_ROWS", (*laws_module._ROWS, wrong))
    laws.cache_clear()
    try:
        law = next(law for rows in laws().values() for law in rows if law.name == "a wish")
        with pytest.raises(AssertionError):
            test_a_law_is_true(law)
    finally:
        monkeypatch.undo()
        laws.cache_clear()
