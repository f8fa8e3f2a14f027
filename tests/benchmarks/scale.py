"""Large problems against the plain computation of the same: networks, sequences, attention, chains.

A run is held against three start-ups and ten times the plain forward and backward pass in NumPy,
measured side by side; a chain of numbers also line by line, without the start-up.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from measure import ROOT, Row, alternating, process, slope

Problem = dict[str, Any]
START = ROOT / "problems/graphs/product.yaml"
_PEAK = (
    "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
    "stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def drawn(seed: int, *shape: int, scale: float = 1.0) -> dict[str, object]:
    return {"shape": list(shape), "seed": seed, "scale": scale}


def network(batch: int = 64, sizes: tuple[int, ...] = (784, 256, 10)) -> Problem:
    """Layers of relu, the last one linear, and the mean squared error of a batch."""
    given: Problem = {"A_0": drawn(1, batch, sizes[0]), "Y": drawn(2, batch, sizes[-1])}
    lines, wrt = [], []
    for k, (rows, columns) in enumerate(pairwise(sizes), 1):
        given[f"W_{k}"] = drawn(2 * k + 1, rows, columns, scale=0.06)
        given[f"b_{k}"] = drawn(2 * k + 2, columns, scale=0.1)
        lines.append(f"Z_{k} = A_{k - 1} @ W_{k} + b_{k}")
        last = k == len(sizes) - 1
        lines.append(f"L = mse(Z_{k}, Y)" if last else f"A_{k} = relu(Z_{k})")
        wrt += [f"W_{k}", f"b_{k}"]
    return {"kind": "graph", "given": given, "lines": lines, "backward": {"of": "L", "wrt": wrt}}


def plain_network(batch: int = 64, sizes: tuple[int, ...] = (784, 256, 10)) -> None:
    random = np.random.default_rng(1)
    weights = [random.normal(size=(r, c)) * 0.06 for r, c in pairwise(sizes)]
    outputs, target = (
        [random.normal(size=(batch, sizes[0]))],
        random.normal(size=(batch, sizes[-1])),
    )
    for k, weight in enumerate(weights):
        z = outputs[-1] @ weight + 0.1
        outputs.append(z if k == len(weights) - 1 else np.maximum(z, 0))
    above = 2 * (outputs[-1] - target) / target.size
    for weight, output in zip(reversed(weights), reversed(outputs[:-1]), strict=True):
        output.T @ above, above.sum(axis=0)
        above = (above @ weight.T) * (output > 0)


def attention(tokens: int = 256, width: int = 64) -> Problem:
    """One head of scaled dot-product attention."""
    given: Problem = {"X": drawn(1, tokens, width)}
    given |= {f"W_{k}": drawn(k + 2, width, width, scale=0.1) for k in range(3)}
    lines = [f"{name} = X @ W_{k}" for k, name in enumerate("QKV")]
    lines += [f"S = Q @ K.T / {math.isqrt(width)}", "A = softmax(S, axis=1)", "O = A @ V"]
    lines.append("L = sum(O * O)")
    return {"kind": "graph", "given": given, "lines": lines, "backward": "L"}


def plain_attention(tokens: int = 256, width: int = 64) -> None:
    random = np.random.default_rng(1)
    x, *weights = (random.normal(size=s) for s in [(tokens, width)] + [(width, width)] * 3)
    q, k, v = (x @ weight * 0.1 for weight in weights)
    powers = np.exp(q @ k.T / math.sqrt(width))
    shares = powers / powers.sum(axis=1, keepdims=True)
    above = 2 * (shares @ v)
    of_v, of_shares = shares.T @ above, above @ v.T
    scores = shares * (of_shares - (of_shares * shares).sum(axis=1, keepdims=True))
    of_q, of_k = scores @ k / math.sqrt(width), scores.T @ q / math.sqrt(width)
    for weight, part in zip(weights, (of_q, of_k, of_v), strict=True):
        x.T @ part, part @ weight.T


def lstm(steps: int = 100, hidden: int = 64) -> Problem:
    """A long short-term memory, a line for every gate of every step."""
    given: Problem = {f"x_{t}": drawn(t, hidden) for t in range(1, steps + 1)}
    for k, gate in enumerate("ifog"):
        given[f"W_{gate}"] = drawn(1000 + k, hidden, hidden, scale=0.1)
        given[f"U_{gate}"] = drawn(1100 + k, hidden, hidden, scale=0.1)
        given[f"b_{gate}"] = drawn(1200 + k, hidden, scale=0.1)
    given |= {"h_0": drawn(7, hidden, scale=0.1), "c_0": drawn(8, hidden, scale=0.1)}
    lines = []
    for t in range(1, steps + 1):
        for gate in "ifog":
            lines.append(f"z_{gate}_{t} = W_{gate} @ x_{t} + U_{gate} @ h_{t - 1} + b_{gate}")
            lines.append(f"{gate}_{t} = {'tanh' if gate == 'g' else 'sigmoid'}(z_{gate}_{t})")
        lines.append(f"c_{t} = f_{t} * c_{t - 1} + i_{t} * g_{t}")
        lines.append(f"h_{t} = o_{t} * tanh(c_{t})")
    lines.append(f"L = sum(h_{steps} * h_{steps})")
    wrt = [f"{kind}_{gate}" for gate in "ifog" for kind in "WUb"]
    return {"kind": "graph", "given": given, "lines": lines, "backward": {"of": "L", "wrt": wrt}}


def plain_lstm(steps: int = 100, hidden: int = 64) -> None:
    random = np.random.default_rng(1)
    w, u = (random.normal(size=(4, hidden, hidden)) * 0.1 for _ in range(2))
    x, h, c = random.normal(size=(steps, hidden)), np.zeros(hidden), np.zeros(hidden)
    kept = []
    for t in range(steps):
        z = w @ x[t] + u @ h
        i, f, o = 1 / (1 + np.exp(-z[:3]))
        g = np.tanh(z[3])
        kept.append((h, c, i, f, o, g))
        c = f * c + i * g
        h = o * np.tanh(c)
    of_h, of_c = 2 * h, np.zeros(hidden)
    of_w, of_u = np.zeros_like(w), np.zeros_like(u)
    for t in reversed(range(steps)):
        h, before, i, f, o, g = kept[t]
        tanh = np.tanh(f * before + i * g)
        of_c = of_c + of_h * o * (1 - tanh * tanh)
        parts = (of_c * g * i * (1 - i), of_c * before * f * (1 - f), of_h * tanh * o * (1 - o))
        of_z = np.array([*parts, of_c * i * (1 - g * g)])
        of_w += of_z[:, :, None] * x[t]
        of_u += of_z[:, :, None] * h
        of_h = np.einsum("kij,ki->j", u, of_z)
        of_c = of_c * f


def sigmoid_chain(count: int = 2000) -> Problem:
    """Sigmoids in a row with one weight, on numbers."""
    lines = ["h_0 = x", *(f"h_{k} = sigmoid(w * h_{k - 1})" for k in range(1, count + 1))]
    given = {"x": "0.5", "w": "1.5"}
    return {"kind": "graph", "given": given, "lines": lines, "backward": f"h_{count}"}


class Number:
    """A number that knows how to hand its gradient on, made as those of micrograd are."""

    def __init__(self, data: float, made_of: tuple[Number, ...] = (), operation: str = "") -> None:
        self.data, self.grad = data, 0.0
        self.made_of, self.operation = set(made_of), operation
        self.hand_on: Callable[[], None] = lambda: None

    def __mul__(self, other: Number | float) -> Number:
        factor = other if isinstance(other, Number) else Number(other)
        result = Number(self.data * factor.data, (self, factor), "*")

        def hand_on() -> None:
            self.grad += factor.data * result.grad
            factor.grad += self.data * result.grad

        result.hand_on = hand_on
        return result

    def sigmoid(self) -> Number:
        result = Number(1 / (1 + math.exp(-self.data)), (self,), "sigmoid")

        def hand_on() -> None:
            self.grad += result.data * (1 - result.data) * result.grad

        result.hand_on = hand_on
        return result

    def backward(self) -> None:
        order: list[Number] = []
        seen: set[Number] = set()
        waiting = [(self, False)]
        while waiting:
            number, done = waiting.pop()
            if done:
                order.append(number)
            elif number not in seen:
                seen.add(number)
                waiting.append((number, True))
                waiting += [(part, False) for part in number.made_of]
        self.grad = 1.0
        for number in reversed(order):
            number.hand_on()


def plain_chain(count: int = 2000) -> None:
    w, h = Number(1.5), Number(0.5)
    for _ in range(count):
        h = (w * h).sigmoid()
    h.backward()


def written(problem: Problem, folder: str) -> Path:
    """The problem as a file; a JSON document is a YAML document."""
    import json

    path = Path(folder, "problem.yaml")
    path.write_text(json.dumps(problem, indent=1))
    return path


LARGE: dict[str, tuple[Callable[[], Problem], Callable[[], None]]] = {
    "2,000 sigmoids in a row": (sigmoid_chain, plain_chain),
    "an LSTM of 64 over 100 steps": (lstm, plain_lstm),
    "attention over 256 tokens of 64": (attention, plain_attention),
    "a network 784-256-10 on a batch of 64": (network, plain_network),
}


def scale_runs() -> list[Row]:
    """The whole command against three start-ups and ten plain passes."""
    rows: list[Row] = []
    for name, (problem, plain) in LARGE.items():
        with tempfile.TemporaryDirectory() as folder:
            path = written(problem(), folder)
            ours, start = alternating(
                process("-m", "stepsolve", "run", str(path)),
                process("-m", "stepsolve", "run", str(START)),
                5,
            )
        passes, _ = alternating(plain, lambda: None, 5)
        print(f"  {name}: {ours:.2f} s, start {start:.2f} s, plain {1000 * passes:.1f} ms")
        rows.append((f"{name} / (3 starts + 10 plain passes)", ours / (3 * start + 10 * passes), 1))
    return rows


def page(problem: Problem) -> float:
    """Seconds for the solution and its page, without the start-up; the best of three."""
    import stepsolve
    from stepsolve.render.page import Style
    from stepsolve.render.text import render

    times = []
    for _ in range(3):
        start = time.perf_counter()
        derivation = stepsolve.solve(problem)
        render(derivation, Style())
        times.append(time.perf_counter() - start)
    assert derivation.confirmed
    return min(times)


def scale_growth() -> list[Row]:
    """Exponents of the time."""
    steps, layers, tokens = [12, 25, 50, 100], [4, 8, 16, 32, 64], [64, 128, 256, 512]
    by_steps = [page(lstm(t)) for t in steps]
    by_layers = [page(network(16, (32,) * (n + 1))) for n in layers]
    by_tokens = [page(attention(n)) for n in tokens]
    print(f"  tokens: {' '.join(f'{1000 * s:.0f} ms' for s in by_tokens)}")
    return [
        ("steps of an LSTM, 12 to 100: exponent of the time", slope(steps, by_steps), 1.15),
        ("layers of a network, 4 to 64: exponent of the time", slope(layers, by_layers), 1.15),
        (
            "tokens' products in attention, 64 to 512 tokens: exponent of the time",
            slope([n * n for n in tokens], by_tokens),
            1.1,
        ),
    ]


def peak(path: Path) -> int:
    """Peak memory of a run, in bytes."""
    command = [sys.executable, "-c", _PEAK, sys.executable, "-m", "stepsolve", "run", str(path)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return 1024 * int(told.stdout)


def scale_memory() -> list[Row]:
    """Peak memory over the start-up's, over that of all tensors in float64."""
    import stepsolve

    rows: list[Row] = []
    for name in list(LARGE)[2:]:
        problem = LARGE[name][0]()
        quantities = stepsolve.solve(problem).quantities
        tensors = 8 * sum(np.size(value) for value in quantities.values())
        with tempfile.TemporaryDirectory() as folder:
            small = written(network(2, (3, 2)), folder)
            start = peak(small)
            used = peak(written(problem, folder)) - start
        print(f"  {name}: {used / 1e6:.0f} MB over the start-up, tensors {tensors / 1e6:.1f} MB")
        rows.append((f"{name}: memory / its tensors", used / tensors, 4))
    return rows


def scale_lines() -> list[Row]:
    """A chain of numbers per line, without the start-up."""
    from stepsolve.collector import undisturbed
    from stepsolve.problem import read_problem
    from stepsolve.source.mapping import from_mapping
    from stepsolve.worksheet.solution import Solution

    graph: Any = read_problem(from_mapping(sigmoid_chain()))
    target = graph.target.name

    def derived() -> Solution:
        with undisturbed():  # as `stepsolve.solve` does
            return Solution(graph.worksheet, target)

    def confirmed() -> None:
        with undisturbed():
            derived().checks()

    ours, plain = alternating(derived, plain_chain, 5)
    count = len(derived().worksheet.lines)
    checked, _ = alternating(confirmed, lambda: None, 3)
    each = 1e6 * checked / count
    print(f"  {count} lines: {1e6 * ours / count:.0f} microseconds each, with checks {each:.0f}")
    return [
        ("a chain of numbers without checks / the pass of micrograd", ours / plain, 10),
        ("a chain of numbers with checks, microseconds a line", each, 100),
    ]


PARTS = (scale_runs, scale_growth, scale_memory, scale_lines)
