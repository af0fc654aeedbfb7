"""What all models share, and the words that several of them use."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
"""A reason, a goal."""
RuleText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
"""A rule in DQDL."""
Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
"""A file, folder, glob or URI, as the server sees it."""
Window = Annotated[str, Field(max_length=20, examples=["3d"], description="Such as `90m`, `24h` or `3d`.")]
Number = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]

RunId = Annotated[str, Path(description="The run's id, whole.", examples=["k4mq7w2p"])]
DatasetId = Annotated[UUID, Path(description="The dataset's id, as GET /datasets lists it.")]


class Asked(BaseModel):
    """A body that somebody sends. What it does not know it refuses, so that a misspelt wish is not lost."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Told(BaseModel):
    """A body that the server sends."""

    model_config = ConfigDict(from_attributes=True, use_attribute_docstrings=True)
