"""The page as text: goldens that are read, and laws that hold for every page at every width.

`UPDATE_GOLDENS=1 pytest tests/render/test_pages.py` writes the goldens anew and fails once, with the
difference: it is to be read row by row before it is kept.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from functools import cache
from pathlib import Path
from unicodedata import combining, east_asian_width

import pytest

import stepsolve
from stepsolve.derivation import Check, Derivation, Detail, Step
from stepsolve.notation.tree import Name
from stepsolve.notation.unicode import one_line
from stepsolve.render.page import Style
from stepsolve.render.text import render

ROOT = Path(__file__).parents[2] / "problems"
GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*.yaml"))
WIDTHS = (40, 60, 80, 120)


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / file)


@cache
def page(file: str, width: int = 80, detail: Detail = Detail.NORMAL) -> str:
    return render(solved(file), Style(width, detail))


def page_of(width: int = 80, **problem: object) -> str:
    return render(stepsolve.solve({"kind": "graph", **problem}), Style(width))


# ------------------------------------------------------------------------------------- goldens

GOLDENS = [
    *(("graphs/neuron.yaml", width, Detail.NORMAL) for width in (60, 80, 120)),
    *(("calculus/sigmoid.yaml", width, Detail.NORMAL) for width in (60, 80, 120)),
    *(("calculus/two-path-neuron.yaml", width, Detail.NORMAL) for width in (60, 80, 120)),
    ("calculus/sigmoid.yaml", 80, Detail.BRIEF),
    ("calculus/sigmoid.yaml", 80, Detail.FULL),
    ("graphs/neuron.yaml", 80, Detail.BRIEF),
]


@pytest.mark.parametrize(("file", "width", "detail"), GOLDENS)
def test_a_page_is_the_golden(file: str, width: int, detail: Detail) -> None:
    level = "" if detail is Detail.NORMAL else f"-{detail.name.lower()}"
    golden = GOLDEN / f"{Path(file).stem}-{width}{level}.txt"
    # how large a rounding error is, is for the machine to say
    found = re.sub(r"error \d\.\de[+-]\d\d", "error 0.0e+00", page(file, width, detail))
    kept = golden.read_text(encoding="utf-8") if golden.exists() else ""
    difference = "\n".join(unified_diff(kept.split("\n"), found.split("\n"), lineterm="", n=1))
    if difference and os.environ.get("UPDATE_GOLDENS"):
        golden.write_text(found, encoding="utf-8")
    assert not difference, f"{golden.name}\n{difference}"


def test_no_golden_is_left_over() -> None:
    kept = {path.name for path in GOLDEN.iterdir()}
    assert len(kept) == len(GOLDENS)


# ---------------------------------------------------------------------- laws of every page


def every_page() -> Iterator[tuple[str, str]]:
    for file in FILES:
        for width in WIDTHS:
            for detail in Detail:
                yield f"{file} {width} {detail.name}", page(file, width, detail)


def places(row: str) -> int:
    """How wide a row is: a hat above a letter takes no place."""
    return sum(not combining(character) for character in row)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("file", FILES)
def test_no_row_is_longer_than_the_width(file: str, width: int) -> None:
    rows = [row for detail in Detail for row in page(file, width, detail).splitlines()]
    assert [row for row in rows if places(row) > width] == []


def test_a_very_wide_terminal_does_not_spread_the_page() -> None:
    assert max(map(len, page("calculus/neuron-vector.yaml", 300).splitlines())) <= 120


def test_rows_end_without_blanks_and_pages_with_one_line_break() -> None:
    for name, text in every_page():
        assert text.endswith("\n") and not text.endswith("\n\n"), name
        assert not re.search(r"[ \t]$|\t", text, re.MULTILINE), name


def test_never_two_blank_rows_together() -> None:
    assert [name for name, text in every_page() if "\n\n\n" in text] == []


def test_a_heading_is_followed_by_what_it_announces() -> None:
    for name, text in every_page():
        assert not announcing_nothing(text), name


def announcing_nothing(text: str) -> list[str]:
    """Headings that are followed by another one, or by the verdict."""
    rows = [*filter(None, text.splitlines()), "✓"]
    lines = [k for k, row in enumerate(rows) if not row.strip("─")]
    return [rows[k - 1] for k in lines if rows[k + 1][0] in "✓✗" or k + 2 in lines]


def flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from flat(step.steps)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("file", [f for f in FILES if f.startswith("calculus")])
def test_every_rule_is_named_on_the_page(file: str, width: int) -> None:
    """Whatever the width: a step without its rule is no step."""
    words = " ".join(page(file, width, Detail.FULL).split())
    if solved(file).kind == "derivative":
        missing = {step.rule for step in flat(solved(file).steps) if step.rule not in words}
        assert missing == set()
    assert "✓" in words


@pytest.mark.parametrize("file", [file for file in FILES if not file.startswith("proofs/")])
def test_every_answer_stands_on_every_page(file: str) -> None:
    for detail in Detail:
        for width in (60, 80, 120):
            text = page(file, width, detail)
            for name in solved(file).results:
                if name.startswith("lim "):  # written as lim[x → 0] f(x): see the tests of the kind
                    continue
                written = re.escape(one_line(Name(name))).replace("d", "[d∂]")
                assert re.search(rf"{written}\s+[=≈] ", text), (name, width)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_an_equals_sign_stands_beside_the_fraction_bar(width: int) -> None:
    """Not beside the numerator: = begins the row of the middle, and the reason ends it."""
    text = page("calculus/sigmoid-scaled.yaml", width)
    textbook = text[text.index("In the form") : text.index("┌")].splitlines()[1:]
    begun = [row for row in textbook if row.startswith("    =")]
    assert len(begun) == 4
    for row in begun:
        assert re.match(r"    = a · ", row), row


def test_the_levels_of_detail_are_nested_in_their_steps() -> None:
    for file in FILES:
        brief, normal, full = (page(file, 80, detail).count("\n") for detail in Detail)
        assert brief <= normal <= full, file
        assert brief < full, file


# ------------------------------------------------------------------------- pages of odd problems


def test_a_failed_check_is_shown_as_failed() -> None:
    failed = solved("graphs/sum.yaml")
    failed = failed._replace(checks=(*failed.checks, Check("df/dx", "luck", 0.5, False, "unlucky")))
    text = render(failed, Style())
    assert f"✗ 1 of {len(failed.checks)} checks failed\n" in text
    assert "  ✗ df/dx: error 5.0e-01, luck; unlucky\n" in text
    assert "✓" not in text


def test_a_page_without_checks_does_not_claim_any() -> None:
    text = page_of(lines=["f = x^2"])
    assert "✓ 0 checks" not in text


def test_a_gradient_of_nothing_leaves_no_empty_heading() -> None:
    assert announcing_nothing(page_of(lines=["f = 3 + 4"], backward="f")) == []


def test_an_idle_name_is_told_and_has_the_gradient_0() -> None:
    """It was asked for, so it is an answer: on the page and in the results."""
    derivation = stepsolve.solve(
        {
            "kind": "graph",
            "given": {"x": 2, "u": 5},
            "lines": ["f = x^2"],
            "backward": {"of": "f", "wrt": ["x", "u"]},
        }
    )
    assert "f does not depend on u" in render(derivation, Style())
    assert derivation.quantities["df/dx"] == 4
    assert derivation.quantities["df/du"] == 0
    assert "df/du" in derivation.results


@pytest.mark.parametrize(
    ("line", "convention"),
    [("f = relu(x)", "relu'(0) = 0"), ("f = abs(x)", "0"), ("f = max(x, y)", "first")],
)
def test_a_kink_states_its_convention_where_it_is_used(line: str, convention: str) -> None:
    text = page_of(given={"x": 0, "y": 0}, lines=[line], backward={"of": "f", "wrt": ["x"]})
    assert "onvention" in text
    assert convention in text.replace("′", "'")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "title",
    ["word " * 60, "w" * 500, "α" * 90, "two\nlines\n", "[b]" * 50],
    ids=["words", "one word", "greek", "two lines", "brackets"],
)
def test_a_long_title_stays_within_the_page(title: str, width: int) -> None:
    first, *rows = page_of(width, title=title, lines=["f = x"]).splitlines()
    below = next(k for k, row in enumerate(rows) if row and not row.strip("═"))
    told = [first, *rows[:below]]
    assert max(map(cells, told)) <= width
    assert cells(rows[below]) == max(map(cells, told))


def cells(row: str) -> int:
    """Columns in a terminal, where a character of East Asia takes two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in row)


