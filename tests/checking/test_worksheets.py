"""The oracles of worksheets catch wrong values and wrong gradients, and name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from timing import at_most

import stepsolve
from stepsolve.checking.precise import Precise, Value
from stepsolve.checking.worksheets import GradientOracle, Gradients, check_values, precise_values
from stepsolve.derivation import Check, Derivation
from stepsolve.errors import OutsideDomain
from stepsolve.notation.tree import Name, names
from stepsolve.operations.operation import Operation
from stepsolve.operations.table import OPERATIONS
from stepsolve.source.expression import parse

PRECISE = Precise()
mpf = PRECISE.mp.mpf
INFINITE = float("inf")


def gradient_checks(
    given: Mapping[str, str], lines: Mapping[str, str], claimed: Mapping[str, Value], target: str
) -> dict[str, Check]:
    """The checks of claimed gradients of a target, by the name each is of; its own is 1."""
    formulas = {name: parse(text) for name, text in lines.items()}
    values = precise_values({n: parse(v) for n, v in given.items()}, formulas, PRECISE)
    of = {name: f"d{target}/d{name}" for name in (target, *claimed)}
    values |= {of[name]: mpf(slope) for name, slope in {target: 1, **claimed}.items()}
    consumers = {name: [line for line in formulas if name in names(formulas[line])] for name in of}
    gradients = Gradients(target, of, consumers)
    found = GradientOracle(formulas, values, gradients, PRECISE).checks()
    return {check.of: check for check in found}


def one_check(line: str, at: str, claimed: str) -> Check:
    """The check of df/dx for f = line at x."""
    return gradient_checks({"x": at}, {"f": line}, {"x": claimed}, "f")["df/dx"]


GIVEN = {"x": "-2", "y": "5", "z": "-4"}
LINES = {"q": "x + y", "f": "q * z + x^2"}
RIGHT = {"q": mpf(-4), "z": mpf(3), "x": mpf(-4) + 2 * -2, "y": mpf(-4)}


def test_right_gradients_are_confirmed() -> None:
    found = gradient_checks(GIVEN, LINES, RIGHT, "f")
    assert list(found) == ["df/dq", "df/dz", "df/dx", "df/dy"]
    for check in found.values():
        assert check.passed and check.error < 1e-25
        assert (check.method, check.note) == ("differences through the graph", "")


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize(
    "slip", ["2", "-1", "0", "1.000000000001", "0.999999999999"], ids="factor {}".format
)
def test_one_wrong_gradient_is_named(name: str, slip: str) -> None:
    wrong = {**RIGHT, name: RIGHT[name] * mpf(slip)}
    found = gradient_checks(GIVEN, LINES, wrong, "f")
    assert [of for of, check in found.items() if not check.passed] == [f"df/d{name}"]
    assert found[f"df/d{name}"].error > 1e-13


# h1 = x, and each of the following is h - h^2 / 4, with the slope 1 - h / 2
LENGTH = 400
CHAIN = {"h1": "x"} | {f"h{k}": f"h{k - 1} - h{k - 1}^2 / 4" for k in range(2, LENGTH + 1)}


def slopes_of_the_chain() -> dict[str, Value]:
    values = [mpf("0.5")]
    for _ in range(LENGTH):
        values.append(values[-1] - values[-1] ** 2 / 4)
    slopes = {f"h{LENGTH}": mpf(1)}
    for k in range(LENGTH - 1, 0, -1):
        slopes[f"h{k}"] = slopes[f"h{k + 1}"] * (1 - values[k - 1] / 2)
    slopes["x"] = slopes["h1"]
    del slopes[f"h{LENGTH}"]
    return slopes


def test_a_long_chain_is_confirmed_line_by_line() -> None:
    found = gradient_checks({"x": "0.5"}, CHAIN, slopes_of_the_chain(), f"h{LENGTH}")
    assert len(found) == LENGTH
    assert all(check.passed for check in found.values())
    methods = [check.method for check in found.values()]
    assert methods.count("differences through the graph") == 2
    assert methods.count("differences in the lines that use it") == LENGTH - 2


@pytest.mark.parametrize("slip", ["3", "-1", "1.000000000001"])
@pytest.mark.parametrize("k", [2, 199, 398])
def test_a_wrong_gradient_deep_inside_a_long_chain_is_named(k: int, slip: str) -> None:
    slopes = slopes_of_the_chain()
    slopes[f"h{k}"] *= mpf(slip)
    found = gradient_checks({"x": "0.5"}, CHAIN, slopes, f"h{LENGTH}")
    failed = {of for of, check in found.items() if not check.passed}
    # the one before is confirmed by way of the wrong one
    before = f"dh{LENGTH}/dh{k - 1}"
    assert {f"dh{LENGTH}/dh{k}"} <= failed <= {f"dh{LENGTH}/dh{k}", before}


def test_a_slip_that_is_handed_on_is_found_where_it_was_made() -> None:
    slopes = slopes_of_the_chain()
    for k in range(1, 200):
        slopes[f"h{k}"] *= 2
    found = gradient_checks({"x": "0.5"}, CHAIN, slopes, f"h{LENGTH}")
    assert not found[f"dh{LENGTH}/dh199"].passed


# f = sum of g_k with g_k = (w - k/8)^2: more users of w than are moved one by one
USERS = {f"g{k}": f"(w - {k}/8)^2" for k in range(60)}
USERS |= {f"s{k}": f"{f's{k - 1}' if k else '0'} + g{k}" for k in range(60)}
FLAT = {f"s{k}": mpf(1) for k in range(59)} | {f"g{k}": mpf(1) for k in range(60)}


@pytest.mark.parametrize("slip", ["1", "1.000000000001", "-1", "2", "0"])
def test_a_quantity_of_very_many_users_is_moved_in_all_of_them_at_once(slip: str) -> None:
    right = sum(2 * (mpf("0.7") - mpf(k) / 8) for k in range(60))
    claimed = {**FLAT, "w": right * mpf(slip)}
    found = gradient_checks({"w": "0.7"}, USERS, claimed, "s59")
    failed = [of for of, check in found.items() if not check.passed]
    assert failed == ([] if slip == "1" else ["ds59/dw"])


def test_many_kinks_of_one_quantity_are_told_together() -> None:
    users = {f"g{k}": "relu(w)" for k in range(60)} | {
        name: text for name, text in USERS.items() if name.startswith("s")
    }
    for claimed, passed in (("0", True), ("60", True), ("30", True), ("-1", False), ("61", False)):
        check = gradient_checks({"w": "0"}, users, {**FLAT, "w": mpf(claimed)}, "s59")["ds59/dw"]
        assert check.passed is passed, claimed
        assert "slopes 0 and 60" in check.note


@pytest.mark.parametrize(
    ("line", "at", "claimed", "slopes"),
    [
        ("relu(x)", "0", "0", "0 and 1"),
        ("relu(x)", "0", "1", "0 and 1"),
        ("relu(-2 * x)", "0", "0", "-2 and 0"),
        ("3 * abs(x)", "0", "0", "-3 and 3"),
        ("leaky_relu(x)", "0", "0.01", "0.01 and 1"),
        ("max(x, 2)", "2", "1", "0 and 1"),
        ("min(x, x^2)", "1", "1", "2 and 1"),
        ("relu(x - 1) * x", "1", "0", "0 and 1"),
    ],
)
def test_at_a_kink_the_sides_are_told_and_the_claim_lies_between(
    line: str, at: str, claimed: str, slopes: str
) -> None:
    found = one_check(line, at, claimed)
    assert found.passed
    assert found.method == "one-sided differences through the graph"
    assert found.note == f"at a kink: slopes {slopes}"


@pytest.mark.parametrize(
    ("line", "claimed"),
    [("relu(x)", "-0.1"), ("relu(x)", "1.000000000001"), ("relu(x)", "2"), ("abs(x)", "-1.5")],
)
def test_at_a_kink_a_claim_beside_the_slopes_fails(line: str, claimed: str) -> None:
    found = one_check(line, "0", claimed)
    assert not found.passed
    assert found.note.startswith("at a kink")


@pytest.mark.parametrize("line", ["(x < 0) * 3", "(x >= 0) * 3", "where(x == 0, 1, 2)", "sign(x)"])
def test_at_a_jump_the_declared_zero_is_confirmed(line: str) -> None:
    assert one_check(line, "0", "0").passed


@pytest.mark.parametrize(
    ("line", "at", "slope"),
    [
        ("x^2", "0", "0"),
        ("x^3", "0", "0"),
        ("(exp(x) - 1)^2", "0", "0"),
        ("(x - 2)^2 * (x + 1)", "2", "0"),
        ("x * relu(x)", "0", "0"),
        ("x * abs(x)", "0", "0"),
        ("exp(50 * x)", "1", "50 * exp(50)"),
        ("x^20", "3", "20 * 3^19"),
        ("1 / (1 + x)", "0", "-1"),
        ("log(x)", "1e-10", "1e10"),
        ("log(x)", "1e-25", "1e25"),
        ("x * log(x)", "1e-40", "1 + log(1e-40)"),
        ("x + 1e20", "1", "1"),
        ("sigmoid(x)", "60", "exp(-60) / (1 + exp(-60))^2"),
    ],
)
def test_steep_flat_and_tiny_are_no_kinks(line: str, at: str, slope: str) -> None:
    exact = precise_values({"s": parse(slope)}, {}, PRECISE)["s"]
    found = one_check(line, at, exact)
    assert (found.passed, found.note) == (True, "")


@pytest.mark.parametrize(
    ("line", "at", "twice"),
    [
        ("x + 1e20", "1", "2"),
        ("x + 1e40", "1", "2"),
        ("sigmoid(x)", "60", "2 * exp(-60) / (1 + exp(-60))^2"),
        ("sigmoid(x)", "90", "2 * exp(-90) / (1 + exp(-90))^2"),
        ("1e-60 * x", "1", "2e-60"),
    ],
)
def test_a_gradient_lost_in_a_large_value_is_not_confirmed(line: str, at: str, twice: str) -> None:
    wrong = precise_values({"s": parse(twice)}, {}, PRECISE)["s"]
    assert not one_check(line, at, wrong).passed


@pytest.mark.parametrize(("line", "at"), [("sqrt(x)", "0"), ("asin(x)", "1"), ("x^2.5", "0")])
def test_at_the_edge_of_the_domain_the_check_fails_and_says_why(line: str, at: str) -> None:
    found = one_check(line, at, "1")
    assert (found.passed, found.error) == (False, INFINITE)
    assert found.note == "it cannot be moved to both sides within the domain"


def test_values_agree_or_are_named() -> None:
    exact = {"x": mpf(3), "f": mpf(-12), "g": mpf(10) ** -8, "z": mpf(0)}
    right = {name: float(value) for name, value in exact.items()}
    found = check_values(list(exact), right, exact)
    assert [(c.of, c.method, c.error, c.passed) for c in found] == [
        (name, "NumPy and mpmath", 0.0, True) for name in exact
    ]


@pytest.mark.parametrize("name", ["x", "f", "g"])
@pytest.mark.parametrize("slip", [2, -1, 0, 1.000001, float("nan"), INFINITE])
def test_one_wrong_value_is_named(name: str, slip: float) -> None:
    exact = {"x": mpf(3), "f": mpf(-12), "g": mpf("1e-3")}
    floats = {n: float(v) * (slip if n == name else 1) for n, v in exact.items()}
    found = check_values(list(exact), floats, exact)
    assert [check.of for check in found if not check.passed] == [name]


def test_high_precision_values_in_order() -> None:
    given = {"x": parse("1/3"), "s": None}
    lines = {"q": parse("3 * x"), "r": parse("q * s"), "t": parse("e^0 + r")}
    assert precise_values(given, lines, PRECISE) == {"x": mpf(1) / 3, "q": 1}
    full = precise_values(given, lines, PRECISE, {"s": mpf(5)})
    assert (full["r"], full["t"]) == (5, 6)
    with pytest.raises(OutsideDomain):
        precise_values({"x": parse("-1")}, {"f": parse("log(x)")}, PRECISE)


def solved(line: str, at: str | None) -> Derivation:
    problem = {"kind": "graph", "given": {"x": at or "symbol"}, "lines": [f"f = {line}"]}
    return stepsolve.solve({**problem, "backward": "f"})


ONE = [row for row in OPERATIONS.values() if row.is_call and row.arity[0] == 1]


@pytest.mark.parametrize("row", ONE, ids=lambda row: row.name)
@pytest.mark.parametrize("symbol", [True, False], ids=["symbol", "number"])
def test_a_wrong_rule_in_the_table_is_found(
    row: Operation, symbol: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    low, high = row.domain[0]
    at = None if symbol else str(round(low + 0.6 * (high - low), 2))
    right = solved(f"{row.name}(x)", at)
    assert right.confirmed
    count = len(row.completed((Name("x"),)))
    rules = row.local(count) if callable(row.local) else row.local
    slightly = tuple(f"({rule}) * 1.000000000001 + 1e-14" for rule in rules)
    monkeypatch.setitem(OPERATIONS, row.name, replace(row, local=slightly))
    wrong = solved(f"{row.name}(x)", at)
    assert {check.of for check in wrong.checks if not check.passed} == {"df/dx"}


@pytest.mark.parametrize("value", ["numpy", "precise"])
def test_a_wrong_value_in_the_table_is_found(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = OPERATIONS["tanh"]
    slips = {
        "numpy": replace(row, numpy=lambda a: row.numpy(a) * (1 + 1e-8)),
        "precise": replace(row, precise=lambda mp, a: mp.tanh(a) * (1 + mp.mpf("1e-8"))),
    }
    monkeypatch.setitem(OPERATIONS, "tanh", slips[value])
    assert "f" in {check.of for check in solved("tanh(x)", "0.5").checks if not check.passed}


def test_symbols_without_any_real_value_fail_a_check() -> None:
    found = solved("log(-1 - x^2)", None)
    failed = [check for check in found.checks if not check.passed]
    assert failed and not found.confirmed
    assert "no values were found at which every line has one" in {check.note for check in failed}


def test_a_neuron_of_thirty_inputs_is_solved_and_checked_in_no_time() -> None:
    given = {f"{letter}{k}": k for letter in "wx" for k in range(30)}
    line = " + ".join(f"w{k} * x{k}" for k in range(30))
    problem = {"kind": "graph", "given": given, "lines": [f"f = {line}"], "backward": "f"}
    with at_most(2):
        found = stepsolve.solve(problem)
    assert found.confirmed
    assert found.quantities["df/dw7"] == 7
