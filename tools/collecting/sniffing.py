"""What a file is, by how it begins."""

from __future__ import annotations

import gzip
import json
import re
import zlib
from pathlib import Path
from typing import Any, Literal

from tools.collecting.files import ENDINGS
from tools.collecting.model import CollectError

LogForm = Literal["csv", "jsonl", "postgres csv", "postgres", "mysql"]
Kind = Literal["manifest", "events", "sql"] | LogForm
BEGINNING = 256 * 1024
GZIP = b"\x1f\x8b"
_TIME = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"
_POSTGRES_CSV = re.compile(rf'^"?{_TIME}[^,]*,(?:"(?:[^"]|"")*"|[^,"]*),(?:"(?:[^"]|"")*"|[^,"]*),\d*,')
_POSTGRES = re.compile(r"(?:^|\s)(?:LOG|STATEMENT|DETAIL|ERROR|FATAL|HINT):  ", re.MULTILINE)
_MYSQL = re.compile(
    rf"^Time\s+Id\s+Command\s+Argument|^(?:{_TIME}\S*|\d{{6}}\s+\d?\d:\d\d:\d\d|)\s+\d+\s(?:Query|Connect|Execute|Prepare)\b",
    re.MULTILINE,
)
QUERY_NAMES = ("query", "query_text", "querytxt", "statement", "sql", "sql_text", "querystring", "query_string", "text")
"""How exports name the column with the SQL."""


def kind_of(path: Path) -> Kind | None:
    """What a file is; None for nothing that is known. Raises CollectError where it cannot be read."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
            raw.seek(0)
            beginning = (gzip.GzipFile(fileobj=raw) if packed else raw).read(BEGINNING)
    except (OSError, EOFError, zlib.error) as error:
        raise CollectError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if path.suffix.lower() in ENDINGS:
        return "sql"
    if b"\0" in beginning and not beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    text = beginning.decode("utf-8-sig", errors="replace")
    return _json(text) if text.lstrip().startswith(("{", "[")) else _text(text)


def query_column(names: list[str]) -> str | None:
    """The one of some names that holds SQL."""
    known = {name.strip().lower(): name for name in names}
    return next((known[name] for name in QUERY_NAMES if name in known), None)


def _text(text: str) -> Kind | None:
    if _POSTGRES_CSV.match(text):
        return "postgres csv"
    if _MYSQL.search(text):
        return "mysql"
    if _POSTGRES.search(text):
        return "postgres"
    header = text.split("\n", 1)[0].rstrip("\r")
    if query_column([name.strip('" ') for name in header.split(",")]):
        return "csv"
    return None


def _json(text: str) -> Kind | None:
    """By the names in the first object, which may not be all there."""
    first = _first_object(text)
    if first is not None:
        if "eventTime" in first and ({"run", "job", "dataset"} & first.keys()):
            return "events"
        return "jsonl" if query_column([str(name) for name in first]) else _manifest(text)
    return _manifest(text) or ("events" if '"eventTime"' in text else None)


def _manifest(text: str) -> Kind | None:
    return "manifest" if '"dbt_schema_version"' in text else None


def _first_object(text: str) -> dict[str, Any] | None:
    try:
        found, _ = json.JSONDecoder().raw_decode(text.lstrip().removeprefix("[").lstrip())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
