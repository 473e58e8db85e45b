"""The recorded messages, as objects of the existing system's own classes."""

import base64
import dataclasses
import json
import os
import types
import typing

import trustgraph.schema

from surroundings import DATA

# The one case with a null in every field, also where no service leaves one: there a null reads as the default.
ALL_NULL = "all_none"


@dataclasses.dataclass
class Vector:
    type: str
    case: str
    json: str  # what the existing system writes
    sent: object
    decoded: object  # what the existing system reads


def class_of(name):
    return getattr(trustgraph.schema, name)


def load():
    """type -> its vectors, without those that the existing system cannot write."""
    found = {}
    with open(os.path.join(DATA, "vectors", "encode.jsonl"), encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            if "error" in record:
                continue
            cls = class_of(record["type"])
            sent = build(cls, record["fields"])
            decoded = build(cls, record["decoded"]) if "decoded" in record else sent
            found.setdefault(record["type"], []).append(
                Vector(record["type"], record["case"], record["json"], sent, decoded)
            )
    return found


def build(hint, plain):
    """A value of the annotated type from its recorded form."""
    if plain is None:
        return None
    if isinstance(plain, dict) and set(plain) == {"$bytes"}:
        return base64.b64decode(plain["$bytes"])
    if isinstance(plain, dict) and set(plain) == {"$float"}:
        return float(plain["$float"])
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return build(next(each for each in arguments if each is not type(None)), plain)
    if dataclasses.is_dataclass(hint) and isinstance(plain, dict):
        hints = typing.get_type_hints(hint)
        return hint(**{name: build(hints[name], value) for name, value in plain.items()})
    if origin is list and arguments:
        return [build(arguments[0], each) for each in plain]
    if origin is dict and len(arguments) == 2:
        return {key: build(arguments[1], value) for key, value in plain.items()}
    return plain


def defaults(cls):
    """What the existing system takes for the fields that are absent."""
    instance = cls()
    return {field.name: getattr(instance, field.name) for field in dataclasses.fields(cls)}


def equal(expected, got, absent_is_default):
    """Compares objects field by field. absent_is_default: None may have become the field's default."""
    if dataclasses.is_dataclass(expected):
        if type(expected) is not type(got):
            return False
        standing = defaults(type(expected))
        for name, default in standing.items():
            left, right = getattr(expected, name), getattr(got, name)
            if left is None and right is not None:
                if not (absent_is_default and same_default(right, default)):
                    return False
            elif not equal(left, right, absent_is_default):
                return False
        return True
    if isinstance(expected, list):
        return (
            isinstance(got, list)
            and len(expected) == len(got)
            and all(equal(a, b, absent_is_default) for a, b in zip(expected, got))
        )
    if isinstance(expected, dict):
        return (
            isinstance(got, dict)
            and set(expected) == set(got)  # an omnibus dict is ordered by its keys
            and all(equal(value, got[key], absent_is_default) for key, value in expected.items())
        )
    if isinstance(expected, float) and expected != expected:
        return isinstance(got, float) and got != got
    return type(expected) is type(got) and expected == got


def same_default(value, default):
    """A nested struct that is absent may be written as one with all its defaults."""
    if value == default:
        return True
    return default is None and dataclasses.is_dataclass(value) and value == type(value)()


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [without_nulls(each) for each in value]
    return value
