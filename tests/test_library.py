"""The library in its own words: what `solve` takes, what it raises, and what it loads."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
from commands import CALCULUS, GRAPH, environment

import stepsolve


def test_a_path_an_open_file_and_a_mapping_are_the_same_problem() -> None:
    text = GRAPH.read_text(encoding="utf-8")
    mapping = {
        "kind": "graph",
        "title": "A sum times a factor",
        "given": {"x": -2, "y": 5.0, "z": "-4"},
        "lines": ["q = x + y", "f = q * z"],
        "backward": "f",
    }
    with GRAPH.open(encoding="utf-8") as file, GRAPH.open("rb") as binary:
        sources = (GRAPH, str(GRAPH), file, binary, StringIO(text), BytesIO(text.encode()), mapping)
        told = [stepsolve.solve(source).to_json() for source in sources]
    assert all(one == told[0] for one in told)
    assert told[0] == json.loads(json.dumps(told[0]))


@pytest.mark.parametrize(
    "source",
    [
        "no-such-file.yaml",
        Path("/"),
        StringIO(""),
        BytesIO(b"\xff\xfe\x00"),
        {},
        {"kind": "grpah"},
        {"kind": "graph"},
        {"kind": "graph", "lines": ["f = 1 / 0"]},
        {"kind": "graph", "given": {"x": object()}, "lines": ["f = x"]},
        {"kind": "derivative", "expression": "sqrt(x)", "at": {"x": 0}},
    ],
    ids=lambda source: str(source)[:40].partition(" at 0x")[0],
)
def test_errors_of_the_library_are_its_own(source: stepsolve.Source) -> None:
    with pytest.raises(stepsolve.StepsolveError) as caught:
        stepsolve.solve(source)
    assert isinstance(caught.value, stepsolve.InvalidProblem)
    assert all(diagnosis.message for diagnosis in caught.value.diagnoses)


@pytest.mark.parametrize(
    "source", [None, 3, ["kind: graph"], object()], ids=lambda s: type(s).__name__
)
def test_what_is_no_source_at_all_is_refused_in_words(source: object) -> None:
    with pytest.raises((TypeError, stepsolve.StepsolveError)):
        stepsolve.solve(source)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "value"),
    [
        (2, 2.0),
        (0.1, 0.1),
        ("1e-3", 0.001),
        ("9/25", 0.36),
        (Fraction(1, 3), 1 / 3),
        (np.float64(0.1), 0.1),
        (np.int64(-3), -3.0),
        (np.array(2.5), 2.5),
        ("2 * pi", 6.283185307179586),
        (".5", 0.5),
        ("0012", 12.0),
    ],
    ids=str,
)
def test_numbers_of_every_make_are_read(given: object, value: float) -> None:
    derivation = stepsolve.solve({"kind": "graph", "given": {"x": given}, "lines": ["f = x"]})
    assert derivation.quantities == {"x": value, "f": value}


@pytest.mark.parametrize(
    "given",
    [
        *("nan", "inf", "no", "", "3!", "1,5", "0x10", "1_000", "1e400"),
        *("\N{ARABIC-INDIC DIGIT THREE}", "\N{SUPERSCRIPT THREE}"),
        *(True, None, [], b"3", 2j, float("nan"), 10**400),
    ],
    ids=ascii,
)
def test_what_is_no_number_is_refused_at_its_path(given: object) -> None:
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        stepsolve.solve({"kind": "graph", "given": {"x": given}, "lines": ["f = x"]})
    (diagnosis,) = caught.value.diagnoses
    assert str(diagnosis.place) == "given.x"


# ----------------------------------------------------------------------------- what is loaded

HEAVY = ("numpy", "sympy", "mpmath", "pydantic", "rich.console", "rich.text", "ruamel.yaml")
SPY = """
import sys
from stepsolve.cli import main
sys.argv = ["stepsolve", *{args}]
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
print(*sorted(set({heavy}) & set(sys.modules)), file=sys.stderr)
"""


def loaded_by(*args: object) -> set[str]:
    code = SPY.format(args=list(map(str, args)), heavy=HEAVY)
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), timeout=120
    )
    assert found.returncode == 0, found.stderr
    return set(found.stderr.split())


@pytest.mark.parametrize("args", [("--help",), ("run", "--help"), ("version",)], ids=str)
def test_help_loads_next_to_nothing(args: tuple[str, ...]) -> None:
    assert loaded_by(*args) == set()


@pytest.mark.parametrize("form", ["terminal", "text", "json"])
def test_a_graph_with_numbers_loads_neither_sympy_nor_pydantic_nor_rich(form: str) -> None:
    assert loaded_by("run", GRAPH, "--format", form) <= {"numpy", "mpmath", "ruamel.yaml"}


def test_a_derivative_loads_no_rich_either() -> None:
    assert loaded_by("run", CALCULUS).isdisjoint({"pydantic", "rich.console", "rich.text"})


def test_importing_the_library_loads_nothing_heavy() -> None:
    code = f"import sys, stepsolve; print(*(set({HEAVY}) & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), timeout=120
    )
    assert (found.returncode, found.stdout.strip()) == (0, "")
