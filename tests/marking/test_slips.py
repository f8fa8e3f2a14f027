"""Known slips: each row names its own example, and what is planted at random is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

import numpy as np
import pytest
from timing import at_most

from marking import planted
from marking.planted import FAMILIES, Planted
from stepsolve.collector import undisturbed
from stepsolve.marking import explaining, slips
from stepsolve.marking.chains import Marker
from stepsolve.marking.ledger import Ledger
from stepsolve.marking.slips import ROWS, Fit, Row, Scene, rules
from stepsolve.marking.values import Arithmetic
from stepsolve.marking.verdicts import Judgement, Verdict
from stepsolve.notation.tree import Apply, Name
from stepsolve.operations.dimensions import Dimensions
from stepsolve.source.expression import parse
from stepsolve.source.handwriting import Chain
from stepsolve.worksheet.arrays import ArrayValues

WORKS = 40  # of each family
SHOWN = ("0.512 * (0.313 + 0.412)", "0.512 * 0.725")  # what the next side shows, and should
VALUES: Mapping[str, object] = {
    "z": 0.5, "h_0": 0.31, "h_1": -0.27, "x_1": 0.21, "y_1": 0.3723, "dL/da": -0.37, "da/dz": 0.24,
    "W": [[0.1, 0.7], [0.3, 0.4]],
}  # fmt: skip
CONTEXT = (*(f"{name} = {value}" for name, value in VALUES.items()), "a = sigmoid(z) = 0.6225")


@undisturbed()  # looking for slips takes so long and no longer, also beside a full heap
def marked(*lines: str) -> Judgement:
    """The judgement of the last sign of the last line of some notes in plain text."""
    marker = Marker(Ledger(Arithmetic()))
    for number, line in enumerate(lines, 1):
        left, *sides = line.split(" = ")
        parts = tuple(parse(side) for side in (left, *sides))
        chain = Chain(parts, ("=",) * len(sides), (), False)
        judged = marker.mark(chain, number, line)
    return judged.judgements[-1]


def named(judgement: Judgement) -> list[str]:
    return [slip.name for slip in judgement.slips]


def value(text: str) -> object:
    """What a formula comes to in float64, by NumPy."""
    known = {name: np.array(v, dtype=float) for name, v in (VALUES | {"a": 0.6225}).items()}
    dimensions = Dimensions({name: v.shape for name, v in known.items()}, {})
    return ArrayValues(dimensions).value(parse(text), known)


def written(found: object, whole: bool) -> str:
    if np.shape(found):
        return "[" + ", ".join(written(entry, whole) for entry in np.asarray(found)) + "]"
    return planted.text(float(found), 5, whole)  # type: ignore[arg-type]


def line(formula: str, worked_out: str) -> str:
    """A formula with the value of another, or of itself: whole numbers as they are."""
    if formula == SHOWN[0]:
        return f"r = {formula} = {SHOWN[1] if worked_out == formula else worked_out}"
    found = value(worked_out)
    whole = bool(np.all(np.equal(np.mod([*np.ravel(value(formula)), *np.ravel(found)], 1), 0)))
    return f"r = {formula} = {written(found, whole)}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_names_its_own_example(row: Row) -> None:
    right, wrong = row.example
    judgement = marked(*CONTEXT, line(right, wrong))
    assert judgement.verdict is Verdict.WRONG
    assert row.name in named(judgement)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_right_value_of_an_example_is_not_wrong(row: Row) -> None:
    judgement = marked(*CONTEXT, line(row.example[0], row.example[0]))
    assert judgement.verdict in (Verdict.EXACT, Verdict.ROUNDED)
    assert not judgement.slips


# what the examples of derivatives really are, by hand
DERIVATIVES = {
    "diff(sin(3 * x), x)": "3 * cos(3 * x)",
    "diff(x^3 + 5, x)": "3 * x^2",
    "diff(x^2 * sin(x), x)": "2 * x * sin(x) + x^2 * cos(x)",
    "diff(x / (1 + x^2), x)": "(1 - x^2) / (1 + x^2)^2",
    "diff(x^5, x)": "5 * x^4",
    "diff(sin(x), x)": "cos(x)",
}


@pytest.mark.parametrize("row", rules.ROWS, ids=lambda row: row.name)
def test_a_row_of_derivatives_names_its_own_example(row: Row) -> None:
    right, wrong = row.example
    judgement = marked(f"{right} = {wrong}")
    assert judgement.verdict is Verdict.WRONG
    assert named(judgement)[0] == row.name
    assert marked(f"{right} = {DERIVATIVES[right]}").verdict is Verdict.EXACT


# (derivative, what was written, the row) by hand
WRONG_DERIVATIVES = (
    ("diff((2 * x + 1)^4, x)", "4 * (2 * x + 1)^3", "inner derivative forgotten"),
    ("diff(exp(-x^2), x)", "exp(-x^2)", "inner derivative forgotten"),
    ("diff(x * log(1 + x^2), x)", "log(1 + x^2) + x / (1 + x^2)", "inner derivative forgotten"),
    ("diff(sin(x^2), x)", "cos(2 * x)", "inner derivative forgotten"),
    ("diff(x * exp(x), x)", "exp(x)", "product rule"),
    ("diff(exp(x) / x, x)", "(exp(x) - x * exp(x)) / x^2", "quotient rule"),
    ("diff(exp(x) / x, x)", "exp(x)", "quotient rule"),
    ("diff(x^3 * exp(2 * x), x)", "3 * x^3 * exp(2 * x) + 2 * x^3 * exp(2 * x)", "power rule"),
    ("diff(x^3, x)", "x^2", "power rule"),
    ("diff(2^x, x)", "x * 2^(x - 1)", "power rule"),
    ("diff(cos(x), x)", "sin(x)", "wrong derivative"),
    ("diff(sigmoid(w * x), x)", "w * sigmoid(w * x)", "wrong derivative"),
    ("diff(tanh(x), x)", "1 - tanh(x)", "wrong derivative"),
    ("diff(1/2 * (a - y)^2, a)", "2 * (a - y)", "constant"),
    ("diff(1/2 * (a - y)^2, a)", "y - a", "sign"),
    ("diff(w * x + b, w)", "x + b", "constant"),
    ("(x + y)^2", "x^2 + y^2", "term by term"),
    ("(x - y) * z", "x - y * z", "bracket"),
)


@pytest.mark.parametrize(("right", "wrong", "row"), WRONG_DERIVATIVES)
def test_a_slip_in_a_formula_is_named(right: str, wrong: str, row: str) -> None:
    judgement = marked(f"{right} = {wrong}")
    assert judgement.verdict is Verdict.WRONG
    assert row in named(judgement)


def works(family: str, count: int = WORKS) -> Iterator[tuple[Planted, str]]:
    """Planted slips that can be seen in what is written, and that."""
    chance = Random(family)
    while count:
        found = FAMILIES[family][0](chance)
        places = chance.choice((3, 4))
        number = planted.written(found, places)
        if abs(float(number) - found.right) > 2.5 * 10.0**-places:
            count -= 1
            yield found, number


@pytest.mark.parametrize("family", FAMILIES)
def test_a_planted_slip_is_named(family: str) -> None:
    rows, missed = FAMILIES[family][1], []
    for found, number in works(family):
        judgement = marked(*found.before, f"r = {found.formula} = {number}")
        assert judgement.verdict is Verdict.WRONG
        if not set(rows) & set(named(judgement)):
            missed.append((found.formula, number, named(judgement)))
    assert len(missed) <= WORKS * 0.05, missed


def test_a_random_value_is_seldom_explained() -> None:
    chance, explained, count = Random(7), 0, 0
    while count < 200:
        found = chance.choice(list(FAMILIES.values()))[0](chance)
        near = found.right * chance.uniform(0.5, 1.5)
        number = f"{chance.choice((near, chance.uniform(-2, 2))):.4f}"
        if abs(float(number) - found.right) < 0.001 or abs(float(number)) < 0.1:
            continue
        judgement = marked(*found.before, f"r = {found.formula} = {number}")
        assert judgement.verdict is Verdict.WRONG
        explained, count = explained + bool(judgement.slips), count + 1
    assert explained < 0.1 * count


LONG = " + ".join(f"0.{k + 11} * e^(-0.{k + 21}) * (1 - 0.{k + 31})" for k in range(60))


@pytest.mark.parametrize(
    "formula",
    [LONG, f"sigmoid({LONG}) / ({LONG})", "1e300 * 3.2", "0." + "12" * 24 + " * 3"],
    ids=("long", "longer", "enormous", "many digits"),
)
def test_a_wrong_line_takes_little_time(formula: str) -> None:
    with at_most(0.4):  # 0.12 s of it for the slips
        assert marked(f"r = {formula} = 17.171").verdict is Verdict.WRONG


def test_a_line_has_a_limit_of_changed_formulas() -> None:
    tried = 0

    def fit(_: object) -> Fit:
        nonlocal tried
        tried += 1
        return Fit.NONE

    assert slips.explain(Scene(parse(LONG), fit)) == ()
    assert 0 < tried <= 1501


TOLD = (
    ("r = 0.3 * 2 - (-0.3) * 4 = -0.6", "0.3 for -0.3: a sign is lost"),
    ("r = 0.7 * 3 - 0.4 * 2 = 2.9", "+ 0.4 * 2 for - 0.4 * 2: a sign is lost"),
    (
        "r = e^2 / (e^2 + e^1) = 5.43 / (5.43 + 2.718)",
        "e^2 is 7.38906, not 5.43: 2 * e for e^2: doubled for squared",
    ),
    ("r = 0.5 * h_1 + 0.2 = 0.5 * 0.31 + 0.2", "h_1 is -0.27, not 0.31: h_0 for h_1"),
    (
        "r = 0.512 * x_1 + 0.213 = 0.512 * 0.12 + 0.213",
        "x_1 is 0.21, not 0.12: two digits swapped in the result",
    ),
    ("r = e^(-0.5) = 1.6487", "e^0.5 for e^(-0.5): the exponent has the other sign"),
    ("r = 0.2 * 0.35 * 3 = 1.05", "without the factor 0.2"),
    ("r = 0.35 * 1.7 = 0.901", "0.53 for 0.35: two digits swapped"),
    ("r = 0.4 * 0.7 + 0.2 * 0.3 + 0.15 = 0.34", "without the bias 0.15"),
    ("r = 1.35 / sqrt(3) = 1.35", "not divided by sqrt(3), the scaling"),
    ("r = 2.41 + 3.55 = 4.96", "4.96 for 5.96: a carry is lost"),
    ("r = 0.5 * h_1 + 0.2 = 0.355", "h_0 for h_1"),
    ("r = dL/da * da/dz = 0.24", "without the factor dL/da, the gradient from above"),
)


@pytest.mark.parametrize(("wrong", "told"), TOLD)
def test_a_slip_is_told_in_the_words_of_the_line(wrong: str, told: str) -> None:
    assert marked(*CONTEXT, wrong).slips[0].told == told


def test_the_likeliest_slip_stands_first() -> None:
    ranks = [row.likelihood for row in ROWS]
    assert ranks == sorted(ranks)
    by_name = {row.name: row.likelihood for row in ROWS}
    found = [by_name[name] for name in named(marked("r = 2 * (-1) + (-3) * (-2) - 3 = 2"))]
    assert found == sorted(found)


def test_a_slip_in_one_entry_of_an_array_is_told_in_its_numbers() -> None:
    judgement = marked("r = [[1, -2], [3, 4]] @ [0.5, 0.3] = [1.1, 2.7]")
    assert [(slip.name, slip.told) for slip in judgement.slips] == [
        ("sign", "2 for -2: a sign is lost")
    ]


def test_an_unrounded_value_behind_the_line_is_no_reason_to_name_nothing() -> None:
    # 0.6225 is behind 0.62; with it e^0.62246 = 1.8635, with 0.62 it is 1.8589
    judgement = marked("z = 0.5", "a = 1 / (1 + e^(-0.5)) = 0.62", "r = e^(-a) = 1.8635")
    assert named(judgement)[0] == "negated exponent"


def test_nothing_is_named_without_its_row(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tuple(row for row in ROWS if row.name != "digits swapped")
    monkeypatch.setattr(
        explaining, "explain", lambda scene, until: slips.explain(scene, rows, until)
    )
    assert "digits swapped" not in named(marked("r = 0.35 * 1.7 = 0.901"))


def test_a_slip_that_fits_nothing_is_not_named() -> None:
    """With every fit good, the first row that applies would be named: what is told hangs on the fit."""
    scene = Scene(parse("0.35 * 1.7"), lambda _: Fit.ROUNDED)
    assert slips.explain(scene)
    assert slips.explain(Scene(scene.formula, lambda _: Fit.NONE)) == ()


def test_wrong_derivatives_of_the_parts_name_no_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules._Rules, "of", lambda self, node: Apply("neg", Name("x")))
    judgement = marked("diff(x^2 * sin(x), x) = 2 * x * cos(x)")
    assert "product rule" not in named(judgement)


def test_sizes_and_settings_are_left_as_they_are() -> None:
    assert marked("r = pad([1.5, 2.5], 2, 2) = [0, 0, 1.5, 2.5, 0, 7]").verdict is Verdict.WRONG
    assert marked("r = [1.5, 2.5, 4.5][1] * 3 = 9.5").verdict is Verdict.WRONG
    scene = Scene(parse("pad(x, 2, 2) + sum(x, axis=0) + x[2]"), lambda _: Fit.NONE)
    changed = [v.formula for row in ROWS if row.name == "sign" for v in row.variants(scene)]
    assert changed
    assert not any("-2" in str(formula) for formula in changed)


def test_few_digits_bear_no_far_fetched_slip() -> None:
    assert named(marked("r = 1.13 * 1.21 = 1.9673")) == ["one digit wrong"]
    assert "one digit wrong" not in named(marked("r = 1.13 * 1.21 = 1.97"))


def test_an_unrounded_array_behind_the_line_is_no_reason_to_name_nothing() -> None:
    # h + 0.5 with h = [0.379949, 0.716298], the tanh in full
    judgement = marked("h = tanh([0.4, 0.9]) = [0.38, 0.72]", "r = h - 0.5 = [0.87995, 1.2163]")
    assert named(judgement)[0] == "sign"


def test_a_slip_in_numbers_and_in_formulas_is_one_slip() -> None:
    told: dict[str, set[str]] = {}
    for row in (*ROWS, *rules.ROWS):
        told.setdefault(row.name, set()).add(row.description)
    assert {name for name, descriptions in told.items() if len(descriptions) > 1} == set()
