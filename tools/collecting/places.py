"""Finds out what a path or URI is, and which collector reads it."""

from __future__ import annotations

import re
from pathlib import Path

from tools.collecting.model import CollectError, Collector
from tools.collecting.tables import Place
from tools.collecting.wanted import Wanted

_URI = re.compile(r"([A-Za-z][\w+.-]+)://")
_KNOWN = (
    "Give a dbt project, a manifest.json, a folder or file of SQL, a query log, a file of OpenLineage events, "
    "or the URI of a database."
)


def collector(where: str, wanted: Wanted) -> Collector:
    """What reads a place. Raises CollectError, SourceError, LineageError for what cannot be read at all."""
    _check_dialect(wanted.dialect)
    scheme = _URI.match(where)
    if scheme and scheme[1].lower() != "file":
        from tools.collecting.databases.views import of_uri

        return of_uri(where, wanted)
    if wanted.queries:
        raise CollectError(f"{where} is no database.", hint="A log needs no --queries.")
    path = Path(where.removeprefix("file://")).expanduser().absolute()
    if not path.exists():
        raise CollectError(f"There is no {path}.", hint=_KNOWN)
    return _of_path(path.resolve(), wanted)


def _of_path(path: Path, wanted: Wanted) -> Collector:
    if path.is_dir():
        if (path / "dbt_project.yml").is_file():
            return _dbt(_manifest(path), path, wanted)
        if (path / "manifest.json").is_file():
            return _dbt(path / "manifest.json", path.parent, wanted)
        return _folder(path, wanted)
    if not path.is_file():
        raise CollectError(f"{path} is neither a file nor a folder.", hint=_KNOWN)
    from tools.collecting import sniffing

    match sniffing.kind_of(path):
        case "manifest":
            return _dbt(path, path.parent.parent, wanted)
        case "events":
            from tools.collecting.events import EventFile

            return EventFile(path)
        case "sql":
            return _folder(path, wanted)
        case None:
            raise CollectError(f"{path} is nothing that lineage can be read from.", hint=_KNOWN)
        case form:
            from tools.collecting.logs.log import Log

            return Log(path, form, wanted)


def _dbt(manifest: Path, project: Path, wanted: Wanted) -> Collector:
    from tools.collecting.dbt.project import Project

    return Project(manifest, project, wanted.dialect, wanted.place, wanted.time)


def _manifest(project: Path) -> Path:
    """Where dbt writes: `target/`, or the folder that the project names."""
    from tools.collecting.dbt.profiles import target_folder

    found = target_folder(project) / "manifest.json"
    if not found.is_file():
        raise CollectError(f"The dbt project {project} has no {found}.", hint="Make it: dbt docs generate")
    return found


def _folder(path: Path, wanted: Wanted) -> Collector:
    from tools.collecting.folders import Folder
    from tools.collecting.schemas import load

    place = wanted.place or Place()
    return Folder(path, wanted.dialect, place, load(wanted.schema, place), wanted.time)


def _check_dialect(name: str | None) -> None:
    """Raises LineageError for a dialect that there is not, before anything is read."""
    from tools import lineage

    if name:
        lineage.extract("", dialect=name)
