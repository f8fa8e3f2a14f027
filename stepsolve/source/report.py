"""The mistakes found so far: readers add to a report and go on, so that all are told at once."""

from __future__ import annotations

from collections.abc import Iterable

from stepsolve.errors import Diagnosis, InvalidProblem, Place

SHOWN = 50  # mistakes told at once; more help nobody


class Report:
    """The independent mistakes of one problem, in the order in which they were found."""

    __slots__ = ("_diagnoses",)

    def __init__(self, diagnoses: Iterable[Diagnosis] = ()) -> None:
        self._diagnoses = list(diagnoses)

    def add(self, *diagnoses: Diagnosis) -> None:
        self._diagnoses.extend(diagnoses)

    def placed(self, place: Place) -> Report:
        """The same with a place for the mistakes that have none of their own."""
        if not place.line:
            return self
        return Report(d if d.place else d._replace(place=place) for d in self._diagnoses)

    @property
    def failed(self) -> bool:
        return bool(self._diagnoses)

    def raise_if_any(self) -> None:
        """Raises `InvalidProblem` with every mistake once, in the order of the file."""
        if not self.failed:
            return
        found = sorted(dict.fromkeys(self._diagnoses), key=_position)
        shown = found[:SHOWN]
        if more := len(found) - len(shown):
            shown.append(Diagnosis(f"and {more} more"))
        raise InvalidProblem(*shown)


def _position(diagnosis: Diagnosis) -> tuple[str, int, int]:
    """Sorts by line and column; mistakes without lines stay as they were found, and come first."""
    place = diagnosis.place
    if place is None or not place.line:
        return ("", 0, 0)
    return (place.source, place.line, place.column)


def shown(text: str, limit: int = 60) -> str:
    """What was written, fit to stand in a message: on one line and not endless."""
    line = "".join(c if c.isprintable() else " " for c in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"
