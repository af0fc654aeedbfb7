"""The container and the set of containers: only commands that exist, no secret, nobody is root, nothing is missing."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from ui.cli.main import app

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
DURATION = {"type": "string", "pattern": r"^(\d+(ms|s|m|h))+$"}
SERVICE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["image", "restart", "healthcheck"],
    "properties": {
        "image": TEXT,
        "build": {"type": "object", "properties": {"context": TEXT, "dockerfile": TEXT}, "additionalProperties": False},
        "command": TEXTS,
        "restart": {"enum": ["no", "always", "on-failure", "unless-stopped"]},
        "environment": {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        "volumes": {"type": "array", "items": {"type": "string", "pattern": "^[^:]+(:[^:]+)*:/[^:]+$"}},
        "ports": {"type": "array", "items": {"type": "string", "pattern": r"^127\.0\.0\.1:\d+:\d+$"}},
        "depends_on": {
            "type": "object",
            "additionalProperties": {"properties": {"condition": {"enum": ["service_started", "service_healthy"]}}},
        },
        "healthcheck": {
            "type": "object",
            "additionalProperties": False,
            "required": ["test"],
            "properties": {
                "test": TEXTS,
                "interval": DURATION,
                "timeout": DURATION,
                "start_period": DURATION,
                "retries": {"type": "integer"},
            },
        },
        "stop_grace_period": DURATION,
        "read_only": {"const": True},
        "tmpfs": TEXTS,
        "cap_drop": {"const": ["ALL"]},
        "security_opt": {"const": ["no-new-privileges:true"]},
    },
}
"""What of Compose's specification is used here."""


def check(command: list[str]) -> None:
    """Parses a command line of Assay's, without doing anything. Raises where it is none."""
    name, *options = command
    COMMANDS[name].make_context(name, list(options)).close()


def instructions(path: Path = ROOT / "deploy" / "container" / "Containerfile") -> list[tuple[str, str]]:
    """The instructions of a container file with their arguments, continued lines joined, comments left out."""
    lines = [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines())]


def last_stage() -> dict[str, str]:
    """What the image itself is told, by instruction; the last one counts."""
    found = instructions()
    start = max(number for number, (word, _) in enumerate(found) if word == "FROM")
    return dict(found[start:])


def test_the_file_is_one_that_compose_reads():
    assert set(COMPOSE) <= {"name", "services", "volumes", "x-assay"}
    for service in SERVICES.values():
        jsonschema.validate(service, SERVICE)
    for service in SERVICES.values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or source.startswith(("./", "${"))
        assert set(service.get("depends_on", {})) <= set(SERVICES)


@pytest.mark.parametrize("name", ["worker", "api", "page"])
def test_services_run_commands_that_exist_and_are_asked_on_ports_where_they_listen(name):
    service = SERVICES[name]
    check(service["command"])
    words = service["healthcheck"]["test"]
    assert words[:2] == ["CMD", "assay"]
    check(words[2:])
    port = re.search(r":(\d+)/", words[-1])
    assert port
    default = {"api": "8600", "page": "8501"}.get(name, "")
    assert port[1] in [*service["command"], default]
    for published in service.get("ports", []):
        assert published.endswith(f":{port[1]}")


def test_no_service_of_ours_may_write_but_where_it_has_to():
    for name in ("worker", "api", "page"):
        service = SERVICES[name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        assert service["tmpfs"] == ["/tmp"]


def test_secrets_come_from_the_environment_and_have_to_be_there():
    for service in SERVICES.values():
        for key, value in service["environment"].items():
            if re.search("PASSWORD|KEY|SECRET|TOKEN", key) and value is not None:
                assert re.fullmatch(r"\$\{[A-Z_]+:\?\}", value), key


def test_all_tables_have_the_same_path_in_every_service():
    data = {volume for name in ("worker", "api", "page") for volume in SERVICES[name]["volumes"] if "/data" in volume}
    assert len(data) == 1


def test_the_image_runs_as_nobody_special_and_says_how_it_is():
    stage = last_stage()
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", stage["USER"])
    assert f"--uid {stage['USER'].split(':')[0]} " in stage["RUN"]
    assert stage["ENTRYPOINT"] == '["assay"]'
    check(yaml.safe_load(stage["CMD"]))
    probe = yaml.safe_load(stage["HEALTHCHECK"].partition("CMD ")[2])
    assert probe[0] == "assay"
    check(probe[1:])


def test_every_dependency_has_to_match_its_hash_and_nothing_is_built_from_source():
    (locked,) = [shlex.split(rest) for word, rest in instructions() if word == "RUN" and "requirements.lock" in rest]
    assert {"--require-hashes", "--only-binary", "-r"} <= set(locked)
    assert not any(
        "pip install" in rest and "--no-deps" not in rest and "--require-hashes" not in rest
        for word, rest in instructions()
        if word == "RUN"
    )


def test_the_image_has_every_package_and_its_context_nothing_else():
    copies = [rest.split() for word, rest in instructions() if word == "COPY" and not rest.startswith("--")]
    copied = {one for words in copies for one in words[:-1]}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {one.rstrip("*") for one in project["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages <= copied
    admitted = (ROOT / "deploy" / "container" / "Containerfile.dockerignore").read_text().split("\n")
    assert {line[1:] for line in admitted if line.startswith("!")} == copied
    assert all((ROOT / one).exists() for one in copied)
