"""A problem given as Python data -> nodes: the library's way in.

A place in it is a path such as `given.x[2]`. Numbers become the text that Python writes for them,
so that what follows reads a mapping exactly as it reads a file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from stepsolve.errors import Diagnosis, InvalidProblem, Place
from stepsolve.source.data import Node
from stepsolve.source.guard import NODES, TOO_MANY, Budget, below, unreadable
from stepsolve.source.report import Report, shown


def from_mapping(data: Mapping[str, object]) -> Node:
    """The nodes of a mapping of texts, numbers, booleans, None, lists and mappings.

    Arrays and their scalars come in by their `tolist`, fractions and decimals by their text. Raises
    `InvalidProblem` with the path of everything else, and for data without end.
    """
    return _Walk().problem(data)


class _Walk:
    """One walk over Python data."""

    def __init__(self) -> None:
        self.report = Report()
        self.budget = Budget()

    def problem(self, data: object) -> Node:
        """The node of the whole; raises `InvalidProblem` with every mistake."""
        root = Node(None, "", _place(""))
        try:
            if isinstance(data, Mapping):
                root = self.node(data, "", ())
            else:
                self.refuse("", f"a problem is a mapping of keys to values, not {_kind(data)}")
        except InvalidProblem as stop:
            self.report.add(*stop.diagnoses)
        self.report.raise_if_any()
        return root

    def refuse(self, path: str, complaint: str) -> None:
        self.report.add(Diagnosis(complaint, _place(path)))

    def node(self, data: object, path: str, above: tuple[object, ...]) -> Node:
        """The node of a value; `above` are the lists and mappings around it."""
        place = _place(path)
        if any(data is outer for outer in above):
            raise InvalidProblem(Diagnosis("this contains itself", place))
        if hasattr(data, "tolist"):
            data = self.listed(data, path)
        if not isinstance(data, (Mapping, Sequence)) or isinstance(data, (str, bytes, bytearray)):
            self.budget.spend(place, len(above))
            return Node(self.scalar(data, path), path, place)
        inside = (*above, data)
        self.budget.spend(place, len(inside))
        if isinstance(data, Mapping):
            return self.mapping(data, path, inside)
        items = [self.node(item, below(path, i), inside) for i, item in enumerate(data)]
        return Node(items, path, place)

    def mapping(self, data: Mapping[object, object], path: str, inside: tuple[object, ...]) -> Node:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key, value in data.items():
            self.budget.spend(_place(path), len(inside))
            if not isinstance(key, str) or not key:
                self.refuse(path, f"a key must be a text, not {_kind(key)}")
                continue
            here = below(path, key)
            name = self.text(key, here)
            keys[name] = _place(here)
            entries[name] = self.node(value, here, inside)
        return Node(entries, path, _place(path), keys=keys)

    def listed(self, data: object, path: str) -> object:
        """The lists and numbers of an array, or the number of an array's scalar."""
        size = getattr(data, "size", 0)
        if isinstance(size, int) and size > NODES:  # before millions of numbers become objects
            raise InvalidProblem(Diagnosis(TOO_MANY, _place(path)))
        tolist = getattr(data, "tolist", None)
        return data if isinstance(data, type) or tolist is None else tolist()

    def scalar(self, data: object, path: str) -> str | None:
        """The text of a value that holds no others."""
        try:
            match data:
                case None:
                    return None
                case str():
                    return self.text(data, path)
                case bool():
                    return "true" if data else "false"
                case int():
                    return int.__repr__(data)  # of the number, also in an enumeration
                case float():
                    return float.__repr__(data)
                case Fraction() | Decimal():
                    return str(data)
        except ValueError:  # beyond sys.get_int_max_str_digits()
            self.refuse(path, "this number has too many digits")
            return None
        self.refuse(path, f"{_kind(data)} has no place in a problem")
        return None

    def text(self, data: str, path: str) -> str:
        if bad := unreadable(data):
            self.refuse(path, bad[1])
        return str.__str__(data)


def _place(path: str) -> Place:
    return Place(path or "problem")


def _kind(data: object) -> str:
    """What a value is called in a message."""
    match data:
        case None:
            return "nothing"
        case "":
            return "an empty text"
        case str():
            return "a text"
        case Sequence() if not isinstance(data, (bytes, bytearray)):
            return "a list"
        case _:
            return f"a value of type {shown(type(data).__name__)}"