@pytest.mark.parametrize("width", WIDTHS)
def test_long_formulas_stay_within_the_page(width: int) -> None:
    terms = " + ".join(f"w_{k} * x_{k}" for k in range(8))
    text = page_of(width, lines=[f"f = sigmoid({terms}) / (1 + exp(-({terms})))"], backward="f")
    assert max(map(len, text.splitlines())) <= width
    assert "w₇ · x₇" in text


@pytest.mark.parametrize("width", WIDTHS)
def test_a_pattern_beside_a_long_gate_stays_within_the_page(width: int) -> None:
    for line in ("f = relu(tan(x) - relu(x) * 2)", "f = (a + b * c + d) * (e_1 + e_2 * e_3 + 2)"):
        text = page_of(width, lines=[line], backward="f")
        assert max(map(len, text.splitlines())) <= width


def test_digits_shown_are_rounded_as_a_person_does() -> None:
    """2.675 to two digits is 2.68; a tie goes away from zero, on either side of it."""
    text = page_of(digits=2, given={"x": 2.675, "y": 0.125}, lines=["f = x * 1", "g = -1 * y"])
    assert re.search(r"f = .* ≈ 2\.68\n", text)
    assert re.search(r"g = .* ≈ −0\.13\n", text)


@pytest.mark.parametrize(
    ("digits", "shown"),
    [(0, "≈ 1"), (1, "≈ 0.7"), (4, "≈ 0.6667"), (15, "≈ 0.666666666666667")],
)
def test_as_many_decimals_as_were_asked_for(digits: int, shown: str) -> None:
    text = page_of(digits=digits, lines=["f = 2 / 3"])
    assert re.search(rf"f = 2 / 3 +{re.escape(shown)}\n", text)


