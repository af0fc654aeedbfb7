"""The real dbt, in an environment of its own beside this one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
BIN = ROOT / ".venv-dbt" / "bin"
PROJECT = Path(__file__).parent / "dbt_project"


def missing() -> str | None:
    """Why there can be no dbt here, or None."""
    return None if (BIN / "dbt").is_file() else "dbt is not installed: make heavy"


def copied(to: Path) -> Path:
    """The small project in a folder of its own."""
    shutil.copytree(PROJECT, to, ignore=shutil.ignore_patterns("target", "logs", "*.duckdb"))
    return to


def run(project: Path, *command: str, program: str = "dbt") -> str:
    """Runs dbt, or a program beside it, in a project; what it printed."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LANG")}
    kept |= {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # dbt-ol looks for dbt there
    kept |= {"DBT_PROFILES_DIR": str(project), "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    done = subprocess.run([BIN / program, *command], cwd=project, env=kept, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
