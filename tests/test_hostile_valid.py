"""Odd, long and deep problems that are right: they must be solved, confirmed, and soon."""

from __future__ import annotations

import json
import math
import resource
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from commands import run

import stepsolve

MEMORY = 1 << 30  # bytes of address space, of which NumPy's libraries take a good part


def solved(**problem: object) -> stepsolve.derivation.Derivation:
    derivation = stepsolve.solve({"kind": "graph", **problem})
    assert derivation.confirmed, [check for check in derivation.checks if not check.passed]
    return derivation


def differentiated(expression: str, **more: object) -> dict[str, str]:
    derivation = stepsolve.solve({"kind": "derivative", "expression": expression, **more})
    assert derivation.confirmed, [check for check in derivation.checks if not check.passed]
    return derivation.to_json()["results"]  # type: ignore[return-value]


# --------------------------------------------------------------------------------------- texts


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000),
        ("9/25", 0.36),
        ("-9/25", -0.36),
        ("'2'", 2),
        ('"1/4"', 0.25),
        ("010", 10),
        ("1.", 1),
        (".5", 0.5),
        ("+3", 3),
        ("2^-2", 0.25),
        ("sqrt(2)", math.sqrt(2)),
        ("2 * pi", 2 * math.pi),
        ("e", math.e),
    ],
)
def test_a_number_is_read_as_it_is_typed(typed: str, value: float) -> None:
    text = f"kind: graph\ngiven: {{x: {typed}}}\nlines: [f = x]\n"
    assert stepsolve.solve(StringIO(text)).quantities["f"] == pytest.approx(value, rel=1e-15)


PROBLEM = "kind: graph\ngiven: {x: 2}\nlines:\n  - f = x^2\nbackward: f\n"


@pytest.mark.parametrize(
    "data",
    [
        PROBLEM.replace("\n", "\r\n").encode(),
        PROBLEM.replace("\n", "\r").encode(),
        b"\xef\xbb\xbf" + PROBLEM.encode(),
        PROBLEM.rstrip().encode(),
        b"---\n" + PROBLEM.encode() + b"...\n",
        b"# first\n\n" + PROBLEM.encode() + b"\n\n# last\n",
        json.dumps(
            {"kind": "graph", "given": {"x": 2}, "lines": ["f = x^2"], "backward": "f"}
        ).encode(),
    ],
    ids=["Windows", "old Mac", "byte order mark", "no end", "document", "comments", "JSON"],
)
def test_files_from_everywhere(data: bytes) -> None:
    derivation = stepsolve.solve(BytesIO(data))
    assert derivation.quantities == {"x": 2, "f": 4, "df/df": 1, "df/dx": 4}


# --------------------------------------------------------------------------------------- names


@pytest.mark.parametrize(
    "name",
    [
        *(
            "lambda",
            "x'",
            "x''",
            "α",
            "beta",
            "W_hh",
            "h_1",
            "x0",
            "T",
            "d",
            "sin",
            "exp",
            "symbol",
        ),
        *("gamma", "N", "I", "S", "E", "O", "Q", "zeta", "as", "None", "True", "list"),
    ],
)
def test_an_ordinary_name(name: str) -> None:
    found = solved(given={name: 3}, lines=[f"f = {name}^2"], backward="f")
    assert found.quantities == {name: 3, "f": 9, "df/df": 1, f"df/d{name}": 6}
    assert differentiated(f"{name}^2", variable=name) == {f"df/d{name}": f"2 * {name}"}


def test_e_and_pi_may_be_given_another_value() -> None:
    found = solved(given={"e": 3, "pi": 2}, lines=["f = e * pi^e"], backward="f").quantities
    assert found["f"] == 24
    assert found["df/dpi"] == 3 * 3 * 4  # the product rule and the power rule
    assert found["df/de"] == pytest.approx(8 + 24 * math.log(2), rel=1e-14)
    own = solved(lines=["f = e * pi"]).quantities
    assert own["f"] == pytest.approx(math.e * math.pi, rel=1e-15)


