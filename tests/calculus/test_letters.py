"""Answers in letters: nothing is lost, and the length grows in step with the nesting."""

from __future__ import annotations

import math
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import MEANING, random_expression

from stepsolve.calculus.engine import differentiate
from stepsolve.calculus.letters import in_letters
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Expression, substitute
from stepsolve.source.expression import parse


def put_back(form: Expression, letters: dict[str, Expression]) -> Expression:
    for name, inner in letters.items():  # the outer ones first
        form = substitute(form, {name: inner})
    return form


def told(form: str, **definitions: str) -> tuple[str, dict[str, str]]:
    short, letters = in_letters(parse(form), {k: parse(v) for k, v in definitions.items()})
    return plain(short), {k: plain(v) for k, v in letters.items()}


LONG = "sin(x) + cos(x) * exp(x) + 1 / x"


def test_in_a_short_form_a_letter_is_kept_where_it_recurs() -> None:
    assert told(f"sqrt({LONG}) * ({LONG})", u=LONG) == ("sqrt(u) * u", {"u": LONG})
    assert told(f"sqrt({LONG}) * x", u=LONG) == (f"sqrt({LONG}) * x", {})
    assert told("sqrt(2 * x) + 2 * x", u="2 * x") == ("sqrt(2 * x) + 2 * x", {})


def test_in_a_long_form_every_letter_is_kept() -> None:
    outer = f"log({LONG}) * exp({LONG}) + x^2 - x^3 * ({LONG})"
    form = f"sin({outer}) + x^2 + x^3 + x^4"
    assert told(form, u=outer, v=LONG) == (
        "sin(u) + x^2 + x^3 + x^4",
        {"u": "log(v) * exp(v) + x^2 - x^3 * v", "v": LONG},
    )


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.randoms(use_true_random=True))
def test_the_letters_put_back_give_the_form_again(random: Random) -> None:
    expression = random_expression(random, ["x", "y"], 6, [*MEANING])
    found = differentiate(expression, "x")
    assert put_back(*in_letters(found.value, found.definitions)) == found.value


def test_the_length_of_an_answer_grows_in_step_with_the_nesting() -> None:
    for layer in ("x * (1 + #)", "1 / (1 + #)", "sin(# + 1)"):
        lengths = []
        for depth in (8, 32):
            text = "x"
            for _ in range(depth):
                text = layer.replace("#", text)
            found = differentiate(parse(text), "x")
            short, letters = in_letters(found.value, found.definitions)
            lengths.append(sum(len(plain(part)) for part in (short, *letters.values())))
        assert math.log(lengths[1] / lengths[0], 4) <= 1.3, (layer, lengths)
