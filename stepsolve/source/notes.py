"""stub"""
from typing import NamedTuple


class Equation(NamedTuple):
    text: str
    line: int
    column: int = 1
    latex: bool = False
    joined: bool = False


class Heading(NamedTuple):
    text: str
    line: int


def equations(text):
    for n, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            yield Heading(line, n)
        elif "=" in line:
            yield Equation(line, n)
