"""Verdicts of small works that were worked out by hand, and what is said about them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

import stepsolve
from stepsolve.errors import InvalidProblem
from stepsolve.marking.verdicts import Marked
from stepsolve.render.marked import rows
from stepsolve.render.text import plain_rows

NEURON: dict[str, object] = {
    "kind": "graph",
    "title": "A neuron",
    "given": {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3},
    "lines": ["z = w0 * x0 + w1 * x1 + w2", "f = sigmoid(z)"],
    "backward": "f",
}
WHOLE: dict[str, object] = {**NEURON, "lines": ["f = 1 / (1 + exp(-(w0 * x0 + w1 * x1 + w2)))"]}


def verdicts(*lines: str, problem: dict[str, object] | None = None) -> list[list[str]]:
    return [[str(v) for v in line.verdicts] for line in stepsolve.check(lines, problem).lines]


def on(problem: dict[str, object], *lines: str) -> Marked:
    return stepsolve.check(lines, problem)


# --------------------------------------------------------------------------------- each verdict


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["a = 1 / 4 = 0.25"], ["defines", "exact"]),
        (["a = 2 / 3 = 0.67"], ["defines", "rounded"]),
        (["a = 1 / 8 = 0.12"], ["defines", "rounded"]),  # a half, by the other rule
        (["a = 1 / 8 = 0.13"], ["defines", "rounded"]),
        (["a = 2 / 3 = 0.66"], ["defines", "truncated"]),
        (["a = -2 / 3 = -0.66"], ["defines", "truncated"]),
        (["a = 2 / 3 = 0.68"], ["defines", "wrong"]),
        (["a = 0.664 = 0.67"], ["defines", "last-digit"]),
        (["a = 1 / 3 = 0.33", "b = 30 * a = 10.0"], ["defines", "carried-digits"]),
        (["a = 1 / 3 = 0.33", "b = 30 * a = 9.9"], ["defines", "exact"]),
        (["a = 1 / 3 = 0.33", "b = 30 * 0.33 = 10.0"], ["defines", "carried-digits"]),
        (["a = 1 / 3 = 0.33", "b = 30 * a = 9.5"], ["defines", "wrong"]),
        (["a = 2 * 3 = 7", "b = a + 1 = 8"], ["defines", "follows"]),
        (["a = 2 * 3 = 7", "b = a + 1 = 7"], ["defines", "exact"]),  # with the true value
        (["a = 2 * 3 = 7", "b = a + 1 = 9"], ["defines", "wrong"]),
        (["a = 0.123 * 7 = 1.00 - 0.14 = 0.86"], ["defines", "rounded", "exact"]),
        (["a = exp(-7) = 1.00 - 1.00"], ["defines", "undecidable"]),
        (["a = 1 / 8 = 0.1 + 0.02"], ["defines", "rounded"]),
        (["a = 1 +"], ["not-read"]),
        (["a = 60965224 ≈ 61,000,000"], ["defines", "rounded"]),
        (["a = 60965224 = 61,000,000"], ["defines", "wrong"]),
        (["a = 0.5 + 0.1 ⇒ 0.6"], ["defines", "exact"]),
        (["0.3 < 0.5 ≤ 0.4"], ["exact", "wrong"]),
    ],
)
def test_the_last_line_has_this_verdict(lines: list[str], wanted: list[str]) -> None:
    assert verdicts(*lines)[-1] == wanted


# 1 / (1 + e^-0.3) is 0.574443, and 1 / 1.74 is 0.574713
HIDDEN = [r"a = \frac{1}{1+e^{-0.3}}", r"= \frac{1}{1+0.74}", "= 0.5744"]


def test_unrounded_values_stand_behind_the_numbers_of_earlier_lines_alone() -> None:
    marked = stepsolve.check([" ".join(HIDDEN)])
    assert marked.lines[0].verdicts == ("defines", "rounded", "wrong")
    assert "before they were rounded" in marked.lines[0].judgements[-1].told
    assert verdicts(*HIDDEN) == [["defines"], ["rounded"], ["carried-digits"]]
    problem = {"kind": "graph", "given": {"z": "0.3"}, "lines": ["a = sigmoid(z)"]}
    assert verdicts(" ".join(HIDDEN), problem=problem) == [["defines", "rounded", "carried-digits"]]


def test_undecidable_says_how_many_digits_would_do() -> None:
    judgement = stepsolve.check(["a = exp(-7) = 1.00 - 1.00"]).lines[0].judgements[1]
    assert judgement.told == "the digits cancel: 3 more digits would tell"  # 0.0009 +- 0.01


# ------------------------------------------------------------------------------------- symbols


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("(a + b)^2 = a^2 + 2*a*b + b^2", ["exact"]),
        ("(a + b)^2 = a^2 + b^2", ["wrong"]),
        (r"\frac{d}{dx} (x^2 \sin x) = 2x \sin x + x^2 \cos x", ["exact"]),
        (r"\frac{d}{dx} \tanh x = 1 - \tanh^2 x", ["exact"]),
        (r"\frac{d}{dx} \tanh x = 1 + \tanh^2 x", ["wrong"]),
        (r"\frac{\partial}{\partial y} x y^2 = 2 x y", ["exact"]),
        (r"\frac{d}{dx} x^2 = 2", ["wrong"]),
        (r"\sum_{i=1}^{3} i^2 = 14", ["exact"]),
        ("y = 2*x + 1", ["defines"]),
        ("y = w*x + b = 2*3 + 1 = 7", ["defines", "defines", "exact"]),
        ("2*x = 4", ["defines"]),  # a condition, no claim
    ],
)
def test_sides_with_names_that_have_no_value(line: str, wanted: list[str]) -> None:
    assert verdicts(line) == [wanted]


def test_the_derivative_of_a_formula_of_the_notes_is_known() -> None:
    lines = ["y = x^3", "dy/dx = 3*x^2", "u = x^3", "du/dx = 3*x"]
    assert verdicts(*lines)[1::2] == [["defines"], ["wrong"]]


def test_functions_of_the_notes() -> None:
    assert verdicts("f(x) = x^2 + 1", "f(2) = 5", "f(3) = 11")[1:] == [["exact"], ["wrong"]]


def test_vectors_and_matrices_on_paper() -> None:
    lines = [
        r"W = \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
        r"x = \begin{bmatrix} 1 \\ 1 \end{bmatrix}",
        r"z = W x = \begin{bmatrix} 3 \\ 7 \end{bmatrix}",
        r"x^{T} x = 2",
        r"x z^{T} = \begin{bmatrix} 3 & 7 \\ 3 & 7 \end{bmatrix}",
        r"W^{T} x = \begin{bmatrix} 4 \\ 7 \end{bmatrix}",
    ]
    assert [v[-1] for v in verdicts(*lines)[2:]] == ["exact", "exact", "exact", "wrong"]


# ------------------------------------------------------------------------------ work on a problem


def test_the_names_of_the_problem() -> None:
    marked = on(
        NEURON,
        "z = 2*(-1) + (-3)*(-2) - 3 = 1",
        "f = 1/(1 + e^-1) = 0.73",
        "df/dw0 = 0.73*(1 - 0.73)*(-1) = -0.20",
    )
    assert [[str(v) for v in line.verdicts] for line in marked.lines] == [
        ["defines", "exact"],
        ["defines", "rounded"],
        ["defines", "rounded"],
    ]
    assert marked.is_right and not marked.repair


@pytest.mark.parametrize("problem", [NEURON, WHOLE], ids=["z", "whole"])
def test_what_follows_from_a_mistake_is_not_a_mistake(problem: dict[str, object]) -> None:
    marked = on(
        problem,
        "z = 2*(-1) + (-3)*(-2) - 3 = 7",
        "f = 1/(1 + e^-7) = 0.9991",
        "df/dw0 = -0.1966",
    )
    assert [[str(v) for v in line.verdicts] for line in marked.lines] == [
        ["defines", "wrong"],
        ["follows", "rounded"],
        ["rounded"],
    ]
    assert marked.first_wrong is marked.lines[0]
    assert marked.repair == (
        "With 1 for 7 in line 1, line 3 is right as written; "
        "line 2 follows from it and becomes f = 0.7311."
    )
    assert [slip.name for slip in marked.lines[0].judgements[1].slips][:1] == ["sign"]


def test_steps_may_be_skipped_and_are_told() -> None:
    marked = on(NEURON, "f = 0.73", "df/dw0 = -0.2")
    assert [line.skipped for line in marked.lines] == [("z",), ("dz/dw0", "df/dz")]
    assert marked.is_right


def test_entries_and_aliases() -> None:
    problem = {
        "kind": "graph",
        "given": {"W": [[1, 2], [3, 4]], "x": [1, -1]},
        "lines": ["z = W @ x", "s = sum(z)"],
    }
    work = {"problem": problem, "aliases": {"z1": "z[0]"}}
    lines = ["z1 = 1 - 2 = -1", "z[1] = 3 - 4 = -1", "s = -2"]
    marked = stepsolve.check({**work, "work": lines})
    assert [[str(v) for v in line.verdicts] for line in marked.lines] == [
        ["defines", "exact"],
        ["defines", "exact"],
        ["exact"],
    ]
    marked = stepsolve.check({**work, "work": ["z1 = 1 - 2 = 1", "s = 0"]})
    assert [str(line.worst) for line in marked.lines] == ["wrong", "follows"]


def test_numbers_of_the_answer_to_a_derivative() -> None:
    problem = {"kind": "derivative", "expression": "x^2 * sin(x)", "variable": "x"}
    marked = on(problem, "df/dx = 2*x*sin(x) + x^2*cos(x)", "df/dx = 2*x*cos(x)")
    assert [str(line.worst) for line in marked.lines] == ["defines", "wrong"]


def test_marks() -> None:
    marks = {"z": 2, "f": {"method": 1, "answer": 1, "carry": False}, "df/dz": 1, "df/dw1": 1}
    marked = on(
        {**NEURON, "marks": marks},
        "z = 2*(-1) + (-3)*(-2) - 3 = 7",
        "f = 1/(1 + e^-7) = 0.9991",
        "df/dw0 = -0.0009",
    )
    told = [(award.of, award.got, award.out_of, award.told) for award in marked.awards]
    assert told == [
        ("z", 1, 2, "line 1: the method, not the answer"),
        (
            "f",
            1,
            2,
            "line 2: the method; an answer that follows from an error does not count here",
        ),
        ("df/dz", 0, 1, "not shown"),
        ("df/dw1", 0, 1, "not shown"),
    ]
    full = on({**NEURON, "marks": marks}, "df/dw1 = -0.3932")
    assert [(a.got, a.told) for a in full.awards] == [
        (2, "implied by line 1"),
        (2, "implied by line 1"),
        (1, "implied by line 1"),
        (1, "line 1: right"),
    ]


# ----------------------------------------------------------------------------------- the data


def test_the_data_of_a_work() -> None:
    marked = on(NEURON, "z = 7", "f = 0.9991")
    data = json.loads(json.dumps(marked.to_json()))
    assert data["first_wrong"] == 1
    assert data["right"] is False
    first, second = data["lines"]
    assert first["verdicts"] == ["wrong"] and first["expected"] == 1
    assert second["verdicts"] == ["follows"] and second["of"] == "f"
    assert second["expected"] == pytest.approx(1 / (1 + math.exp(-1)), abs=1e-15)
    assert second["own"] == pytest.approx(1 / (1 + math.exp(-7)), abs=1e-15)


def test_a_document_beside_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "work.md"
    file.write_text("# Mine\n\nFirst $z = 7$, then\n\n$$f = 0.9991$$\n", encoding="utf-8")
    marked = stepsolve.check(file, NEURON)
    assert [(line.line, str(line.worst)) for line in marked.lines] == [(3, "wrong"), (5, "follows")]


def test_a_name_may_be_given_anew_under_a_new_heading(tmp_path: Path) -> None:
    file = tmp_path / "notes.md"
    file.write_text("# One\n\n$h = 2$\n\n$h = 3$\n\n# Two\n\n$h = 4$\n", encoding="utf-8")
    assert [str(line.worst) for line in stepsolve.check(file).lines] == [
        "defines",
        "wrong",
        "defines",
    ]


# ------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("work", "told"),
    [
        ({"work": "z = 1"}, "a list belongs here, not a text"),
        ({"problem": NEURON}, "the key work is missing"),
        ({"work": ["z = 1"], "problem": {"kind": "grph"}}, "there is no kind grph"),
        ({"work": [], "problem": NEURON, "aliases": {"z": "f"}}, "z is a quantity of the problem"),
        ({"work": [], "problem": NEURON, "aliases": {"u": "g"}}, "the problem has no quantity g"),
        ({"work": [], "problem": NEURON, "aliases": {"u": "z + 1"}}, "an alias stands for"),
        ({"work": [], "problem": {**NEURON, "marks": {"f": -1}}}, "a whole number from 0 to 1000"),
        ({"work": [], "problem": {**NEURON, "marks": {"f": {"mthod": 1}}}}, "unknown key mthod"),
        ({"work": [], "problem": {**NEURON, "marks": {"g": 1}}}, "there are marks for g, but"),
    ],
)
def test_mistakes_in_files_are_told(work: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.check(work)
    assert told in str(caught.value)


def test_gradients_of_entries_of_a_sequence_are_names() -> None:
    problem = {
        "kind": "recurrence",
        "recurrence": "f(n) = a * f(n - 1) + b",
        "start": {"f(0)": "x_0"},
        "given": {"a": 0.5, "b": 1, "x_0": 6},
        "unroll": 3,
        "wrt": ["f(0)", "a"],
    }
    marked = stepsolve.check(["f(1) = 4", "df(3)/df(0) = 0.125", "df(3)/da = 7.6"], problem)
    assert [str(line.worst) for line in marked.lines] == ["exact", "exact", "wrong"]


def test_a_name_with_a_value_for_every_step_size_is_not_held_to_one() -> None:
    at = [{"x": 2}, {"x": 2.01}]
    problem = {"kind": "gradient-check", "function": "g(x) = x^2", "at": at, "steps": [0.01]}
    marked = stepsolve.check([f"g = {value}" for value in (4, 4.0401, 3.99)], problem)
    assert [str(line.worst) for line in marked.lines] == ["defines"] * 3


def test_a_solution_that_is_not_confirmed_is_no_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stepsolve.check(["f = 0.73"], NEURON).doubts == ()
    monkeypatch.setattr("stepsolve.checking.worksheets.GRADIENT_TOLERANCE", -1.0)
    marked = stepsolve.check(["f = 0.73"], NEURON)
    assert {check.of for check in marked.doubts} >= {"df/dw0", "df/dx1"}
    assert marked.to_json()["confirmed"] is False
    page = plain_rows(rows(marked, 80))
    assert "the problem's own solution is not confirmed: df/d" in page.lower()


def test_entries_of_large_arrays() -> None:
    given = {"W": {"shape": [80, 80], "seed": 1}, "x": {"shape": [80], "seed": 2}}
    problem = {"kind": "graph", "given": given, "lines": ["z = W @ x", "s = sum(z)"]}
    drawn = stepsolve.solve({**problem, "lines": ["y = W", "z = y @ x"]}).quantities
    weights, vector = np.array(drawn["y"]), np.array(drawn["x"])
    assert weights.shape == (80, 80)
    whole = float(np.sum(weights @ vector))
    lines = [f"W[0, 1] = {weights[0, 1]:.4f}", "W[0, 1] = 3", f"s = {whole:.3f}", "s = W[0, 0] + 9"]
    found = on(problem, *lines)
    assert [str(line.worst) for line in found.lines][1::2] == ["wrong", "wrong"]
    assert {str(found.lines[k].worst) for k in (0, 2)} <= {"exact", "rounded"}
