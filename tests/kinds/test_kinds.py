"""One sweep over all kinds: a kind is whole when it can be found, begun, explained and completed."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

import stepsolve
from stepsolve.problem import Problem, kind_names, load_kind
from stepsolve.reference import explanation, overview, schema_text, starter
from stepsolve.source.fields import entries

ROOT = Path(__file__).parents[2]
PROBLEMS = sorted((ROOT / "problems").rglob("*.yaml"))
KINDS = kind_names()
SHARED = {"kind", "title", "example", "digits", "significant-digits"}
Schema = dict[str, Any]


@cache
def data(path: Path) -> dict[str, Any]:
    """A problem file as an editor sees it, by YAML's own types."""
    found = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@cache
def schema_of(kind: str) -> Schema:
    found = [s for s in json.loads(schema_text())["oneOf"] if kind_of(s) == kind]
    assert len(found) == 1
    return found[0]


def kind_of(schema: Schema) -> str:
    return schema["properties"].get("kind", {"const": "work"})["const"]


def test_there_are_kinds() -> None:
    assert set(KINDS) >= {"derivative", "graph"}
    assert list(KINDS) == sorted(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_a_problem_file(kind: str) -> None:
    assert [path for path in PROBLEMS if data(path)["kind"] == kind]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_what_it_shows_and_where_that_is_from(kind: str) -> None:
    cls = load_kind(kind)
    module = inspect.getmodule(cls)
    assert module is not None and module.__name__ == f"stepsolve.kinds.{kind.replace('-', '_')}"
    text = (module.__doc__ or "").strip()
    source = re.search(r"\n\nSource: (.+)", text)
    assert source is not None and len(source[1]) > 10
    assert re.search(r"\bunits?\b", text), "shapes and units belong into it"
    summary = (cls.__doc__ or "").strip()
    assert summary.endswith(".") and "\n" not in summary and len(summary) < 80


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_one_class_of_its_own(kind: str) -> None:
    cls = load_kind(kind)
    assert issubclass(cls, Problem) and cls is not Problem
    assert set(entries(cls)) > SHARED
    assert set(cls.STARTER) <= set(entries(cls))


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_told(kind: str) -> None:
    for key, item in entries(load_kind(kind)).items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", key)
        assert item.doc[0].isupper() or item.doc.split()[0] in ("binary",), key
        assert item.doc.endswith("."), key
        if key not in ("kind", "title", "example"):
            assert item.examples, f"{key} has no example for the editor and for new"


# ------------------------------------------------------------------------------------------ new


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_file_runs_and_is_confirmed(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(starter(kind), encoding="utf-8")
    derivation = stepsolve.solve(path)
    assert derivation.kind == kind
    assert derivation.confirmed and derivation.checks and derivation.results


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_file_shows_every_key_with_a_comment(kind: str) -> None:
    text = starter(kind)
    assert max(map(len, text.splitlines())) <= 79
    shown = re.findall(r"^(?:# )?([a-z-]+):", text, re.MULTILINE)
    assert [key for key in shown if key in entries(load_kind(kind))] == [
        key for key in entries(load_kind(kind)) if key != "example"
    ]


# keys that stand instead of another one, or need another value of it
INSTEAD = {
    "joint": (r"^p:.*\n(?:^  - .*\n)*", ""),
    "positions": (r"^tokens:.*\n(?:^  - .*\n)*", ""),
    "image": (r"^grids:.*\n(?:^  - .*\n)*", "strides: 32\n"),
    "strides": (r"^grids:.*\n(?:^  - .*\n)*", "image: 416\n"),
    "trials": ("bernoulli", "binomial"),
    "classes": ("bernoulli", "categorical"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_optional_key_of_a_new_file_can_be_taken(kind: str, tmp_path: Path) -> None:
    """Each commented key, its # removed, is read (keys that exclude each other put aside)."""
    text = starter(kind)
    taken = 0
    for block in re.findall(r"(?:^# [a-z-]+:.*\n)(?:^#   - .*\n)*", text, re.MULTILINE):
        key = block[2:].partition(":")[0]
        if key not in entries(load_kind(kind)):
            continue
        live = re.sub(r"^# ?", "", block, flags=re.MULTILINE)
        base = text
        if key in ("function", "functions", "equation", "dependent"):
            base = re.sub(r"^(expression|variable):.*\n", "", base, flags=re.MULTILINE)
        if key == "dependent":
            live = "equation: x^2 + y^2 = 25\n" + live
        if key == "direction":
            live = live.replace(", y: 4", "")
        if key == "upstream":  # of a network without a loss of its own
            base = re.sub(r"^targets:\n(?:  - .*\n)*", "", base, flags=re.MULTILINE)
        if key == "inputs":  # of a recurrence that has some
            base = base.replace("f(n - 1) + b", "f(n - 1) + x(n)")
        if kind == "attention" and key in ("inputs", "memory"):  # instead of queries and keys
            base = re.sub(r"^(queries|keys|values):\n(  - .*\n)+", "", base, flags=re.MULTILINE)
            live += "inputs: [[1, 2]]\n" if key == "memory" else ""
        if key == "lines":
            base = re.sub(r"^expression:.*\n", "", base, flags=re.MULTILINE)
        for instead, (old, new) in INSTEAD.items():
            if key == instead:
                base = re.sub(old, new, base, flags=re.MULTILINE)
        if key == "variables":
            base = re.sub(r"^variable:.*\n", "", base, flags=re.MULTILINE)
            live = live.replace("  - y\n", "")
        for taken_by, other in (("probabilities", "logits"), ("target", "class"), ("seed", "mask")):
            if key == taken_by and other in entries(load_kind(kind)):
                base = re.sub(rf"^{other}:.*\n(?:  - .*\n)*", "", base, flags=re.MULTILINE)
        path = tmp_path / f"{key}.yaml"
        path.write_text(base.replace(block, live), encoding="utf-8")
        assert stepsolve.solve(path).confirmed, key
        taken += 1
    assert taken >= 3


# --------------------------------------------------------------------------------------- explain


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_explained_and_listed(kind: str) -> None:
    told = explanation(kind)
    cls = load_kind(kind)
    assert told.startswith(f"{kind}\n\n")
    assert "Source: " in told
    for key, item in entries(cls).items():
        assert f"\n  {key}{' (required)' if item.required else ''}\n" in told
    line = next(row for row in overview().splitlines() if row.split()[:1] == [kind])
    assert line.endswith((cls.__doc__ or "").strip())


def test_a_kind_that_is_not_there_is_met_with_the_nearest() -> None:
    with pytest.raises(stepsolve.StepsolveError, match=r"no kind grap; did you mean graph\?"):
        load_kind("grap")
    with pytest.raises(stepsolve.StepsolveError, match="did you mean derivative"):
        explanation("derivatives")


# ---------------------------------------------------------------------------------------- schema

VOCABULARY: dict[str, type | tuple[type, ...]] = {
    "$schema": str,
    "title": str,
    "description": str,
    "type": (str, list),
    "const": str,
    "enum": list,
    "default": (str, int, float, bool),
    "examples": list,
    "properties": dict,
    "required": list,
    "additionalProperties": (bool, dict),
    "propertyNames": dict,
    "items": dict,
    "minItems": int,
    "minimum": int,
    "maximum": int,
    "pattern": str,
    "anyOf": list,
    "oneOf": list,
}
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def subschemas(schema: Schema) -> Iterator[Schema]:
    yield schema
    inner: list[Any] = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    inner += schema.get("properties", {}).values()
    inner += [schema[k] for k in ("items", "additionalProperties", "propertyNames") if k in schema]
    for one in inner:
        if not isinstance(one, bool):
            yield from subschemas(one)


def complaints(value: Any, schema: Schema, at: str = "") -> Iterator[str]:
    """What a validator of JSON Schema finds, for the words of the vocabulary above."""
    allowed = schema.get("type")
    if allowed is not None:
        words = allowed if isinstance(allowed, list) else [allowed]
        fits = any(
            isinstance(value, TYPES[word]) and (word == "boolean" or not isinstance(value, bool))
            for word in words
        )
        if not fits:
            yield f"{at}: {value!r} is not {allowed}"
            return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: not {schema['const']}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value} is none of {schema['enum']}"
    if "anyOf" in schema and all(list(complaints(value, s)) for s in schema["anyOf"]):
        yield f"{at}: nothing fits {value!r}"
    if "oneOf" in schema and sum(not list(complaints(value, s)) for s in schema["oneOf"]) != 1:
        yield f"{at}: not exactly one fits"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        yield f"{at}: {value} does not match"
    if "minimum" in schema and value < schema["minimum"]:
        yield f"{at}: {value} is too small"
    if "maximum" in schema and value > schema["maximum"]:
        yield f"{at}: {value} is too large"
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{at}: too few"
        for k, item in enumerate(value):
            yield from complaints(item, schema.get("items", {}), f"{at}[{k}]")
    if isinstance(value, dict):
        yield from complaints_about_keys(value, schema, at)


def complaints_about_keys(value: dict[str, Any], schema: Schema, at: str) -> Iterator[str]:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", {})
    yield from (f"{at}: {key} is missing" for key in schema.get("required", ()) if key not in value)
    for key, inner in value.items():
        yield from complaints(str(key), schema.get("propertyNames", {}), f"{at} key {key}")
        if key in known:
            yield from complaints(inner, known[key], f"{at}.{key}")
        elif others is False:
            yield f"{at}: {key} is unknown"
        else:
            yield from complaints(inner, others, f"{at}.{key}")


def test_the_schema_is_a_json_schema() -> None:
    schema = json.loads(schema_text())
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert sorted(map(kind_of, schema["oneOf"])) == sorted([*KINDS, "work"])
    for part in subschemas(schema):
        for word, value in part.items():
            assert isinstance(value, VOCABULARY[word]), (word, value)
        for word in part.get("type", []) if isinstance(part.get("type"), list) else []:
            assert word in TYPES
        if isinstance(part.get("type"), str):
            assert part["type"] in TYPES
        if "pattern" in part:
            assert re.compile(part["pattern"])
        assert set(part.get("required", ())) <= set(part.get("properties", ()))


@pytest.mark.parametrize("kind", KINDS)
def test_the_keys_of_the_schema_are_the_entries(kind: str) -> None:
    schema, known = schema_of(kind), entries(load_kind(kind))
    assert list(schema["properties"]) == list(known)
    assert schema.get("required", []) == [key for key, item in known.items() if item.required]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["kind"]["const"] == kind
    for key, item in known.items():
        if key != "kind":
            assert schema["properties"][key]["description"] == item.doc


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_the_schema_fit_it(kind: str) -> None:
    for key, one in schema_of(kind)["properties"].items():
        for example in one.get("examples", ()):
            assert list(complaints(json.loads(json.dumps(example)), one)) == [], key
        if one.get("default"):
            assert list(complaints(one["default"], one)) == [], key


@pytest.mark.parametrize("path", PROBLEMS, ids=lambda p: p.stem)
def test_a_problem_file_fits_the_schema(path: Path) -> None:
    problem = data(path)
    assert set(problem) <= set(schema_of(problem["kind"])["properties"])
    assert list(complaints(problem, json.loads(schema_text()))) == []


WRONG: list[dict[str, object]] = [
    {"kind": "graf", "lines": ["f = x"]},
    {"kind": "graph"},
    {"kind": "graph", "lines": []},
    {"kind": "graph", "lines": "f = x"},
    {"kind": "graph", "lines": ["f = x"], "digits": 16},
    {"kind": "graph", "lines": ["f = x"], "digits": "four"},
    {"kind": "graph", "lines": ["f = x"], "gates": "ternary"},
    {"kind": "graph", "lines": ["f = x"], "paths": "maybe"},
    {"kind": "graph", "lines": ["f = x"], "colour": "red"},
    {"kind": "graph", "lines": ["f = x"], "given": {"2x": 1}},
    {"kind": "graph", "lines": ["f = x"], "given": {"x": []}},
    {"kind": "graph", "lines": ["f = x"], "backward": {"wrt": ["x"]}},
    {"kind": "derivative", "expression": ["x"]},
    {"kind": "derivative", "expression": "x", "variable": "2x"},
]


@pytest.mark.parametrize("problem", WRONG, ids=str)
def test_the_schema_and_the_reader_refuse_alike(problem: dict[str, object]) -> None:
    assert list(complaints(problem, json.loads(schema_text())))
    with pytest.raises(stepsolve.InvalidProblem):
        stepsolve.solve(problem)


RIGHT: list[dict[str, object]] = [
    {"kind": "graph", "lines": ["f = x"], "title": 2024},
    {"kind": "graph", "lines": ["f = x"], "given": {"x": "9/25"}},
    {"kind": "graph", "lines": ["f = x"], "given": {"x": 1e-3}, "backward": "f"},
    {"kind": "graph", "lines": [{"line": "f = x", "because": "so"}], "backward": {"of": "f"}},
    {"kind": "graph", "lines": ["f = x * y"], "backward": {"of": "f", "wrt": "x"}},
    {"kind": "graph", "lines": ["f' = α * x'"], "given": {"α": 2, "x'": "symbol"}},
    {"kind": "derivative", "function": "f(x) = x^2", "at": {"x": 2}},
    {"kind": "derivative", "functions": ["f(x) = x^2"], "example": "a"},
]


@pytest.mark.parametrize("problem", RIGHT, ids=str)
def test_the_schema_and_the_reader_accept_alike(problem: dict[str, object]) -> None:
    assert list(complaints(problem, json.loads(schema_text()))) == []
    assert stepsolve.solve(problem).confirmed
