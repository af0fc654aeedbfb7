"""The tour of the README, word for word, in a folder of its own."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = [line for block in re.findall(r"```sh tour\n(.*?)```", README, re.S) for line in block.strip().splitlines()]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with the examples and a store that is stopped at the end."""
    folder = tmp_path_factory.mktemp("tour")
    shutil.copytree(ROOT / "examples", folder / "examples")
    yield folder
    run(folder, "assay store stop")


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    env = {**os.environ, "PATH": path, "ASSAY_HOME": str(folder / "store"), "ASSAY_MODEL": "offline"}
    env.pop("ASSAY_DATABASE_URL", None)
    return subprocess.run(
        command, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=240, stdin=subprocess.DEVNULL
    )


def test_the_tour_works_as_it_is_written(home):
    assert len(TOUR) >= 12
    for command in TOUR:
        done = run(home, command)
        # 1 says that a rule failed, which the planted defects are there for.
        assert done.returncode in (0, 1), f"{command}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, command
    assert "<html" in (home / "report.html").read_text()
    assert "RowCount between 200 and 500" in (home / "customers.dqdl").read_text()


def test_every_picture_and_page_that_is_linked_is_there():
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links {target}"
