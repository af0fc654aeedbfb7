"""What is moved where, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.errors import AssayError


class PublishError(AssayError):
    """A batch that cannot be moved now. Nothing is lost: it is tried again, or mended and tried again."""


class Replaced(PublishError):
    """The file is not what was validated any more, or is gone. What lies there now is a batch of its own."""


class Taken(PublishError):
    """Something else lies where the batch should go, which Assay did not put there."""


class MainMoved(PublishError):
    """The main branch of an Iceberg table has commits that the validated state does not have."""


@dataclass(frozen=True)
class Content:
    """What is in a file, told by its bytes."""

    size: int
    stamp: str
    """SHA-256 for files on disk, the ETag for objects on S3."""


@dataclass(frozen=True)
class Move:
    """A decision to carry out: the file ``source`` goes to ``destination``, as long as it is what was validated."""

    batch: str
    source: str
    content: Content
    destination: str
    manifest: str
    """Where it is written what was moved, and why."""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What the manifest says."""
    replaces: str = ""
    """The stamp of an earlier batch of the same name, whose place this one takes; nothing else is written over."""
    left: str = ""
    """The manifest of the place that the batch leaves, if it has one there: it says so before anything moves."""
