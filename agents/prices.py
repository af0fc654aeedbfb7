"""What a call of a model costs. A model without an entry has no price: nothing is guessed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from agents.model_errors import ModelError

# Inference profiles: `global.` answers from every region, the others from one geography.
_GEOGRAPHY = re.compile(r"^(bedrock:)(global|us|us-gov|eu|apac|jp|au|ca|in)\.")
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens, and from when they are."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal
    as_of: str

    def cost(self, *, input: int, output: int, cache_read: int = 0, cache_write: int = 0) -> Decimal:
        """US dollars for so many tokens; ``input`` counts neither those from the cache nor those into it."""
        dollars = (
            input * self.input + output * self.output + cache_read * self.cache_read + cache_write * self.cache_write
        )
        return dollars / _MILLION


def price(model: str) -> Price | None:
    """The price of a model by the name that ``agents.models.model_name`` gives it, or None where none is known.

    The file that ASSAY_PRICES names comes first, then the table of AWS's public prices that comes with Assay; in both
    an entry counts for the model's inference profiles too. Raises ModelError for a file that cannot be used.
    """
    own = os.environ.get("ASSAY_PRICES")
    tables = [_read(Path(own))] if own else []
    tables.append(_shipped())
    known = ((table, _entry(table["models"], model)) for table in tables)
    return next((_price(entry, str(table.get("date", "")), model) for table, entry in known if entry), None)


def _entry(models: Mapping[str, Any], model: str) -> Mapping[str, Any] | None:
    found = models.get(model) or models.get(_GEOGRAPHY.sub(r"\1", model))
    return found if isinstance(found, Mapping) else None


def _price(entry: Mapping[str, Any], as_of: str, model: str) -> Price:
    dear = model.startswith("bedrock:") and not model.startswith("bedrock:global.")
    try:
        factor = Decimal(str(entry.get("regional", 1))) if dear else Decimal(1)
        plain, answered = (Decimal(str(entry[name])) * factor for name in ("input", "output"))
        cached = (
            Decimal(str(entry[name])) * factor if name in entry else plain for name in ("cache_read", "cache_write")
        )
        read, written = cached
    except (KeyError, InvalidOperation):
        raise _unusable(f"the entry of {model} needs the numbers input and output") from None
    if not all(number.is_finite() and number >= 0 for number in (plain, answered, read, written)):
        raise _unusable(f"the entry of {model} has a price that is none")
    return Price(plain, answered, read, written, as_of)


@cache
def _shipped() -> dict[str, Any]:
    return _parsed(files("agents").joinpath("prices.json").read_text(encoding="utf-8"))


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _unusable(f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise _unusable(f"{path} is not JSON: {error}") from None


def _parsed(text: str) -> dict[str, Any]:
    table = json.loads(text, parse_float=Decimal)
    if not isinstance(table, dict) or not isinstance(table.get("models"), dict):
        raise _unusable("it has no object of models")
    return table


def _unusable(why: str) -> ModelError:
    return ModelError(f"ASSAY_PRICES: {why}.", hint="docs/models.md shows how such a file looks.")
