"""Ratios of stepsolve's time to what it should be held against, measured side by side.

    python tests/benchmarks/run.py            # all of them, about three minutes
    python tests/benchmarks/run.py start      # those whose name contains "start"

Each row: what is measured, the ratio (or exponent), and the limit. Medians of alternating runs, since
the speed of a machine drifts. Exit status 1 if a limit is exceeded.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import hand
import scale
import windows
from measure import ROOT, Row, alternating, process, slope

GRAPH = ROOT / "problems/graphs/neuron.yaml"
DERIVATIVE = ROOT / "problems/calculus/sigmoid.yaml"
EXPRESSIONS = (Path(__file__).parent / "expressions.txt").read_text().splitlines()
IMPORTS = "import numpy, typer, rich.console, ruamel.yaml, pydantic"
HELLO = """
import typer

app = typer.Typer()

@app.command()
def main(name: str = "world") -> None:
    print(f"hello {name}")

app()
"""


def start_help() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        hello = Path(folder, "hello.py")
        hello.write_text(HELLO)
        ours, theirs = alternating(
            process("-m", "stepsolve", "--help"), process(str(hello), "--help"), 15
        )
    return [("--help / a hello-world typer program", ours / theirs, 1.2)]


def start_graph() -> list[Row]:
    ours, theirs = alternating(
        process("-m", "stepsolve", "run", str(GRAPH)), process("-c", IMPORTS), 15
    )
    return [("run a graph / importing the libraries", ours / theirs, 1.3)]


def start_derivative() -> list[Row]:
    ours, theirs = alternating(
        process("-m", "stepsolve", "run", str(DERIVATIVE)), process("-c", IMPORTS + ", sympy"), 11
    )
    return [("run a derivative / importing the libraries and SymPy", ours / theirs, 1.2)]


def chain_problem(count: int) -> dict[str, object]:
    """`count` sigmoid neurons in a row, a loss, and the gradient of every weight."""
    given = {"a_0": "0.5", "y": "1"} | {f"w_{k}": "0.5" for k in range(1, count + 1)}
    lines = []
    for k in range(1, count + 1):
        lines += [f"z_{k} = w_{k} * a_{k - 1}", f"a_{k} = sigmoid(z_{k})"]
    lines.append(f"L = 1/2 * (a_{count} - y)^2")
    weights = [f"w_{k}" for k in range(1, count + 1)]
    return {
        "kind": "graph",
        "given": given,
        "lines": lines,
        "backward": {"of": "L", "wrt": weights},
    }


def chain() -> list[Row]:
    import stepsolve
    from stepsolve.render.page import Style
    from stepsolve.render.text import render

    sizes = [8, 16, 32, 64, 128, 256, 512]
    seconds, lengths = [], []
    for size in sizes:
        problem = chain_problem(size)
        times = []
        for _ in range(5 if size < 256 else 3):
            start = time.perf_counter()
            derivation = stepsolve.solve(problem)
            text = render(derivation, Style())
            times.append(time.perf_counter() - start)
        assert derivation.confirmed
        seconds.append(min(times))
        lengths.append(len(text))
        print(f"  {size:4} neurons: {1000 * seconds[-1]:8.1f} ms, {lengths[-1]:8} characters")
    return [
        ("neurons in a row, 8 to 512: exponent of the time", slope(sizes, seconds), 1.15),
        ("neurons in a row, 8 to 512: exponent of the length", slope(sizes, lengths), 1.05),
        ("16 neurons / sympy.diff for all weights", closed_form(16), 0.01),
    ]


def closed_form(count: int) -> float:
    """Our time for the whole derivation over that of `sympy.diff` of the closed form."""
    import sympy

    import stepsolve

    weights = sympy.symbols(f"w1:{count + 1}")
    value: object = sympy.Rational(1, 2)
    for weight in weights:
        value = 1 / (1 + sympy.exp(-weight * value))
    loss = (value - 1) ** 2 / 2  # type: ignore[operator]
    start = time.perf_counter()
    for weight in weights:
        sympy.diff(loss, weight)
    theirs = time.perf_counter() - start
    problem = chain_problem(count)
    ours, _ = alternating(lambda: stepsolve.solve(problem), lambda: None, 5)
    return ours / theirs


def solve_derivative(text: str) -> None:
    import stepsolve

    derivation = stepsolve.solve({"kind": "derivative", "expression": text, "variable": "x"})
    assert derivation.confirmed, text


def derivative() -> list[Row]:
    import sympy
    from sympy.core.cache import clear_cache

    from stepsolve.algebra import to_sympy
    from stepsolve.source.expression import parse

    ratios = []
    for text in EXPRESSIONS:
        expression, variable = to_sympy(parse(text)), sympy.Symbol("x", real=True)
        ours, theirs = [], []
        for _ in range(7):
            clear_cache()
            start = time.perf_counter()
            solve_derivative(text)
            ours.append(time.perf_counter() - start)
            clear_cache()
            start = time.perf_counter()
            sympy.diff(expression, variable)
            theirs.append(time.perf_counter() - start)
        ratios.append((statistics.median(ours) / statistics.median(theirs), text))
    ratios.sort()
    for ratio, text in (ratios[0], ratios[-1]):
        print(f"  {ratio:6.2f}  {text}")
    return [("derivative with checks / cold sympy.diff, median of 50", ratios[25][0], 3.0)]


NESTINGS = {
    "functions": ("sin(# + 1)", "tanh(# + 1)", "cos(# + 1)", "atan(# + 1)"),
    "sines": ("sin(# + 1)",),
    "products": ("x * (1 + #)",),
    "fractions": ("1 / (1 + #)",),
    "exponentials": ("exp(-(#))",),
    "quotients": ("x / (1 + #)",),
    "mixed": ("x * (1 + #)", "sin(# + 1)", "1 / (1 + #)", "sqrt(1 + (#)^2)"),
}


def nested(layers: tuple[str, ...], depth: int) -> str:
    text = "x"
    for level in range(depth):
        text = layers[level % len(layers)].replace("#", text)
    return text


def nesting() -> list[Row]:
    """How the time and the page grow with the depth of what is differentiated."""
    import stepsolve
    from stepsolve.render.page import Style
    from stepsolve.render.text import render

    rows: list[Row] = []
    depths = [2, 4, 8, 16, 32]
    for name, layers in NESTINGS.items():
        seconds, lengths = [], []
        for depth in depths:
            problem = {"kind": "derivative", "expression": nested(layers, depth), "variable": "x"}
            times = []
            for _ in range(7):
                start = time.perf_counter()
                derivation = stepsolve.solve(problem)
                times.append(time.perf_counter() - start)
            assert derivation.confirmed, (name, depth)
            seconds.append(min(times))
            lengths.append(len(render(derivation, Style())))
        last = f"{1000 * seconds[-1]:.0f} ms, {lengths[-1]} characters"
        print(f"  {name}, {depths[-1]} deep: {last}")
        rows += [
            (f"nested {name}, 2 to 32 deep: exponent of the time", slope(depths, seconds), 1.3),
            (f"nested {name}, 2 to 32 deep: exponent of the length", slope(depths, lengths), 1.3),
        ]
    return rows


def main() -> int:
    wanted = sys.argv[1:]
    status = 0
    parts = (
        start_help,
        start_graph,
        start_derivative,
        chain,
        derivative,
        nesting,
        *scale.PARTS,
        *windows.PARTS,
        *hand.PARTS,
    )
    for part in parts:
        if wanted and not any(word in part.__name__ for word in wanted):
            continue
        for name, value, limit in part():
            verdict = "ok" if value <= limit else "OVER"
            status |= value > limit
            print(f"{verdict:5} {value:8.4f}  at most {limit:<6} {name}", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
