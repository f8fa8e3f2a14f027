"""Nodes -> frozen specifications: what keys a problem has, what stands in them, and how it is read.

A specification is a frozen dataclass whose attributes are entries:

    @dataclass(frozen=True)
    class Graph:
        '''A computational graph.'''

        lines: tuple[str, ...] = entry(list_of(text, minimum=1), "The lines, in order.")
        digits: int = entry(integer(0, 15), "Decimals shown.", default=4)

The attribute `given_values` is the key `given-values`; an underscore at the end is dropped, so that
`from_` is `from`. Reading collects every independent mistake, and the same declarations give the
JSON Schema that editors complete from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, field, fields
from typing import TYPE_CHECKING, Any, Final, Generic, Literal, NamedTuple, TypeVar

from stepsolve.errors import Diagnosis, ExpressionError, Place, nearest
from stepsolve.notation.names import NAME
from stepsolve.source.data import Node
from stepsolve.source.report import Report, shown

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")
C = TypeVar("C", bound="DataclassInstance")

Shape = Literal["nothing", "text", "list", "mapping"]
Schema = dict[str, object]

REQUIRED: Final[Any] = MISSING
DIALECT = "https://json-schema.org/draft/2020-12/schema"
LONGEST_INTEGER = 18  # digits; none is needed with more, and thousands would be slow


def shape(node: Node) -> Shape:
    """What kind of value a node is."""
    match node.value:
        case None:
            return "nothing"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "mapping"


def written(node: Node) -> str:
    """The text of a node that is known to be one."""
    assert isinstance(node.value, str)
    return node.value


def misplaced(node: Node, doc: str) -> Diagnosis:
    """A value of one shape where `doc` belongs, which is of another."""
    found = "but nothing is written" if node.value is None else f"not a {shape(node)}"
    return node.diagnose(f"{doc} belongs here, {found}")


def unfit(node: Node, doc: str, hint: str = "") -> Diagnosis:
    """A text that is not of the form of `doc`."""
    found = shown(written(node)) or "an empty text"
    return node.diagnose(f"{doc} belongs here, not {found}", hint)


class Reader(Generic[T]):
    """Turns nodes of some shapes into values, and says so as a JSON Schema.

    `read` is a function that returns the value, or reports what is wrong and returns None; it is
    called for nodes of the shapes in `takes` only. An `ExpressionError` that it raises is reported
    at its offsets. `doc` says in a few words what is read: "a name", "a whole number from 0 to 15".
    """

    def __init__(
        self,
        read: Callable[[Node, Report], T | None],
        schema: Mapping[str, object],
        doc: str = "a text",
        takes: Iterable[Shape] = ("text",),
    ) -> None:
        self._read = read
        self._schema = dict(schema)
        self.doc = doc
        self.takes = frozenset(takes)

    def read(self, node: Node, report: Report) -> T | None:
        """The value of a node, or None after reporting why it has none."""
        if shape(node) not in self.takes:
            report.add(misplaced(node, self.doc))
            return None
        try:
            return self._read(node, report)
        except ExpressionError as wrong:
            report.add(node.diagnose(wrong.message, wrong.hint, (wrong.start, wrong.end)))
            return None

    def schema(self) -> Schema:
        """The JSON Schema of what is read."""
        return dict(self._schema)


text: Reader[str] = Reader(
    lambda node, _: written(node),
    {"type": ["string", "number", "boolean"]},  # an unquoted 2024 or true is a text as well
)


def matching(pattern: str, doc: str, hint: str = "") -> Reader[str]:
    """A text that a regular expression matches as a whole."""
    whole = re.compile(pattern)

    def read(node: Node, report: Report) -> str | None:
        if whole.fullmatch(written(node)):
            return written(node)
        report.add(unfit(node, doc, hint))
        return None

    return Reader(read, {"type": "string", "pattern": f"^(?:{pattern})$"}, doc)


name = matching(NAME, "a name", "a name is a letter, then letters, digits and _, then any primes")


def _boolean(node: Node, report: Report) -> bool | None:
    if written(node) in ("true", "false"):
        return written(node) == "true"
    report.add(unfit(node, "true or false", "write true or false"))
    return None


boolean: Reader[bool] = Reader(_boolean, {"type": "boolean"}, "true or false")


def integer(minimum: int | None = None, maximum: int | None = None) -> Reader[int]:
    """A whole number within bounds, both included."""
    schema: Schema = {"type": "integer"}
    doc = "a whole number"
    if minimum is not None:
        schema["minimum"] = minimum
        doc += f" of at least {minimum}" if maximum is None else f" from {minimum}"
    if maximum is not None:
        schema["maximum"] = maximum
        doc += f" of at most {maximum}" if minimum is None else f" to {maximum}"

    def read(node: Node, report: Report) -> int | None:
        if re.fullmatch(f"[+-]?[0-9]{{1,{LONGEST_INTEGER}}}", written(node)):
            value = int(written(node))
            above = minimum is None or value >= minimum
            if above and (maximum is None or value <= maximum):
                return value
        report.add(unfit(node, doc))
        return None

    return Reader(read, schema, doc)


def choice(*words: str) -> Reader[str]:
    """One of some words."""

    def read(node: Node, report: Report) -> str | None:
        typed = written(node)
        if typed in words:
            return typed
        hint = nearest(typed, words) or f"write {_either(words)}"
        report.add(node.diagnose(f"unknown choice {shown(typed)}", hint))
        return None

    return Reader(read, {"enum": list(words)}, _either(words))


def list_of(reader: Reader[T], minimum: int = 0) -> Reader[tuple[T, ...]]:
    """A list of values of one sort, with at least `minimum` of them."""

    def read(node: Node, report: Report) -> tuple[T, ...] | None:
        assert isinstance(node.value, list)
        if len(node.value) < minimum:
            entries = "entry belongs" if minimum == 1 else "entries belong"
            found = len(node.value) or "none"
            report.add(node.diagnose(f"at least {minimum} {entries} here, not {found}"))
            return None
        values = [reader.read(item, report) for item in node.value]
        good = tuple(value for value in values if value is not None)
        return good if len(good) == len(values) else None

    schema: Schema = {"type": "array", "items": reader.schema()}
    if minimum:
        schema["minItems"] = minimum
    return Reader(read, schema, "a list", ("list",))


def one_or_list(reader: Reader[T], minimum: int = 0) -> Reader[tuple[T, ...]]:
    """A list of values of one sort; a single value counts as a list of one."""
    several = list_of(reader, minimum)

    def read(node: Node, report: Report) -> tuple[T, ...] | None:
        if isinstance(node.value, list):
            return several.read(node, report)
        value = reader.read(node, report)
        return None if value is None else (value,)

    return Reader(
        read,
        {"anyOf": [reader.schema(), several.schema()]},
        f"{reader.doc} or a list",
        reader.takes | several.takes,
    )


def mapping_of(key: Reader[str] | str, reader: Reader[T]) -> Reader[dict[str, T]]:
    """Values of one sort by keys of one sort (a reader or a pattern), in the order written."""
    keys = key if isinstance(key, Reader) else matching(key, "a key of another form")

    def read(node: Node, report: Report) -> dict[str, T] | None:
        assert isinstance(node.value, dict)
        values: dict[str, T] = {}
        failed = False
        for typed, item in node.value.items():
            known = keys.read(Node(typed, item.path, _key(node, typed)), report)
            value = reader.read(item, report)
            if known is None or value is None:
                failed = True
            else:
                values[known] = value
        return None if failed else values

    schema: Schema = {
        "type": "object",
        "propertyNames": keys.schema(),
        "additionalProperties": reader.schema(),
    }
    return Reader(read, schema, "a mapping", ("mapping",))


def either(*readers: Reader[Any]) -> Reader[Any]:
    """What the first of some readers that takes a node's shape makes of it."""

    def read(node: Node, report: Report) -> Any:
        return next(r for r in readers if shape(node) in r.takes).read(node, report)

    return Reader(
        read,
        {"anyOf": [reader.schema() for reader in readers]},
        _either([reader.doc for reader in readers]),
        frozenset().union(*(reader.takes for reader in readers)),
    )


