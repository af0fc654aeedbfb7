"""Untrusted text and numbers, made fit to be read. Values of data and answers of models may hold anything."""

from __future__ import annotations

from typing import Any

from tools.characters import invisible

MOST_CHARACTERS = 60
"""Characters of a data value that a report shows."""
BAR_FULL, BAR_HALF, BAR_EMPTY = "━", "╸", "─"


def clean(text: str, limit: int | None = None) -> str:
    """The text on one line without control, bidirectional and invisible characters, cut to ``limit`` characters."""
    shown = "".join(_visible(character) for character in text)
    return shown if limit is None or len(shown) <= limit else shown[: limit - 1] + "…"


def _visible(character: str) -> str:
    if character in "\t\n\r":
        return " "
    if not invisible(character):
        return character
    code = ord(character)
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def value(content: Any, limit: int = MOST_CHARACTERS) -> str:
    """A data value: NULL is told from an empty text, and blanks at the ends are made visible by quotes."""
    if content is None:
        return "NULL"
    if isinstance(content, float):
        return number(content)
    text = clean(str(content), limit)
    return f'"{text}"' if not text or text != text.strip() else text


def number(content: float) -> str:
    """A number with thousands separators and at most four decimals, or six digits where it is small."""
    if isinstance(content, int) or (float(content).is_integer() and abs(content) < 1e15):
        return f"{int(content):,}"
    if 1e-3 <= abs(content) < 1e15:
        return f"{content:,.4f}".rstrip("0").rstrip(".")
    return f"{content:.6g}"


def percent(share: float) -> str:
    """A share of 1 in percent with one decimal, never rounded to 0 or 100 when it is not."""
    shown = min(max(100 * share, 0.1), 99.9) if 0 < share < 1 else 100 * share
    return f"{shown:.1f} %".replace(".0 %", " %")


def points(share: float) -> float:
    """A score of 0 to 1 as points of 100 with one decimal, rounded down so that 100.0 means perfect."""
    return int(share * 1000 + 1e-9) / 10


def score(share: float) -> str:
    """The points of a score in words."""
    return f"{points(share):.1f}"


def count(quantity: int, noun: str) -> str:
    """``1 rule``, ``1,000 rules``."""
    return f"{quantity:,} {noun}" if quantity == 1 else f"{quantity:,} {noun}s"


def bar(share: float, width: int) -> tuple[str, str]:
    """The full and the empty part of a bar. A share above 0 shows, one below 1 is not full."""
    halves = round(min(max(share, 0.0), 1.0) * width * 2)
    if 0 < share < 1:
        halves = min(max(halves, 1), width * 2 - 1)
    full = BAR_FULL * (halves // 2) + BAR_HALF * (halves % 2)
    return full, BAR_EMPTY * (width - len(full))


def seconds(duration: float) -> str:
    """A duration as people say it: ``0.3 s``, ``42 s``, ``3 min 5 s``, ``2 h 4 min``."""
    if duration < 10:
        return f"{duration:.1f} s"
    if duration < 60:
        return f"{duration:.0f} s"
    minutes, rest = divmod(int(duration), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
