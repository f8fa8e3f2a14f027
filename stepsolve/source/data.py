"""A problem as read, before it means anything: text, lists and mappings, each with its place."""

from __future__ import annotations

from stepsolve.errors import Diagnosis, Place


class Node:
    """One value of a problem.

    `value` is the text of a scalar as typed (`None` where nothing was written), a list of nodes, or
    a mapping from keys to nodes. `path` names the value in the problem (`given.w0`, `lines[2]`).
    `keys` holds, for a mapping, the place of every key.
    """

    __slots__ = ("keys", "path", "place", "quoted", "shift", "value")

    def __init__(
        self,
        value: str | list[Node] | dict[str, Node] | None,
        path: str,
        place: Place,
        *,
        quoted: bool = False,
        shift: int | None = 0,
        keys: dict[str, Place] | None = None,
    ) -> None:
        self.value = value
        self.path = path
        self.place = place  # of the whole value; a value over several lines ends with its first
        self.quoted = quoted
        self.shift = (
            shift  # column of the text's first character less that of the value; None: unknown
        )
        self.keys = keys or {}

    def diagnose(
        self, message: str, hint: str = "", span: tuple[int, int] | None = None
    ) -> Diagnosis:
        """A mistake in this value, or in a span of offsets of its text."""
        place = self.place
        if span is not None and place.line and self.shift is not None:
            start = place.column + self.shift + span[0]
            if start <= len(place.text) + 1:
                place = place._replace(column=start, end=start + max(1, span[1] - span[0]))
        return Diagnosis(message, place, hint)
