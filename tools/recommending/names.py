"""What the name of a column says about it: its words, and the families of words that carry a meaning."""

from __future__ import annotations

from tools.profiling.words import family, words

__all__ = ["family", "has", "identifies", "never_negative", "words"]

ID = family("id ids key uuid guid code sku isbn ean number no nr num ref hash token oid pk index idx row")
MONEY = family(
    "amount price cost total revenue sales salary income fee tax paid balance value fare spend turnover gross"
)
COUNTED = family("quantity qty count units stock population age duration visits orders items votes runtime")
MEASURED = family("weight height width depth area volume distance speed length size horsepower mileage")
SHARE = family("percent percentage pct ratio rate share proportion probability fraction")
ADDED = family("amount total revenue sales turnover spend quantity qty units votes")
SIGNED = family("temp temperature change delta diff difference profit loss margin balance offset growth celsius")
CODED = family("zip zipcode postal postcode phone mobile fax telephone tel iban ssn year")
OPTIONAL = family(
    "middle suffix note notes comment comments remark remarks description address2 optional fax deleted cancelled "
    "closed ended end until returned death terminated parent previous alt secondary"
)
PAST = family(
    "created updated modified order ordered placed signup registered birth born dob shipped ship sent received "
    "paid loaded ingested inserted changed hired event timestamp logged visited death"
)
LOADED = family("updated modified changed loaded ingested inserted etl load sync synced")


def has(name: str, family: frozenset[str]) -> bool:
    """Whether one word of the name belongs to the family."""
    return not family.isdisjoint(words(name))


def identifies(name: str) -> bool:
    """Whether a name reads like that of an identifier or a code: the last word counts, as in ``customer_id``."""
    found = words(name)
    return bool(found) and (found[-1] in ID or found[0] in {"id", "uuid", "guid"})


def never_negative(name: str) -> bool:
    """Whether a name is that of something that cannot be below zero, as a rule."""
    return has(name, MONEY | COUNTED | MEASURED | SHARE) and not has(name, SIGNED)