@pytest.mark.parametrize(
    ("digits", "shown"), [(1, "≈ 0.07"), (3, "≈ 0.0667"), (15, "≈ 0.0666666666666667")]
)
def test_as_many_significant_digits_as_were_asked_for(digits: int, shown: str) -> None:
    text = page_of(**{"significant-digits": digits}, lines=["f = 2 / 30"])
    assert re.search(rf"f = 2 / 30 +{re.escape(shown)}\n", text)


def test_a_table_too_wide_for_the_page_is_cut_between_its_groups() -> None:
    """The first column stands in every part, and no quotient is torn from its error."""
    text = page("calculus/gradient-check-wrong-claim.yaml", 60, Detail.BRIEF)
    headers = [" ".join(row.split()) for row in text.splitlines() if row.split()[:1] == ["e"]]
    assert headers == ["e forward error backward error", "e central error"] * 2
    wide = page("calculus/gradient-check-wrong-claim.yaml", 80, Detail.BRIEF)
    assert "forward error backward error central error" in " ".join(wide.split())


def test_a_chain_of_rewrites_hangs_from_what_it_rewrites() -> None:
    text = page("calculus/recurrence.yaml", 80)
    assert (
        """
    f(2) = a · f(1) + b   the recurrence
         = a · (a · x₀ + b) + b   put in f(1)
         = a · a · x₀ + a · b + b   multiply out
         = a² · x₀ + a · b + b   collect
"""
        in text
    )
    # the equals sign stands beside the fraction bar, and the rule as well
    assert "\n             = a · ⎜aᵏ · x₀ + ──────────────⎟ + b   the assumption\n" in text


def test_a_rule_that_does_not_fit_stands_before_its_rewrite() -> None:
    rows = page("calculus/recurrence.yaml", 40).splitlines()
    place = rows.index("    common denominator")
    assert rows[place + 1].strip() and "=" not in rows[place - 1]