class Entry(NamedTuple):
    """What is declared about one key."""

    attribute: str
    reader: Reader[Any]
    doc: str
    default: object
    examples: tuple[object, ...]

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def schema(self) -> Schema:
        schema: Schema = {**self.reader.schema(), "description": self.doc}
        if isinstance(self.default, (str, bool, int, float)):
            schema["default"] = self.default
        if self.examples:
            schema["examples"] = list(self.examples)
        return schema


def entry(
    reader: Reader[Any], doc: str, default: Any = REQUIRED, examples: Sequence[object] = ()
) -> Any:
    """An attribute of a specification: its reader, what it means, and its value when not given.

    `default` is the value as read, not its text. `examples` are offered by editors.
    """
    metadata = {"entry": (reader, doc, default, tuple(examples))}
    if isinstance(default, (dict, list, set)):
        return field(default_factory=default.copy, kw_only=True, metadata=metadata)
    return field(default=default, kw_only=True, metadata=metadata)


def entries(cls: type[DataclassInstance]) -> dict[str, Entry]:
    """The entries of a specification by key, in the order of the class."""
    return {
        item.name.rstrip("_").replace("_", "-"): Entry(item.name, *item.metadata["entry"])
        for item in fields(cls)
        if "entry" in item.metadata
    }


_SOURCE: Final = "source"


