"""Alerts, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from memory.alerts import Kind
from ui.api.models.base import Asked, Told, Words


class Alert(Told):
    """A trouble, from when it was met first to when it was met last or was over."""

    number: int = Field(examples=[12])
    kind: Kind
    dataset_id: UUID | None
    """Null where it is about no dataset."""
    dataset: str | None
    """The dataset's full name."""
    table: str | None
    """Its short name."""
    what: str = Field(examples=['IsComplete "email"'])
    """The rule, the score, or what else is in trouble."""
    said: str
    """What was found last."""
    detail: dict[str, Any]
    """What else is known; `blast_radius` where other data is made of it."""
    times: int
    """How often it was met."""
    opened_at: datetime
    opened_run: str | None
    last_at: datetime
    last_run: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    """Null where it went away by itself."""
    resolution: str | None
    snoozed_until: datetime | None
    """Nobody is told before."""
    snoozed_reason: str | None
    snoozed_by: str | None
    told: list[str]
    """The channels that it was sent to."""


class Snooze(Asked):
    """For how long nobody is to be told of an alert, and why."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"until": "2026-12-24T08:00:00Z", "reason": "the supplier mends it"}}
    )

    until: Annotated[AwareDatetime, Field(description="With a time zone; a time that is past ends a snooze.")]
    reason: Words


class Resolve(Asked):
    """Why an alert is over."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "a test load"}})

    reason: Words
