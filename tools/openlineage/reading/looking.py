"""Looking into the JSON of an event: what is there, or an error that says where and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.errors import AssayError

Object = Mapping[str, Any]
Path = tuple[Any, str | int] | None
"""The way to a value, as the way to what holds it and a key; None is the event itself."""

MOST_BYTES = 2000
"""Of a namespace and name together, and of a column's name: the store finds them by index."""
SHOWN = 80


class EventError(AssayError):
    """An event that cannot be taken in: where in it, and what is wrong there."""

    def __init__(self, path: Path, wrong: str, *, hint: str = "") -> None:
        self.where = written(path)
        self.wrong = wrong
        super().__init__(f"{self.where}: {wrong}.", hint=hint)


def written(path: Path) -> str:
    """A way as text: `outputs[0].facets.schema`."""
    keys: list[str | int] = []
    while path is not None:
        path, key = path
        keys.append(key)
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{_shown(key)}" for key in reversed(keys))
    return text.removeprefix(".") or "event"


def child(of: Object, key: str, path: Path) -> Object:
    """An object that may be left away, then empty. Raises EventError for anything else."""
    value = of.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise EventError((path, key), f"must be an object, and is {_kind(value)}")
    return value


def needed(of: Object, key: str, path: Path) -> Object:
    """An object that must be there. Raises EventError."""
    if of.get(key) is None:
        raise EventError((path, key), "is missing")
    return child(of, key, path)


def entries(of: Object, key: str, path: Path) -> Iterator[tuple[Object, Path]]:
    """The objects of a list that may be left away, with the way to each; null stands for none. Raises EventError."""
    value = of.get(key)
    if value is None:
        return
    if not isinstance(value, list):
        raise EventError((path, key), f"must be a list, and is {_kind(value)}")
    here = (path, key)
    for place, entry in enumerate(value):
        if isinstance(entry, dict):
            yield entry, (here, place)
        elif entry is not None:
            raise EventError((here, place), f"must be an object, and is {_kind(entry)}")


def members(of: Object, key: str, path: Path) -> Iterator[tuple[str, Object, Path]]:
    """The objects in an object that may be left away, by their keys. Raises EventError."""
    here = (path, key)
    for name, value in child(of, key, path).items():
        if isinstance(value, dict):
            yield column_name(name, here), value, (here, name)
        elif value is not None:
            raise EventError((here, name), f"must be an object, and is {_kind(value)}")


def text(of: Object, key: str, path: Path) -> str:
    """A text that must be there and say something. Raises EventError."""
    value = of.get(key)
    if value is None:
        raise EventError((path, key), "is missing")
    if not isinstance(value, str):
        raise EventError((path, key), f"must be text, and is {_kind(value)}")
    if not value.strip():
        raise EventError((path, key), "is empty")
    return value


def column(of: Object, key: str, path: Path) -> str:
    """The name of a column. Raises EventError."""
    return column_name(text(of, key, path), (path, key))


def column_name(name: str, path: Path) -> str:
    """A name that the store can hold and find. Raises EventError."""
    if "\0" in name:
        raise EventError(path, "holds a NUL character")
    try:
        size = len(name) if name.isascii() else len(name.encode())
    except UnicodeEncodeError:
        raise EventError(path, "holds half of a character (a lone surrogate)") from None
    if size > MOST_BYTES:
        raise EventError(path, f"is longer than {MOST_BYTES:,} bytes")
    return name


def words(of: Object, key: str) -> str:
    """A text that may be anything or nothing: what is no text counts as none, but for numbers and booleans."""
    value = of.get(key)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value).replace("\0", "").encode("utf-8", "replace").decode()
    return ""


def named(of: Object, path: Path) -> tuple[str, str]:
    """Namespace and name. Raises EventError."""
    namespace, name = (column_name(text(of, key, path), (path, key)) for key in ("namespace", "name"))
    if len(namespace.encode()) + len(name.encode()) > MOST_BYTES:
        raise EventError(path, f"has a namespace and name of more than {MOST_BYTES:,} bytes together")
    return namespace, name


def _shown(key: str) -> str:
    clean = key.encode("ascii", "backslashreplace").decode()
    clean = "".join(mark if mark.isprintable() else "?" for mark in clean)
    return clean if len(clean) <= SHOWN else f"{clean[:SHOWN]}…"


def _kind(value: object) -> str:
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "null")