def test_e_as_a_variable_is_no_constant() -> None:
    assert differentiated("e^x", variable="e") == {"df/de": "x * e^(x - 1)"}
    assert differentiated("e^x", variable="x") == {"df/dx": "e^x"}


def test_a_function_has_a_name_even_when_many_are_taken() -> None:
    (gradient,) = differentiated("f * y * g * h * F", variable="y").items()
    assert gradient[1] == "f * g * h * F"


def test_gates_get_names_that_nobody_has() -> None:
    found = solved(
        given={"f1": 2, "f3": 5},
        lines=["f2 = f1 * f3", "f = f1 * f2 * f3"],
        backward="f",
        gates="binary",
    )
    names = [line.name for line in found.lines]
    assert len(names) == len(set(names)) and not {"f1", "f3"} & set(names)
    assert (found.quantities["f"], found.quantities["df/df1"]) == (100, 100)  # f = f1^2 f3^2


# -------------------------------------------------------------------------------------- graphs


def test_symbols_and_numbers_together() -> None:
    found = solved(given={"x": 1, "y": "symbol"}, lines=["a = x + 1", "f = a * y"], backward="f")
    assert found.quantities["a"] == 2 and "f" not in found.quantities
    assert found.quantities["df/dy"] == 2 and "df/dx" not in found.quantities
    assert {k: repr(v) for k, v in found.results.items()} == {"df/dx": "<y>", "df/dy": "<a>"}


def test_nothing_given_and_nothing_needed() -> None:
    found = solved(given={}, lines=["f = 3 + 4"], backward="f")
    assert found.quantities == {"f": 7, "df/df": 1}


def test_a_gradient_by_a_line_by_the_target_and_by_what_is_asked_twice() -> None:
    lines = ["q = x^2", "f = q + x"]
    assert (
        solved(given={"x": 2}, lines=lines, backward={"of": "f", "wrt": "q"}).quantities["df/dq"]
        == 1
    )
    assert (
        solved(given={"x": 2}, lines=lines, backward={"of": "f", "wrt": "f"}).quantities["df/df"]
        == 1
    )
    twice = solved(given={"x": 2}, lines=lines, backward={"of": "f", "wrt": ["x", "x"]})
    assert list(twice.results) == ["df/dx"] and twice.quantities["df/dx"] == 5


def test_a_target_in_the_middle() -> None:
    found = solved(given={"x": 2}, lines=["q = x^2", "f = q + x"], backward="q")
    assert found.quantities["dq/dx"] == 4 and found.quantities["f"] == 6


def test_very_many_paths() -> None:
    lines = ["h_1 = x * x", *(f"h_{k} = h_{k - 1} * h_{k - 1}" for k in range(2, 41))]
    found = solved(given={"x": 1}, lines=lines, backward="h_40", paths=True)
    assert found.quantities["dh_40/dx"] == 2.0**40
    tables = [block for block in found.blocks if isinstance(block, stepsolve.derivation.Table)]
    assert max(len(table.rows) for table in tables) <= 64


# ------------------------------------------------------------------------------- long and deep


def quickly(text: str, folder: Path, seconds: int) -> dict[str, Any]:
    """The JSON of a problem that is solved within seconds of processor time, and confirmed."""
    path = folder / "p.yaml"
    path.write_text(text, encoding="utf-8")

    def limits() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

    found = run("run", path, "--format", "json", preexec_fn=limits, timeout=60)
    assert found.returncode == 0, found.stderr or f"more than {seconds} s"
    told = json.loads(found.stdout)
    assert told["confirmed"] is True
    assert isinstance(told, dict)
    return told


def graph(lines: list[str], given: str = "", more: str = "") -> str:
    return f"kind: graph\n{given}lines:\n" + "".join(f"  - {line}\n" for line in lines) + more


