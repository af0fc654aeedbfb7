"""How far the metrics at a place are: kept there, so that each place goes on from where it is."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from tools.objects.model import ObjectMissing, Objects, ObjectsError

KEY = "_assay/export.json"
FORMAT = 1


@dataclass(frozen=True)
class State:
    """What was given out."""

    store: str
    """Which store the metrics are of."""
    through: datetime
    """All that was stored before is there."""
    first: date
    last: date
    """The days there are, from the first to the last."""
    sql: str
    """A digest of the SQL that is there."""


def read(place: Objects) -> State | None:
    """What a place says; None where nothing was given out yet. Raises ObjectsError for what it does not understand."""
    try:
        found: Any = json.loads(place.read(KEY))
    except ObjectMissing:
        return None
    except ValueError:
        found = None
    if not isinstance(found, dict) or found.pop("format", None) != FORMAT:
        raise ObjectsError(f"{place.uri}/{KEY} is not of this version of Assay.", hint="Export to a new place.")
    try:
        days = {name: date.fromisoformat(found[name]) for name in ("first", "last")}
        return State(found["store"], datetime.fromisoformat(found["through"]), **days, sql=found["sql"])
    except (KeyError, TypeError, ValueError):
        raise ObjectsError(f"{place.uri}/{KEY} is damaged.", hint="Remove it, and export all again.") from None


def write(place: Objects, state: State) -> None:
    """Says how far it is: last of all, so that what was cut off is done again."""
    said = json.dumps({"format": FORMAT, **asdict(state)}, default=lambda value: value.isoformat(), indent=2)
    place.write(KEY, io.BytesIO(said.encode()))
