"""Breaking long lines of mathematics: before an equals sign, else before an operator."""

from __future__ import annotations

from collections.abc import Sequence

_OPENING, _CLOSING = "([{", ")]}"
_OPERATORS = "+−·/=≈<>≤≥≠"
_STEP = 4  # further columns for what continues a side


def flowed(pieces: Sequence[tuple[str, str]], room: int, lead: int | None = None) -> list[str]:
    """An equation in rows of at most `room` characters.

    `pieces` are the sides, each with the sign before it; the first sign is empty. Rows after the
    first begin with a sign in column `lead`, by default just after the first side if it is short.
    """
    (_, first), *others = pieces
    if lead is None:
        lead = len(first) if len(first) <= room // 3 else _STEP
    rows = broken(first, room, room - _STEP)
    rows = [rows[0], *(" " * _STEP + row for row in rows[1:])]
    for sign, text in others:
        piece = f" {sign} {text}"
        if len(rows[-1]) + len(piece) <= room:
            rows[-1] += piece
            continue
        start = " " * lead + f" {sign} "
        beside_first = len(rows) == 1 and len(rows[0]) <= lead
        if beside_first and lead > _STEP and len(text) + _STEP + 3 <= room:
            start = " " * _STEP + f" {sign} "  # whole on a row of its own
        elif beside_first:
            start = rows.pop() + f" {sign} "
        hang = min(len(start), room // 2)
        parts = broken(text, room - len(start), room - hang)
        rows.append(start + parts[0])
        rows += [" " * hang + part for part in parts[1:]]
    return rows


def broken(text: str, first: int, others: int) -> list[str]:
    """A text in parts of at most `first` and then `others` characters, at the best places."""
    rows = []
    room = max(first, 10)
    while len(text) > room:
        cut = _best_break(text, room)
        rows.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
        room = max(others, 10)
    return [*rows, text]


def _best_break(text: str, room: int) -> int:
    """Where to cut: before the operator in the fewest brackets, of those the last that fits."""
    depth, best = 0, (99, 0)
    for position, character in enumerate(text[: room + 1]):
        if character in _OPENING:
            depth += 1
        elif character in _CLOSING:
            depth -= 1
        elif character == " " and position >= room // 3 and depth <= best[0]:
            after_comma = text[position - 1] == ","
            if after_comma or text[position + 1 : position + 2] in _OPERATORS:
                best = depth, position
    if best[1]:
        return best[1]
    blank = text.rfind(" ", 1, room + 1)
    return blank if blank > 0 else room
