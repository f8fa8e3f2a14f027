"""Splitting into gates changes neither values nor gradients, and every gate is one operation."""

from __future__ import annotations

from random import Random

import pytest

import stepsolve
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Expression, Name, Number, names, substitute
from stepsolve.source.expression import parse
from stepsolve.worksheet.backward import Graph, backward
from stepsolve.worksheet.evaluation import evaluate
from stepsolve.worksheet.gates import split_into_gates
from stepsolve.worksheet.lines import Line, Worksheet

GIVEN = {"x": None, "y": None, "z": None, "w": None}
PROBLEMS = {
    "neuron": ["f = 1 / (1 + exp(-(w*x + y)))"],
    "neuron in lines": ["s = w*x + y*z", "f = sigmoid(s) * tanh(s) + x"],
    "repeated names": ["q = x*x + x / (1 + x^2)", "f = q*q*x - -q"],
    "powers": ["f = (1 + x^2)^(y * z) - (x^2 + 1)^2 / 3"],
    "constants": ["f = 2 * 3 * x + (4 - 1 / 2) * y^2 + sqrt(2)"],
    "largest": ["f = max(x * y, y + z, 2 * z, w) - min(x, y, z)"],
    "choice": ["f = where(x * y > z, sin(x * z), cos(y)) * (w > 0)"],
    "defaults": ["f = leaky_relu(x - 5) * elu(y * z - 9) + leaky_relu(x * y, w * z)"],
    "chain": ["f = exp(-tanh(sin(x * y)^2))"],
    "aliases": ["p = x", "q = p", "f = q * (p + 1)"],
    "signs": ["f = -(-x) - (-(y * z))"],
    "names": ["h_1 = x*y + z", "h_12 = tanh(2 * h_1 + w)", "α = h_12^2 + 1", "f = 3 * α * h_1"],
}
problems = pytest.mark.parametrize("lines", PROBLEMS.values(), ids=list(PROBLEMS))


def worksheet(*lines: str, given: dict[str, Expression | None] | None = None) -> Worksheet:
    parts = (line.split(" = ") for line in lines)
    written = tuple(Line(name, parse(text), f"why {name}") for name, text in parts)
    return Worksheet(given or GIVEN, written)


def split(*lines: str) -> list[str]:
    found = split_into_gates(worksheet(*lines)).lines
    return [f"{line.name} = {plain(line.expression)}" for line in found]


@problems
@pytest.mark.parametrize("seed", range(5))
def test_values_and_gradients_stay(lines: list[str], seed: int) -> None:
    random = Random(seed)
    given = {name: Number(str(round(random.uniform(0.2, 2), 3))) for name in GIVEN}
    whole = worksheet(*lines, given=dict(given))
    gates = split_into_gates(whole)
    one, other = (evaluate(sheet.extended(backward(Graph(sheet, "f")))) for sheet in (whole, gates))
    kept = {*whole.names, *(f"df/d{name}" for name in Graph(whole, "f").active)}
    assert kept <= set(one) & set(other)
    for name in kept:
        assert abs(one[name] - other[name]) <= 1e-12 * max(1, abs(one[name])), name


@problems
def test_a_gate_is_one_operation_on_names_and_constants(lines: list[str]) -> None:
    for line in split_into_gates(worksheet(*lines)).lines:
        parts = line.expression.children
        assert all(isinstance(part, Name) or not names(part) for part in parts), line
        wide = isinstance(line.expression, Apply) and line.expression.operation == "where"
        assert len(parts) <= (3 if wide else 2)


@problems
def test_a_gate_uses_earlier_names_and_has_a_name_of_its_own(lines: list[str]) -> None:
    gates = split_into_gates(worksheet(*lines))
    assert len(set(gates.names)) == len(gates.names)
    known = set(gates.given)
    for line in gates.lines:
        assert set(names(line.expression)) <= known
        assert parse(line.name) == Name(line.name)
        known.add(line.name)


@problems
def test_gates_put_together_again_are_the_lines(lines: list[str]) -> None:
    whole = worksheet(*lines)
    kept = {line.name: line for line in whole.lines}
    inner: dict[str, Expression] = {}
    for gate in split_into_gates(whole).lines:
        formula = substitute(gate.expression, inner)
        if gate.name not in kept:
            inner[gate.name] = formula
        elif "max" not in plain(formula):  # of several arguments, they are taken two at a time
            assert formula == kept[gate.name].expression
            assert gate.because == f"why {gate.name}"


def test_the_order_of_evaluation() -> None:
    assert split("f = 1 / (1 + exp(-(w * x + y)))") == [
        "f1 = w * x",
        "f2 = f1 + y",
        "f3 = -f2",
        "f4 = exp(f3)",
        "f5 = 1 + f4",
        "f = 1 / f5",
    ]


def test_constants_are_left_together() -> None:
    assert split("f = 2 * 3 * x + sqrt(2) / 5") == ["f1 = 2 * 3 * x", "f = f1 + sqrt(2) / 5"]
    assert split("f = 2 * (3 + 4)") == ["f = 2 * (3 + 4)"]


def test_max_and_min_are_taken_two_at_a_time() -> None:
    assert split("f = max(x, y, z, w)") == [
        "f1 = max(x, y)",
        "f2 = max(f1, z)",
        "f = max(f2, w)",
    ]


def test_lines_of_one_operation_stay() -> None:
    lines = ["p = x * y", "q = p", "r = where(x, y, z)", "s = 3", "f = -p"]
    assert split(*lines) == lines


def test_gate_names_avoid_those_that_are_taken() -> None:
    # f1 is given, f3 a later line, and f2 a gate of its own
    given: dict[str, Expression | None] = {"x": None, "f1": None}
    sheet = worksheet("f = x * f1 + 1", "f3 = f - 1", "g = exp(f3 * x)", given=given)
    found = [line.name for line in split_into_gates(sheet).lines]
    assert found == ["f2", "f", "f3", "g1", "g"]


def test_gates_of_names_that_end_in_a_digit() -> None:
    assert split("h1 = x * y + z", "h11 = h1 * 2 + x", "f = h11") == [
        "h1_1 = x * y",
        "h1 = h1_1 + z",
        "h11_1 = h1 * 2",
        "h11 = h11_1 + x",
        "f = h11",
    ]


def test_gates_of_names_with_primes_can_be_read_back() -> None:
    gate, line = split_into_gates(worksheet("x' = x * y + z")).lines
    assert parse(gate.name) == Name(gate.name)
    assert line.expression == Apply("+", Name(gate.name), Name("z"))


def test_a_problem_asks_for_gates() -> None:
    problem = {"kind": "graph", "given": {"x": 2, "y": -3}, "lines": ["f = x * y + x"]}
    gates = stepsolve.solve({**problem, "backward": "f", "gates": "binary"})
    assert gates.quantities["f1"] == -6
    assert (gates.quantities["df/dx"], gates.quantities["df/dy"]) == (-3 + 1, 2)
    assert gates.confirmed
