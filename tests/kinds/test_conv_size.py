"""Sizes of convolutions against windows that NumPy sets down, solved by trying, and what is refused."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import stepsolve
from stepsolve.derivation import Chain, Derivation, Text
from stepsolve.kinds import conv_size
from stepsolve.notation.plain import plain
from stepsolve.worksheet import window_sizes


def solve(**keys: Any) -> Derivation:
    return stepsolve.solve({"kind": "conv-size", **keys})


def mistakes(**keys: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(stepsolve.InvalidProblem) as caught:
        solve(**keys)
    return [(str(d.place), d.message, d.hint) for d in caught.value.diagnoses]


def windows(n: int, m: int, s: int, p: int, d: int) -> int:
    """How many windows a padded signal really has, by NumPy."""
    padded = np.pad(np.ones(n), p)
    span = d * (m - 1) + 1
    if span > padded.size:
        return 0
    return len(np.lib.stride_tricks.sliding_window_view(padded, span)[::s])


def drawn(seed: int) -> dict[str, int]:
    draw = random.Random(seed)
    sizes = {"input": draw.randint(12, 60), "kernel": draw.randint(1, 6)}
    sizes |= {"stride": draw.randint(1, 7), "padding": draw.randint(0, 5)}
    return sizes | {"dilation": draw.randint(1, 3)}


@pytest.mark.parametrize("seed", range(20))
def test_the_size_is_the_number_of_windows(seed: int) -> None:
    sizes = drawn(seed)
    found = solve(**sizes)
    assert found.confirmed
    output = windows(*sizes.values())
    assert found.quantities["N_out"] == output
    reached = (output - 1) * sizes["stride"] + sizes["dilation"] * (sizes["kernel"] - 1) + 1
    assert found.quantities["N_rest"] == sizes["input"] + 2 * sizes["padding"] - reached


@pytest.mark.parametrize("unknown", ["input", "kernel", "stride", "padding", "dilation"])
@pytest.mark.parametrize("seed", range(6))
def test_every_solution_is_found(unknown: str, seed: int) -> None:
    sizes = drawn(seed) | {"kernel": 3 + seed % 3}
    output = windows(*sizes.values())
    found = solve(**{**sizes, unknown: "symbol"}, find={"size": unknown, "output": output})
    assert found.confirmed
    least = 0 if unknown == "padding" else 1
    right = [k for k in range(least, 200) if windows(*{**sizes, unknown: k}.values()) == output]
    letter = {"input": "N", "kernel": "M", "stride": "S", "padding": "P", "dilation": "D"}[unknown]
    shown = right[:12] + (["..."] if len(right) > 12 else [])
    whole = str(shown).replace("'", "") if len(right) > 1 else str(right[0])
    assert plain(found.results[letter]) == whole


def test_a_stride_may_have_no_end() -> None:
    found = solve(input=10, kernel=3, find={"size": "stride", "output": 1})
    told = [part for b in found.blocks if isinstance(b, Text) for part in b.parts]
    assert " is any whole number from 8 on." in told  # 10 - 3 = 7 pixels to move
    assert found.confirmed


def test_no_solution_is_said() -> None:
    found = solve(input=10, kernel=4, find={"size": "padding", "output": 8})  # 7 + 2 P is odd
    told = [part for b in found.blocks if isinstance(b, Text) for part in b.parts]
    assert "No whole number lies between: there is no such padding." in told
    assert found.confirmed and not found.results


def test_the_padding_that_keeps_the_size() -> None:
    """(S (N - 1) + M - N) / 2 = (2 99 + 5 - 100) / 2."""
    found = solve(input=100, kernel=5, stride=2, find={"size": "padding", "output": 100})
    assert found.quantities["P_least"] == 51.5 and found.quantities["P_most"] == 52
    assert windows(100, 5, 2, 52, 1) == 100


def test_valid_same_and_full_in_letters() -> None:
    found = solve(input="symbol", kernel="symbol")
    assert found.confirmed
    ends = [plain(b.steps[-1].after) for b in found.blocks if isinstance(b, Chain)]
    assert ends == ["N - M + 1", "N", "N + M - 1"]


@pytest.mark.parametrize("stride", [1, 3])
def test_valid_same_and_full_in_numbers(stride: int) -> None:
    q = solve(input=20, kernel=5, stride=stride).quantities
    expected = [-(-k // stride) for k in (16, 20, 24)]  # every stride-th of them
    assert [q["N_valid"], q["N_same"], q["N_full"]] == expected


@pytest.mark.parametrize("seed", range(10))
def test_a_transposed_convolution_touches_so_many_pixels(seed: int) -> None:
    draw = random.Random(seed)
    n, m, s = draw.randint(2, 9), draw.randint(2, 5), draw.randint(1, 4)
    p = draw.randint(0, (m - 1) // 2)
    touched = {s * k + tap for k in range(n) for tap in range(m)}
    expected = max(touched) + 1 - 2 * p
    found = solve(input=n, kernel=m, stride=s, padding=p, transposed=True)
    assert found.confirmed and found.quantities["N_out"] == expected


def test_two_axes() -> None:
    found = solve(input=[100, 64], kernel=[5, 3], stride=2, padding="same")
    q = found.quantities
    assert found.confirmed
    assert (q["out_h"], q["out_w"]) == (windows(100, 5, 2, 2, 1), windows(64, 3, 2, 1, 1))
    assert (q["rest_h"], q["rest_w"]) == (1, 1)


def test_letters_are_confirmed_with_numbers_drawn_for_them() -> None:
    found = solve(input="symbol", kernel=3, padding=1, stride="symbol")
    assert found.confirmed
    assert [c for c in found.checks if c.method == "setting down the window"]


def test_what_does_not_divide_is_said() -> None:
    found = solve(input=100, kernel=5, stride=8, padding="valid")
    told = [part for b in found.blocks if isinstance(b, Text) for part in b.parts]
    expected = (
        "The stride does not divide: the last 7 pixels of the padded input are seen by no window."
    )
    assert expected in told


def test_a_size_varied() -> None:
    found = solve(input=100, kernel=5, padding=0, compare={"size": "stride", "values": [1, 2, 8]})
    (table,) = found.tables
    assert [[plain(c) for c in (row[0], row[2], row[3])] for row in table.rows] == [  # type: ignore[arg-type]
        ["1", "96", "0"],
        ["2", "48", "1"],
        ["8", "12", "7"],
    ]


# --------------------------------------------------------------------------------------- bad input


def test_mistakes_have_their_place() -> None:
    assert mistakes(input=4, kernel=7, padding=1) == [
        (
            "kernel",
            "the window spans 7 pixels, but the input has 4, with padding 6",
            "take a smaller kernel or more padding",
        )
    ]
    assert mistakes(input=9, kernel=4, padding="same") == [
        (
            "padding",
            "same padding is half of D (M - 1), and 3 is odd",
            "write the padding as a number",
        )
    ]
    assert mistakes(input=9, kernel="symbol", padding="full") == [
        (
            "padding",
            "full padding hangs on the kernel, which has no value",
            "leave the padding out to see the three usual ones",
        )
    ]
    assert mistakes(input=9, kernel=0, stride=0, padding=-1, dilation="one") == [
        ("kernel", "a whole number from 1 to 100000 belongs here, not 0", ""),
        ("stride", "a whole number from 1 to 100000 belongs here, not 0", ""),
        ("padding", "a whole number from 0 to 100000 belongs here, not -1", ""),
        ("dilation", "unknown choice one", "write symbol"),
    ]


def test_what_does_not_go_together() -> None:
    wanted = {"size": "padding", "output": 9}
    ((_, told, _),) = mistakes(input=9, kernel=3, transposed=True, find=wanted)
    assert told == "find and compare are for convolutions, not transposed ones"
    ((_, told, _),) = mistakes(input="symbol", kernel=3, find=wanted)
    assert told == "a number belongs here, not symbol"
    ((_, told, _),) = mistakes(**{"input": 9, "kernel": 3, "output-padding": 1})
    assert told == "output-padding belongs to a transposed convolution"
    ((_, told, _),) = mistakes(input=2, kernel=3, padding=5, transposed=True)
    assert told == "the padding takes away all of the output"
    ((_, told, _),) = mistakes(
        **{"input": 2, "kernel": 3, "stride": 2, "output-padding": 2, "transposed": True}
    )
    assert told == "output-padding is below the stride, which is 2"
    ((_, told, _),) = mistakes(input=9, kernel=3, compare={"size": "kernel", "values": [3, 11]})
    assert told == "with kernel 11 the window does not fit"


def test_both_axes_are_solved_by_themselves() -> None:
    found = solve(input=[9, 20], kernel="symbol", find={"size": "kernel", "output": [3, 30]})
    assert found.confirmed
    assert {name: plain(form) for name, form in found.results.items()} == {"M_h": "7"}


def test_values_that_are_compared() -> None:
    values = list(range(1, 33))
    ((place, told, _),) = mistakes(input=90, kernel=3, compare={"size": "stride", "values": values})
    assert (place, told) == ("compare.values[30]", "at most 30 values are compared")
    ((place, told, _),) = mistakes(input=9, kernel=3, compare={"size": "stride", "values": [1, 0]})
    assert (place, told) == ("compare.values[1]", "the stride is at least 1, not 0")
    ((_, told, _),) = mistakes(
        input=9,
        kernel=3,
        find={"size": "stride", "output": 1},
        compare={"size": "stride", "values": [1]},
    )
    assert told == "find and compare do not go together: compare needs every size"


def test_a_kernel_of_one_has_no_dilation_to_find() -> None:
    ((place, told, _),) = mistakes(input=9, kernel=1, find={"size": "dilation", "output": 9})
    assert (place, told) == ("kernel", "a kernel of 1 has no dilation to be found")


def test_a_window_that_does_not_fit_has_no_stride() -> None:
    ((place, told, _),) = mistakes(input=3, kernel=9, find={"size": "stride", "output": 1})
    assert (place, told) == ("kernel", "the window spans 9 pixels, but the input has 3")


# ----------------------------------------------------------------------------- broken on purpose


def test_a_wrong_formula_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = property(lambda axis: f"floor(({axis.room}) / {axis.names['stride']})")
    monkeypatch.setattr(window_sizes.Axis, "formula", wrong)
    found = solve(input=20, kernel=3, padding=1)
    assert {c.of for c in found.checks if not c.passed} == {"N_out"}
    found = solve(input="symbol", kernel=3, padding=1)
    assert {c.of for c in found.checks if not c.passed} == {"N_out"}


def test_a_solution_too_many_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: Any) -> window_sizes.Found:
        right = window_sizes.solved(*args)
        return window_sizes.Found(right.first, (right.last or 0) + 1)

    monkeypatch.setattr(conv_size, "solved", wrong)
    found = solve(input=20, kernel=3, stride=2, find={"size": "padding", "output": 10})
    assert "the solutions P" in {c.of for c in found.checks if not c.passed}


def test_a_wrong_chain_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = window_sizes.WrittenChain

    def wrong(of: str, start: str, sides: list[tuple[str, str]]) -> Any:
        return whole(of, start, [*sides[:-1], (sides[-1][0], "N - M")])

    monkeypatch.setattr(window_sizes, "WrittenChain", wrong)
    found = solve(input="symbol", kernel="symbol")
    methods = {c.method.split()[0] for c in found.checks if not c.passed}
    assert methods == {"SymPy", "both"}
