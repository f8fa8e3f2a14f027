"""Works by an enemy: nothing raises, nothing takes long, and what has no value is told."""

from __future__ import annotations

import json
import random
import sys
from io import StringIO
from pathlib import Path

import pytest
from timing import at_most

import stepsolve
from stepsolve.errors import InvalidProblem
from stepsolve.marking.verdicts import Marked, MarkedLine, Verdict

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from works import chain, notes

ONE_LINE = 3.0  # seconds of the processor; the slowest takes a tenth
PARTS = r"""
    \frac \sqrt \sum \begin{bmatrix} \end{bmatrix} \left( \right) \lim \int \text{a} \infty \approx
    = = = { } ( ) [ ] ^ _ & \ \\ $ $$ | , ; 1 0.5 x y_1 e ' ! # %
"""
GOOD = frozenset(Verdict) - {Verdict.WRONG, Verdict.NOT_READ, Verdict.UNDECIDABLE, Verdict.FOLLOWS}


def only(text: str) -> MarkedLine:
    (line,) = stepsolve.check([text]).lines
    return line


def noted(text: str) -> Marked:
    """The verdicts of a document."""
    return stepsolve.check(StringIO(text))


def told(marked: Marked) -> str:
    """The contract as text; JSON has no NaN and no infinity."""
    return json.dumps(marked.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (r"\log(-1) = 2", "log(-1) has no finite real value: log(a) needs a > 0"),
        (r"\frac{1}{0} = 5", "1 / 0 has no finite real value: a / b needs b != 0"),
        (r"z = \frac{0}{0}", "0 / 0 has no finite real value: a / b needs b != 0"),
        (r"\sqrt{-4} = 2", "sqrt(-4) has no finite real value: sqrt(a) needs a >= 0"),
        (r"2 = \frac{3}{1 - 1}", "3 / 0 has no finite real value: a / b needs b != 0"),
        (r"\frac{1}{0} = \infty", "1 / 0 has no finite real value: a / b needs b != 0"),
    ],
)
def test_what_has_no_value_is_wrong_and_told(text: str, reason: str) -> None:
    line = only(text)
    assert (line.worst, line.judgements[-1].told) == (Verdict.WRONG, reason)


@pytest.mark.parametrize(
    "text",
    [
        "10^100000 = 1",
        "9^{9^{9}} = 1",
        "e^{e^{e^{9}}} = 1",
        "1e400 = 1",
        "2^-100000 = 0",
        "x = 0." + "1" * 2000,
        "a" * 10_000 + " = 1",
        "{" * 5000 + "x" + "}" * 5000 + " = 1",
        "(" * 4000 + "1" + ")" * 4000 + " = 1",
        r"\sqrt{" * 1500,
        r"\frac{1}{" * 150 + "2" + "}" * 150 + " = 1",
        r"\begin{bmatrix}" * 100,
        r"\left( 3 + 4 = 7",
        r"x = \begin{bmatrix} 1 & 2 \\ 3 \end{bmatrix}",
        "= = =",
        "a = ",
        "",
        "\x00 = 1",
        "$" * 5000,
    ],
    ids=lambda text: text[:12],
)
def test_what_cannot_be_read_says_so(text: str) -> None:
    with at_most(ONE_LINE):
        marked = stepsolve.check([text])
    assert {v for line in marked.lines for v in line.verdicts} == {Verdict.NOT_READ}
    told(marked)


@pytest.mark.parametrize(
    ("text", "worst"),
    [
        (r"\sum_{i=1}^{1000000000} i = 5", Verdict.UNDECIDABLE),
        (r"\sum_{i=1}^{1000000000} \frac{1}{i^2} = 1.64", Verdict.UNDECIDABLE),
        ("exp(exp(20)) = 4", Verdict.UNDECIDABLE),
        ("exp(1000) = 5", Verdict.WRONG),
        ("cosh(1e10) = 1", Verdict.UNDECIDABLE),
        ("eye(100000) = 1", Verdict.UNDECIDABLE),
        ("inf = 2", Verdict.UNDECIDABLE),
        ("nan = 3", Verdict.UNDECIDABLE),
        (r"\infty = 5", Verdict.UNDECIDABLE),
        (r"\tan(\frac{\pi}{2}) = 1", Verdict.WRONG),
        ("sin(1e50) = 2", Verdict.WRONG),
        ("1" + " = 1" * 2000, Verdict.EXACT),
        ("[1, 2]" + " + [1, 2]" * 190 + " = [3, 4]", Verdict.UNDECIDABLE),
        ("1" + " + 1" * 190 + " = 3", Verdict.WRONG),
    ],
    ids=lambda text: str(text)[:12],
)
def test_what_cannot_be_worked_out_is_never_right(text: str, worst: Verdict) -> None:
    with at_most(ONE_LINE):
        marked = stepsolve.check([text])
    assert marked.lines[0].worst is worst
    told(marked)


def test_large_matrices_are_refused_before_they_are_multiplied() -> None:
    rows = r" \\ ".join(" & ".join("1" * 60) for _ in range(40))
    with at_most(2 * ONE_LINE):
        marked = stepsolve.check([rf"A = \begin{{bmatrix}} {rows} \end{{bmatrix}}", "B = A A A A"])
    assert Verdict.EXACT not in {v for line in marked.lines for v in line.verdicts}


