"""JSON Schema (draft 2020-12) of rule files, for completion and checking in editors; made from shapes.py."""

from __future__ import annotations

from typing import Any

from connector.rules.syntax.shapes import LANGUAGES, MODEL_KINDS, SHAPES, SHORT, Key, Shape, Sort

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCALAR = ["string", "number", "boolean"]
OF_KEYS: dict[tuple[str, str], str] = {
    ("file", "decision"): "decision",
    ("decision", "force"): "force",
    ("matrix", "rows"): "axis",
    ("matrix", "columns"): "axis",
}
"""Keys that hold one mapping of a shape, not many by name."""
OPTIONS = {"options", "labels"}


def schema() -> dict[str, Any]:
    """Make the schema of one rule file."""
    shapes = {name: _shape(name, shape) for name, shape in SHAPES.items() if name not in {"file", "model"}}
    shapes["model"] = {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"enum": list(MODEL_KINDS)}},
        "allOf": [
            {"if": {"properties": {"kind": {"const": kind}}}, "then": {"$ref": f"#/$defs/{kind}"}}
            for kind in MODEL_KINDS
        ],
    }
    shapes["languages"] = _languages()
    return {
        "$schema": DRAFT,
        "title": "tiersync rule file",
        **_shape("file", SHAPES["file"]),
        "$defs": shapes,
    }


def _languages() -> dict[str, Any]:
    per_language = {language: {"type": "string"} for language in LANGUAGES}
    whole = {"type": "object", "properties": per_language, "required": list(LANGUAGES), "additionalProperties": False}
    return {"anyOf": [{"type": "string"}, whole]}


def _shape(name: str, shape: Shape) -> dict[str, Any]:
    properties = {key: {"description": spec.meaning, **_key(name, key, spec)} for key, spec in shape.items()}
    required = [key for key, spec in shape.items() if spec.required]
    full: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        full["required"] = required
    if name not in SHORT:
        return full
    return {"anyOf": [_short(name), full]}


def _short(name: str) -> dict[str, Any]:
    spec = SHAPES[name][SHORT[name]]
    if spec.sort is Sort.ANY:
        return {"type": [*SCALAR, "array", "null"]}
    return _key(name, SHORT[name], spec)


def _key(shape: str, name: str, spec: Key) -> dict[str, Any]:
    if (shape, name) in OF_KEYS:
        return {"$ref": f"#/$defs/{OF_KEYS[shape, name]}"}
    if spec.one_of:
        return {"enum": list(spec.one_of)}
    if spec.sort is Sort.MAPPING:
        return _mapping(name, spec)
    if spec.sort is Sort.LIST:
        return {"type": "array", "items": {"$ref": f"#/$defs/{spec.inside}"} if spec.inside else {}}
    return dict(_PLAIN[spec.sort])


def _mapping(name: str, spec: Key) -> dict[str, Any]:
    if name in OPTIONS:
        return {"type": "object", "additionalProperties": {"$ref": "#/$defs/languages"}}
    return {"type": "object", "additionalProperties": {"$ref": f"#/$defs/{spec.inside}"} if spec.inside else True}


_PLAIN: dict[Sort, dict[str, Any]] = {
    Sort.FORMULA: {"type": SCALAR},
    Sort.WORD: {"type": "string"},
    Sort.TEXT: {"type": "string"},
    Sort.LANGUAGES: {"$ref": "#/$defs/languages"},
    Sort.FLAG: {"type": "boolean"},
    Sort.NUMBER: {"type": ["number", "string"]},
    Sort.WORDS: {"type": "array", "items": {"type": "string"}},
    Sort.ANY: {},
}
