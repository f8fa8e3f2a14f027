"""What holds of every derivation: random expressions over all operations, against the oracle.

200 expressions, or 2,000 where the environment variable STEPSOLVE_NIGHTLY is set.
"""

from __future__ import annotations

import os
from random import Random

import pytest
import sympy
from calculus.test_engine import flat
from hypothesis import given, note, settings
from hypothesis import strategies as st
from oracle import MEANING, MP, At, NoValue, close, points, random_expression

from stepsolve.algebra import Untranslatable, to_sympy
from stepsolve.calculus import rules
from stepsolve.calculus.engine import METHODS, differentiate
from stepsolve.derivation import Step
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Name, walk

NIGHTLY = 10 if os.environ.get("STEPSOLVE_NIGHTLY") else 1
NAMES = ["x", "y", "u", "v", "w", "f", "a", "c", "n", "e", "θ", "x'", "h_1", "u_1", "pi"]
NAMES += ["E", "I", "S", "N", "lambda", "beta", "W_hh", "alpha_2'", "d", "diffs", "σ"]
RANDOM = st.randoms(use_true_random=True)  # of one seed, so that large expressions are not rare


def assert_complete(step: Step) -> None:
    """Every derivative that a step leaves open is worked out below it, by a rule that has a name."""
    known = {rule.name for found in rules.find_rules().values() for rule in found}
    known |= {rules.product_rule(count).name for count in range(2, 13)}
    for one in flat(step):
        assert one.rule in known, one.rule
        letters = {letter for letter, _ in one.where}
        left = {n for n in walk(one.after) if isinstance(n, Apply) and n.operation == "diff"}
        names = {plain(n.arguments[0]) for n in left}
        assert len(one.steps) >= len(names), plain(one.after)
        assert not one.where or letters <= names
        # what is too long in full is left as it stands
        assert one.result in (None, one.after) or "diff(" not in plain(one.result)


def assert_true(
    expression: Expression, variables: list[str], variable: str, euler: bool, method: str
) -> None:
    found = differentiate(expression, variable, variables, euler=euler, method=method)
    assert found.definitions.keys().isdisjoint(variables)
    assert_complete(found.step)
    for values in points(expression, variables, euler):
        at = At(values, found.definitions, euler)
        if method == "logarithmic" and any(not at(node) for node in walk(expression)):
            continue  # 0 has no logarithm
        slope = at(Apply("diff", expression, Name(variable)))
        assert close(at(found.value), slope)
        chosen = any(isinstance(n, Apply) and n.operation == "where" for n in walk(expression))
        for step in flat(found.step):
            try:
                before = at(step.before)
            except NoValue:  # a value that is not chosen at this point may not exist
                assert chosen
                continue
            assert close(at(step.after), before), step
            assert step.result is None or close(at(step.result), before), step


@settings(max_examples=200 * NIGHTLY, derandomize=True, deadline=None)
@given(RANDOM)
def test_every_step_of_any_derivation_is_true(random: Random) -> None:
    variables = random.sample(NAMES, random.randint(1, 4))
    expression = random_expression(random, variables, random.randint(2, 6), [*MEANING])
    variable, euler = random.choice(variables), "e" not in variables
    note(f"{plain(expression)} by {variable}")
    assert_true(expression, variables, variable, euler, "as-written")


def test_a_wrong_rule_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The property would catch a slip in one row: a sign in the quotient rule."""
    right = rules.named("quotient rule")
    wrong = right._replace(template=rules.named("product rule").template)
    quotients = rules.by_head()["", "/"]
    heads = {**rules.by_head(), ("", "/"): tuple(wrong if r == right else r for r in quotients)}
    monkeypatch.setattr(rules, "by_head", lambda: heads)
    quotient = random_expression(Random(3), ["x"], 1, [])
    with pytest.raises(AssertionError):
        assert_true(Apply("/", quotient, Apply("sin", Name("x"))), ["x"], "x", True, "as-written")


@settings(max_examples=150, derandomize=True, deadline=None)
@given(RANDOM)
def test_sympy_has_the_same_value_where_it_has_one(random: Random) -> None:
    expression = random_expression(random, ["x", "y"], 4, [*MEANING])
    note(plain(expression))
    value = differentiate(expression, "x").value
    names_of = {name: sympy.Symbol(name, real=True) for name in ("x", "y")}
    try:
        own = sympy.diff(to_sympy(expression), names_of["x"])
    except (Untranslatable, ValueError, TypeError, ZeroDivisionError):
        return
    for values in points(expression, ["x", "y"], count=1):
        put = {names_of[name]: sympy.Float(str(at), 40) for name, at in values.items()}
        number = sympy.N(own.subs(put), 30)
        if number.is_Float or number.is_Rational:
            assert close(MP.mpf(str(number)), At(values)(value))


def test_most_random_expressions_can_be_compared() -> None:
    """The properties above would hold of anything if no point were ever found."""
    random = Random(1)
    made = [random_expression(random, ["x", "y"], 5, [*MEANING]) for _ in range(200)]
    assert sum(any(True for _ in points(one, ["x", "y"])) for one in made) > 150
    assert sum(one.size for one in made) / len(made) > 9


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60 * NIGHTLY, derandomize=True, deadline=None)
@given(RANDOM)
def test_every_method_is_true(method: str, random: Random) -> None:
    expression = random_expression(random, ["x", "y", "c"], random.randint(2, 5), ["*", "/", "^"])
    note(f"{plain(expression)} by {method}")
    assert_true(expression, ["x", "y", "c"], "x", True, method)
