"""The JSON of a derivation: a public contract, key by key, text by text, number by number."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import cache, partial
from io import StringIO
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

import stepsolve
from stepsolve.derivation import Check, Derivation, Step
from stepsolve.notation.tree import Apply, Expression, walk
from stepsolve.problem import kind_names
from stepsolve.render.json import render
from stepsolve.source import expression

parse = partial(expression.parse, entries=True)  # h(3) and h(t - 1) are names, too


def read_back(text: str, tree: Expression) -> Expression:
    """The text read, with h(x) a call where it is one."""
    own = any(isinstance(n, Apply) and n.operation in OWN for n in walk(tree))
    return expression.parse(text, OWN) if own else parse(text)


ROOT = Path(__file__).parents[2] / "problems"
OF_ARRAYS = ("perceptrons", "networks")  # read back by the tests of their own problems
FILES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in ROOT.rglob("*.yaml")
    if path.parent.name not in OF_ARRAYS
)
GRAPHS = [file for file in FILES if "kind: graph" in (ROOT / file).read_text(encoding="utf-8")]

# what is hard to print so that it reads back: signs, powers, fractions, decimals, primes, Greek
HARD: dict[str, dict[str, object]] = {
    "signs": {"lines": ["a = -x^2", "b = (-x)^2", "c = -(-x)", "f = a - (b - c) - -x"]},
    "powers": {"lines": ["a = x^2^y", "b = (x^2)^y", "c = 2^-x", "f = e^-a * b / c^(1/2)"]},
    "fractions": {"lines": ["a = x / y / 3", "b = x / (y / 3)", "f = 1/2 * (a + b) / (x * y)"]},
    "numbers": {"lines": ["a = 0.50 * x", "b = 1e-3 * y", "f = a * 2.675 + b * 1e3"]},
    "choices": {"lines": ["a = where(x > y, x, -y)", "b = max(x, y, 2)", "f = a * b + abs(y - x)"]},
    "names": {
        "given": {"x'": 2, "α": "3/4", "w_1": 0.5, "λ": "9/25"},
        "lines": ["h_1 = x' * α", "h' = log(h_1) + w_1", "f = sigmoid(h') * λ", "g = f"],
    },
}
OWN = ("f", "g", "h", "f'", "sigma", "sigma'")  # functions that problem files define
UNPROVED = tuple(  # without steps
    f"proofs/{name}.yaml" for name in ("arctangents", "correlation-flipped", "sigmoid-of-sum")
)


@cache
def solved(name: str) -> Derivation:
    if name in FILES:
        return stepsolve.solve(ROOT / name)
    given = {"x": 1.25, "y": 0.75}
    return stepsolve.solve({"kind": "graph", "given": given, "backward": "f", **HARD[name]})


@cache
def told(name: str) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    found = json.loads(render([solved(name)]), parse_constant=refuse)
    assert isinstance(found, dict)
    return found


ALL = [*FILES, *HARD]

# ---------------------------------------------------------------------------------------- keys

TOP = ["stepsolve", "title", "kind", "quantities", "results", "lines", "steps", "tables"]
LINE = {"name", "expression", "substituted", "value", "shape", "because", "section"}
STEP = {"rule", "formula", "before", "after", "because", "steps"}
CHECK = {"of", "method", "error", "passed"}


@pytest.mark.parametrize("name", ALL)
def test_the_keys_are_those_of_the_contract(name: str) -> None:
    found = told(name)
    assert list(found) == [*TOP, "checks", "confirmed"]
    assert found["stepsolve"] == 1
    for line in found["lines"]:
        assert set(line) - {"note"} == LINE
    for step in steps_of(found["steps"]):
        assert set(step) - {"where", "result"} == STEP
    for check in found["checks"]:
        assert set(check) - {"note"} == CHECK
        assert check["passed"] is True
    assert found["confirmed"] is True


def steps_of(steps: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in steps:
        yield step
        yield from steps_of(step["steps"])


@pytest.mark.parametrize("name", ALL)
def test_words_are_words_and_numbers_are_finite(name: str) -> None:
    found = told(name)
    assert found["title"] and found["kind"] in kind_names()
    for key in ("name", "because", "section"):
        assert all(isinstance(line[key], str) for line in found["lines"])
    assert {line["section"] for line in found["lines"]} <= {"forward", "backward", ""}
    assert all(step["rule"] for step in steps_of(found["steps"]))
    numbers = [*chain.from_iterable(map(flat, found["quantities"].values()))]
    numbers += [check["error"] for check in found["checks"]]
    for line in found["lines"]:
        if line["value"] is not None:
            numbers += flat(line["value"])
            assert len(flat(line["value"])) == math.prod(line["shape"])
    assert all(isinstance(n, int | float) and math.isfinite(n) for n in numbers)


def flat(found: Any) -> list[Any]:
    """The numbers of nested lists."""
    return [n for part in found for n in flat(part)] if isinstance(found, list) else [found]


def test_the_same_by_the_library_by_render_and_by_several() -> None:
    one, other = solved("graphs/sum.yaml"), solved("calculus/tanh.yaml")
    assert told("graphs/sum.yaml") == one.to_json()
    assert json.loads(render([one, other])) == [one.to_json(), other.to_json()]
    assert render([one]).endswith("}\n") and render([one, other]).endswith("]\n")


def test_an_error_that_is_infinite_is_no_number() -> None:
    failed = solved("graphs/sum.yaml")._replace(checks=(Check("f", "luck", math.inf, False, "so"),))
    found = json.loads(render([failed]), parse_constant=pytest.fail)
    assert found["checks"] == [
        {"of": "f", "method": "luck", "error": None, "passed": False, "note": "so"}
    ]
    assert found["confirmed"] is False


# --------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize("name", ALL)
def test_every_line_reads_back_to_its_own_tree(name: str) -> None:
    lines = solved(name).lines
    assert len(told(name)["lines"]) == len(lines)
    for text, line in zip(told(name)["lines"], lines, strict=True):
        assert text["name"] == line.name
        assert read_back(text["expression"], line.expression) == line.expression
        if line.working:
            assert parse(text["substituted"]) == line.working[0]
        else:
            assert text["substituted"] is None


@pytest.mark.parametrize("name", ALL)
def test_every_result_reads_back_to_its_own_tree(name: str) -> None:
    results = solved(name).results
    assert list(told(name)["results"]) == list(results)
    for key, form in results.items():
        assert read_back(told(name)["results"][key], form) == form


@pytest.mark.parametrize("name", ALL)
def test_every_step_reads_back_to_its_own_trees(name: str) -> None:
    count = compared(told(name)["steps"], solved(name).steps)
    assert count > 0 or solved(name).lines or name in GRAPHS or name in HARD or name in UNPROVED


def compared(texts: list[dict[str, Any]], steps: tuple[Step, ...]) -> int:
    count = 0
    for text, step in zip(texts, steps, strict=True):
        sides: list[tuple[str, Expression]] = [
            (text["before"], step.before),
            (text["after"], step.after),
        ]
        if step.formula is not None:
            sides += zip(text["formula"].split(" = "), step.formula, strict=True)
        if step.result is not None:
            sides.append((text["result"], step.result))
        for letter, inner in step.where:
            sides.append((text["where"][letter], inner))
        for side, tree in sides:
            assert read_back(side, tree) == tree
        count += 1 + compared(text["steps"], step.steps)
    return count


# ------------------------------------------------------------------------------------- numbers

_NAME = re.compile(r"[d∂][^\W\d_]\w*'*/[d∂][^\W\d_]\w*'*|[^\W\d_]\w*'*")
FUNCTIONS: dict[str, Any] = {
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "where": lambda condition, yes, no: yes if condition else no,
    "sign": lambda x: (x > 0) - (x < 0),
    **{name: getattr(math, name) for name in ("exp", "log", "sin", "cos", "tan", "tanh")},
}


def value(text: str, names: dict[str, float]) -> float:
    """A formula as Python works it out: a reader of its own, which shares no code with stepsolve."""
    entries = sorted((name for name in names if "(" in name), key=len, reverse=True)
    known = re.compile("|".join([*map(re.escape, entries), _NAME.pattern]))
    looked_up = known.sub(lambda m: f"n[{m[0]!r}]" if m[0] in names else m[0], text)
    return float(eval(looked_up.replace("^", "**"), {**FUNCTIONS, "n": names}, {"e": math.e}))


GENERAL = re.compile(r"\([a-z]")  # of an entry at an index that has no value: f(n), dh(t)/dw
# arrays, whose formulas test_problems_arrays.py works out
OF_ARRAYS = re.compile(r"shape:|\w: \[-?[\d\[]")


def has_numbers(name: str) -> bool:
    if name in HARD:
        return True
    text = (ROOT / name).read_text(encoding="utf-8")
    given = re.search(r"^given:(.*?)^\S", text, re.DOTALL | re.MULTILINE)
    return "given" in text and not (given and OF_ARRAYS.search(given[1]))


NUMERIC = [name for name in ALL if has_numbers(name)]


@pytest.mark.parametrize("name", NUMERIC)
def test_every_line_has_the_value_of_its_formula(name: str) -> None:
    quantities = told(name)["quantities"]
    assert told(name)["lines"]
    for line in told(name)["lines"]:
        found = value(line["expression"], quantities)
        assert line["value"] == quantities[line["name"]]
        assert line["value"] == pytest.approx(found, rel=1e-13, abs=1e-16), line["name"]


@pytest.mark.parametrize("name", NUMERIC)
def test_every_result_has_the_value_of_its_quantity(name: str) -> None:
    quantities = told(name)["quantities"]
    results = {k: v for k, v in told(name)["results"].items() if not GENERAL.search(k)}
    assert results
    for key, text in results.items():
        assert value(text, quantities) == pytest.approx(quantities[key], rel=1e-13, abs=1e-16), key


@pytest.mark.parametrize("file", [f for f in NUMERIC if f in GRAPHS])
def test_the_numbers_put_in_lead_to_the_value(file: str) -> None:
    """With fifteen digits shown, the working itself can be worked out."""
    text = (ROOT / file).read_text(encoding="utf-8") + "significant-digits: 15\n"
    found = stepsolve.solve(StringIO(text)).to_json()
    worked = [line for line in found["lines"] if line["substituted"] is not None]  # type: ignore[attr-defined]
    assert worked
    for line in worked:
        assert value(line["substituted"], {}) == pytest.approx(line["value"], rel=1e-12)


@pytest.mark.parametrize("name", NUMERIC)
def test_quantities_have_full_double_precision(name: str) -> None:
    derivation = solved(name)
    assert told(name)["quantities"] == derivation.quantities
    for line in derivation.lines:
        if line.decimal is not None:
            assert line.value == pytest.approx(float(line.decimal), rel=4e-15, abs=2e-16)


def test_known_numbers_to_the_last_digit() -> None:
    """sigmoid(1) and its slope, as in any table of 16 digits."""
    found = told("graphs/neuron.yaml")["quantities"]
    assert found["f"] == pytest.approx(0.7310585786300049, rel=3e-16)
    assert found["df/dw2"] == pytest.approx(0.19661193324148185, rel=3e-16)
    assert told("numbers")["quantities"]["b"] == 0.00075