@pytest.mark.parametrize("seed", range(6))
def test_random_signs_raise_nothing(seed: int) -> None:
    draw = random.Random(seed)
    parts = PARTS.split()
    text = "\n".join("".join(draw.choices(parts, k=draw.randint(1, 30))) for _ in range(400))
    with at_most(10 * ONE_LINE):
        told(noted(text))


def test_every_beginning_of_a_line_of_latex_is_judged() -> None:
    whole = r"z = \frac{1}{1 + e^{-0.5}} \cdot \begin{bmatrix} 1 & 2 \end{bmatrix} = [0.62, 1.24]"
    for k in range(1, len(whole)):
        told(stepsolve.check([whole[:k]]))
        told(noted("$" + whole[:k]))


def test_functions_that_call_each_other_come_to_an_end() -> None:
    lines = ["f(x) = g(x)", "g(x) = f(x)", "f(2) = 3"]
    lines += [
        f"h_{k}(x) = h_{k - 1}(h_{k - 1}(x)) + 1" if k else "h_0(x) = x + 1" for k in range(40)
    ]
    with at_most(2 * ONE_LINE):
        told(stepsolve.check([*lines, "h_39(1) = 3"]))


def test_a_long_line_of_functions_comes_to_an_end() -> None:
    lines = [f"h_{k}(x) = h_{k - 1}(x) + 1" if k else "h_0(x) = x + 1" for k in range(400)]
    marked = stepsolve.check([*lines, "h_50(1) = 52", "h_399(1) = 7"])
    assert [line.worst for line in marked.lines[-2:]] == [Verdict.EXACT, Verdict.UNDECIDABLE]


FILES = {
    "a work as the problem": ("work: [a = 1]\nproblem: w.yaml\n", "not a problem", "w.yaml"),
    "a directory": ("work: [a = 1]\nproblem: .\n", "this is a directory", "."),
    "nothing": ("work: [a = 1]\nproblem: no.yaml\n", "there is no such file", "no.yaml"),
    "a cycle": ("work: &a [*a]\n", "repeats a value from inside it", ""),
    "kinds of data": ("work: 5\naliases: 3\n", "a list belongs here", ""),
    "aliases of each other": ("work: [a = 1]\naliases: {a: b, b: a}\n", "has no quantity b", ""),
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_file_of_work_is_told_at_its_place(name: str, tmp_path: Path) -> None:
    text, message, _ = FILES[name]
    path = tmp_path / "w.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidProblem) as caught:
        stepsolve.check(path)
    found = caught.value.diagnoses
    assert any(message in d.message for d in found)
    assert all(d.place is not None and d.place.line for d in found)


def test_a_bomb_of_aliases_is_refused(tmp_path: Path) -> None:
    bomb = 'a: &a ["x = 1"]\n'
    for one, other in zip("abcdefghi", "bcdefghij", strict=True):
        bomb += f"{other}: &{other} [{', '.join([f'*{one}'] * 9)}]\n"
    path = tmp_path / "w.yaml"
    path.write_text(bomb + "work: *j\n", encoding="utf-8")
    with at_most(ONE_LINE), pytest.raises(InvalidProblem):
        stepsolve.check(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"$a = 1$\x00", "is zero"),
        ("$a = 1$".encode("utf-16"), "UTF-16"),
        (b"\xff\xfe\xfa", "UTF-16"),
        (b"a = \xe9", "UTF-8"),
        (b"$a = 1$\n" * 200_000, "1,000,000 bytes"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "work.md"
    path.write_bytes(content)
    with pytest.raises(InvalidProblem, match=message):
        stepsolve.check(path)


def test_long_works_and_notes_are_quick() -> None:
    """The limits are those that are promised; a tenth to a half of them is used."""
    problem, lines = chain(1000)
    with at_most(3.0):
        marked = stepsolve.check(lines, problem)
    assert {v for line in marked.lines for v in line.verdicts} <= GOOD
    own = [line.replace("a_{", "s_{") for line in lines]
    with at_most(5.0):
        stepsolve.check(own, problem)
    own[5::10] = [line[:-2] + "77" for line in own[5::10]]
    with at_most(6.0):
        marked = stepsolve.check(own, problem)
    assert sum(line.is_wrong for line in marked.lines) == 100
    with at_most(10.0):
        marked = noted(notes(3000))
    assert {v for line in marked.lines for v in line.verdicts} <= GOOD


def test_gradients_by_entries_are_not_differences_of_numbers() -> None:
    problem = {
        "kind": "matrix-derivative",
        "shapes": {"A": ["m", "n"], "x": ["n"], "b": ["m"]},
        "expression": "norm(A @ x - b)^2",
        "wrt": ["x"],
        "layout": "numerator",  # which no graph has
    }
    marked = stepsolve.check([r"\frac{\partial s}{\partial r} = 2r", "s = 3"], problem)
    assert marked.lines[0].verdicts == (Verdict.UNDECIDABLE,)