def source_node() -> Any:
    """An attribute of that name: the mapping that a specification was read from, if it was read."""
    return field(default=None, kw_only=True, repr=False, compare=False)


def key_node(mapping: Node | None, *keys: str) -> Node:
    """What stands at the last of some keys that is given; the whole mapping where none of them is."""
    if mapping is None or not isinstance(mapping.value, dict):
        return Node(None, keys[0], Place(keys[0]))
    given = [mapping.value[key] for key in keys if key in mapping.value]
    return given[-1] if given else mapping


def record(cls: type[C]) -> Reader[C]:
    """A mapping that is a specification of its own."""
    return Reader(
        lambda node, report: _specification(cls, node, report),
        _schema(cls),
        "a mapping",
        ("mapping",),
    )


def read_specification(cls: type[C], node: Node, report: Report) -> C | None:
    """The specification in a mapping, or None after reporting every mistake in it."""
    return record(cls).read(node, report)


def specification_schema(cls: type[DataclassInstance]) -> Schema:
    """The JSON Schema (2020-12) of a specification."""
    return {"$schema": DIALECT, **_schema(cls)}


def _specification(cls: type[C], node: Node, report: Report) -> C | None:
    assert isinstance(node.value, dict)
    known = entries(cls)
    unknown = [key for key in node.value if key not in known]
    missing = [key for key, e in known.items() if e.required and key not in node.value]
    for key in unknown:
        hint = nearest(key, known) or f"known keys are {', '.join(known)}"
        report.add(Diagnosis(f"unknown key {shown(key)}", _key(node, key), hint))
    for key in missing:
        if not any(nearest(other, [key]) for other in unknown):  # else it is only misspelt
            hint = f"{key}: {_phrase(known[key].doc)}"
            report.add(node.diagnose(f"the key {key} is missing", hint))
    values = {
        known[key].attribute: known[key].reader.read(value, report)
        for key, value in node.value.items()
        if key in known
    }
    if missing or None in values.values():
        return None
    if _SOURCE in cls.__dataclass_fields__:
        values[_SOURCE] = node
    return cls(**values)


def _schema(cls: type[DataclassInstance]) -> Schema:
    known = entries(cls)
    schema: Schema = {"type": "object"}
    if cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}("):  # the one dataclass writes
        schema["description"] = cls.__doc__.strip().partition("\n\n")[0]
    schema["properties"] = {key: item.schema() for key, item in known.items()}
    if required := [key for key, item in known.items() if item.required]:
        schema["required"] = required
    return {**schema, "additionalProperties": False}


def _key(node: Node, key: str) -> Place:
    return node.keys.get(key, node.place)


def _phrase(doc: str) -> str:
    """A sentence as it stands within another: `The lines, in order.` is `the lines, in order`."""
    word = re.match(r"[A-Z][a-z]*(?![A-Za-z0-9_])", doc)  # not LaTeX, not W_hh
    return (doc[:1].lower() + doc[1:] if word else doc).removesuffix(".")


def _either(words: Sequence[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
