"""Makes messages of what became known: one for each run and channel, whatever rules and datasets it is about.

Where many runs end together, as after a night of schedules, all of them are told in one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import UUID

from memory import alert_facts
from memory.alerts import KINDS
from memory.channels import Channel, channels_of
from memory.notices import News, due, gathered
from memory.outbox import post
from tools.alerting.model import Item, Notice, Part
from tools.characters import visible
from tools.privacy import masked

if TYPE_CHECKING:
    from memory import Memory
    from memory.db import Connection

MOST_MESSAGES = 5
"""Of more runs that are told of at once, one message is made."""
MOST_PARTS, MOST_ITEMS = 15, 10
"""Datasets of a message, and alerts of a dataset; of more, the number is told."""
LONGEST, LONGEST_VALUE, MOST_COLUMNS = 500, 60, 3
HIDDEN = "<hidden>"
"""In place of a value of a column that holds personal data, or that no profile looked at."""
ORDER = {"opened": 0, "reminded": 1, "resolved": 2}


def gather(memory: Memory, *, wait: bool = False) -> int:
    """Writes messages of what may be told now into the outbox, in one transaction; how much news that was.

    ``wait`` for another process that is at it.
    """
    page = memory.alerts.page()
    with memory.db.transaction() as connection:
        news = due(connection, wait=wait)
        # Of an alert one word: that it is new comes before that it is still there.
        telling: dict[int, News] = {}
        for one in news:
            if one.worth_telling:
                telling.setdefault(one.alert, one)
        told: list[tuple[int, str]] = []
        channels = channels_of(connection) if telling else []
        if channels:
            known = _Known(connection, list(telling.values()), page)
            for run, together in _together(list(telling.values())):
                for channel in channels:
                    told += _posted(connection, channel, run, together, known)
        gathered(connection, news, told)
    return len(news)


def _together(news: list[News]) -> list[tuple[str, list[News]]]:
    """What is told in one message, with the run that it is of, if it is of one."""

    def run(one: News) -> str:
        return one.run_id or ""

    groups = [(id_, list(group)) for id_, group in groupby(sorted(news, key=run), key=run)]
    return groups if len(groups) <= MOST_MESSAGES else [("", news)]


def _posted(
    connection: Connection, channel: Channel, run: str, news: Sequence[News], known: _Known
) -> list[tuple[int, str]]:
    """One message with what a channel is for."""
    wanted = [one for one in news if known.is_for(channel, one)]
    if not wanted:
        return []
    now = datetime.now(UTC).isoformat(timespec="seconds")
    numbers = [one.id for one in wanted]
    id_ = f"{run or now}/{min(numbers)}-{max(numbers)}/{channel.name}"
    post(connection, channel.messages, id_, known.notice(id_, now, run, wanted).to_dict())
    return [(one.id, channel.name) for one in wanted]


@dataclass(frozen=True)
class _Facts:
    about: Mapping[UUID, alert_facts.About]
    measured: Mapping[UUID, alert_facts.Measured]
    failing: Mapping[tuple[UUID, int], alert_facts.Failing]


class _Known:
    """What messages tell beside the alerts, read once for all of them."""

    def __init__(self, connection: Connection, news: Sequence[News], page: str) -> None:
        places = [(n.evaluation_id, n.position) for n in news if n.evaluation_id and n.position is not None]
        self._page = page.rstrip("/")
        self._facts = _Facts(
            alert_facts.about(connection, {one.dataset_id for one in news if one.dataset_id}),
            alert_facts.measured(connection, {one.evaluation_id for one in news if one.evaluation_id}),
            alert_facts.failing(connection, places),
        )

    def is_for(self, channel: Channel, news: News) -> bool:
        """Whether a channel wants it; what is about no dataset is for channels without a filter."""
        about = self._facts.about.get(news.dataset_id) if news.dataset_id else None
        if about is None:
            return channel.takes((), (), ())
        keys = {tag.partition("=")[0] for tag in about.tags}
        return channel.takes(about.owners, {*about.tags, *keys}, (about.name, about.short_name, about.uri))

    def notice(self, id_: str, at: str, run: str, news: Sequence[News]) -> Notice:
        """The message."""
        ordered = sorted(news, key=lambda one: str(one.dataset_id or ""))
        groups = [list(group) for _, group in groupby(ordered, key=lambda one: one.dataset_id)]
        groups.sort(key=lambda group: -len(group))
        over = sum(one.change == "resolved" for one in news)
        return Notice(
            id=id_,
            at=at,
            run=run,
            parts=tuple(self._part(group) for group in groups[:MOST_PARTS]),
            more=max(0, len(groups) - MOST_PARTS),
            opened=len(news) - over,
            resolved=over,
            link=f"{self._page}/alerts" if self._page else "",
        )

    def _part(self, news: Sequence[News]) -> Part:
        first = sorted(news, key=lambda one: (ORDER[one.change], _weight(one), one.alert))
        items = tuple(self._item(one) for one in first[:MOST_ITEMS])
        about = self._facts.about.get(news[0].dataset_id) if news[0].dataset_id else None
        if about is None:
            return Part("", "", items=items, more=len(news) - len(items))
        return Part(
            table=_safe(about.short_name),
            dataset=_safe(about.uri),
            owners=tuple(map(_safe, about.owners)),
            tags=tuple(map(_safe, about.tags)),
            score=self._score(news),
            items=items,
            more=len(news) - len(items),
        )

    def _score(self, news: Sequence[News]) -> str:
        found = next((one.evaluation_id for one in news if one.evaluation_id), None)
        measured = self._facts.measured.get(found) if found else None
        if measured is None:
            return ""
        score = "" if measured.total is None else f"score {measured.total:.1%}, "
        return f"{score}{measured.passed} of {measured.rules} rules pass"

    def _item(self, news: News) -> Item:
        ended = f"{news.resolution or ''} ({news.resolved_by})" if news.resolved_by else news.resolution or ""
        return Item(
            number=news.alert,
            change=news.change,
            kind=news.kind,
            words=KINDS.get(news.kind, news.kind),
            what=_safe(news.what),
            said=_safe(news.said),
            since=news.opened_at.isoformat(timespec="seconds"),
            times=news.times,
            example=self._example(news),
            radius=_safe((news.detail.get("blast_radius") or {}).get("summary", "")),
            link=f"{self._page}/alerts?alert={news.alert}" if self._page else "",
            resolution=_safe(ended),
        )

    def _example(self, news: News) -> str:
        """The values of a rule's columns in a row that breaks it, as far as others may see them."""
        if not news.evaluation_id or news.position is None or not news.dataset_id:
            return ""
        failing = self._facts.failing.get((news.evaluation_id, news.position))
        about = self._facts.about.get(news.dataset_id)
        if failing is None or about is None:
            return ""
        wanted = {column.casefold() for column in failing.columns}
        shown = [(name, value) for name, value in failing.row.items() if name.casefold() in wanted]
        told = [f"{_safe(name)} = {_value(value, name.lower() in about.open_columns)}" for name, value in shown]
        return ", ".join(told[:MOST_COLUMNS])


def _weight(news: News) -> tuple[int, ...]:
    """Less for what more depends on, as in reports."""
    radius = news.detail.get("blast_radius") or {}
    return tuple(-radius.get(name, 0) for name in ("personal", "tables", "columns"))


def _value(value: Any, shown: bool) -> str:
    if value is None:
        return "missing"
    if not shown:
        return HIDDEN
    text = masked(visible(str(value), keep=""))
    text = text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
    return f'"{text}"' if isinstance(value, str) else text


def _safe(text: str) -> str:
    """A text of others, on one line, without personal values and secrets, and not too long."""
    told = masked(visible(" ".join(text.split()), keep=""))
    return told if len(told) <= LONGEST else told[: LONGEST - 1] + "…"
