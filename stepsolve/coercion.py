"""Command-line words as values without Typer's own conversion, which loads Pydantic: 45 ms of start-up.

Typer makes the converter of a parameter when it is first needed and keeps it; here a plain one is put
in its place. With a Typer that works otherwise nothing happens, and its own conversion is used.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any

import typer


class PlainConverter:
    """Turns the word typed for a parameter into a path, a choice, or a list of words."""

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value of a word, or of several. Raises `typer.BadParameter` for an unknown choice."""
        if isinstance(value, tuple | list):
            return list(value)
        if not isinstance(value, str) or isinstance(value, Enum):
            return value
        annotation = self._annotation
        if isinstance(annotation, type) and issubclass(annotation, Enum):
            if value in annotation.__members__:
                return annotation[value]
            known = ", ".join(annotation.__members__)
            raise typer.BadParameter(f"{value!r} is not one of {known}.", ctx=ctx, param=param)
        return value if annotation is str else Path(value)


def lighten(command: Any) -> None:
    """Give every parameter of a command and its subcommands, --help too, a plain converter."""
    for parameter in command.get_params(typer.Context(command)):
        descriptor = getattr(parameter, "type_descriptor", None)
        if descriptor is not None and getattr(parameter, "_runtime_param", "") is None:
            parameter._runtime_param = PlainConverter(descriptor.annotation)
    for subcommand in getattr(command, "commands", {}).values():
        lighten(subcommand)
