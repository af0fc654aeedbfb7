"""Where Iceberg tables are looked up: catalogs as PyIceberg is told of them, and tables that stand alone."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg import exceptions
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.table import StaticTable, Table
from pyiceberg.utils.config import Config
from sqlalchemy.exc import SQLAlchemyError

from tools.home import default_home
from tools.sources import aws
from tools.sources.iceberg_io import SETTING
from tools.sources.iceberg_uris import IcebergUri
from tools.sources.table import SourceError
from tools.sources.uris import did_you_mean

LOCAL = "local"
"""The catalog on this machine, where nothing else is configured under that name."""
_DENIED = (exceptions.UnauthorizedError, exceptions.ForbiddenError, exceptions.AuthorizationExpiredError)
_BUSY = (exceptions.ServiceUnavailableError, exceptions.TooManyRequestsError, exceptions.ServerError)
_FAILURES = (
    exceptions.NoSuchTableError,
    exceptions.NoSuchNamespaceError,
    exceptions.NoSuchPropertyException,
    exceptions.NotInstalledError,
    exceptions.RESTError,
    SQLAlchemyError,
    OSError,
    ValueError,
)
_VERSION = re.compile(r"v?(\d+)[.-].*metadata\.json$")
T = TypeVar("T")


def local_catalog() -> Path:
    """The SQLite file of the catalog on this machine."""
    return default_home() / "iceberg" / "catalog.db"


def load(place: IcebergUri) -> Table:
    """The table that a URI names, in its present state. Raises SourceError."""
    if not place.table:
        return _told(place, lambda: StaticTable.from_metadata(_metadata(place), SETTING))
    # What a table tells of its snapshots needs no catalog any more: its connections end here.
    with closing(_told(place, lambda: catalog(place))) as found:
        try:
            return _told(place, lambda: found.load_table(place.table), missing=False)
        except (exceptions.NoSuchTableError, exceptions.NoSuchNamespaceError) as error:
            name = ".".join(place.table)
            known = [".".join(identifier) for identifier in _tables(found, place)]
            raise SourceError(f"{place.text}: there is no table {name}.", hint=did_you_mean(name, known)) from error


def catalog(place: IcebergUri) -> Catalog:
    """The catalog that a URI names. Nothing is created in it. Raises SourceError, or what PyIceberg raises."""
    known = Config()
    said = {key: str(value) for key, value in (known.get_catalog_config(place.catalog or LOCAL) or {}).items()}
    if place.path or (place.catalog == LOCAL and not said):
        file = Path(place.path) if place.path else local_catalog()
        if not file.is_file():
            raise SourceError(f"{place.text}: there is no catalog {file}.", hint=_MAKE)
        return load_catalog(LOCAL, type="sql", uri=f"sqlite:///{file}", init_catalog_tables="false", **SETTING)
    if not said and place.catalog != "glue":
        names = [*known.get_known_catalogs(), LOCAL, "glue"]
        raise SourceError(
            f"{place.text}: PyIceberg knows no catalog {place.catalog!r}.",
            hint=f"{did_you_mean(place.catalog, names)} Others are named in ~/.pyiceberg.yaml.",
        )
    settings = {"type": "glue"} if place.catalog == "glue" and "uri" not in said and "type" not in said else {}
    return load_catalog(place.catalog, **{"init_catalog_tables": "false", **settings, **said, **SETTING})


_MAKE = (
    "Make it with PyIceberg: SqlCatalog('local', uri='sqlite:///FILE', warehouse='FOLDER'), or configure another "
    "in ~/.pyiceberg.yaml."
)


def _tables(found: Catalog, place: IcebergUri) -> list[tuple[str, ...]]:
    """What there is in the namespace, else the namespaces."""
    try:
        return [tuple(name) for name in found.list_tables(place.table[:-1])]
    except (*_FAILURES, BotoCoreError, ClientError):
        return []


def _metadata(place: IcebergUri) -> str:
    """The newest metadata file of a table that lies in a folder."""
    if place.path.endswith(".metadata.json"):
        return place.path
    folder = os.path.join(place.path, "metadata")
    try:
        names = [name for name in os.listdir(folder) if _VERSION.match(name)]
    except OSError:
        names = []
    if not names:
        raise SourceError(f"{place.text}: {place.path} is no Iceberg table.", hint="Name the folder of one.")
    return os.path.join(folder, max(names, key=_number))


def _number(name: str) -> tuple[int, str]:
    found = _VERSION.match(name)
    return (int(found.group(1)) if found else -1), name


def _told(place: IcebergUri, ask: Callable[[], T], *, missing: bool = True) -> T:
    with speaking(place.text, missing=missing):
        return ask()


@contextmanager
def speaking(what: str, *, missing: bool = True) -> Iterator[None]:
    """Turns what goes wrong in PyIceberg into SourceError; what is missing only on demand."""
    try:
        yield
    except SourceError:
        raise
    except (BotoCoreError, ClientError):
        with aws.errors(what):
            raise
    except _FAILURES as error:
        if not missing and isinstance(error, (exceptions.NoSuchTableError, exceptions.NoSuchNamespaceError)):
            raise
        raise as_source_error(error, what) from error


def as_source_error(error: Exception, what: str) -> SourceError:
    """Why an Iceberg table or its catalog cannot be read, in a line."""
    if isinstance(error, _DENIED):
        return SourceError(f"{what}: the catalog refuses these credentials.", hint="Renew the token or the role.")
    if isinstance(error, _BUSY):
        return SourceError(f"{what}: the catalog does not answer now ({_gist(error)}).", hint="Try again later.")
    if isinstance(error, SQLAlchemyError):
        cause = error.__cause__ if isinstance(error.__cause__, sqlite3.Error) else error
        return SourceError(f"{what}: the catalog's database cannot be read ({_gist(cause)}).", hint="Check its URI.")
    if isinstance(error, FileNotFoundError):
        return SourceError(f"{what}: a file of the table is gone ({_gist(error)}).", hint="Was the snapshot expired?")
    if type(error).__module__.startswith("requests."):
        return SourceError(f"{what}: the catalog cannot be reached.", hint="Check its address and the network.")
    return SourceError(f"{what} cannot be read: {_gist(error)}.", hint="Check the catalog's settings.")


def _gist(error: BaseException) -> str:
    first = str(error).strip().split("\n")[0] or type(error).__name__
    return (first if len(first) <= 200 else first[:197] + "...").rstrip(".")
