"""The steps of the container file, done here: a clean copy, the locked dependencies, the command that comes of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.unit.test_deploy_compose import ROOT, instructions

PREFIX = "/opt/assay"
UV = Path(sys.executable).with_name("uv")


def _built(folder: Path) -> Path:
    """The environment that the build stage leaves, made by uv, which takes what was downloaded before."""
    place, source = folder / "assay", folder / "src"
    source.mkdir()
    env = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    for word, rest in _build_stage():
        if word == "COPY":
            *names, target = rest.split()
            for name in names:
                _copy(ROOT / name, source / (name if target == "./" else target))
        elif word == "RUN" and "compileall" not in rest:
            step = _by_uv(rest, place)
            done = subprocess.run(["sh", "-ec", step], cwd=source, env=env, capture_output=True, text=True)
            assert done.returncode == 0, f"{step}\n{done.stderr}"
    whole = subprocess.run([UV, "pip", "check", "--python", place / "bin" / "python"], capture_output=True, text=True)
    assert whole.returncode == 0, whole.stderr
    return place


def _build_stage() -> list[tuple[str, str]]:
    found = instructions()
    first, second = [number for number, (word, _) in enumerate(found) if word == "FROM"]
    return found[first:second]


def _by_uv(step: str, place: Path) -> str:
    step = step.replace(f"python3 -m venv {PREFIX}", f"{UV} venv --quiet --python {sys.executable} {place}")
    return step.replace(f"{PREFIX}/bin/python -m pip install", f"{UV} pip install --quiet --python {place}/bin/python")


def _copy(path: Path, target: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(path, target)


@pytest.fixture(scope="module")
def assay(tmp_path_factory) -> Path:
    return _built(tmp_path_factory.mktemp("image")) / "bin" / "assay"


def test_what_the_image_holds_works_without_anything_of_this_checkout(assay, store_url, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path / "home"
    home.mkdir()
    env = {
        "PATH": f"{assay.parent}:/usr/bin:/bin",
        "HOME": str(tmp_path),
        "ASSAY_HOME": str(home),
        "ASSAY_DATABASE_URL": store_url,
        "ASSAY_AUDIT_KEY": "a-key-" + "of-the-image",
        "ASSAY_USERS": str(home / "users.toml"),
    }
    told = subprocess.run([assay, "--version"], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    (tmp_path / "orders.csv").write_text("id,email\n1,a\n2,\n")
    (tmp_path / "rules.dqdl").write_text('Rules = [ IsUnique "id", IsComplete "email" ]')
    command = [assay, "api", "--host", "0.0.0.0", "--port", str(port), "--no-worker"]
    with subprocess.Popen(command, env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as server:
        try:
            for _ in range(100):
                asked = subprocess.run(
                    [assay, "health", f"http://127.0.0.1:{port}/ready"], env=env, capture_output=True, text=True
                )
                if asked.returncode == 0:
                    break
                time.sleep(0.5)
            assert asked.returncode == 0, asked.stderr
            judged = subprocess.run(
                [assay, "validate", "orders.csv", "--rules", "rules.dqdl"], env=env, cwd=tmp_path, capture_output=True
            )
            assert judged.returncode == 1, judged.stderr
        finally:
            server.terminate()
            server.communicate(timeout=20)
