"""Texts of a rule against columns of other types: what Spark reads them as, and which values it prints so."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlglot import exp

from tools.dqdl.plans import kinds, sql
from tools.sources.table import Field

_BOOLEANS = {
    **dict.fromkeys(("t", "true", "y", "yes", "1"), True),
    **dict.fromkeys(("f", "false", "n", "no", "0"), False),
}
_WHOLE = re.compile(r"([+-]?[0-9]+)(\.[0-9]*)?")
_FRACTION = re.compile(r"([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?)[dDfF]?")
_DAY = r"\+?([0-9]{4})(?:-([0-9]{1,2})(?:-([0-9]{1,2})"
_DATE = re.compile(_DAY + r"(?:[ T].*)?)?)?", re.DOTALL)
_TIME = re.compile(
    _DAY
    + r"(?:[ T]([0-9]{1,2})(?::([0-9]{1,2})(?::([0-9]{1,2})(?:\.([0-9]{0,9}))?)?)?(Z|[+-][0-9]{1,2}:[0-9]{2})?)?)?)?"
)
_BLANK = "".join(map(chr, range(33)))


def read(field: Field, dialect: str, said: str) -> exp.Expr | None:
    """The value of the column's type that Spark reads the text as; None where it reads none.

    Done here and not by the engine, since some engines refuse a constant that cannot be cast even where it is not used.
    """
    text = said.strip(_BLANK)
    if field.kind == "number":
        whole = kinds.whole(field, dialect)
        found = (_WHOLE if whole else _FRACTION).fullmatch(text)
        value = Decimal(found[1]) if found else None
        return None if value is None or (whole and not -(2**63) <= value < 2**63) else sql.number(value)
    if field.kind == "boolean":
        return exp.Boolean(this=_BOOLEANS[text.lower()]) if text.lower() in _BOOLEANS else None
    if field.kind == "date":
        parts = _DATE.fullmatch(text)
        day = _moment(*parts.groups()) if parts else None
        return sql.day(day.date()) if day else None
    parts = _TIME.fullmatch(text) if field.kind == "timestamp" else None
    time = _moment(*parts.groups()) if parts else None
    return sql.moment(time, zoned=False) if time else None


def _moment(year: str, month: str = "1", day: str = "1", *rest: str | None) -> datetime | None:
    hour, minute, second, fraction, zone = (*rest, None, None, None, None, None)[:5]
    try:
        clock = [int(part or 0) for part in (hour, minute, second, (fraction or "").ljust(6, "0")[:6])]
        local = datetime(int(year), int(month or 1), int(day or 1), clock[0], clock[1], clock[2], clock[3])  # noqa: DTZ001
    except ValueError:
        return None
    if not zone or zone == "Z":
        return local
    hours, minutes = zone[1:].split(":")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    return local - ahead if zone[0] == "+" else local + ahead


def printed(field: Field, dialect: str, said: str) -> exp.Expr | None:
    """The value of a column's type that Spark prints as this text; None where it prints no value so."""
    if field.kind == "number":
        value = _number(said, kinds.declared(field, dialect))
        return None if value is None else sql.number(value)
    if field.kind == "boolean":
        return exp.Boolean(this=said == "true") if said in ("true", "false") else None
    if field.kind not in ("date", "timestamp"):
        return None
    try:
        found = date.fromisoformat(said) if field.kind == "date" else datetime.fromisoformat(said)
    except ValueError:
        return None
    if _spark_time(found) != said:
        return None
    return sql.moment(found, zoned=False) if isinstance(found, datetime) else sql.day(found)


def _number(said: str, type_: exp.DataType | None) -> Decimal | None:
    if type_ is not None and type_.this in exp.DataType.INTEGER_TYPES:
        return Decimal(said) if re.fullmatch(r"0|-?[1-9][0-9]*", said) else None
    if type_ is not None and kinds.is_decimal(type_):
        places = kinds.scale(type_)
        tail = rf"\.[0-9]{{{places}}}" if places else r"(\.[0-9]+)?" if places is None else ""
        return Decimal(said) if re.fullmatch(rf"-?(0|[1-9][0-9]*){tail}", said) else None
    if not re.fullmatch(r"-?[0-9]+\.[0-9]+(E-?[0-9]+)?", said):
        return None
    return Decimal(said) if _spark_double(float(said)) == said else None


def _spark_double(value: float) -> str:
    """As Java prints a double: plain from 0.001 to below ten million, else with one digit before the point."""
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        plain = format(Decimal(repr(value)), "f")
        return plain if "." in plain else f"{plain}.0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    shown = "".join(map(str, digits))
    power = int(exponent) + len(shown) - 1
    return f"{'-' * sign}{shown[0]}.{shown[1:] or '0'}E{power}"


def _spark_time(value: date | datetime) -> str:
    shown = value.isoformat(sep=" ") if isinstance(value, datetime) else value.isoformat()
    return shown.rstrip("0") if "." in shown else shown
