"""The steps of every problem file: which rules in which order.

They are written here as a teacher takes them at the board, rule by rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

import stepsolve
from stepsolve.derivation import Derivation, Step, Steps
from stepsolve.notation.plain import plain

ROOT = Path(__file__).parents[1] / "problems"


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / file)


def outline(steps: Iterable[Step], depth: int = 0) -> Iterator[str]:
    """The names of the rules, each after one dot for every step that it belongs to."""
    for step in steps:
        yield "." * depth + step.rule
        yield from outline(step.steps, depth + 1)


def flat(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from flat(step.steps)


LOGISTIC = """
reciprocal rule
.sum rule
..constant rule
..chain rule with the derivative of exp
...negation
{inner}
split the fraction
add and subtract
divide out
recognise the function
"""
OVER_LOG = """
.chain rule with the derivative of log
..sum rule
...{one} rule
...{other} rule
"""
RULES = {
    "calculus/sigmoid.yaml": LOGISTIC.format(inner="....identity rule"),
    "calculus/sigmoid-scaled.yaml": 2
    * LOGISTIC.format(inner="....constant multiple rule\n.....identity rule"),
    "calculus/tanh.yaml": """
quotient rule
.difference rule
..exponential rule
..chain rule with the exponential rule
...negation
....identity rule
.sum rule
..exponential rule
..chain rule with the exponential rule
...negation
....identity rule
divide each term
group the quotients
recognise the function
""",
    "calculus/class-test.yaml": (
        "product rule\n.power rule"
        + OVER_LOG.format(one="identity", other="constant")
        + "product rule\n.exponential rule"
        + OVER_LOG.format(one="constant", other="identity")
        + "exponential rule"  # a^x
    ),
    "calculus/gates.yaml": """
sum rule
.identity rule
.constant rule
sum rule
.constant rule
.identity rule
difference rule
.identity rule
.constant rule
difference rule
.constant rule
.identity rule
constant multiple rule
.identity rule
constant multiple rule
.identity rule
constant multiple rule
.identity rule
reciprocal rule
.identity rule
exponential rule
derivative of log
derivative of max
derivative of max
quotient rule
.derivative of sin
.derivative of cos
Pythagorean identity
""",
    "calculus/huber.yaml": """
case by case
.constant multiple rule
..power rule
.constant multiple rule
..difference rule
...derivative of abs
...constant rule
""",
    "calculus/softmax.yaml": """
quotient rule
.derivative of exp
.sum rule
..derivative of exp
..constant rule
..constant rule
divide each term
factor out
reciprocal rule
.sum rule
..constant rule
..derivative of exp
..constant rule
reciprocal rule
.sum rule
..constant rule
..constant rule
..derivative of exp
""",
    "calculus/swish.yaml": """
product rule
.identity rule
.derivative of sigmoid
factor out
derivative of silu
""",
    "calculus/cube-root.yaml": """
product rule
.power rule
.difference rule
..identity rule
..constant rule
common denominator
expand and collect
""",
    "calculus/relu-max.yaml": """
derivative of relu
derivative of leaky_relu
derivative of max
derivative of max
""",
    "calculus/relu-at-kink.yaml": "derivative of relu",
    "calculus/neuron-vector.yaml": "".join(
        "\nchain rule with the derivative of sigmoid\n.sum rule\n"
        + "\n".join(
            (
                "..constant rule"
                if k != by
                else "..identity rule"
                if k == 3  # the bias stands alone
                else "..constant multiple rule\n...identity rule"
            )
            for k in range(4)
        )
        for by in range(4)
    ),
}
RECURRENCES = {
    "calculus/recurrence.yaml": """
the recurrence
put in f(0)
the recurrence
put in f(1)
multiply out
collect
the recurrence
put in f(2)
multiply out
collect
the power with exponent 0 is 1
the difference is 0
the recurrence
the assumption
multiply out
common denominator
cancel
no steps, nothing added
the recurrence
the assumption
one more of the same
sum rule
.constant multiple rule
..identity rule
.constant rule
sum rule
.constant multiple rule
..power rule
.quotient rule
..constant multiple rule
...difference rule
....constant rule
....power rule
..difference rule
...constant rule
...identity rule
sum rule
.constant rule
.constant multiple rule
..constant multiple rule
...identity rule
common denominator
cancel
""",
    "sequences/scalar-rnn-linear.yaml": """
sum rule
.product rule
..identity rule
.constant rule
.constant rule
sum rule
.constant multiple rule
..identity rule
.constant rule
.constant rule
""",
    "sequences/scalar-rnn.yaml": """
chain rule with the derivative of tanh
.sum rule
..product rule
...identity rule
..constant rule
..constant rule
chain rule with the derivative of tanh
.sum rule
..constant multiple rule
...identity rule
..constant rule
..constant rule
""",
}


@pytest.mark.parametrize("file", RECURRENCES)
def test_the_steps_of_a_recurrence_are_those_of_the_board(file: str) -> None:
    expected = [row for row in RECURRENCES[file].splitlines() if row]
    assert list(outline(solved(file).steps)) == expected


@pytest.mark.parametrize("file", RULES)
def test_the_rules_are_named_in_the_order_of_the_board(file: str) -> None:
    expected = [row for row in RULES[file].splitlines() if row]
    assert list(outline(solved(file).steps)) == expected


@pytest.mark.parametrize("file", RULES)
def test_every_step_of_calculus_states_its_rule(file: str) -> None:
    for step in flat(solved(file).steps):
        begins = plain(step.before).startswith("diff(")
        if begins:
            assert step.formula is not None, step.rule
            assert plain(step.formula[0]).startswith("diff("), step.rule
        else:
            assert step.before != step.after, step.rule


@pytest.mark.parametrize(
    ("file", "count"), [("sigmoid", 4), ("sigmoid-scaled", 8), ("tanh", 3), ("gates", 1)]
)
def test_the_textbook_form_goes_on_where_the_rules_end(file: str, count: int) -> None:
    rewrites = [
        (before, after)
        for before, after in pairwise(solved(f"calculus/{file}.yaml").steps)
        if not plain(after.before).startswith("diff(")
    ]
    assert len(rewrites) == count
    for before, after in rewrites:
        assert after.before == (before.result or before.after)


@pytest.mark.parametrize("file", [file for file in RULES if file.startswith("calculus/")])
def test_sympy_decides_most_of_the_steps(file: str) -> None:
    derivation = solved(file)
    claims = [check.of for check in derivation.checks if check.method == "SymPy"]
    blocks = (block.steps for block in derivation.blocks if isinstance(block, Steps))
    for name, steps in zip(derivation.results, blocks, strict=True):
        of = next((c for c in claims if c.endswith((f"steps of {name}", f"step of {name}"))), "")
        if not of:  # one step, which it decides as a whole only
            assert f"{name} by the rules" in claims
            continue
        decided, whole = int(re.findall(r"\d+", of)[0]), sum(1 for _ in flat(steps))
        assert 2 * whole / 3 <= decided <= whole, of
