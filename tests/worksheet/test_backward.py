"""The backward pass, against gradients worked by hand and against a small autodiff of its own."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from random import Random

import pytest
from reverse_by_hand import autodiff, close, random_problem, solved, used, worksheet
from timing import at_most

import stepsolve
from stepsolve.derivation import Text
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Name, names
from stepsolve.source.expression import parse
from stepsolve.worksheet.backward import MAX_PATHS, Graph, backward
from stepsolve.worksheet.evaluation import evaluate, value
from stepsolve.worksheet.lines import Line, Worksheet
from stepsolve.worksheet.solution import Solution

seeds = pytest.mark.parametrize("seed", range(80))


@seeds
def test_values_and_gradients_of_random_graphs(seed: int) -> None:
    given, lines, target = random_problem(seed)
    sheet = worksheet(given, lines)
    found, known = solved(sheet, target), autodiff(given, lines, target)
    moving = set(given)
    for name, text in lines.items():
        moving |= {name} if used(text) & moving else set()
    for name, node in known.items():
        assert close(found[name], node.data), name
        # a name without a gradient is one that the target does not depend on, or a constant
        if name in moving or name == target:
            assert close(found.get(f"d{target}/d{name}", 0.0), node.grad), name


@seeds
def test_each_line_uses_earlier_names_and_has_a_name_of_its_own(seed: int) -> None:
    given, lines, target = random_problem(seed)
    sheet = worksheet(given, lines)
    full = sheet.extended(backward(Graph(sheet, target)))
    assert len(set(full.names)) == len(full.names)
    seen = set(sheet.given)
    for line in full.lines:
        assert set(names(line.expression)) <= seen, line.name
        seen.add(line.name)


@seeds
def test_only_what_lies_between_is_differentiated(seed: int) -> None:
    given, lines, target = random_problem(seed)
    wrt = Random(seed).sample([*given, *lines], 2)
    upstream, downstream = {target}, set(wrt)
    for name, text in reversed(lines.items()):
        upstream |= used(text) if name in upstream else set()
    for name, text in lines.items():
        downstream |= {name} if used(text) & downstream else set()
    graph = Graph(worksheet(given, lines), target, wrt)
    assert set(graph.active) == upstream & downstream
    gradients = {line.name for line in backward(graph) if line.role == "gradient"}
    assert gradients == {f"d{target}/d{name}" for name in {*graph.active, target}}
    known = autodiff(given, lines, target)
    found = solved(worksheet(given, lines), target, wrt)
    assert all(close(found[f"d{target}/d{n}"], known[n].grad) for n in graph.active)


@seeds
def test_a_partial_sign_exactly_where_another_way_leads_into_the_line(seed: int) -> None:
    given, lines, target = random_problem(seed)
    above: dict[str, set[str]] = {name: set() for name in given}
    for name, text in lines.items():
        above[name] = used(text).union(*(above[use] for use in used(text)))
    graph = Graph(worksheet(given, lines), target)
    expected = {
        (line, use)
        for line, uses in graph.arguments.items()
        for use in uses
        if any(use in above[other] for other in uses)
    }
    partials = {line.name for line in backward(graph) if line.name.startswith("∂")}
    assert graph.indirect() == expected
    assert partials == {f"∂{line}/∂{use}" for line, use in expected}


def ways(lines: dict[str, str], source: str, target: str) -> Iterator[tuple[str, ...]]:
    if source == target:
        yield (source,)
    for user, text in lines.items():
        if source in used(text):
            yield from ((source, *rest) for rest in ways(lines, user, target))


@pytest.mark.parametrize("seed", range(60))
def test_the_paths_are_all_paths_and_sum_to_the_gradient(seed: int) -> None:
    given, lines, target = random_problem(seed)
    solution = Solution(worksheet(given, lines), target)
    graph, known = solution.graph, autodiff(given, lines, target)
    assert graph is not None
    for name in graph.active:
        expected = [path for path in ways(lines, name, target) if set(path) <= set(graph.active)]
        assert Counter(graph.paths(name)) == Counter(expected)
        rows = solution.paths(name).rows if name != target else ()
        if not 0 < len(rows) < MAX_PATHS:
            continue
        # the last cell is one product for each place; the middle one is the whole of the path
        assert close(sum(value(row[2], solution.floats) for row in rows), known[name].grad)
        whole = {row[0]: row[1] for row in rows}
        assert close(sum(value(p, solution.floats) for p in whole.values()), known[name].grad)


def texts(sheet: Worksheet, target: str, wrt: Iterable[str] = ()) -> list[str]:
    lines = backward(Graph(sheet, target, wrt))
    return [f"{line.name} = {plain(line.expression)}" for line in lines]


def test_the_example_of_cs231n() -> None:
    sheet = worksheet({"x": -2, "y": 5, "z": -4}, {"q": "x + y", "f": "q * z"})
    assert texts(sheet, "f") == [
        "df/df = 1",
        "df/dq = z",
        "df/dz = q",
        "dq/dx = 1",
        "df/dx = df/dq * dq/dx",
        "dq/dy = 1",
        "df/dy = df/dq * dq/dy",
    ]
    found = solved(sheet, "f")
    assert [found[n] for n in ("q", "f", "df/dq", "df/dz", "df/dx", "df/dy")] == [
        3, -12, -4, 3, -4, -4,
    ]  # fmt: skip
    lines = {line.name: line for line in backward(Graph(sheet, "f"))}
    assert [lines[n].role for n in ("df/df", "df/dq", "dq/dx", "df/dx")] == [
        "gradient", "gradient", "local", "gradient",
    ]  # fmt: skip
    assert lines["df/dq"].of == "f" and lines["dq/dx"].of == "q" and lines["df/dx"].of == ""
    assert lines["df/dx"].because == "upstream times local"


def test_the_neuron_of_cs231n() -> None:
    given = {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}
    sheet = worksheet(given, {"s": "w0*x0 + w1*x1 + w2", "f": "1 / (1 + exp(-s))"})
    found = solved(sheet, "f")
    # f = 0.73, and with f (1 - f) = 0.20 upstream of the sum
    rounded = {name: round(found[f"df/d{name}"], 2) for name in ("s", *given)}
    assert rounded == {"s": 0.20, "w0": -0.20, "x0": 0.39, "w1": -0.39, "x1": -0.59, "w2": 0.20}


def test_two_ways_from_one_name_add() -> None:
    sheet = worksheet({"x": 3, "y": 2}, {"q": "x * y", "f": "q + x"})
    assert texts(sheet, "f", ["x"]) == [
        "df/df = 1",
        "df/dq = 1",
        "∂f/∂x = 1",
        "dq/dx = y",
        "df/dx = ∂f/∂x + df/dq * dq/dx",
    ]
    last = backward(Graph(sheet, "f", ["x"]))[-1]
    assert last.because == "x feeds q and f, and the paths add"
    assert last.note == "copy adds"
    assert solved(sheet, "f")["df/dx"] == 1 + 2


def test_a_name_that_stands_twice_in_a_gate() -> None:
    sheet = worksheet({"x": -3}, {"q": "x * x", "f": "q / x"})
    found = solved(sheet, "f")
    assert (found["dq/dx"], found["∂f/∂x"], found["df/dx"]) == (-6.0, -1.0, 1.0)
    rows = Solution(sheet, "f").paths("x").rows
    through_q = (Name("x"), " → ", Name("q"), " → ", Name("f"))
    assert [row[0] for row in rows] == [through_q, through_q, (Name("x"), " → ", Name("f"))]
    assert [value(row[2], found) for row in rows] == [1.0, 1.0, -1.0]


def test_the_target_may_stand_in_the_middle_and_names_may_be_idle() -> None:
    sheet = worksheet({"x": 2, "y": 5, "z": 7}, {"f": "x * y", "g": "f * z", "c": "3 * 4"})
    assert texts(sheet, "f") == ["df/df = 1", "df/dx = y", "df/dy = x"]
    assert texts(sheet, "g", ["z"]) == ["dg/dg = 1", "dg/dz = f"]
    assert texts(sheet, "c") == ["dc/dc = 1"]


@pytest.mark.parametrize(("users", "parts"), [(40, 0), (41, 2), (80, 2), (1601, 41 + 2)])
def test_many_paths_are_added_in_parts(users: int, parts: int) -> None:
    lines = {f"q{k}": f"x * {k + 1}" for k in range(users)}
    lines["s0"] = "q0 + 0"
    lines |= {f"s{k}": f"s{k - 1} + q{k}" for k in range(1, users)}
    sheet = worksheet({"x": 2}, lines)
    found = backward(Graph(sheet, f"s{users - 1}"))
    sums = [line for line in found if "_part" in line.name]
    assert len(sums) == parts
    assert all(line.because == "some of the paths" for line in sums)
    assert max(len(names(line.expression)) for line in found) <= 2 * 40
    exact = evaluate(sheet.extended(found))
    assert exact[f"ds{users - 1}/dx"] == users * (users + 1) / 2


def test_a_name_that_ends_in_part1_is_no_partial_sum() -> None:
    lines = {f"q{k}": "x * x_part1" for k in range(45)}
    lines["f"] = " + ".join(lines)
    solution = Solution(worksheet({"x": 2, "x_part1": 3}, lines), "f")
    assert len(set(solution.worksheet.names)) == len(solution.worksheet.names)
    assert (solution.floats["df/dx"], solution.floats["df/dx_part1"]) == (45 * 3, 45 * 2)


def test_a_line_with_the_name_of_a_gradient_is_refused() -> None:
    lines = ["q = x * y", "df/dx = 3 * q", "f = df/dx * x"]
    problem = {"kind": "graph", "given": {"x": 2, "y": 3}, "lines": lines, "backward": "f"}
    with pytest.raises(stepsolve.InvalidProblem, match="df/dx is a gradient"):
        stepsolve.solve(problem)


@pytest.mark.parametrize("operation", ["erf", "gelu"])
def test_the_pi_of_a_formula_is_not_the_pi_of_the_problem(operation: str) -> None:
    without = solved(worksheet({"x": 0.5}, {"f": f"{operation}(x)"}), "f")
    found = solved(worksheet({"x": 0.5, "pi": 2}, {"f": f"{operation}(x) * pi"}), "f")
    assert close(found["df/dx"], 2 * without["df/dx"])


@pytest.mark.parametrize("name", ["e", "pi"])
def test_a_constant_with_a_value_of_its_own_is_a_name_like_any_other(name: str) -> None:
    problem = {"kind": "graph", "given": {"x": 0, name: 3}, "lines": [f"f = sigmoid(x) * {name}"]}
    found = stepsolve.solve({**problem, "backward": "f"})
    assert (found.quantities["f"], found.quantities[f"df/d{name}"]) == (1.5, 0.5)
    assert found.quantities["df/dx"] == 3 * 0.25
    assert found.confirmed


def test_the_gradients_of_forty_arguments_take_no_time() -> None:
    given = {f"x{k}": float(k % 37) for k in range(40)}
    sheet = worksheet(given, {"f": f"max({', '.join(given)})"})
    with at_most(1):
        found = solved(sheet, "f")
    assert {name for name in given if found[f"df/d{name}"]} == {"x36"}


def test_symbols_have_gradients_as_formulas() -> None:
    sheet = Worksheet({"x": None, "y": None}, (Line("f", parse("x^2 * y")),))
    found = {line.name: line.expression for line in backward(Graph(sheet, "f"))}
    at = {"x": 3.0, "y": 5.0}
    assert {name: value(e, at) for name, e in found.items()} == {
        "df/df": 1, "df/dx": 2 * 3 * 5, "df/dy": 9,
    }  # fmt: skip
    assert Solution(sheet, "f").answers(["y"]) == {"df/dy": parse("x^2")}


@pytest.mark.parametrize("line", ["where(x > y, y, 3 * y)", "where(x > 1, 5, 7) * y / 5"])
def test_a_name_that_stands_in_a_condition_alone_has_gradient_zero(line: str) -> None:
    found = solved(worksheet({"x": 3, "y": 2}, {"f": line}), "f")
    assert (found["f"], found["df/dx"], found["df/dy"]) == (2, 0, 1)


def test_the_target_by_itself_is_one() -> None:
    backward_key = {"of": "f", "wrt": ["f"]}
    problem = {"kind": "graph", "given": {"x": 2}, "lines": ["f = x * x"], "backward": backward_key}
    assert stepsolve.solve({**problem, "paths": True}).quantities["df/df"] == 1


def chain(count: int, layer: str) -> dict[str, object]:
    """Layers on each other: `h_k` of `h_{k-1}`."""
    lines = ["h_0 = x"]
    lines += [f"h_{k} = {layer.format(f'h_{k - 1}', 'w')}" for k in range(1, count + 1)]
    given = {"x": "0.5", "w": "1.5"}
    return {"kind": "graph", "given": given, "lines": lines, "backward": f"h_{count}"}


def test_layers_alike_have_the_derivatives_of_their_own_names() -> None:
    found = stepsolve.solve(chain(4, "sigmoid({1} * {0} + {0})"))
    x, w = 0.5, 1.5
    for _ in range(4):
        x = 1 / (1 + math.exp(-(w + 1) * x))
    assert math.isclose(found.quantities["h_4"], x, rel_tol=1e-12)
    formulas = {line.name: plain(line.expression) for line in found.lines}
    assert formulas["∂h_3/∂w"] == formulas["∂h_4/∂w"].replace("3", "2").replace("4", "3")
    assert "h_2" in formulas["∂h_3/∂w"] and "#" not in "".join(formulas.values())
    rules = [step for step in found.steps if step.rule]
    assert "#" not in "".join(plain(step.before) + plain(step.after) for step in rules)


def test_a_long_page_is_shown_in_part_and_worked_out_and_checked_whole() -> None:
    found = stepsolve.solve(chain(300, "tanh({0})"))
    assert found.confirmed
    told = ["".join(map(str, b.parts)) for b in found.blocks if isinstance(b, Text)]
    left_out = "lines are left out here: they were worked out and checked as well."
    assert [text for text in told if "left out" in text] == [
        f"51 of 301 {left_out}",
        f"352 of 602 {left_out}",
    ]
    assert len(found.lines) == 500
    value = 0.5
    slope = 1.0
    for _ in range(300):
        value = math.tanh(value)
        slope *= 1 - value * value
    assert math.isclose(found.quantities["h_300"], value, rel_tol=1e-12)
    assert math.isclose(found.quantities["dh_300/dx"], slope, rel_tol=1e-9)
    checked = {check.of for check in found.checks}
    assert {"h_300", "dh_300/dh_1", "dh_300/dx"} <= checked
