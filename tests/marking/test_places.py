"""What indices of a work's own names mean: entries, steps and sums, learned from names and values."""

from __future__ import annotations

import pytest

import stepsolve
from stepsolve.marking import places
from stepsolve.marking.verdicts import AGREES, Marked, Verdict

VECTOR = {
    "kind": "graph",
    "given": {"x": [1, 2, 4], "p": [0.5, 0.25, 0.25]},
    "lines": ["y = 2 * x + 1", "H = -sum(p * log(p))"],
}
STEPS = {
    "kind": "graph",
    "given": {"h_0": [0.5, 0.25]},
    "lines": ["h_1 = tanh(h_0)", "h_2 = tanh(2 * h_1)"],
}


def work(*lines: str, problem: dict[str, object] = VECTOR) -> Marked:
    return stepsolve.check(list(lines), problem)


def test_a_first_entry_is_called_1_or_0_as_the_values_tell() -> None:
    one = work("y_1 = 2 + 1 = 3", "y_2 = 4 + 1 = 5", "y_3 = 9")
    nought = work("y_0 = 2 + 1 = 3", "y_1 = 4 + 1 = 5", "y_2 = 9")
    for marked in (one, nought):
        assert marked.is_right
        assert not any(line.is_own for line in marked.lines)


def test_once_it_is_learned_a_wrong_entry_is_told() -> None:
    marked = work("y_1 = 2 + 1 = 3", "y_2 = 2 + 1 = 3")
    assert marked.lines[1].worst is Verdict.WRONG
    assert marked.lines[1].judgements[0].expected == "5"


def test_a_name_alone_tells_nothing() -> None:
    marked = work("y_1 = 2 * 3 = 6")
    assert marked.lines[0].is_own


def test_the_wrong_base_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check broken on purpose: with only one base the other work is not matched."""
    monkeypatch.setattr(places, "_BASES", (1,))
    line = work("y_0 = 2 + 1 = 3", "y_1 = 4 + 1 = 5").lines[1]
    assert line.is_own or line.judgements[0].verdict is Verdict.WRONG


def test_a_sum_over_an_index_is_that_of_the_entries() -> None:
    marked = work(r"H = -\sum_i p_i \ln p_i = 1.0397", r"H = \sum_i p_i \ln p_i")
    assert set(marked.lines[0].verdicts) <= {*AGREES, Verdict.DEFINES}
    assert marked.lines[1].worst is Verdict.WRONG


def test_a_letter_stands_for_one_step_and_then_for_the_next() -> None:
    marked = work(
        r"h_t = \tanh h_0 = \begin{bmatrix} 0.4621 \\ 0.2449 \end{bmatrix}",
        r"h_t = \tanh(2 h_{t-1}) = \begin{bmatrix} 0.7279 \\ 0.4541 \end{bmatrix}",
        problem=STEPS,
    )
    assert [line.of for line in marked.lines] == ["h_1", "h_2"]
    assert marked.is_right


def test_one_number_stands_for_entries_that_are_all_the_same() -> None:
    problem = {"kind": "graph", "given": {"x": [2, 2]}, "lines": ["y = 3 * x"]}
    assert work("y = 3 * 2 = 6", problem=problem).is_right
    assert work("y = 3 * 2 = 5", problem=problem).lines[0].worst is Verdict.WRONG
    assert work("y = 7").lines[0].judgements[0].told.startswith("a number where")
