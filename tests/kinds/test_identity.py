"""Identities: proofs, verdicts and counterexamples, authors' proofs line by line, and mistakes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from commands import run

import stepsolve
from stepsolve.calculus import fractions, moves
from stepsolve.derivation import Derivation, Detail, Section, Steps, Text
from stepsolve.notation.plain import plain
from stepsolve.render.layout import sentence, text_of
from stepsolve.render.page import Style, page
from stepsolve.source.expression import parse
from stepsolve.worksheet import proof

ROOT = Path(__file__).parents[2] / "problems" / "proofs"


def solved(identity: str, **others: object) -> Derivation:
    return stepsolve.solve({"kind": "identity", "identity": identity, **others})


def chains(derivation: Derivation) -> list[list[tuple[str, str]]]:
    blocks = [b for b in derivation.blocks if isinstance(b, Steps) and b.chain]
    return [[(step.rule, plain(step.after)) for step in block.steps] for block in blocks]


def said(derivation: Derivation) -> str:
    parts = [b.parts for b in derivation.blocks if isinstance(b, Text | Section)]
    return "\n".join(map(sentence, parts)).replace("\u2007", " ")


def verdict(derivation: Derivation) -> str:
    found = [c.of for c in derivation.checks if c.of.startswith("the verdict")]
    return found[0].rpartition(", ")[2] if found else "proved"


def failures(derivation: Derivation) -> list[str]:
    return [check.of for check in derivation.checks if not check.passed]


# ------------------------------------------------------------------------------ problem files

# as at the board, rule by rule; one list for every case
RULES: dict[str, list[list[str]]] = {
    "sigmoid-complement": [
        [
            "definition of σ",
            "common denominator",
            "collect like terms",
            "multiply above and below by eˣ",
            "definition of σ",
        ]
    ],
    "tanh-logistic": [
        [
            "definition of tanh",
            "multiply above and below by e⁻ˣ",
            "add and subtract",
            "split the fraction",
            "definition of σ",
        ]
    ],
    "tanh-odd": [["definition of tanh", "definition of tanh"]],
    "even-times-odd": [["definition of h", "f is even", "g is odd", "definition of h"]],
    "log-sigmoid": [["definition of σ", "ln(1/a) = −ln a", "definition of softplus"]],
    "log-square": [["ln(a^b) = b ln a"]],
    "relu-parts": [
        ["relu(a) = 0 for a ≤ 0", "relu(a) = a for a ≥ 0", "|a| = a for a ≥ 0"],
        ["relu(a) = 0 for a ≤ 0", "relu(a) = a for a ≥ 0", "|a| = −a for a ≤ 0"],
    ],
    "maximum": [
        ["the larger of the two", "add and subtract", "|a| = a for a ≥ 0"],
        ["the larger of the two", "add and subtract", "|a| = −a for a ≤ 0"],
    ],
    "root-of-square": [["√(a²) = |a|", "|a| = a for a ≥ 0"]],
    "hyperbolic": [
        ["definitions of cosh and sinh", "common denominator, multiplied out", "collect like terms"]
    ],
}


@pytest.mark.parametrize("file", RULES)
def test_the_rules_in_their_order(file: str) -> None:
    found = chains(stepsolve.solve(ROOT / f"{file}.yaml"))
    told = [[rule for rule, _ in chain] for chain in found]
    assert told == RULES[file]


VERDICTS = {
    "arctangents": "undecided",
    "correlation-flipped": "disproved",
    "root-of-square": "disproved",
    "sigmoid-of-sum": "disproved",
}


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.yaml")), ids=lambda p: p.stem)
def test_the_verdict_of_every_file(path: Path) -> None:
    derivation = stepsolve.solve(path)
    assert derivation.confirmed
    assert verdict(derivation) == VERDICTS.get(path.stem, "proved")
    assert bool(derivation.results) == (path.stem not in VERDICTS)
    ends = [
        block.steps[-1].after
        for block in derivation.blocks
        if isinstance(block, Steps) and block.chain
    ]
    if path.stem not in VERDICTS:
        assert set(ends) == set(derivation.results.values())


def test_the_derivative_is_worked_out_before_it_is_used() -> None:
    derivation = stepsolve.solve(ROOT / "sigmoid-slope.yaml")
    rules = [step.rule for step in derivation.steps]
    assert rules == [
        "reciprocal rule",
        "definition of σ",
        "differentiate",
        "multiply and divide",
        "split the fraction",
        "definition of σ",
    ]
    assert [part.rule for part in derivation.steps[0].steps] == ["sum rule"]


def test_a_counterexample_has_its_numbers() -> None:
    derivation = stepsolve.solve(ROOT / "sigmoid-of-sum.yaml")
    one, two = 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-2))
    expected = {"x": 1, "y": 1, "left": two, "right": one * one}
    assert derivation.quantities == pytest.approx(expected)
    by = {check.of: check.method for check in derivation.checks}
    assert "evaluation as it is written" in by.values() and by["x"] == "NumPy and mpmath"
    assert "the identity is false" in said(derivation)


# ----------------------------------------------------------------------------------- verdicts


def test_false_is_told_with_the_part_where_it_holds() -> None:
    derivation = solved("sqrt(x^2) == x")
    assert failures(derivation) == [] and derivation.results == {}
    assert derivation.quantities == {"x": -1, "left": 1, "right": -1}
    assert "It does hold for x ≥ 0:" in said(derivation)
    assert derivation.results == {}


def test_true_on_its_domain_says_which_that_is() -> None:
    derivation = solved("log(x^2) == 2 * log(x)")
    assert derivation.confirmed
    told = said(derivation)
    assert "so for x > 0. At x = −1 the left side has one and the right side has none" in told


def test_what_only_holds_wherever_it_was_tried_is_not_proved() -> None:
    derivation = solved("atan(x) + atan(1/x) == pi/2", conditions=["x > 0"])
    assert failures(derivation) == ["the verdict, undecided"]
    assert "no proof, and no counterexample" in said(derivation)
    assert derivation.results == {} and derivation.steps == ()


def test_without_its_condition_it_is_false() -> None:
    derivation = solved("atan(x) + atan(1/x) == pi/2")
    assert failures(derivation) == [] and derivation.results == {}
    assert derivation.quantities["left"] == pytest.approx(-math.pi / 2)
    assert "It does hold" not in said(derivation)  # it does, but that is not proved


@pytest.mark.parametrize("expected", ["disproved", "undecided"])
def test_a_verdict_that_was_not_expected_fails(expected: str) -> None:
    derivation = solved("x + x == 2 * x", expected=expected)
    assert failures(derivation) == ["the verdict, proved"]


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("sqrt(x^2) == x", 0),
        ("sqrt(x^2) == x\nexpected: disproved", 0),
        ("sqrt(x^2) == x\nexpected: proved", 1),
        ("x + x == 2 * x", 0),
        ("x + x == 2 * x\nproof: [3 * x]", 0),
        ("x + x == 2 * x\nproof: [3 * x]\nexpected: proved", 1),
        ("atan(x) + atan(1/x) == pi/2\nconditions: [x > 0]", 1),
        ("x + == x", 3),
    ],
)
def test_the_exit_status(text: str, status: int, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"kind: identity\nidentity: {text}\n", encoding="utf-8")
    assert run("run", path).returncode == status


@pytest.mark.parametrize(
    "claim",
    [
        "diff(diff(sigmoid(x), x), x) == sigmoid(x) * (1 - sigmoid(x)) * (1 - 2 * sigmoid(x))",
        "diff(diff(sin(x), x), x) == -sin(x)",
        "diff(diff(x^3 * y, x), y) == 3 * x^2",
    ],
)
def test_second_derivatives_raise_no_false_alarm(claim: str) -> None:
    assert failures(solved(claim)) == []


def test_a_wrong_second_derivative_is_refuted() -> None:
    assert "Counterexample" in said(solved("diff(diff(x^3, x), x) == 6 * x + 1e-9"))


# --------------------------------------------------------------------------- functions of its own


def test_functions_without_a_formula() -> None:
    for product, sign in ((("even", "even"), ""), (("odd", "odd"), ""), (("even", "odd"), "-")):
        f, g = product
        derivation = solved(f"f(-x) * g(-x) == {sign}f(x) * g(x)", functions={"f": f, "g": g})
        assert derivation.confirmed, product
    derivation = solved("f(-x) == f(x)", functions={"f": "any"})
    assert failures(derivation) == [] and derivation.results == {}
    assert derivation.quantities == {"x": 1, "left": 1, "right": 3}  # a^2 + a + 1


def test_a_claim_that_one_function_meets_by_chance_is_refuted_by_another() -> None:
    derivation = solved("f(x) == x^3 + x", functions={"f": "odd"})
    assert failures(derivation) == [] and derivation.results == {}
    assert derivation.quantities["left"] == pytest.approx(math.sinh(1) - 1 / 3)


def test_functions_by_formulas_and_given_names() -> None:
    silu = {"define": ["s(x) = x * sigmoid(x)", "gate(x, y) = s(x) * y"]}
    assert solved("gate(x, 2) - gate(-x, 2) == 2 * x", **silu).confirmed
    assert solved("p + q == 1", conditions=["q == 1 - p"]).confirmed
    assert solved("p + q == 1").results == {}


# -------------------------------------------------------------------------------- authors' proofs

TANH = "tanh(x) == 2 * sigmoid(2*x) - 1"


def test_a_right_proof_is_confirmed_line_by_line() -> None:
    derivation = stepsolve.solve(ROOT / "sigmoid-written.yaml")
    assert [rule for rule, _ in chains(derivation)[0]] == [
        "✓  definition of the logistic function",
        "✓  common denominator",
        "✓  the ones cancel",
        "✓  multiply above and below by e^x",
        "✓  definition",
    ]


def test_the_wrong_line_is_named_and_the_others_are_judged_on_their_own() -> None:
    derivation = solved(
        TANH,
        proof=[
            "(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
            "(1 - exp(-2*x)) / (1 + exp(-x))",
            "2 / (1 + exp(-2*x)) - 1",
            "2 * sigmoid(2*x) - 1",
        ],
    )
    assert failures(derivation) == []
    (chain,) = chains(derivation)
    assert [rule.split()[0] for rule, _ in chain] == ["✓", "✗", "✓", "✓"]
    assert "equal to the left side again" in chain[2][0]
    assert "Line 2 is wrong" in said(derivation) and "true all the same" in said(derivation)
    at_one = (math.tanh(1), (1 - math.exp(-2)) / (1 + math.exp(-1)))
    found = derivation.quantities
    assert (found["before"], found["after"]) == pytest.approx(at_one)


def test_a_slip_that_is_carried_forward_is_one_slip() -> None:
    derivation = solved("(a + b)^2 == a^2 + 2*a*b + b^2", proof=["a^2 + b^2", "b^2 + a^2"])
    assert failures(derivation) == []
    (chain,) = chains(derivation)
    assert chain[1][0].startswith("✓")


def test_a_proof_of_what_is_false_has_a_wrong_line() -> None:
    derivation = solved("(a + b)^2 == a^2 + b^2", proof=["a^2 + 2*a*b + b^2", "a^2 + b^2"])
    assert failures(derivation) == [] and "Line 2 is wrong" in said(derivation)


def test_a_line_that_no_known_rule_leads_to_is_marked() -> None:
    derivation = solved(
        "atan(x) + atan(1/x) == pi/2", conditions=["x > 0"], proof=["pi/2"], expected="undecided"
    )
    assert derivation.confirmed and chains(derivation)[0][0][0].startswith("?")


# ------------------------------------------------------------------ a wrong rule cannot stay hidden


def test_a_wrong_step_fails_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """A move that loses a sign: the chain is found, and told to be wrong at random points."""

    def slip(node: Any, _: object) -> Any:
        if plain(node) == "sigmoid(-x)":
            yield "a slip", "a slip", parse("2 - sigmoid(x)")
        if plain(node) == "2 - sigmoid(x)":
            yield "a slip", "a slip", parse("1 - sigmoid(x)")

    monkeypatch.setattr(moves, "_LOCAL", (slip,))
    monkeypatch.setattr(moves, "unfoldings", lambda *_: iter(()))
    derivation = solved("1 - sigmoid(x) == sigmoid(-x)")
    assert {of for of in failures(derivation) if "slip" in of}


def test_a_wrong_value_of_a_side_fails_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """The derivative that the worksheet uses, against the difference that found the point."""
    monkeypatch.setattr(proof, "without_derivatives", lambda _: parse("x + 1"))
    found = failures(solved("diff(x^2, x) == x", expected="disproved"))
    assert found and set(found) <= {"left", "right"}


def test_a_wrong_multiplication_fails_its_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """(a + b)^2 without its mixed terms: no proof, or one that is told to be wrong."""
    monkeypatch.setattr(fractions, "_MAX_POWER", 0)
    derivation = solved("(a + b)^2 - (a - b)^2 == 4 * a * b")
    assert derivation.confirmed or failures(derivation) == ["the verdict, undecided"]


# ----------------------------------------------------------------------------------- mistakes

MISTAKES: list[tuple[dict[str, object], list[str]]] = [
    ({"identity": "x = x"}, ["an = does not belong in an expression"]),
    ({"identity": "x + 1"}, ["an identity has two sides"]),
    ({"identity": "x[1] == x"}, ["x stands for an entry or a vector as well as for a number"]),
    ({"identity": "x[i] == x_1"}, ["x_1 stands for an entry or a vector as well"]),
    ({"identity": "[x, 1] == x"}, ["a vector or an index has no place among scalars"]),
    ({"identity": "f(x) == x"}, ["f is not an operation"]),
    ({"identity": "sin(x) == x", "functions": {"sin": "odd"}}, ["sin has a meaning already"]),
    ({"identity": "f(x) == x", "functions": {"f": "evn"}}, ["unknown choice evn"]),
    ({"identity": "x == x", "conditions": ["x > 1", "x < 0"]}, ["no place was found"]),
    ({"identity": "log(-1 - x^2) == 0"}, ["no place was found"]),
    ({"identity": "x == x", "conditions": ["y > 0"]}, ["y does not occur in the identity"]),
    ({"identity": "x == x", "conditions": ["x + 1"]}, ["a condition is a comparison"]),
    ({"identity": "x == x", "conditions": ["x^2 == 4"]}, ["an equality gives a name"]),
    ({"identity": "x == y", "conditions": ["x == y", "y == x"]}, ["an equality gives a name"]),
    ({"identity": "x == x", "proof": ["x +", "z"]}, ["something is missing", "z does not occur"]),
    ({"identity": "x == x", "proof": ["x"] * 41}, ["a proof may have 40 lines"]),
    ({"identity": "diff(diff(diff(x, x), x), x) == 0"}, ["may be 2 deep"]),
    (
        {"identity": "f(x) == x", "define": ["f(x) = x * y", "g = 2", "h(a, a) = a", "f(x) = 1"]},
        ["y is no argument of f", "g has no argument", "a stands for two things", "defined twice"],
    ),
    (
        {
            "identity": "f_9(x) == x",
            "define": [
                "f_0(x) = x * x",
                *(f"f_{k}(x) = f_{k - 1}(f_{k - 1}(x))" for k in range(1, 10)),
            ],
        },
        ["more than 300 parts"],
    ),
    ({"identity": "+".join(["x"] * 190) + " == " + "+".join(["x"] * 190)}, ["more than 300 parts"]),
]


@pytest.mark.parametrize(("problem", "messages"), MISTAKES, ids=lambda v: str(v)[:50])
def test_mistakes_are_told_all_at_once(problem: dict[str, object], messages: list[str]) -> None:
    with pytest.raises(stepsolve.InvalidProblem) as wrong:
        stepsolve.solve({"kind": "identity", **problem})
    told = [d.message for d in wrong.value.diagnoses]
    assert len(told) == len(messages) or len(messages) == 1
    for message in messages:
        assert any(message in one for one in told), told


def test_a_mistake_has_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("kind: identity\nidentity: sigmoid(x) == sigmod(x)\n", encoding="utf-8")
    with pytest.raises(stepsolve.InvalidProblem) as wrong:
        stepsolve.solve(path)
    (found,) = wrong.value.diagnoses
    assert found.place is not None and (found.place.line, found.place.column) == (2, 25)
    assert found.hint == "did you mean sigmoid?"


# -------------------------------------------------------------------------------------- the page


def written(derivation: Derivation, width: int = 80, detail: Detail = Detail.NORMAL) -> str:
    return "\n".join(text_of(row) for row in page(derivation, Style(width, detail)))


def test_the_page_of_a_proof_reads_like_a_board() -> None:
    text = written(stepsolve.solve(ROOT / "log-sigmoid.yaml"))
    chain = text[text.index("    ln(σ(x))") : text.index("This was")].splitlines()
    assert [row.strip() for row in chain if row.strip().startswith("=")][-1] == (
        "= −softplus(−x)   definition of softplus"
    )


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("detail", list(Detail))
def test_the_claim_and_the_verdict_stand_on_every_page(width: int, detail: Detail) -> None:
    text = written(stepsolve.solve(ROOT / "root-of-square.yaml"), width, detail)
    assert "√(x²) = x" in text and "the identity is false" in text.replace("\n", " ")
