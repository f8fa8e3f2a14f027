"""Every problem of a recurrent network: its numbers by NumPy, its formulas, what the notes say.

The files are read by another reader of YAML, and solved by `recurrent_by_hand`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recurrent_by_hand as by_hand
from recurrent_cases import agree
from ruamel.yaml import YAML

import stepsolve
from stepsolve.derivation import Derivation, Section
from stepsolve.notation.plain import plain

ROOT = Path(__file__).parents[1] / "problems" / "sequences"
FILES = sorted(
    path.stem for path in ROOT.glob("*.yaml") if path.stem.startswith(("rnn-", "lstm-", "gru-"))
)
Array = Any
Given = Mapping[str, Array]


@cache
def solved(file: str) -> Derivation:
    return stepsolve.solve(ROOT / f"{file}.yaml")


@cache
def data(file: str) -> dict[str, Any]:
    found = YAML(typ="safe", pure=True).load((ROOT / f"{file}.yaml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def steps(file: str) -> int:
    inputs = data(file)["inputs"]
    return inputs["shape"][0] if isinstance(inputs, dict) else len(inputs)


def given(file: str) -> dict[str, Array]:
    """What is given to the equations; numbers that a seed draws are those that the page gives."""
    problem, count = data(file), steps(file)
    drawn = solved(file).quantities
    found = {name: number(value, drawn, name) for name, value in problem["weights"].items()}
    for t in range(1, count + 1):
        listed = problem["inputs"]
        found[f"x_{t}"] = np.array(drawn[f"x_{t}"] if isinstance(listed, dict) else listed[t - 1])
    size = np.shape(drawn["h_1"])
    found["h_0"] = np.array(problem.get("initial-state", np.zeros(size)))
    found["c_0"] = np.array(problem.get("initial-cell", np.zeros(size)))
    found[f"k_{count + 1}"] = np.zeros(size)
    targets = problem.get("targets", {})
    if isinstance(targets, list):
        targets = {t: value for t, value in enumerate(targets, 1) if value != "none"}
    for t, value in targets.items():
        if problem.get("loss") == "cross-entropy" and isinstance(value, int):
            value = np.eye(2)[value]
        found[f"target_{t}"] = number(value, drawn, f"target_{t}")
    return found


def number(value: Any, drawn: Mapping[str, Any], name: str) -> Array:
    return np.array(drawn[name] if isinstance(value, dict) else value)


def from_above(v: by_hand.Values, above: Mapping[str, Any]) -> by_hand.Values:
    v["L"] = sum(np.sum(np.array(g) * v[name]) for name, g in above.items())
    return v


RUNS: dict[str, Callable[[Given, int, Given], by_hand.Values]] = {
    "rnn-forward": by_hand.rnn,
    "rnn-gradient": by_hand.rnn,
    "rnn-linear": lambda g, n, m: from_above(by_hand.rnn(g, n, m, "identity"), {"h_4": [1, -1]}),
    "rnn-classes": lambda g, n, m: by_hand.rnn(g, n, m, "relu", "cross", mean=True, rows=True),
    "rnn-bidirectional": by_hand.rnn,
    "rnn-vanishing": by_hand.rnn,
    "lstm-forward": by_hand.lstm,
    "lstm-backward": lambda g, n, m: by_hand.lstm(g, n, m, "ifoa", short=True),
    "lstm-jacobian": by_hand.lstm,
    "lstm-stacked": lambda g, n, m: by_hand.lstm(g, n, m, stacked=("ifgo", 8)),
    "gru-step": by_hand.gru,
    "gru-after": lambda g, n, m: by_hand.gru(g, n, m, "after", keeps=False, short=True),
}
SYMBOLIC = ["rnn-gradient-formulas", "lstm-jacobian-formulas"]
BATCHES = ["rnn-batch"]
LONG = ["rnn-vanishing", "lstm-stacked"]  # every gradient of them would take long by hand


def run(file: str) -> by_hand.Forward:
    known, count = given(file), steps(file)
    return lambda moved: RUNS[file](known, count, moved)


def test_no_file_goes_untested() -> None:
    assert {*RUNS, *SYMBOLIC, *BATCHES} == set(FILES)


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_confirmed(file: str) -> None:
    assert solved(file).confirmed and solved(file).checks


@pytest.mark.parametrize("file", [file for file in RUNS if file not in LONG])
def test_values_and_gradients(file: str) -> None:
    assert solved(file).quantities.keys() >= {"h_1"}
    found = agree(solved(file), run(file))
    assert (found > 0) == ("targets" in data(file) or "upstream" in data(file))


@pytest.mark.parametrize("file", LONG)
def test_gradients_of_long_sequences(file: str) -> None:
    found = solved(file).quantities
    last = steps(file)
    for name in [*data(file)["weights"], "h_1", "h_2", f"h_{last - 1}"]:
        expected = by_hand.gradient(run(file), name)
        assert found[f"dL/d{name}"] == pytest.approx(expected, rel=1e-9, abs=1e-13)
    for t in (1, 17, last):
        norm = np.linalg.norm(by_hand.gradient(run(file), f"h_{t}"))
        assert found[f"norm_h{t}"] == pytest.approx(norm, rel=1e-9)


@pytest.mark.parametrize("file", ["rnn-gradient", "lstm-backward", "rnn-classes", "gru-step"])
def test_updates_of_gradient_descent(file: str) -> None:
    rate = data(file)["update"]["rate"]
    for name in data(file)["weights"]:
        expected = given(file)[name] - rate * by_hand.gradient(run(file), name)
        assert solved(file).quantities[f"{name}'"] == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_the_first_step_of_adam_has_the_size_of_the_rate() -> None:
    found, known = solved("lstm-stacked").quantities, given("lstm-stacked")
    slope = by_hand.gradient(run("lstm-stacked"), "W_x")
    expected = known["W_x"] - 0.01 * slope / (np.abs(slope) + 1e-8)
    assert found["W_x'"] == pytest.approx(expected, rel=1e-9)


def test_two_steps_on_a_batch_are_those_on_its_examples() -> None:
    """Each example is run by itself; the batch descends along the mean of their gradients."""
    problem = data("rnn-batch")
    names, found = list(problem["weights"]), solved("rnn-batch").quantities
    now = {name: np.array(value) for name, value in problem["weights"].items()}
    rows = np.array(problem["inputs"])
    for step in (1, 2, 3):
        runs = []
        for k, place in enumerate(problem["targets"][2]):
            one = {"h_0": np.zeros(2), "x_1": rows[0, k], "x_2": rows[1, k]}
            one |= {"target_2": np.eye(2)[place]} | now
            runs.append(lambda moved, one=one: by_hand.rnn(one, 2, moved, loss="cross"))
        loss = np.mean([np.real(run({})["L"]) for run in runs])
        assert found[f"L_step{step}"] == pytest.approx(loss, rel=1e-12)
        for name in names:
            slope = np.mean([by_hand.gradient(run, name) for run in runs], axis=0)
            now[name] = now[name] - 0.5 * slope
            if step < 3:
                assert found[f"{name}_step{step}"] == pytest.approx(now[name], rel=1e-9, abs=1e-12)
    lines = {line.name: plain(line.expression) for line in solved("rnn-batch").lines}
    assert lines["z_2_step2"] == "x_2 @ W_xh_step1.T + h_1_step2 @ W_hh_step1.T + b_h_step1"
    assert (
        lines["dL_step2/dW_xh_step1"]
        == "(dL_step2/dz_2_step2).T @ x_2 + (dL_step2/dz_1_step2).T @ x_1"
    )
    assert lines["W_xh_step2"] == "W_xh_step1 - eta * dL_step2/dW_xh_step1"


@pytest.mark.parametrize("file", ["rnn-gradient", "lstm-jacobian", "gru-step"])
def test_jacobians_of_states(file: str) -> None:
    for t in range(1, steps(file) + 1):
        expected = by_hand.jacobian(run(file), f"h_{t}", f"h_{t - 1}")
        found = solved(file).quantities[f"∂h_{t}/∂h_{t - 1}"]
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-12)


# ---------------------------------------------------------------------------------- the formulas

NAMES: dict[str, Any] = {"tanh": np.tanh, "sigmoid": by_hand.sigmoid, "diag": np.diag, "abs": abs}


def formulas(file: str, at: Mapping[str, Array]) -> dict[str, Array]:
    """The lines of a page as Python works them out, from numbers for what is given."""
    known: dict[str, Array] = dict(at)
    for line in solved(file).lines:
        text = plain(line.expression).replace("^", "**")
        scope = NAMES | {spelt(name): value for name, value in known.items()}
        known[line.name] = eval(spelt(text), scope)
    return known


def spelt(text: str) -> str:
    """Names that Python can read: `dL/dh_1` has a stroke in it."""
    return re.sub(r"[d∂](\w+)/[d∂](\w+)", r"D_\1_\2", text)


def test_formulas_of_one_unit() -> None:
    random = np.random.default_rng(5)
    at = {n: random.normal() for n in ("W_xh", "W_hh", "b_h", "x_1", "x_2", "x_3", "h_0")}
    found = formulas("rnn-gradient-formulas", at | {"delta_h_3": 1.0})

    def forward(moved: Given) -> by_hand.Values:
        return from_above(by_hand.rnn(at, 3, moved), {"h_3": 1})

    for name in ("W_xh", "W_hh", "b_h", "h_1", "h_2"):
        assert found[f"dL/d{name}"] == pytest.approx(by_hand.gradient(forward, name)[()])
    assert found["∂h_2/∂h_1"] == pytest.approx(by_hand.jacobian(forward, "h_2", "h_1")[()])
    # the gradient of the weight is a sum over the steps
    assert plain(solved("rnn-gradient-formulas").results["dL/dW_hh"]) == (
        "dL/dz_3 * h_2 + dL/dz_2 * h_1 + dL/dz_1 * h_0"
    )


def test_formulas_of_the_derivatives_of_an_lstm() -> None:
    random = np.random.default_rng(6)
    shapes = {name: one["shape"] for name, one in data("lstm-jacobian-formulas")["weights"].items()}
    shapes |= {"x_1": [3], "x_2": [3], "h_0": [4], "c_0": [4]}
    at = {name: random.normal(size=shape) for name, shape in shapes.items()}
    found = formulas("lstm-jacobian-formulas", at)

    def forward(moved: Given) -> by_hand.Values:
        return by_hand.lstm(at, 2, moved, short=True)

    for of, by in [("h_1", "h_0"), ("c_1", "h_0"), ("h_1", "c_0"), ("h_2", "h_1"), ("c_2", "h_1")]:
        assert found[f"∂{of}/∂{by}"] == pytest.approx(by_hand.jacobian(forward, of, by))
    held = by_hand.jacobian(forward, "c_2", "c_1", held=("h_1",))
    assert found["∂c_2/∂c_1"] == pytest.approx(held)
    assert found["∂c_2/∂c_0"] == pytest.approx(np.diag(found["f_1"] * found["f_2"]))


# ---------------------------------------------------------------------------- what the notes say


def close(file: str, name: str, expected: Any, digits: float) -> None:
    assert solved(file).quantities[name] == pytest.approx(np.array(expected), abs=digits), name


def test_the_notes_on_the_lstm_backwards() -> None:
    file = "lstm-backward"
    for t, (out, state) in enumerate([(0.53631, 0.78572), (0.77197, 1.5176)], 1):
        close(file, f"h_{t}", out, 1.2e-5)  # they go on with rounded gates
        close(file, f"c_{t}", state, 5.1e-5)
    close(file, "dL/dc_2", -0.07111, 0.5e-5)
    close(file, "dL/dc_1", -0.05349, 1.1e-5)
    close(file, "W_a'", [0.45267, 0.25922], 0.5e-5)
    close(file, "U_a'", 0.15104, 0.5e-5)
    close(file, "b_a'", 0.20364, 0.5e-5)


def test_the_notes_on_the_lstm_forwards() -> None:
    file = "lstm-forward"
    close(file, "i_1", [0.57, 0.55], 6e-3)
    close(file, "f_1", [0.44, 0.53], 6e-3)
    close(file, "o_1", [0.53, 0.46], 6e-3)
    close(file, "g_1", [-0.273, 0.134], 6e-3)
    close(file, "c_1", [-0.0659, -0.0345], 3e-3)
    close(file, "h_1", [-0.0348, -0.0158], 3e-3)


def test_the_notes_on_the_network_forwards_and_where_they_slip() -> None:
    file = "rnn-forward"
    close(file, "h_1", [-0.0997, 0.8337, 0.7163], 0.5e-4)
    close(file, "y_1", [-0.57, 0.008], 6e-3)
    close(file, "y_2", [-0.0886, -0.4844], 1.5e-4)
    found = solved(file).quantities
    assert found["z_2"] == pytest.approx(np.array([-0.4765, -0.1867, 0.3549]), abs=1e-4)
    assert np.max(np.abs(np.array(found["h_2"]) - [-0.4778, -0.2059, 0.3553])) > 0.02


# --------------------------------------------------------------------------------------- the steps


def headings(file: str) -> list[str]:
    blocks = solved(file).blocks
    return [str(block.parts[0]) for block in blocks if isinstance(block, Section)]


def test_the_backward_pass_of_an_lstm_line_by_line() -> None:
    lines = {line.name: plain(line.expression) for line in solved("lstm-backward").lines}
    assert lines["z_i2"] == "dot(W_i, x_2) + U_i * h_1 + b_i"
    assert lines["c_2"] == "f_2 * c_1 + i_2 * a_2"
    assert lines["h_2"] == "o_2 * tanh(c_2)"
    assert lines["dL/do_2"] == "dL/dh_2 * tanh(c_2)"
    assert lines["dL/dc_2"] == "dL/dh_2 * o_2 * (1 - tanh(c_2)^2)"
    assert lines["dL/dc_1"] == "dL/dc_2 * f_2 + dL/dh_1 * o_1 * (1 - tanh(c_1)^2)"
    assert lines["dL/dz_a1"] == "dL/da_1 * (1 - a_1^2)"
    assert lines["dL/dz_f2"] == "dL/df_2 * f_2 * (1 - f_2)"
    assert lines["dL/dU_a"] == "dL/dz_a2 * h_1 + dL/dz_a1 * h_0"
    assert lines["W_a'"] == "W_a - eta * dL/dW_a"


def test_the_steps_of_a_gru() -> None:
    lines = {line.name: plain(line.expression) for line in solved("gru-step").lines}
    assert lines["q_1"] == "r_1 * h_0"
    assert lines["a_n1"] == "W_xn @ x_1 + W_hn @ q_1 + b_n"
    assert lines["h_1"] == "z_1 * h_0 + (1 - z_1) * n_1"
    assert lines["dL/dz_1"] == "dL/dh_1 * h_0 - dL/dh_1 * n_1"
    assert lines["dL/dr_1"] == "dL/dq_1 * h_0"
    after = {line.name: plain(line.expression) for line in solved("gru-after").lines}
    assert after["q_1"] == "U_n * h_0 + b_hn"
    assert after["a_n1"] == "W_n * x_1 + b_n + r_1 * q_1"
    assert after["h_1"] == "(1 - z_1) * h_0 + z_1 * n_1"


def test_stacked_gradients_are_put_together() -> None:
    lines = {line.name: plain(line.expression) for line in solved("lstm-stacked").lines}
    assert lines["W_xf"] == "W_x[8:16]"
    assert lines["dL/dW_x"] == "concat(dL/dW_xi, dL/dW_xf, dL/dW_xg, dL/dW_xo)"
    assert "Backward, step 60" in headings("lstm-stacked")
    assert "Backward, step 59" not in headings("lstm-stacked")
