"""From the body of an answer to its records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from email.message import Message
from pathlib import Path
from typing import Any

from tools.sources.rest_options import Format, Options
from tools.sources.table import SourceError

Record = dict[str, Any]
ITSELF = "."
_NO_RECORDS = ("errors", "warnings")
"""Lists that are taken for records only if they are named."""
_TYPES: tuple[tuple[str, Format], ...] = (
    ("ndjson", "ndjson"),
    ("jsonl", "ndjson"),
    ("json-lines", "ndjson"),
    ("jsonlines", "ndjson"),
    ("json", "json"),
    ("csv", "csv"),
    ("parquet", "parquet"),
)
_ENDINGS: dict[str, Format] = {
    **{".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson", ".csv": "csv", ".parquet": "parquet"},
}


def format_of(headers: Message, url: str, file: Path, what: str) -> Format:
    """What the body is. Raises SourceError for what holds no records, such as a login page."""
    with file.open("rb") as body:
        head = body.read(512).removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    kind = (headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if head.startswith((b"<!doctype", b"<html")) or kind in ("text/html", "application/xhtml+xml"):
        raise SourceError(
            f"{what}: the answer is an HTML page, no data.",
            hint="Check the path; a page for people, or a login page, means that credentials are missing.",
        )
    if head.startswith(b"par1"):
        return "parquet"
    told = next((form for word, form in _TYPES if word in kind), None)
    path = url.partition("?")[0].lower().removesuffix(".gz")
    ending = next((form for end, form in _ENDINGS.items() if path.endswith(end)), None)
    found = told or ending or ("json" if head[:1] in (b"[", b"{") else None)
    if found is None:
        shown = f"{kind or 'something'} without a known form"
        raise SourceError(f"{what}: the answer is {shown}.", hint="Say what it is: #format=json, ndjson or csv.")
    return found


def load(file: Path, what: str) -> Any:
    """The body as JSON. Raises SourceError."""
    if not file.stat().st_size:
        raise SourceError(f"{what}: the answer is empty.", hint="Check the path and what it asks for.")
    try:
        with file.open(encoding="utf-8-sig") as body:
            return json.load(body, parse_constant=_no_constant)
    except UnicodeDecodeError:
        raise SourceError(f"{what}: the answer is not UTF-8 text.", hint="Ask who runs the API.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        if error.msg == "Extra data" and error.lineno > 1:
            said = f"{what}: the answer is more than one JSON value ({where})."
            raise SourceError(said, hint="If each line is a record: #format=ndjson.") from None
        cut = error.pos >= len(error.doc.rstrip()) - 1 or "Unterminated" in error.msg
        said = "the JSON is cut short" if cut else "the answer is no JSON"
        raise SourceError(f"{what}: {said} ({where}).", hint="Ask again; else ask who runs the API.") from None
    except RecursionError:
        raise SourceError(f"{what}: the JSON is nested too deep.", hint="Ask who runs the API.") from None
    except ValueError:  # of thousands of digits
        raise SourceError(f"{what}: a number is too long.", hint="Ask who runs the API.") from None


def records_of(body: Any, options: Options, what: str) -> list[Any]:
    """The records of a JSON body. Raises SourceError."""
    if options.records == ITSELF:
        return [body]
    found = at(body, options.records) if options.records else _only_list(body, what)
    if found is None and options.records:  # a page without records often says null
        return []
    if isinstance(found, dict) and options.records:
        return [found]
    if not isinstance(found, list):
        lists = ", ".join(_lists(body)) or "none"
        raise SourceError(
            f"{what}: there are no records at {options.records!r}.", hint=f"Lists in the answer: {lists}."
        )
    return found


def at(body: Any, path: str) -> Any:
    """What stands at a path in a body, such as ``meta.next``, or under a key of that name; None where nothing does."""
    if isinstance(body, Mapping) and path in body:
        return body[path]
    for part in path.split("."):
        if isinstance(body, list) and part.isascii() and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        elif isinstance(body, Mapping) and part in body:
            body = body[part]
        else:
            return None
    return body


def lines_of(file: Path, what: str) -> Iterator[Any]:
    """The records of a body with one in each line. Raises SourceError."""
    with file.open("rb") as body:
        for number, line in enumerate(body, start=1):
            if text := line.strip().removeprefix(b"\xef\xbb\xbf").removeprefix(b"\x1e"):
                try:
                    yield json.loads(text, parse_constant=_no_constant)
                except (ValueError, RecursionError):
                    raise SourceError(f"{what}: line {number} is no JSON.", hint="Ask who runs the API.") from None


def flat(record: Record, prefix: str = "") -> Record:
    """The record with ``{"a": {"b": 1}}`` as ``{"a.b": 1}``; lists stay as they are."""
    found: Record = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def _no_constant(word: str) -> float | None:
    """NaN and infinity are no JSON, but some write them: they are no values here."""
    return None


def _only_list(body: Any, what: str) -> Any:
    if isinstance(body, list):
        return body
    lists = _lists(body)
    if len(lists) == 1 and lists[0].rpartition(".")[2] not in _NO_RECORDS:
        return at(body, lists[0])
    if not isinstance(body, dict):
        raise SourceError(f"{what}: the answer holds no records.", hint="One object for each record is needed.")
    known = f"There are {', '.join(lists)}." if lists else "If the answer itself is the one record: #records=. (a dot)"
    raise SourceError(f"{what}: which list are the records?", hint=f"Name it: #records=PATH. {known}")


def _lists(body: Any, prefix: str = "", depth: int = 3) -> list[str]:
    """The paths to the lists of objects in a body; to empty ones where there are no others."""
    if not isinstance(body, dict):
        return []
    full, empty = _found(body, prefix, depth)
    return full or empty


def _found(body: Record, prefix: str, depth: int) -> tuple[list[str], list[str]]:
    full: list[str] = []
    empty: list[str] = []
    for name, value in body.items():
        if isinstance(value, list):
            if not value:
                empty.append(prefix + name)
            elif isinstance(value[0], dict):
                full.append(prefix + name)
        elif isinstance(value, dict) and depth:
            below = _found(value, f"{prefix}{name}.", depth - 1)
            full, empty = full + below[0], empty + below[1]
    return full, empty
