"""The text of a problem file -> nodes with their places.

YAML's events are walked, so nothing is ever constructed, and a text is refused as soon as it is too
large or too deep, before the rest of it is scanned. Every scalar stays the text that was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from stepsolve.errors import Diagnosis, InvalidProblem, Place
from stepsolve.source import yaml_mistakes as mistakes
from stepsolve.source.data import Node
from stepsolve.source.guard import Budget, below, unreadable
from stepsolve.source.lines import Lines
from stepsolve.source.report import Report
from stepsolve.source.yaml_mistakes import Spot
from stepsolve.source.yaml_trouble import Trouble, explain, unscannable

_COLON = re.compile(r"\s*:")
_NOTHING = frozenset({"", "~", "null"})


def compose(text: str, name: str) -> Node:
    """The mapping at the top of a problem file; `name` is what to call the file.

    Raises `InvalidProblem`: with the one place where a text stops being YAML, and with everything
    before it that a problem file may not hold.
    """
    lines = Lines(text.removeprefix("\ufeff"), name)
    if bad := unreadable(lines.text):
        offset, complaint = bad
        raise InvalidProblem(Diagnosis(complaint, lines.character(offset)))
    return _Composer(lines).problem()


def _events(lines: Lines) -> Iterator[Event]:
    """The events of a text, as far as they are asked for."""
    try:
        yield from YAML(typ="safe", pure=True).parse(lines.text)
    except (OverflowError, ValueError):  # from numbers that the scanner cannot convert
        raise InvalidProblem(unscannable(lines)) from None


class _Composer:
    """One walk over the events of a text."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.report = Report()
        self.budget = Budget()
        self.anchors: dict[str, Node | None] = {}  # None while the value is not complete
        self.open: list[Spot] = []  # the brackets [ and { that wait to be closed
        self.quoted: Spot | None = None  # the last quoted text that went over several lines
        self.events = _events(lines)

    def problem(self) -> Node:
        """The top of the file; raises `InvalidProblem` with every mistake."""
        root = Node(None, "", Place(self.lines.name))
        try:
            root = self.document()
        except InvalidProblem as stop:
            self.report.add(*stop.diagnoses)
        except MarkedYAMLError as error:
            self.report.add(self.explained(error))
        self.report.raise_if_any()
        return root

    def explained(self, error: MarkedYAMLError) -> Diagnosis:
        stop = error.problem_mark or error.context_mark
        begin = error.context_mark or stop
        return explain(
            Trouble(
                self.lines,
                error.problem or error.context or "",
                Spot(stop.line, stop.column),
                Spot(begin.line, begin.column),
                self.open[-1] if self.open else None,
                self.quoted,
            )
        )

    def document(self) -> Node:
        """The only document of the file, a mapping."""
        root: Node | None = None
        for event in self.events:
            if not isinstance(event, DocumentStartEvent):
                continue
            if root is not None:
                if root.value is not None:
                    self.report.add(mistakes.second_problem(self.place(event)))
                break
            self.report.add(*mistakes.directives(self.lines, event.start_mark.line))
            root = self.node(next(self.events), "", 0)
        if root is None or root.value is None:
            raise InvalidProblem(mistakes.empty(self.lines))
        if not isinstance(root.value, dict):
            self.report.add(mistakes.not_a_mapping(root))
        return root

    def node(self, event: Event, path: str, depth: int, flow: bool = False) -> Node:
        """The value that begins with an event; `depth` lists and mappings are around it."""
        if isinstance(event, AliasEvent):
            return self.alias(event, path, depth)
        assert isinstance(event, (ScalarEvent, CollectionStartEvent))
        if event.anchor:
            self.anchors[event.anchor] = None
        self.refuse_tag(event)
        if isinstance(event, ScalarEvent):
            node = self.scalar(event, path, depth, flow)
        else:
            node = self.collection(event, path, depth + 1)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def collection(self, start: CollectionStartEvent, path: str, depth: int) -> Node:
        """A list or a mapping."""
        self.budget.spend(self.place(start), depth)
        spot = Spot(start.end_mark.line, start.end_mark.column - 1)
        bracket = self.lines[spot.line][spot.column : spot.column + 1] in ("[", "{")
        if bracket:
            self.open.append(spot)
        keys: dict[str, Place] = {}
        value: list[Node] | dict[str, Node]
        if isinstance(start, MappingStartEvent):
            value, end = self.entries(path, depth, start.flow_style, keys)
        else:
            value, end = self.items(path, depth, start.flow_style)
        if bracket:
            self.open.pop()
        return Node(value, path, self.place(start, end), keys=keys)

    def items(self, path: str, depth: int, flow: bool) -> tuple[list[Node], Event]:
        items: list[Node] = []
        while not isinstance(event := next(self.events), CollectionEndEvent):
            items.append(self.node(event, below(path, len(items)), depth, flow))
        return items, event

    def entries(
        self, path: str, depth: int, flow: bool, keys: dict[str, Place]
    ) -> tuple[dict[str, Node], Event]:
        entries: dict[str, Node] = {}
        while not isinstance(event := next(self.events), CollectionEndEvent):
            key = self.key(event, path, depth, flow)
            value = self.node(next(self.events), below(path, key or "?"), depth, flow)
            if key is None:
                continue
            place = self.place(event)
            if key in keys:
                self.report.add(mistakes.twice(key, keys[key], place))
                continue
            keys[key], entries[key] = place, value
            if value.place.end == value.place.column:
                value.place = self.after_colon(event)
                if flow and isinstance(event, ScalarEvent) and not event.style:
                    self.report.add(*mistakes.tight_colon(key, place))
        return entries, event

    def key(self, event: Event, path: str, depth: int, flow: bool) -> str | None:
        """The text of a key, or nothing if it cannot be one."""
        place = self.place(event)
        if not isinstance(event, ScalarEvent):
            self.report.add(Diagnosis("a key must be a text", place, mistakes.QUOTE))
            if isinstance(event, CollectionStartEvent):
                self.node(event, path, depth)
            return None
        self.budget.spend(place, depth)
        self.refuse_tag(event)
        text: str = event.value
        wrong = mistakes.key(text, place, plain=event.style is None)
        if event.start_mark.line != event.end_mark.line and not flow:
            wrong = Diagnosis("a key must stand on one line", place)
        elif bad := unreadable(text):
            wrong = Diagnosis(bad[1], place)
        if wrong:
            self.report.add(wrong)
        return None if wrong else text

    def scalar(self, event: ScalarEvent, path: str, depth: int, flow: bool) -> Node:
        place = self.place(event)
        self.budget.spend(place, depth)
        start, end, text = event.start_mark, event.end_mark, event.value
        plain = event.style is None
        quoted = event.style in ("'", '"')
        over_lines = start.line != end.line
        if quoted and over_lines:
            self.quoted = Spot(start.line, start.column)
        if event.style == '"' and (bad := unreadable(text)):
            self.report.add(Diagnosis(bad[1], place))
        if plain and over_lines and not flow:
            self.report.add(*mistakes.swallowed_items(self.lines, start.line + 1, end.line))
        if plain and flow and self.lines.text.startswith(",", end.index):
            self.report.add(*mistakes.cut_off(text, place))
        value = None if plain and text in _NOTHING else text
        return Node(value, path, place, quoted=quoted, shift=self.shift(event))

    def shift(self, event: ScalarEvent) -> int | None:
        """How far behind the start of a scalar its text begins, where it stands there as typed."""
        start, end = event.start_mark, event.end_mark
        raw = self.lines.text[start.index : end.index]
        escapes = {'"': raw.count("\\"), "'": raw.count("'") - 2}
        if event.style in ("|", ">") or start.line != end.line or escapes.get(event.style, 0) > 0:
            return None
        return len(raw) - bool(event.style) - len(event.value)  # an anchor may stand before it

    def alias(self, event: AliasEvent, path: str, depth: int) -> Node:
        """A copy of a value that stands somewhere above."""
        place = self.place(event)
        node = self.anchors.get(event.anchor)
        if node is None:
            self.report.add(mistakes.alias(place, event.anchor in self.anchors))
            node = Node(None, path, place)
        return self.copy(node, path, depth, place)

    def copy(self, node: Node, path: str, depth: int, alias: Place) -> Node:
        """The same value at another path. Its places stay: there it can be mended."""
        value = node.value
        depth += isinstance(value, (list, dict))
        self.budget.spend(alias, depth)
        if isinstance(value, list):
            value = [self.copy(v, below(path, i), depth, alias) for i, v in enumerate(value)]
        elif isinstance(value, dict):
            value = {k: self.copy(v, below(path, k), depth, alias) for k, v in value.items()}
        return Node(value, path, node.place, quoted=node.quoted, shift=node.shift, keys=node.keys)

    def refuse_tag(self, event: ScalarEvent | CollectionStartEvent) -> None:
        if event.ctag is None:
            return
        text, start, end = self.lines.text, event.start_mark.index, event.end_mark.index
        offset = text.find("!", start, end)
        if offset < 0:  # the event starts at an anchor, and the tag is the word before it
            offset = text.rindex("!", 0, start)
            while text[offset - 1] == "!":
                offset -= 1
        self.report.add(mistakes.tag(self.lines.character(offset)))

    def after_colon(self, key: Event) -> Place:
        """Where a value would stand that is not written."""
        found = _COLON.match(self.lines.text, key.end_mark.index)
        place = self.lines.character(found.end() if found else key.end_mark.index)
        return place._replace(end=place.column)

    def place(self, start: Event, end: Event | None = None) -> Place:
        """The place from the start of an event to the end of it, or of another, in its line."""
        first, last = start.start_mark, (end or start).end_mark
        on_one_line = first.line == last.line
        return self.lines.place(first.line, first.column, last.column if on_one_line else None)
