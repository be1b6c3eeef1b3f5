"""Whether a value is of the kind that an annotation says; for options from files and programs."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def fits(value: Any, kind: Any) -> bool:
    """Tell whether a value is of a kind; whole numbers are numbers, and true is none.

    Args:
        value: The value.
        kind: ``bool``, ``int``, ``float``, ``str``, another class, a ``Literal``, or a union.
    """
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if get_origin(kind) is UnionType:
        return any(fits(value, part) for part in get_args(kind))
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(kind, type) and isinstance(value, kind)


def in_words(kind: Any) -> str:
    """Return a kind as a person says it, e.g. ``a whole number``."""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    parts = get_args(kind) if get_origin(kind) is UnionType else (kind,)
    return " or ".join(_WORDS.get(part, str(part)) for part in parts if part is not NoneType)
