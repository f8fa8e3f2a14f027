"""Notes taken apart: which equations and headings are found, and where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timing import at_most

from stepsolve.errors import ExpressionError
from stepsolve.source.handwriting import read_chains
from stepsolve.source.notes import Equation, Heading, equations

MARKDOWN = r"""# Homework *1*
Prose without claims costs \$5 and `code`.

Let $x = 3$ and $y = 4$ where $z$ is free.

1. x = 3
- (a) 0.5*2 = 1
> Step 1: z = 3
**Step 2:** z = 4
so we have n = 3 cells and go on
$$
z_1 = 1 + 2
= 3
y = 4
$$

```math
a = 1 \\[2pt]
b = 2
```

```python
x = 3
```
<!-- x = 4 -->
\begin{align*}
a &= 1 + 2 \\
  &= 3 \\
b &= 4 \\
  &+ 5 \\
\intertext{and x = 5}
W &= \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}
\end{align*}
\[ q = 5 \] and \( r = 6 \).
\subsection{Part two}
\frac{1}{2} = 0.5
"""


def found(text: str) -> list[tuple[object, ...]]:
    return [
        (part.line, part.text) if isinstance(part, Heading) else (part.line, part.column, part.text)
        for part in equations(text)
    ]


def test_markdown() -> None:
    assert found(MARKDOWN) == [
        (1, "Homework *1*"),
        (4, 6, "x = 3"),
        (4, 18, "y = 4"),
        (6, 4, "x = 3"),
        (7, 7, "0.5*2 = 1"),
        (8, 11, "z = 3"),
        (9, 13, "z = 4"),
        (10, 1, "so we have n = 3 cells and go on"),
        (12, 1, "z_1 = 1 + 2 = 3"),
        (14, 1, "y = 4"),
        (18, 1, "a = 1"),
        (19, 1, "b = 2"),
        (27, 1, "a &= 1 + 2"),
        (28, 3, "&= 3"),
        (29, 1, "b &= 4      &+ 5"),
        (32, 1, r"W &= \begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}"),
        (34, 4, "q = 5"),
        (34, 20, "r = 6"),
        (35, "Part two"),
        (36, 1, r"\frac{1}{2} = 0.5"),
    ]


def test_rows_that_go_on_are_joined() -> None:
    parts = [part for part in equations(MARKDOWN) if isinstance(part, Equation)]
    assert [part.text for part in parts if part.joined] == ["&= 3"]
    assert [part.text for part in parts if not part.latex][:2] == ["x = 3", "0.5*2 = 1"]


def test_what_is_found_stands_where_it_says() -> None:
    lines = MARKDOWN.splitlines()
    for part in equations(MARKDOWN):
        if isinstance(part, Equation):
            begin = part.text[:5].split("  ")[0]
            assert lines[part.line - 1][part.column - 1 :].startswith(begin)


def test_a_latex_document() -> None:
    text = r"""\documentclass{article}
\newcommand{\x}{x = 3}
\begin{document}
\section*{One}
% c = 3
x = 3 % hello = 4
\begin{equation}\label{eq:1}
\begin{split} a &= 1 \\ &= 2 \end{split}
\end{equation}
\end{document}
y = 4
"""
    assert found(text) == [
        (4, "One"),
        (6, 1, "x = 3"),
        (7, 17, r"\label{eq:1}               a &= 1"),
        (8, 25, "&= 2"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$unclosed = 3\nmore\n\nw = 1", [(1, 1, "$unclosed = 3\nmore"), (4, 1, "w = 1")]),
        ("\\begin{align} a = 1\nb\n\nw = 1", [(1, 1, "\\begin{align} a = 1\nb"), (4, 1, "w = 1")]),
        ("```\nx = 3", [(2, 1, "x = 3")]),
        ("x = 73%", [(1, 1, "x = 73%")]),
        ("  % x = 3", []),
        ("No relation here.", []),
        ("$x$ and $y$", []),
        ("a forward -> backward pass", []),
        ("Layer 2: 3 -> 4", [(1, 10, "3 -> 4")]),
        ("> quoted", []),
        ("z = $3$", [(1, 1, "z =")]),
        ("w := w - 1", [(1, 1, "w := w - 1")]),
        ("", []),
    ],
)
def test_lines(text: str, expected: list[tuple[object, ...]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text", ["$x = 3", "\\begin{align} a = 1\nb", "\\[ a = 1", "\\( a = 1 \n b"]
)
def test_what_is_never_closed_is_not_read(text: str) -> None:
    (part,) = equations(text)
    assert isinstance(part, Equation)
    with pytest.raises(ExpressionError):
        read_chains(part.text, latex=part.latex)


PIECES = [
    "$",
    "$$",
    "\\[",
    "\\]",
    "\\(",
    "\\)",
    "\n",
    "\n\n",
    "x = 3",
    "```math\n",
    "```\n",
    "&",
    "\\\\",
]
PIECES += [
    "\\begin{align}",
    "\\end{align}",
    "{",
    "}",
    "<!--",
    "-->",
    "# ",
    "- ",
    "%",
    "\\",
    " a ",
    "> ",
]


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=30).map("".join)))
def test_any_text_is_taken_apart(text: str) -> None:
    last = 0
    for part in equations(text):
        assert last <= part.line <= text.count("\n") + 1
        last = part.line
        if isinstance(part, Equation):
            assert part.column >= 1


@pytest.mark.parametrize("piece", [*PIECES, "$$x = 3 \\\\ y\n", "$x = 3$ ", "\\intertext{", "# #"])
def test_long_notes_take_no_longer_than_they_are(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    with at_most(3.0):  # ten times what the slowest takes
        for _ in equations(text):
            pass
