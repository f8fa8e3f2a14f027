"""What long sheets need: lines that are not shown, gradients in groups, sums of many terms, parts."""

from __future__ import annotations

import numpy as np
import pytest

import stepsolve
from stepsolve.checking.jacobians import Jacobian, check_float, check_precise
from stepsolve.derivation import Lines, Section
from stepsolve.notation.plain import plain
from stepsolve.notation.tree import Apply, Array, Name, Number, folded
from stepsolve.operations.dimensions import Dimensions
from stepsolve.render.layout import equation, text_of
from stepsolve.source.expression import parse
from stepsolve.worksheet.array_working import on_paper
from stepsolve.worksheet.sheet import Sheet
from stepsolve.worksheet.solved import Solved


def vector(*numbers: int) -> Array:
    return Array(*(Number(str(k)) for k in numbers))


def sheet() -> Sheet:
    found = Sheet()
    found.give("x", vector(1, 2), (2,))
    found.give("w", Number("3"), ())
    found.line("a", "w * x")
    found.line("b", "a * a")
    found.line("L", "sum(b)")
    return found


def names_of(solved: Solved) -> list[str]:
    return [
        line.name for block in solved.blocks() if isinstance(block, Lines) for line in block.lines
    ]


def test_hidden_lines_are_worked_out_and_checked_but_not_shown() -> None:
    written = sheet()
    written.hide("b", "x")
    written.backward("L", ["w"])
    solved = Solved(written)
    assert names_of(solved) == ["a", "L", "dL/da", "dL/dw"]
    assert solved.quantities["b"] == [9.0, 36.0] and solved.quantities["dL/db"] == [1.0, 1.0]
    assert {"b", "dL/db"} <= {check.of for check in solved.checks()}
    assert "<x>" not in str(list(solved.given_blocks()))


def test_gradients_stand_in_groups_given_quantities_last() -> None:
    written = sheet()
    groups = {"a": "late", "b": "early", "w": "weights", "x": "weights"}
    written.backward("L", ["w", "x"], heading=(), groups=lambda name: Section((groups[name],)))
    found = [
        block.parts[0] if isinstance(block, Section) else [line.name for line in block.lines]
        for block in Solved(written).blocks()
        if isinstance(block, Section | Lines)
    ]
    assert found[1:] == ["early", ["dL/db"], "late", ["dL/da"], "weights", ["dL/dw", "dL/dx"]]


@pytest.mark.parametrize("count", [1, 2, 50, 51, 400])
def test_many_parts_are_folded_without_depth(count: int) -> None:
    tree = folded(lambda one, other: Apply("+", one, other), [Name(f"x_{k}") for k in range(count)])
    assert tree.depth <= 70
    assert eval(plain(tree), {f"x_{k}": k for k in range(count)}) == sum(range(count))


def test_a_long_sum_is_shown_in_part() -> None:
    known = Dimensions({f"x_{k}": () for k in range(60)}, {})
    tree = folded(lambda one, other: Apply("+", one, other), [Name(f"x_{k}") for k in range(60)])
    assert plain(on_paper(tree, known)) == "x_0 + x_1 + ... + x_59"
    short = parse("x_1 + x_2 + x_3")
    assert on_paper(short, known) == short


# --------------------------------------------------------------------------- parts of one array


def gradient_of(lines: dict[str, str], dims: tuple[int, ...], name: str = "x") -> str:
    written = Sheet()
    random = np.round(np.random.default_rng(1).normal(size=dims), 2)
    written.give(name, random, dims)
    for line, text in lines.items():
        written.line(line, text)
    written.backward("L", [name])
    solved = Solved(written)
    assert all(check.passed for check in solved.checks())
    return plain(written.lines[f"dL/d{name}"].expression)


def test_parts_of_an_array_are_put_together() -> None:
    both = {"a": "x[0:2]", "b": "x[2:5]", "L": "sum(a * a) + sum(b * b * b)"}
    assert gradient_of(both, (5,)) == "concat(dL/da, dL/db)"
    columns = {"a": "x[:, 0:2]", "b": "x[:, 2:3]", "L": "sum(a * a) + sum(b * b * b)"}
    assert gradient_of(columns, (2, 3)) == "concat(dL/da, dL/db, axis=1)"
    backwards = {"b": "x[2:4]", "a": "x[0:2]", "L": "sum(a * a) + sum(b * b * b)"}
    assert gradient_of(backwards, (4,)) == "concat(dL/da, dL/db)"


