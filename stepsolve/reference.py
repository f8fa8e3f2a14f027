"""What `list`, `explain`, `new` and `schema` print: everything comes from the tables and the kinds."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable
from itertools import product
from textwrap import fill, indent

from stepsolve import marking_reference
from stepsolve.array_reference import explained
from stepsolve.errors import UnknownName, nearest
from stepsolve.notation.latex import latex
from stepsolve.notation.plain import plain
from stepsolve.notation.shapes import Shape, ShapeError
from stepsolve.notation.tree import Apply, Name
from stepsolve.notation.unicode import one_line
from stepsolve.operations.operation import Operation
from stepsolve.operations.table import ALIASES, ARRAYS, OPERATIONS, TENSORS
from stepsolve.operations.tensors import TensorOperation
from stepsolve.problem import Problem, kind_names, load_kind
from stepsolve.render.layout import side
from stepsolve.rulebook import Book, Stated, books
from stepsolve.source.expression import parse
from stepsolve.source.fields import DIALECT, Entry, entries, specification_schema
from stepsolve.source.work import Work

_WIDTH = 79
_SIGNS = {"@": "@", ".T": "T"}
_HIDDEN = ("@", "T", "delta", "hadamard")  # signs, and what only pages write
_SIZED = ("delta", "eye", "ones")
_SHAPES = {
    "a column": Shape(("n",)),
    "a row": Shape(("n",), row=True),
    "a matrix": Shape(("n", "n")),
}


def overview() -> str:
    """The kinds with their descriptions, then the names of operations and rules."""
    widest = max(map(len, kind_names()))
    kinds = [f"  {name.ljust(widest)}  {_summary(load_kind(name))}" for name in kind_names()]
    calls = [name for name, row in OPERATIONS.items() if row.is_call]
    signs = [name for name, row in OPERATIONS.items() if not row.is_call and name != "neg"]
    sections = [
        "Kinds of problems (stepsolve new KIND writes one to start from)",
        *kinds,
        "",
        "Operations (stepsolve explain NAME tells more)",
        _listed(signs),
        _listed(calls),
        "",
        "Operations on vectors and matrices, in matrix-derivative",
        _listed([*_SIGNS, *(name for name in TENSORS if name not in _HIDDEN)]),
        "",
        "Operations on arrays, in graphs and networks",
        _listed([*_SIGNS, *(name for name in ARRAYS if name not in _HIDDEN)]),
        "",
        *(row for book in books() for row in _contents(book)),
        "",
        *marking_reference.contents(),
    ]
    return "\n".join(sections).rstrip() + "\n"


def explanation(name: str) -> str:
    """A kind, an operation or a rule by name. Raises `UnknownName` with the nearest known one."""
    found = [_kind(name)] if name in kind_names() else []
    operation = OPERATIONS.get(ALIASES.get(name, name))
    if operation is not None:
        found.append(_operation(operation))
    tensor = None if operation is not None else TENSORS.get(_SIGNS.get(name, name))
    if tensor is not None:
        found.append(_tensor_operation(tensor))
    array = ARRAYS.get(_SIGNS.get(name, name))
    if array is not None:
        found.append(explained(array))
    called = name if found or any(name in book.rules for book in books()) else f"{name} rule"
    of_books = [_rules(book, book.rules[called]) for book in books() if called in book.rules]
    if of_books:
        found.append("".join([f"{called}\n", *of_books]))
    if name in marking_reference.entries():
        found.append(marking_reference.entries()[name])
    if found:
        return "\n\n".join(found)
    rules = [rule for book in books() for rule in book.rules]
    known = [*kind_names(), *OPERATIONS, *ALIASES, *TENSORS, *ARRAYS, *rules]
    known += marking_reference.entries()
    hint = nearest(name, known) or "stepsolve list shows what there is"
    raise UnknownName(f"there is no kind, operation or rule {name[:60]!r}; {hint}")


def starter(kind: str) -> str:
    """A problem file of a kind that runs as it is, with a comment for every key."""
    cls = load_kind(kind)
    rows = [f"# {_summary(cls)}", f"kind: {kind}"]
    for key, item in entries(cls).items():
        if key in ("kind", "example"):
            continue
        shown = item.examples[0] if item.examples else None
        if key == "title":
            shown = f"My first {kind}"
        wanted = item.required or key in cls.STARTER or key == "title"
        text = _flow(shown) if shown is not None else "..."
        rows += ["", *(f"# {line}" for line in _paragraph(item.doc))]
        first, *others = f"{key}: {text}".splitlines()
        rows += [("" if wanted else "# ") + row.rstrip() for row in (first, *others)]
    return "\n".join(rows) + "\n"


def schema_text(ascii_only: bool = False) -> str:
    """The JSON Schema of all kinds of problem files, and of files of work for `check`."""
    kinds = []
    for name in kind_names():
        found = dict(specification_schema(load_kind(name)))
        found.pop("$schema", None)
        assert isinstance(found["properties"], dict)
        properties = dict(found["properties"])
        properties["kind"] = {"const": name, "description": _summary(load_kind(name))}
        kinds.append({**found, "properties": properties})
    work = dict(specification_schema(Work))
    work.pop("$schema", None)
    kinds.append(work)
    schema = {"$schema": DIALECT, "title": "A stepsolve problem", "oneOf": kinds}
    return json.dumps(schema, ensure_ascii=ascii_only, indent=2) + "\n"


def _summary(cls: type[Problem]) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0]


def _kind(name: str) -> str:
    cls = load_kind(name)
    module = inspect.getmodule(cls)
    described = (module.__doc__ or "").strip() if module else ""
    keys = [_key(key, item) for key, item in entries(cls).items()]
    return f"{name}\n\n{described}\n\nKeys\n" + "\n".join(keys) + "\n"


def _key(key: str, item: Entry) -> str:
    note = " (required)" if item.required else ""
    return f"  {key}{note}\n" + indent("\n".join(_paragraph(item.doc)), "      ")


def _operation(row: Operation) -> str:
    count = max(row.arity[0], len(row.domain))
    names = row.parameters(count)
    written = Apply(row.name, *map(Name, names))
    rows = [f"{row.name}: {row.description}", "", f"  {one_line(written)}"]
    definition = row.definition_tree(count)
    if definition is not None:
        rows.append(f"    = {one_line(definition)}")
    rows.append(f"  LaTeX: {latex(written)}")
    if row.is_call:
        rows.append(f"  in a file: {plain(written)}")
    if row.aliases:
        rows.append(f"  also: {', '.join(row.aliases)}")
    if row.defaults:
        told = zip(names[-len(row.defaults) :], row.defaults, strict=True)
        rows.append("  unless given: " + ", ".join(f"{n} = {v}" for n, v in told))
    rows += ["", "Local gradients (y is the result)"]
    rows += [
        f"  by {name}: {side(rule)}"
        for name, rule in zip(names, row.local_rules(count), strict=True)
    ]
    if row.condition:
        rows += ["", f"Real where {row.condition}"]
    if row.kinks:
        where = " or ".join(
            f"{one_line(left)} = {one_line(right)}"
            for left, right in row.kink_sides(tuple(map(Name, names)))
        )
        rows += ["", *_paragraph(f"No derivative where {where}. Convention: {row.convention}.")]
    if row.pattern:
        rows += ["", f"At the board: {row.pattern}"]
    return "\n".join([*rows, "", f"Source: {row.source}"]) + "\n"


def _contents(book: Book) -> list[str]:
    """The names of a book's rules; those of single functions are too many to be listed."""
    of_functions = [name for name in book.rules if name.startswith("derivative of ")]
    several = len(of_functions) > 2
    listed = [name for name in book.rules if not (several and name in of_functions)]
    rest = "  and one for every function: derivative of sin, derivative of sigmoid, ..."
    return [book.heading, _listed(listed, ", "), *([rest] if several else []), ""]


