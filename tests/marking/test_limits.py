r"""Limits in a work: chains such as L'Hôpital's, with the verdicts that people give."""

from __future__ import annotations

import pytest

import stepsolve
from stepsolve.calculus import limits as rules
from stepsolve.calculus.limit_values import Limit
from stepsolve.derivation import Step
from stepsolve.notation.tree import Number


def verdicts(*lines: str) -> list[str]:
    return [str(v) for v in stepsolve.check(lines).lines[-1].verdicts]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            r"\lim_{x \to 0} \frac{1 - \cos x}{x^2} = \lim_{x \to 0} \frac{\sin x}{2x}"
            r" = \lim_{x \to 0} \frac{\cos x}{2} = \frac{1}{2}",
            ["exact", "exact", "exact"],
        ),
        (
            r"\lim_{x \to 0} \frac{\sin 2x}{x} = \lim_{x \to 0} \cos 2x = 1",  # 2, not 1
            ["wrong", "exact"],
        ),
        (
            r"\lim_{x \to 0} \frac{\sin 2x}{x} = \lim_{x \to 0} 2 \cos 2x = 1",
            ["exact", "wrong"],
        ),
        (
            r"\lim_{x \to \infty} \frac{\ln x}{x} = \lim_{x \to \infty} \frac{1/x}{1} = 0",
            ["exact", "exact"],
        ),
        (r"\lim_{x \to \infty} x^2 = \lim_{x \to \infty} 2 x = \infty", ["exact", "exact"]),
        (r"\lim_{x \to \infty} x^2 = \lim_{x \to \infty} (-x)", ["wrong"]),
        (r"\lim_{x \to 0} \frac{\sin a x}{x} = \lim_{x \to 0} a \cos a x = a", ["exact"] * 2),
        (
            r"\lim_{x \to 0} \frac{\sin 3x}{x} = 3 \lim_{x \to 0} \frac{\sin 3x}{3x} = 3",
            ["exact", "exact"],
        ),
        (r"L = \lim_{x \to 0} \frac{e^x - 1}{x} = \lim_{x \to 0} e^x = 1", ["defines"] + ["exact"] * 2),
        (r"1 = \lim_{x \to 0} \frac{\sin x}{x}", ["exact"]),
        (r"\lim_{x \to 0} \frac{\sin 2x}{3x} = 0.67", ["rounded"]),
        (r"\lim_{x \to 0} \frac{\sin 2x}{3x} = 0.65", ["wrong"]),
        (r"\lim_{x \to 0} \sin(1/x) = \lim_{x \to 0} \cos(1/x)", ["undecidable"]),
    ],
)  # fmt: skip
def test_limits_that_are_equal_to_others(line: str, wanted: list[str]) -> None:
    assert verdicts(line) == wanted


def test_a_name_that_goes_somewhere_has_no_value_there() -> None:
    line = r"\lim_{x \to 0} \frac{\sin a x}{x} = \lim_{x \to 0} a \cos a x = 3"
    assert verdicts("x = 5", "a = 3", line) == ["exact", "exact"]


def test_both_limits_are_told() -> None:
    line = r"\lim_{x \to 0} \frac{\sin 2x}{x} = \lim_{x \to 0} \cos 2x"
    assert stepsolve.check([line]).lines[0].judgements[0].told == "2 on the left, 1 on the right"


def test_a_value_that_the_way_does_not_confirm_decides_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = r"\lim_{x \to 0} \frac{\sin 2x}{x} = \lim_{x \to 0} 2 \cos 2x"
    assert verdicts(line) == ["exact"]
    seven = Number("7")
    monkeypatch.setattr(rules, "find_limit", lambda *_: Limit(Step("wrong", seven, seven), seven))
    assert verdicts(line) == ["undecidable"]


def test_there_is_time_for_so_many_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepsolve.marking.limits._SECONDS", 0.0)
    assert verdicts(r"\lim_{x \to 0} \frac{\sin 2x}{x} = 2") == ["undecidable"]