@pytest.mark.parametrize(
    "lines",
    [
        {"a": "x[0:3]", "b": "x[2:5]", "L": "sum(a * a) + sum(b * b)"},  # they overlap
        {"a": "x[0:2]", "b": "x[3:5]", "L": "sum(a * a) + sum(b * b)"},  # there is a gap
        {"a": "x[0:2]", "b": "x[2:4]", "L": "sum(a * a) + sum(b * b)"},  # the end is missing
        {"a": "x[0:2]", "b": "x[0:2]", "L": "sum(a * a) + sum(b * b)"},  # one of them twice
        {"a": "x[0:2]", "b": "x * x", "L": "sum(a * a) + sum(b * b)"},  # all of it besides
    ],
)
def test_other_parts_are_added_among_zeros(lines: dict[str, str]) -> None:
    assert " + " in gradient_of(lines, (5,))


def test_what_is_subtracted_is_written_so() -> None:
    written = Sheet()
    written.give("x", vector(1, 2), (2,))
    written.give("y", vector(3, 5), (2,))
    written.line("L", "sum(x * y - (1 - x) * y)")
    written.backward("L", ["x"])
    assert " + -" not in plain(written.lines["dL/dx"].expression)
    assert all(check.passed for check in Solved(written).checks())


# --------------------------------------------------------------------------------- the Jacobian


def test_diag_is_a_matrix_with_a_gradient() -> None:
    found = stepsolve.solve(
        {
            "kind": "graph",
            "given": {"v": [2, 3], "W": [[1, 2], [3, 4]]},
            "lines": ["D = diag(v)", "L = sum(D @ W)"],
            "backward": "L",
        }
    )
    assert found.confirmed
    assert found.quantities["D"] == [[2, 0], [0, 3]]
    assert found.quantities["dL/dv"] == [3, 7]  # the sums of the rows of W
    with pytest.raises(stepsolve.InvalidProblem, match="a vector belongs here, but W is 2 × 2"):
        stepsolve.solve(
            {"kind": "graph", "given": {"W": [[1, 2], [3, 4]]}, "lines": ["D = diag(W)"]}
        )


@pytest.mark.parametrize(
    ("text", "right"), [("[[2, 1], [4, 4]]", True), ("[[2, 4], [1, 4]]", False)]
)
def test_a_jacobian_is_compared_with_differences(text: str, right: bool) -> None:
    written = Sheet()
    written.give("x", vector(1, 4), (2,))
    written.line(
        "y", "[x[0] * x[0] + x[1], 4 * x[0] * x[1] / 4]"
    )  # its Jacobian is [[2, 1], [4, 1]]
    written.line("z", "[y[0], y[1] + 3 * x[1]]")
    written.jacobian("z", "x", text, "", ["y", "z"])
    checks = {check.of: check.passed for check in Solved(written).checks()}
    assert checks["∂z/∂x"] is right


def test_what_is_not_between_is_held() -> None:
    expressions = {"y": parse("x * x"), "z": parse("y + x")}
    values = {"x": np.array(3.0), "y": np.array(9.0), "z": np.array(12.0)}

    def value(expression: object, known: dict[str, object]) -> object:
        return eval(plain(expression).replace("^", "**"), dict(known))  # type: ignore[arg-type]

    for lines, slope in ((("y", "z"), 7.0), (("z",), 1.0)):
        claim = Jacobian("J", "z", "x", lines)
        found = check_float(claim, expressions, {**values, "J": np.array(slope)}, value)  # type: ignore[arg-type]
        assert found.passed
        found = check_float(claim, expressions, {**values, "J": np.array(slope + 1)}, value)  # type: ignore[arg-type]
        assert not found.passed
        precise = stepsolve.checking.precise.Precise()
        exact = {n: {(): precise.number(repr(float(v)))} for n, v in values.items()}
        dims = Dimensions({"x": (), "y": (), "z": ()}, {})
        for claimed in (slope, slope + 1e-9):
            known = {**exact, "J": {(): precise.number(repr(claimed))}}
            found = check_precise(claim, expressions, known, dims, precise)
            assert found.passed is (claimed == slope)


# ---------------------------------------------------------------------------- wide sums on a page


def test_a_sum_of_matrices_that_is_too_wide_is_broken_between_its_terms() -> None:
    row = "[[1.25, 2.25], [3.25, 4.25]]"
    total = parse(f"{row} @ [[5], [6]] + {row} @ [[7], [8]] - {row} @ [[9], [1]]")
    rows = [text_of(row) for row in equation((Name("y"), total, vector(1, 2)), 60, 2)]
    assert rows == [
        "  y = ⎡1.25  2.25⎤ @ ⎡5⎤ + ⎡1.25  2.25⎤ @ ⎡7⎤",
        "      ⎣3.25  4.25⎦   ⎣6⎦   ⎣3.25  4.25⎦   ⎣8⎦",
        "    − ⎡1.25  2.25⎤ @ ⎡9⎤ = [1, 2]",
        "      ⎣3.25  4.25⎦   ⎣1⎦",
    ]
