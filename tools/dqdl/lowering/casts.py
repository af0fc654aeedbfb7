"""Texts as other types: what Spark's casts read, and the same value on every engine; NULL for the rest.

A regular expression decides whether a text can be read, so that engines without TRY_CAST never meet one that cannot.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from tools.dqdl.lowering import forms
from tools.dqdl.lowering.engine import Engine, call, number, string
from tools.dqdl.plans.plan import RuleError

_BITS = {exp.DType.TINYINT: 8, exp.DType.SMALLINT: 16, exp.DType.INT: 32, exp.DType.BIGINT: 64}
_DIGITS = r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?"
_ZERO = r"\A[^1-9eE]*(?:[eE]|\z)"
_HUGE = r"[eE]\+?0*[1-9][0-9]{3,}"
_TINY = "[eE]-0*[1-9][0-9]{3,}"
_FAR = r"0*(?:[4-9][0-9]{2}|[1-9][0-9]{3,})"
_HUGE_FAR, _TINY_FAR = rf"[eE]\+?{_FAR}", rf"[eE]-{_FAR}"
MAX_OPERAND = 2_000
"""Nodes of what is cast: it is written out several times."""
_MICROSECONDS = (3_600_000_000, 60_000_000, 1_000_000)


def from_text(engine: Engine, operand: exp.Expr, to: exp.DataType) -> exp.Expr:
    """The text as a type, or NULL. Raises RuleError for a type that is not known here."""
    if sum(1 for _ in operand.walk()) > MAX_OPERAND:
        raise RuleError("A cast inside a cast of a text is too large to be written out.")
    if to.this in _BITS:
        return _integer(engine, operand, _BITS[to.this], to)
    if to.this in exp.DataType.TEXT_TYPES:
        return operand
    for types, read in _READERS:
        if to.this in types:
            return read(engine, operand, to)
    raise RuleError(f"A text cannot be read as {to.sql()}.")


def either(*branches: tuple[exp.Expr, exp.Expr], default: exp.Expr | None = None) -> exp.Case:
    """CASE: the value of the first condition that holds, else the default or NULL."""
    case = exp.Case()
    for condition, value in branches:
        case = case.when(condition, value, copy=False)
    return case.else_(default, copy=False) if default is not None else case


def _integer(engine: Engine, operand: exp.Expr, bits: int, to: exp.DataType) -> exp.Expr:
    """Only the digits before the point; ``.5`` has none, and is 0."""
    bare = _matches(engine, operand, r"\A[^0-9]*\.")
    digits = engine.find(operand.copy(), "[+-]?[0-9]+")
    value = either((bare, number(0)), default=engine.cast(digits, to.sql()))
    return either(
        _as_it_stands(engine, operand, forms.plain_integer(bits), to.sql()),
        (_matches(engine, operand, forms.integer(bits)), value),
    )


def _as_it_stands(engine: Engine, operand: exp.Expr, plain: str, to: str) -> tuple[exp.Expr, exp.Expr]:
    """The texts that nearly all are, at a low price."""
    return _matches(engine, operand, plain), engine.cast(operand.copy(), to)


def _double(engine: Engine, operand: exp.Expr, to: exp.DataType) -> exp.Expr:
    number_found = engine.cast(engine.find(operand.copy(), _DIGITS), "double")
    branches = [_as_it_stands(engine, operand, forms.PLAIN_NUMBER, "double")]
    if engine.dialect in ("postgres", "redshift"):
        branches.append((_matches(engine, operand, forms.SAFE_DOUBLE), number_found))
        if engine.dialect == "postgres":
            branches.append((_matches(engine, operand, forms.DOUBLE), _wide_double(engine, operand)))
        else:
            branches.append((_matches(engine, operand, forms.DOUBLE), _far_double(engine, operand)))
    else:
        branches.append((_matches(engine, operand, forms.DOUBLE), number_found))
    return either(
        *branches,
        (_matches(engine, operand, forms.NAN), engine.infinity(nan=True)),
        (_matches(engine, operand, forms.INFINITE), engine.infinity()),
        (_matches(engine, operand, forms.NEGATIVE_INFINITE), engine.infinity(negative=True)),
    )


def _matches(engine: Engine, operand: exp.Expr, pattern: str) -> exp.Expr:
    return engine.matches(operand.copy(), pattern)


def _wide_double(engine: Engine, operand: exp.Expr) -> exp.Expr:
    """Postgres refuses a double that is too large or too small; as a numeric it can be looked at first."""
    exact = exp.cast(engine.find(operand.copy(), _DIGITS), "numeric")
    size, zero = call("ABS", exact), exp.cast(number(0), "double")
    negative = _matches(engine, operand, rf"\A{forms.BLANKS}-")
    endless = either((negative, engine.infinity(negative=True)), default=engine.infinity())
    return either(
        (exp.or_(_matches(engine, operand, _ZERO), _matches(engine, operand, _TINY)), zero),
        (_matches(engine, operand, _HUGE), endless),
        (exp.GT(this=size, expression=number("1.7976931348623157e308")), endless.copy()),
        (exp.LT(this=size.copy(), expression=number("5e-324")), zero.copy()),
        default=exp.cast(exact.copy(), "double"),
    )


def _decimal(engine: Engine, operand: exp.Expr, to: exp.DataType) -> exp.Expr:
    """Rounded half away from zero; NULL for a number with too many digits before the point."""
    digits = engine.find(operand.copy(), _DIGITS)
    sizes = [int(part.name) for part in to.expressions]
    precision, scale = (*sizes, 0)[:2] if sizes else (10, 0)
    exact = f"decimal({precision}, {scale})"
    if engine.tries:
        quick = _as_it_stands(engine, operand, forms.PLAIN_NUMBER, exact)
        return either(quick, (_matches(engine, operand, forms.DECIMAL), engine.cast(digits, exact)))
    if engine.dialect == "postgres":
        rounded = call("ROUND", exp.cast(digits, "numeric"), number(scale))
    else:
        rounded = exp.cast(digits, f"decimal({65 if engine.dialect == 'mysql' else 38}, {scale})")
    bound = number("1" + "0" * (precision - scale))
    fits: exp.Expr = exp.LT(this=call("ABS", rounded), expression=bound)
    if engine.dialect == "redshift":
        fits = _fits_redshift(engine, operand, rounded, bound)
    value = either(
        (exp.or_(_matches(engine, operand, _ZERO), _matches(engine, operand, _TINY)), number(0)),
        (_matches(engine, operand, _HUGE), exp.null()),
        (fits, exp.cast(rounded.copy(), exact)),
    )
    return either((_matches(engine, operand, forms.DECIMAL), value))


def _far_double(engine: Engine, operand: exp.Expr) -> exp.Expr:
    """Redshift has no numeric to look at the number first: what is near the edges of doubles is not read there."""
    negative = _matches(engine, operand, rf"\A{forms.BLANKS}-")
    endless = either((negative, engine.infinity(negative=True)), default=engine.infinity())
    return either(
        (_matches(engine, operand, _ZERO), exp.cast(number(0), "double")),
        (_matches(engine, operand, _TINY_FAR), exp.cast(number(0), "double")),
        (_matches(engine, operand, _HUGE_FAR), endless),
    )


def _fits_redshift(engine: Engine, operand: exp.Expr, rounded: exp.Expr, bound: exp.Expr) -> exp.Expr:
    """Its decimals are too short for the bound itself, and no text may be read as one before it is known to fit."""
    safe = _matches(engine, operand, forms.SAFE_DOUBLE)
    small = exp.LT(this=call("ABS", exp.cast(engine.find(operand.copy(), _DIGITS), "double")), expression=bound)
    still = exp.LT(this=call("ABS", exp.cast(rounded.copy(), "double")), expression=bound.copy())
    return exp.EQ(
        this=either((safe, either((small, either((still, number(1)))))), default=number(0)), expression=number(1)
    )


def _boolean(engine: Engine, operand: exp.Expr, to: exp.DataType) -> exp.Expr:
    return either(
        (_matches(engine, operand, forms.TRUE), exp.true()), (_matches(engine, operand, forms.FALSE), exp.false())
    )


def _date(engine: Engine, operand: exp.Expr, to: exp.DataType) -> exp.Expr:
    return either(
        _as_it_stands(engine, operand, forms.PLAIN_DAY, "date"),
        (_matches(engine, operand, forms.DATE), _day(engine, operand)),
        (_matches(engine, operand, forms.FAR_DATE), _far(engine, operand, "date")),
    )


def _day(engine: Engine, operand: exp.Expr) -> exp.Expr:
    """A year alone is its first day, a month its first."""
    parts = engine.join(engine.find(operand.copy(), forms.DAY_PARTS), string("-1-1"))
    return engine.cast(engine.find(parts, forms.THREE_PARTS), "date")


def _far(engine: Engine, operand: exp.Expr, to: str) -> exp.Expr:
    """Not every engine has years below 1 or above 9999: the first day and the last stand for them."""
    first, last = (exp.cast(string(day), to) for day in ("0001-01-01", "9999-12-31"))
    return either((_matches(engine, operand, forms.EARLY), first), default=last)


def _timestamp(engine: Engine, operand: exp.Expr, to: exp.DataType) -> exp.Expr:
    return either(
        _as_it_stands(engine, operand, forms.PLAIN_TIMESTAMP, _moment(engine)),
        (
            _matches(engine, operand, forms.TIMESTAMP),
            _later(engine, operand, _day(engine, operand), forms.DAY_AND_CLOCK),
        ),
        (_matches(engine, operand, forms.FAR_TIMESTAMP), _far(engine, operand, "timestamp")),
        (_matches(engine, operand, forms.TIME), _later(engine, operand, engine.today(), forms.CLOCK)),
    )


def _moment(engine: Engine) -> str:
    return {"mysql": "datetime(6)", "athena": "timestamp(6)"}.get(engine.dialect, "timestamp")


def _later(engine: Engine, operand: exp.Expr, day: exp.Expr, clock_form: str) -> exp.Expr:
    """A day at the time of day in a text, shifted to UTC. Fractions below a microsecond are cut off."""
    clock = engine.find(operand.copy(), clock_form)
    if clock_form == forms.DAY_AND_CLOCK:
        clock = exp.Substring(this=clock, start=number(3))
    padded = engine.join(_or_empty(clock), string(":0:0"))
    total: exp.Expr = _fraction(engine, clock)
    for index, unit in enumerate(_MICROSECONDS):
        digits = engine.find(engine.piece(padded.copy(), ":", index + 1), "[0-9]+")
        count = exp.Coalesce(this=_whole(engine, digits), expressions=[number(0)])
        total = exp.Add(this=total, expression=exp.Mul(this=count, expression=number(unit)))
    shift = exp.Mul(this=exp.Paren(this=_offset(engine, operand)), expression=number(_MICROSECONDS[1]))
    return engine.plus(exp.cast(day, _moment(engine)), exp.Sub(this=total, expression=shift))


def _fraction(engine: Engine, clock: exp.Expr) -> exp.Expr:
    found = engine.join(string("0"), _or_empty(engine.find(clock.copy(), r"\.[0-9]{1,6}")))
    micros = exp.Mul(this=exp.cast(found, "decimal(8, 6)"), expression=number(1_000_000))
    return exp.cast(micros, "bigint")


def _offset(engine: Engine, operand: exp.Expr) -> exp.Expr:
    """Minutes that a zone is ahead of UTC: +hh, +hh:mm or +hhmm; 0 without one."""
    zone = engine.find(engine.find(operand.copy(), forms.CLOCK_AND_OFFSET), "[+-][0-9:]+")
    digits = engine.without(zone, ":")
    value = _whole(engine, digits)
    hours = exp.Mul(this=value, expression=number(60))
    minutes = exp.Mod(this=value.copy(), expression=number(100))
    whole_hours = exp.Paren(this=exp.Sub(this=value.copy(), expression=minutes))
    in_minutes = exp.cast(exp.Mul(this=whole_hours, expression=number("0.6")), "bigint")
    both = exp.Add(this=in_minutes, expression=minutes.copy())
    short = exp.LTE(this=exp.Length(this=digits.copy()), expression=number(3))
    return exp.Coalesce(this=either((short, hours), default=both), expressions=[number(0)])


def _whole(engine: Engine, digits: exp.Expr) -> exp.Expr:
    return exp.cast(exp.Nullif(this=digits, expression=string("")), "bigint")


def _or_empty(found: exp.Expr) -> exp.Expr:
    return exp.Coalesce(this=found, expressions=[string("")])


Reader = Callable[[Engine, exp.Expr, exp.DataType], exp.Expr]
_READERS: tuple[tuple[frozenset[exp.DType], Reader], ...] = (
    (frozenset((exp.DType.DOUBLE, exp.DType.FLOAT)), _double),
    (frozenset((exp.DType.DECIMAL,)), _decimal),
    (frozenset((exp.DType.BOOLEAN,)), _boolean),
    (frozenset((exp.DType.DATE,)), _date),
    (
        frozenset(
            (
                exp.DType.TIMESTAMP,
                exp.DType.TIMESTAMPTZ,
                exp.DType.TIMESTAMPNTZ,
                exp.DType.TIMESTAMPLTZ,
                exp.DType.DATETIME,
            )
        ),
        _timestamp,
    ),
)