def _rules(book: Book, forms: tuple[Stated, ...]) -> str:
    rows = ["", f"{book.heading}:"]
    for rule in forms:
        needs = " and ".join(map(one_line, rule.needs))
        words = "; ".join(filter(None, (rule.words, f"where {needs}" if needs else "")))
        if rule.sides:
            rows.append("  " + " = ".join(map(side, rule.sides)) + (f"   {words}" if words else ""))
        else:
            rows += indent("\n".join(_paragraph(words)), "  ").splitlines()
    return "\n".join([*rows, "", book.letters, f"Source: {forms[0].source}"]) + "\n"


def _tensor_operation(row: TensorOperation) -> str:
    """The operation with its entries: `a` and `b` are vectors or matrices, as they fit."""
    written = Apply(row.name, *map(Name, "ab"[: row.arity[0]]))
    rows = [f"{row.name}: {row.description}", "", f"  {one_line(written)}"]
    rows += [f"  LaTeX: {latex(written)}", f"  in a file: {plain(written)}", ""]
    forms = {"Entries": row.entry, "Derivative by an entry of a (y is the result)": row.local}
    for told, form in forms.items():
        found = [] if form is None else _by_shapes(form, row)
        rows += [f"{told}", *found, ""] if found else []
    return "\n".join([*rows, f"Source: {row.source}"]) + "\n"


def _by_shapes(form: Callable[..., str], row: TensorOperation) -> list[str]:
    """A formula for every combination of vectors and matrices for which there is a different one."""
    found: dict[str, str] = {}
    for kinds in product(_SHAPES, repeat=row.arity[0]):
        shapes = [_SHAPES[kind] for kind in kinds]
        try:
            row.shape(*shapes)
        except ShapeError:
            if row.name not in _SIZED:
                continue
        told = form(*shapes)
        if told in found:
            found[told] = found[told].replace("column", "vector")  # the same for a row
        elif told:
            words = ", ".join(f"{n} {kind}" for n, kind in zip("ab", kinds, strict=False))
            found[told] = f"   where {words.replace(' ', ' is ', 1)}"
    several = len(found) > 1
    return [f"  {one_line(parse(t))}{words if several else ''}" for t, words in found.items()]


def _listed(words: Iterable[str], between: str = "  ") -> str:
    text = between.join(word.replace(" ", "\xa0") for word in words)
    return fill(text, _WIDTH, initial_indent="  ", subsequent_indent="  ").replace("\xa0", " ")


def _paragraph(text: str) -> list[str]:
    return fill(text, _WIDTH - 6).splitlines()


def _flow(value: object, inside: bool = False) -> str:
    """A value as YAML on one line; if it is not `inside`, a list or what is long on several."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            items = [f"{key}: {_flow(inner, True)}" for key, inner in value.items()]
            line = "{" + ", ".join(items) + "}"
            long = not inside and len(line) > _WIDTH - 12
            return "".join(f"\n  {item}" for item in items) if long else line
        case list() | tuple() if inside:
            return "[" + ", ".join(_flow(inner, True) for inner in value) + "]"
        case list() | tuple():
            return "".join(f"\n  - {inner}" for inner in value)
        case _:
            return str(value)
