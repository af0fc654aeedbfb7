"""The commands of docs/api.md, run as they stand against a real `assay api`."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.browser import free_port

ROOT = Path(__file__).parents[2]
COMMANDS = "\n".join(re.findall(r"```sh curl\n(.*?)```", (ROOT / "docs/api.md").read_text(encoding="utf-8"), re.S))


@pytest.fixture
def served(tmp_path: Path, store_url: str):
    """A folder with the examples, and the environment of commands beside a server that is stopped at the end."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    port = str(free_port())
    environment = {**os.environ, "ASSAY_DATABASE_URL": store_url, "ASSAY_HOME": str(tmp_path), "ASSAY_MODEL": "offline"}
    line = [str(Path(sys.executable).with_name("assay")), "api", "--port", port]
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(line, cwd=tmp_path, env=environment, stderr=log)
    address = f"http://127.0.0.1:{port}"
    wait = ["curl", "-sf", "--retry", "60", "--retry-delay", "1", "--retry-connrefused", f"{address}/ready"]
    subprocess.run(wait, check=True, timeout=120, capture_output=True)
    yield tmp_path, {**os.environ, "API": f"{address}/api/v1"}
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert "Traceback" not in (tmp_path / "log").read_text()


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_commands_of_the_page_work_as_they_are_written(served):
    folder, environment = served
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", COMMANDS],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr}\n{(folder / 'log').read_text()}"
    events = (folder / "events.txt").read_text()
    assert '"status":"done"' in events.rpartition("event: end")[2]
    assert "id: 3\n" not in events
    assert "Rules = [" in done.stdout
    assert '"rule.activated"' in done.stdout
