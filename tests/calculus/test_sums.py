"""Sums over indices: every rewrite against loops in plain Python, and the proofs that use them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from random import Random

import pytest

import stepsolve
from stepsolve.calculus import sums
from stepsolve.calculus.normal import key, settle
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Item, Name, Number
from stepsolve.source.expression import parse

SIZE, REACH = 4, 12
Vectors = Mapping[str, Mapping[int, float]]


def value(node: Expression, vectors: Vectors, at: Mapping[str, float], run: range) -> float:
    """An indexed expression by loops, a reader of its own."""
    match node:
        case Number(text=text):
            return float(text)
        case Name(name=name):
            return at[name]
        case Item(base=Name(name=base), indices=(index,)):
            return vectors[base].get(round(value(index, vectors, at, run)), 0.0)
        case Apply(operation="sum", arguments=(body, Name(name=index))):
            return math.fsum(value(body, vectors, {**at, index: k}, run) for k in run)
        case Apply(operation=operation, arguments=arguments):
            numbers = [value(a, vectors, at, run) for a in arguments]
            match operation, numbers:
                case "neg", (a,):
                    return -a
                case "exp", (a,):
                    return math.exp(a)
                case "+", (a, b):
                    return a + b
                case "-", (a, b):
                    return a - b
                case "*", (a, b):
                    return a * b
                case "/", (a, b):
                    return a / b
                case "^", (a, b):
                    return a**b
    raise AssertionError(node)


def assert_equal(one: Expression, other: Expression, *, shifted: bool = False) -> None:
    random = Random(11)
    run = range(-REACH, REACH + 1) if shifted else range(1, SIZE + 1)
    vectors = {v: {k: random.uniform(-1, 1) for k in range(1, SIZE + 1)} for v in ("x", "y", "w")}
    for n in (1, 2, 4):
        at = {"c": 0.7, "a": -1.3, "b": 2.1, "n": n, "i": n}
        left, right = value(one, vectors, at, run), value(other, vectors, at, run)
        assert left == pytest.approx(right, rel=1e-12)


@pytest.mark.parametrize(
    ("move", "text", "expected"),
    [
        (sums.constant_out, "sum(a * x[k], k)", "a * sum(x[k], k)"),
        (sums.constant_out, "sum(exp(x[k] + c), k)", "exp(c) * sum(exp(x[k]), k)"),
        (sums.constant_out, "sum(x[k] / b, k)", "1 / b * sum(x[k], k)"),
        (sums.constant_out, "sum(x[i] * y[k], k)", "x[i] * sum(y[k], k)"),
        (sums.constant_in, "a * sum(x[k], k)", "sum(a * x[k], k)"),
        (sums.linear, "sum(x[k] - y[k], k)", "sum(x[k], k) - sum(y[k], k)"),
        (
            sums.exchanged,
            "sum(sum(x[k] * y[l], l), k)",
            "sum(sum(x[k] * y[l], k), l)",
        ),
    ],
)
def test_a_rewrite_of_a_sum(move: object, text: str, expected: str) -> None:
    node = settle(parse(text))
    (new,) = [found for _, _, found in move(node, None)]  # type: ignore[operator]
    assert key(settle(new)) == key(settle(parse(expected)))
    assert_equal(node, new)


def test_an_index_is_substituted_only_where_it_runs_over_all_integers() -> None:
    node = settle(parse("sum(x[n - m] * w[m], m)"))
    found = [new for _, _, new in sums.substituted(node, None)]
    assert [plain(new) for new in found] == [
        "sum(x[n + m] * w[-m], m)",
        "sum(x[m] * w[n - m], m)",
    ]
    for new in found:
        assert_equal(node, new, shifted=True)
    assert not list(sums.substituted(settle(parse("sum(x[k] * y[k], k)")), None))


@pytest.mark.parametrize(
    "text", ["sum(x[k], k)", "sum(k * x[k], k)", "sum(x[k]^2, k)", "sum(2, k)"]
)
def test_what_depends_on_the_index_stays_inside(text: str) -> None:
    assert not list(sums.constant_out(settle(parse(text)), None))


def test_a_sum_is_the_same_whatever_its_index_is_called() -> None:
    assert key(settle(parse("sum(exp(x[i]), i)"))) == key(settle(parse("sum(exp(x[k]), k)")))
    assert key(settle(parse("sum(x[i], i)"))) != key(settle(parse("sum(y[i], i)")))
    nested = "sum(sum(x[i] * y[j], j), i)"
    assert key(settle(parse(nested))) != key(settle(parse("sum(sum(x[j] * y[j], j), i)")))


# ------------------------------------------------------------------------------------- proofs

PROVED: list[dict[str, object]] = [
    {"identity": "exp(x[i] + c)/sum(exp(x[k] + c), k) == exp(x[i])/sum(exp(x[k]), k)"},
    {"identity": "sum(exp(x[i])/sum(exp(x[k]), k), i) == 1"},
    {"identity": "sum(x[n - m]*w[m], m) == sum(x[n + m]*v[m], m)", "conditions": ["v[m] == w[-m]"]},
    {"identity": "sum(x[n - m]*w[m], m) == sum(w[n - m]*x[m], m)"},
    {"identity": "sum(a*x[k] + b*y[k], k) == a*sum(x[k],k) + b*sum(y[k],k)"},
    {"identity": "log(sum(exp(x[k]),k)) == c + log(sum(exp(x[k] - c),k))"},
    {"identity": "sum(sum(W[i,j]*x[j],j)*y[i],i) == sum(x[j]*sum(W[i,j]*y[i],i),j)"},
    {"identity": "sum(x[k],k)^2 == sum(sum(x[i]*x[j],j),i)"},
    {"identity": "sum(c * y[k], k) == c", "conditions": ["sum(y[k], k) == 1"]},
]
DISPROVED: list[dict[str, object]] = [
    {"identity": "sum(x[k]*y[k],k) == sum(x[k],k)*sum(y[k],k)"},
    {"identity": "sum(x[n - m]*w[m], m) == sum(x[n + m]*w[m], m)"},
    {"identity": "exp(x[i])/sum(exp(x[k]), k) == exp(2*x[i])/sum(exp(2*x[k]), k)"},
    {"identity": "sum(c * y[k], k) == c"},
    {"identity": "x[i] * y[j] == x[j] * y[i]"},
]


@pytest.mark.parametrize("problem", PROVED, ids=lambda p: str(p["identity"])[:50])
def test_an_identity_of_sums_is_proved(problem: dict[str, object]) -> None:
    derivation = stepsolve.solve({"kind": "identity", **problem})
    assert derivation.confirmed and derivation.steps and derivation.results


@pytest.mark.parametrize("problem", DISPROVED, ids=lambda p: str(p["identity"])[:50])
def test_a_false_identity_of_sums_is_refuted(problem: dict[str, object]) -> None:
    derivation = stepsolve.solve({"kind": "identity", "expected": "disproved", **problem})
    assert derivation.confirmed and not derivation.results
    left, right = (derivation.quantities[name] for name in ("left", "right"))
    assert isinstance(left, float) and isinstance(right, float) and abs(left - right) > 1e-3


def test_the_shift_of_the_softmax_as_on_the_board() -> None:
    derivation = stepsolve.solve({"kind": "identity", **PROVED[0]})
    assert [(step.rule, plain(step.after)) for step in derivation.steps] == [
        (
            "constant factor out of the sum",
            "exp(x[i] + c) / (exp(c) * sum(exp(x[k]), k))",
        ),
        ("cancel powers of e", "exp(x[i]) / sum(exp(x[k]), k)"),
    ]


def test_the_stable_form_in_numbers() -> None:
    derivation = stepsolve.solve(
        {"kind": "identity", **PROVED[0], "at": [{"x": [1, 2], "c": -2}, {"x": [3, 4], "c": -4}]}
    )
    small, large = 1 / (1 + math.e), math.e / (1 + math.e)
    for row in (1, 2):
        for side in ("left", "right"):
            assert derivation.quantities[f"{side}_{row}1"] == pytest.approx(small, rel=1e-15)
            assert derivation.quantities[f"{side}_{row}2"] == pytest.approx(large, rel=1e-15)
    by = {check.of for check in derivation.checks if check.method == "NumPy and mpmath"}
    assert by == set(derivation.quantities)


@pytest.mark.parametrize(
    ("problem", "message"),
    [
        ({"identity": "x[i] == x[i]", "at": {"x": [1, 2], "y": 1}}, "y needs no number"),
        ({"identity": "c*x[i] == x[i]*c", "at": {"x": [1, 2]}}, "at gives no number for c"),
        ({"identity": "x + c == c + x", "at": {"x": [1, 2], "c": 1}}, "x is one number"),
        ({"identity": "x[i]*y[i] == y[i]*x[i]", "at": {"x": [1], "y": [1, 2]}}, "same number of"),
        ({"identity": "x[n-1] == x[n-1]", "at": {"x": [1]}}, "shifted indices"),
        ({"identity": "log(x) == log(x)", "at": {"x": -1}}, "a side has no value at this point"),
        ({"identity": "x[i] == x[i]", "at": {"x": [1] * 7}}, "x may have 6 entries"),
        ({"identity": "x == x", "at": {"x": "symbol"}}, "needs a number for x"),
        ({"identity": "x[y[i]] == 1"}, "this is no index"),
        ({"identity": "x[n * m] == 1"}, "this is no index"),
        ({"identity": "x[0.5] == 1"}, "this is no index"),
        ({"identity": "sum(x[k], k, 1, 3) == 1"}, "a sum with bounds is one of numbers"),
        ({"identity": "sum(sum(sum(x[i],i),j),k) == 1"}, "sums may stand 2 deep"),
        ({"identity": "x[i] == 1", "conditions": ["x[i] > 0"]}, "not about entries"),
        ({"identity": "x[i]^2 == 1", "conditions": ["x[i]^2 == 1"]}, "an equality gives a name"),
    ],
)
def test_mistakes_about_entries(problem: dict[str, object], message: str) -> None:
    with pytest.raises(stepsolve.InvalidProblem, match=message):
        stepsolve.solve({"kind": "identity", **problem})


def test_a_wrong_rewrite_of_a_sum_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A factor that is lost on its way out of the sum, and comes back from nowhere."""
    from stepsolve.calculus import moves

    lost = {"sum(a * x[k], k)": "sum(x[k], k)", "sum(x[k], k)": "a * sum(x[k], k)"}

    def careless(node: Expression, _known: object) -> Iterator[tuple[str, str, Expression]]:
        if plain(node) in lost:
            yield "a slip", "a slip", parse(lost[plain(node)])

    monkeypatch.setattr(moves, "_LOCAL", (careless,))
    monkeypatch.setattr(moves, "_by_law", careless)
    monkeypatch.setattr(moves, "common_denominator", careless)
    claim = "sum(a * x[k], k) == a * sum(x[k], k)"
    derivation = stepsolve.solve({"kind": "identity", "identity": claim})
    assert [step.rule for step in derivation.steps] == ["a slip", "a slip"]
    assert [c.of for c in derivation.checks if not c.passed]
