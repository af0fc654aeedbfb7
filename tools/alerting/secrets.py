"""References to secrets in what an admin wrote: ``${NAME}`` of the environment, ``${secret://name#key}`` of AWS."""

from __future__ import annotations

import os
import re

from tools.alerting.errors import NotTold

REFERENCE = re.compile(r"\$\{\s*([A-Za-z_]\w*|secret://[^}]+)\s*\}")


def has_reference(text: str) -> bool:
    """Whether a part of it is a reference."""
    return REFERENCE.search(text) is not None


def filled(text: str) -> str:
    """The text with secrets in the place of their references. Raises NotTold, which holds none."""
    return REFERENCE.sub(lambda found: _value(found[1].strip()), text)


def without(text: str, written: str) -> str:
    """A text without the secrets that references in ``written`` stand for."""
    for found in REFERENCE.finditer(written):
        value = os.environ.get(found[1].strip(), "")
        text = text.replace(value, "***") if value else text
    return text


def _value(name: str) -> str:
    if name.startswith("secret://"):
        from tools.sources.secrets import resolve

        return resolve(name)
    value = os.environ.get(name)
    if not value:
        raise NotTold(f"The environment variable {name} is not set.", hint="Set it where Assay sends messages.")
    return value
