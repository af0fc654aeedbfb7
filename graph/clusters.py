"""What a program needs to know that runs on somebody else's machine: a cluster has no home and no settings."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tools.errors import AssayError

STORE = "ASSAY_DATABASE_URL"


def use_store(named: str) -> None:
    """Settles the store of this process: what is named, else what the environment names. Raises AssayError.

    ``named`` is a secret that holds the address, as in ``secret://assay/store#url``. An address itself is refused: the
    parameters of a job are shown to whoever may see the job.
    """
    from tools.sources.secrets import SCHEME, resolve

    if named and not named.startswith(SCHEME):
        raise AssayError("--store takes no address: parameters of a job can be seen.", hint="Name a secret://name#key.")
    if named:
        os.environ[STORE] = resolve(named)
    if not os.environ.get(STORE):
        hint = f"Give --store secret://name#key, or set {STORE}."
        raise AssayError("A job has no store of its own: it would be gone with the cluster.", hint=hint)
    os.environ.setdefault("ASSAY_HOME", str(Path(tempfile.gettempdir()) / "assay"))
