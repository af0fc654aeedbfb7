"""Why a rule may not be proposed for a dataset."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from tools import dqdl

if TYPE_CHECKING:
    from memory import Memory
    from memory.model import Dataset


class Refusals:
    """What speaks against a rule on one dataset, as the store knows it when this is made."""

    def __init__(self, memory: Memory, dataset: Dataset) -> None:
        self._dataset = dataset
        self._active = {rule.fingerprint for rule in memory.rules.active(dataset.id)}
        self._declined = memory.recall.declined(dataset.id)

    def why(self, rule: str) -> str | None:
        """It does not parse, names no such column, is active, or a person declined it (also with another bound)."""
        try:
            parsed = dqdl.parse_rule(rule)
        except dqdl.DqdlError as error:
            return str(error)
        missing = missing_column(parsed, self._dataset)
        if missing:
            return missing
        fingerprint, shape = dqdl.fingerprint(parsed), dqdl.shape(parsed)
        if fingerprint in self._active:
            return "This rule is active already."
        for past in self._declined:
            if past.fingerprint == fingerprint or dqdl.shape(dqdl.parse_rule(past.rule)) == shape:
                about = ", ".join(past.columns) or "the table"
                return f"A person declined this kind of rule for {about}: {past.reason}"
        return None


def missing_column(rule: dqdl.TopRule, dataset: Dataset) -> str | None:
    """The first column of a rule that the dataset does not have, as a sentence, or None."""
    names = {field["name"].lower(): field["name"] for field in dataset.fields}
    for column in rule.columns:
        if column.lower() not in names:
            near = difflib.get_close_matches(column.lower(), names, n=1)
            hint = f" Did you mean {names[near[0]]!r}?" if near else ""
            return f"{dataset.short_name} has no column {column!r}.{hint}"
    return None
