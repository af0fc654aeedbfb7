"""Where Assay keeps what is its own on this machine."""

from __future__ import annotations

import os
from pathlib import Path


def default_home() -> Path:
    """``ASSAY_HOME``, or ``~/.local/share/assay``; ``/var/lib/assay`` for root.

    Postgres refuses to run as root, and root's own folder is none that another account should be let into.
    """
    usual = "/var/lib/assay" if os.geteuid() == 0 else "~/.local/share/assay"
    return Path(os.environ.get("ASSAY_HOME") or usual).expanduser().absolute()