TERMS = 190
CHAIN = ["h_0 = x", *(f"h_{k} = sin(h_{k - 1}) + x" for k in range(1, 2000))]


def test_two_thousand_lines_with_numbers(tmp_path: Path) -> None:
    told = quickly(graph(CHAIN, "given: {x: 0.5}\n", "backward: h_1999\n"), tmp_path, 8)
    value, slope = 0.5, 1.0
    for _ in range(1999):
        value, slope = math.sin(value) + 0.5, math.cos(value) * slope + 1
    assert told["quantities"]["h_1999"] == pytest.approx(value, rel=1e-12)
    assert told["quantities"]["dh_1999/dx"] == pytest.approx(slope, rel=1e-12)


def test_two_thousand_lines_without(tmp_path: Path) -> None:
    told = quickly(graph(CHAIN, "", "backward: h_1999\n"), tmp_path, 8)
    assert len(json.dumps(told)) < 5_000_000  # let-bound, never swollen


@pytest.mark.parametrize("gates", ["as-written", "binary"])
@pytest.mark.parametrize("sign", ["+", "*"])
def test_a_line_of_many_terms(sign: str, gates: str, tmp_path: Path) -> None:
    names = [f"x_{k}" for k in range(TERMS)]
    given = f"given: {{{', '.join(f'{name}: 1' for name in names)}}}\n"
    line = "f = " + f" {sign} ".join(names)
    told = quickly(graph([line], given, f"backward: f\ngates: {gates}\n"), tmp_path, 4)
    assert {told["quantities"][f"df/d{name}"] for name in names} == {1}


@pytest.mark.parametrize("inputs", [10, 40])
def test_a_neuron_of_many_inputs(inputs: int, tmp_path: Path) -> None:
    terms = " + ".join(f"w_{k} * x_{k}" for k in range(inputs))
    told = quickly(graph([f"f = sigmoid({terms})"], "", "backward: f\n"), tmp_path, 3)
    assert len(told["results"]) == 2 * inputs


def test_a_polynomial_of_many_terms(tmp_path: Path) -> None:
    powers = " + ".join(f"x^{k}" for k in range(1, TERMS + 1))
    text = f"kind: derivative\nexpression: {powers}\nvariable: x\nat: {{x: 1}}\n"
    told = quickly(text, tmp_path, 4)
    assert told["quantities"]["df/dx"] == TERMS * (TERMS + 1) / 2


@pytest.mark.parametrize("count", [10, 30, 90])
def test_a_product_of_many_functions(count: int, tmp_path: Path) -> None:
    product = " * ".join(f"sin({k} * x)" for k in range(1, count + 1))
    told = quickly(f"kind: derivative\nexpression: {product}\nvariable: x\n", tmp_path, 4)
    assert list(told["results"]) == ["df/dx"]


@pytest.mark.parametrize(
    "expression",
    [
        "1 / (1 + " * 20 + "x" + ")" * 20,
        "1 / (1 + " * 30 + "x" + ")" * 30,
        "x^" * 15 + "x",
        "sigmoid(" * 90 + "x" + ")" * 90,
        "exp(sin(" * 40 + "x" + "))" * 40,
        "x / " * 150 + "x",
        "-" * 90 + "x",
        "(x + 1)^999 * (x + 2)^999",
    ],
    ids=[
        *("20 fractions", "30 fractions", "powers", "sigmoids", "exp and sin", "quotients"),
        *("signs", "great powers"),
    ],
)
def test_a_deep_expression(expression: str, tmp_path: Path) -> None:
    text = f'kind: derivative\nexpression: "{expression}"\nvariable: x\n'
    assert quickly(text, tmp_path, 4)["results"]["df/dx"]


def test_many_files_at_once() -> None:
    path = Path(__file__).parents[1] / "problems/graphs/product.yaml"
    told = json.loads(run("run", *[path] * 100, "--format", "json").stdout)
    assert len(told) == 100
    assert all(one == told[0] for one in told)
