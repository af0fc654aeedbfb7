"""Where the tables of a project are: its connection, as openlineage-dbt names it. Secrets are not looked at."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_ENV = re.compile(r"\{\{\s*env_var\(\s*['\"](\w+)['\"]\s*(?:,\s*['\"]([^'\"]*)['\"]\s*)?\)[^}]*\}\}")
_FORMS = {
    "athena": "awsathena://athena.{region_name}.amazonaws.com",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse://{host}:{port}",
    "databricks": "databricks://{host}",
    "dremio": "dremio://{software_host}:{port}",
    "duckdb": "duckdb://{path}",
    "fabric": "fabric-warehouse://{server}",
    "mysql": "mysql://{server}:{port}",
    "postgres": "postgres://{host}:{port}",
    "redshift": "redshift://{host}:{port}",
    "snowflake": "snowflake://{account}",
    "spark": "spark://{host}:{port}",
    "sqlserver": "mssql://{server}:{port}",
    "trino": "trino://{host}:{port}",
}
_PORTS = {
    "mysql": "3306",
    "postgres": "5432",
    "redshift": "5439",
    "sqlserver": "1433",
    "trino": "8080",
    "dremio": "9047",
    "clickhouse": "8123",
    "spark": "10001",
}
_SPARK_PORTS = {"http": "443", "odbc": "443"}
LONGEST = 1024 * 1024
Json = Mapping[str, Any]


def namespace(project: Path, adapter: str) -> str | None:
    """The namespace of the tables of a project; None where its profile does not tell. Raises nothing for a bad one."""
    if adapter == "bigquery":
        return "bigquery"
    named = _yaml(project / "dbt_project.yml").get("profile")
    for folder in _folders(project):
        profile = _yaml(folder / "profiles.yml").get(str(named))
        if isinstance(profile, dict) and (output := _output(profile)):
            return _namespace(output)
    return None


def target_folder(project: Path) -> Path:
    """Where dbt writes its files."""
    said = _yaml(project / "dbt_project.yml").get("target-path")
    told = os.environ.get("DBT_TARGET_PATH") or _filled(str(said or ""))
    return project / (told if told and "{{" not in told else "target")


def _folders(project: Path) -> list[Path]:
    told = os.environ.get("DBT_PROFILES_DIR")
    return [*([Path(told)] if told else []), project, Path.home() / ".dbt"]


def _output(profile: Json) -> dict[str, str]:
    """What the chosen target says, as texts."""
    outputs = profile.get("outputs")
    chosen = _filled(str(os.environ.get("DBT_TARGET") or profile.get("target") or "default"))
    output = outputs.get(chosen) if isinstance(outputs, dict) else None
    wanted = ("type", "host", "port", "server", "software_host", "account", "path", "region_name", "method")
    if not isinstance(output, dict):
        return {}
    return {key: _filled(str(output[key])) for key in wanted if output.get(key) is not None}


def _namespace(output: dict[str, str]) -> str | None:
    system = output.get("type", "")
    port = _SPARK_PORTS.get(output.get("method", "")) or _PORTS.get(system, "")
    given = {"port": port, "path": ":memory:", **output}
    try:
        made = _FORMS[system].format(**given)
    except KeyError:  # a system, or a form of its profile, that is not known
        return None
    return None if "{{" in made else made


def _filled(text: str) -> str:
    """A text with the environment variables that it asks for; one that is not set, without a default, stays."""
    return _ENV.sub(lambda found: os.environ.get(found[1], found[2] if found[2] is not None else found[0]), text)


def _yaml(path: Path) -> Json:
    try:
        if path.stat().st_size > LONGEST:
            return {}
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
