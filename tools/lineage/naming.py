"""One name for one dataset: the OpenLineage naming rules, and one spelling for what real events write in many ways.

https://openlineage.io/docs/spec/naming. Whatever makes an Observed passes the ids of its datasets through `canonical`,
so that the graph connects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from tools.lineage.observed import DatasetId


class _Database(NamedTuple):
    """A system whose datasets are tables."""

    parts: int
    """How many parts a full name has."""
    port: str = ""
    """Where it listens if nobody says so."""


_DATABASES = {
    "awsathena": _Database(3),
    "cassandra": _Database(2, "9042"),
    "crate": _Database(3),
    "db2": _Database(3, "50000"),
    "hive": _Database(2, "10000"),
    "kafka": _Database(0, "9092"),
    "mssql": _Database(3, "1433"),
    "mysql": _Database(2, "3306"),
    "oceanbase": _Database(2, "2881"),
    "oracle": _Database(3, "1521"),
    "postgres": _Database(3, "5432"),
    "redshift": _Database(3, "5439"),
    "snowflake": _Database(3),
    "teradata": _Database(2, "1025"),
    "trino": _Database(3, "8080"),
    "unitycatalog": _Database(3),
}
_BUCKETS = frozenset({"abfss", "cosn", "gs", "obs", "oss", "s3", "wasbs"})
"""Object stores: a key has no slash in front."""
_TREES = frozenset({"dbfs", "file", "hdfs", "viewfs"})
_SPELLINGS = {
    "abfs": "abfss",
    "databricks": "unitycatalog",
    "gcs": "gs",
    "mariadb": "mysql",
    "postgresql": "postgres",
    "presto": "trino",
    "s3a": "s3",
    "s3n": "s3",
    "sqlserver": "mssql",
    "wasb": "wasbs",
}

_URI = re.compile(r"(?:jdbc:)?([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)
_PLACE = re.compile(r"([A-Za-z][A-Za-z0-9]*):(/.*)?", re.DOTALL)
_GLUE = re.compile(r"(arn:aws[a-z-]*:glue:[^:/]*:[^:/]*)(?:[:/](.*))?", re.DOTALL | re.IGNORECASE)
_TABLE_FORMAT = re.compile(
    r"/(?:metadata/[^/]+\.(?:metadata\.json|avro)|_delta_log(?:/.*)?|\.hoodie(?:/.*)?)$", re.DOTALL
)
_PARTITION = re.compile(r"(?:/+[A-Za-z_][\w.-]*=[^/]*)+$")
_QUOTES = {'"': '"', "`": "`", "[": "]"}


def of_uri(uri: str) -> DatasetId:
    """The name of anything that can be profiled, a path, a folder, a glob or a URI, and of locations such as s3://.

    It need not exist. Raises SourceError for what names no table.
    """
    from tools.sources.registry import dataset_name

    location = _location(uri)
    if location is not None and not location.namespace.startswith("file"):
        return canonical(location)
    named = dataset_name(uri)
    return canonical(DatasetId(named.namespace, named.name))


def table_of(namespace: str, *parts: str) -> DatasetId:
    """The table of those names, outermost first, as the system of the namespace writes it; their case is kept."""
    base = canonical(DatasetId(namespace, "")).namespace
    scheme = _divided(base)[0]
    if _GLUE.fullmatch(base):
        name = "/".join(("table", *parts[-2:]))
    elif scheme in _BUCKETS | _TREES | {"azurekusto"}:
        name = "/".join(parts)
    else:
        name = ".".join(parts)
    return canonical(DatasetId(namespace, name))


def aliases(dataset: DatasetId, others: Iterable[DatasetId]) -> tuple[DatasetId, ...]:
    """The other names of a dataset, as told, without those that are only another spelling."""
    known = dict.fromkeys(canonical(other) for other in others)
    known.pop(canonical(dataset), None)
    return tuple(known)


@lru_cache(maxsize=100_000)
def canonical(dataset: DatasetId) -> DatasetId:
    """One spelling for many: of schemes, hosts, ports, slashes, quotes, Glue's tables and what lies inside of tables.

    A partition of a table is the table. What is of no known system stays as it is, but for blanks around the namespace.
    """
    before = None
    while dataset != before:
        before, dataset = dataset, _step(DatasetId(dataset.namespace.strip(), dataset.name))
    return dataset


def _step(dataset: DatasetId) -> DatasetId:
    """Moves a name nearer to its one spelling. It gets shorter, or settles."""
    if glue := _glue(dataset):
        return glue
    location = _location(dataset.name)
    if location is not None:
        return location
    scheme, rest = _divided(dataset.namespace)
    if scheme in _BUCKETS | _TREES:
        return _file(scheme, rest, dataset.name)
    if scheme in _DATABASES and rest:
        return _table(scheme, rest, dataset.name)
    if scheme == "bigquery" and not rest.strip("/"):
        name = _unquoted(dataset.name.strip("`").replace(":", ".", 1))
        return DatasetId("bigquery", name.partition("$")[0])
    return dataset


def _divided(namespace: str) -> tuple[str, str]:
    """The scheme of a namespace as it is spelled here, and what follows it; no scheme for what is none."""
    found = _URI.fullmatch(namespace)
    scheme, rest = (found.group(1), found.group(2)) if found else (namespace.partition(":")[0], "")
    if not found and namespace.partition(":")[2].strip("/"):
        rest = "/" + namespace.partition(":")[2].lstrip("/")
    scheme = scheme.lower()
    return _SPELLINGS.get(scheme, scheme), rest


def _location(text: str) -> DatasetId | None:
    """The dataset at a whole URI of a file system; None for any other text."""
    found = _URI.fullmatch(text)
    if found:
        scheme = _SPELLINGS.get(found.group(1).lower(), found.group(1).lower())
        place, slash, path = found.group(2).partition("/")
        return DatasetId(f"{scheme}://{place}", slash + path) if scheme in _BUCKETS | _TREES else None
    found = _PLACE.fullmatch(text)
    if found and found.group(1).lower() in _TREES:
        return DatasetId(found.group(1).lower(), found.group(2) or "/")
    return None


def _glue(dataset: DatasetId) -> DatasetId | None:
    """A table of the Glue catalog, which knows no upper case; None if it is none."""
    whole = _GLUE.fullmatch(dataset.name)
    found = whole if whole and whole.group(2) else _GLUE.fullmatch(dataset.namespace)
    if not found:
        return None
    name = (found.group(2) or "") if found is whole else dataset.name or found.group(2) or ""
    parts = [part for part in name.lower().split("/") if part]
    if len(parts) == 1 and "." in parts[0]:
        parts = ["table", *(_unquoted(part) for part in parts[0].split(".")[-2:])]
    elif len(parts) == 2 and parts[0] not in ("table", "database"):
        parts = ["table", *parts]
    return DatasetId(found.group(1).lower(), "/".join(parts))


def _file(scheme: str, rest: str, name: str) -> DatasetId:
    """A path or key. What stands behind the place in the namespace belongs in front of it."""
    place, _, folder = rest.partition("/")
    account, at, host = place.rpartition("@")
    place = account + at + (host.lower() if at or scheme in _TREES else host)
    if scheme in _BUCKETS and not place:
        place, _, name = name.lstrip("/").partition("/")
    folder = folder.strip("/")
    name = name.lstrip("/") if folder or scheme in _BUCKETS else name
    if folder and not f"{name}/".startswith(f"{folder}/"):
        name = f"{folder}/{name}"
    if scheme in _TREES:
        place = "" if place == "localhost" and scheme == "file" else place
        absolute = scheme != "file" or bool(place or folder) or name.startswith("/")
        name = ("/" if absolute else "") + re.sub("/+", "/", name).strip("/")
    for inside in (_TABLE_FORMAT, _PARTITION):
        name = inside.sub("", name)
    namespace = f"{scheme}://{place}" if place or scheme in _BUCKETS else scheme
    return DatasetId(namespace, name.rstrip("/") or "/")


def _table(scheme: str, rest: str, name: str) -> DatasetId:
    """A table of a server. A database that stands in the namespace belongs in front of its name."""
    system = _DATABASES[scheme]
    place, *path = re.split("[?;#]", rest, maxsplit=1)[0].rstrip("/").split("/")
    name = _unquoted(name)
    missing = max(0, system.parts - len(name.split("."))) if name else 0
    name = ".".join([*[part for part in path if part][:missing], name])
    if scheme == "hive":
        name = name.lower()
    elif scheme == "awsathena" and name.count(".") == system.parts - 1:
        catalog, _, rest = name.partition(".")
        name = f"{catalog}.{rest.lower()}"
    return DatasetId(f"{scheme}://{_server(scheme, place.rpartition('@')[2], system.port)}", name)


def _server(scheme: str, place: str, port: str) -> str:
    if scheme == "kafka":
        place = place.partition(",")[0]
    if "%" not in place:  # else the folder of a socket
        place = place.lower()
    host, colon, given = place.rpartition(":")
    if place.startswith("[") and not given.isdigit():
        host, colon, given = place, "", ""
    if not colon:
        host, given = place, ""
    elif ":" in host and not host.startswith("["):  # an address of IPv6 without brackets
        return place
    host, given = _short(scheme, host.strip("[]")), given or port
    return f"{host}:{given}" if given else host


def _short(scheme: str, host: str) -> str:
    """Hosts that have a shorter name by the rules."""
    parts = host.split(".")
    if scheme == "redshift" and len(parts) == 6 and host.endswith(".amazonaws.com"):
        return f"{parts[0]}.{parts[2]}"
    if scheme == "snowflake":
        host = host.removesuffix(".snowflakecomputing.com")
        # An account of the older form, whose cloud may be left away.
        return f"{host}.aws" if host.count(".") == 1 and "-" not in host.partition(".")[0] else host
    return host


def _unquoted(name: str) -> str:
    """Names of tables without the quotes of SQL around their parts."""
    if not any(mark in name for mark in _QUOTES):
        return name
    return ".".join(_bare(part) for part in name.split("."))


def _bare(part: str) -> str:
    while len(part) > 1 and _QUOTES.get(part[0]) == part[-1]:
        part = part[1:-1]
    return part
