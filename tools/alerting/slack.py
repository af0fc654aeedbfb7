"""A message in Slack's blocks, within Slack's limits; Mattermost and others show the text beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tools.alerting import words
from tools.alerting.model import Item, Notice, Part

MOST_BLOCKS, LONGEST_TEXT, LONGEST_HEADER = 50, 3_000, 150
"""What Slack takes: more of anything, and it refuses the whole message."""
LONGEST_ITEM = 900
MARKS = {"opened": ":red_circle:", "reminded": ":large_orange_circle:", "resolved": ":large_green_circle:"}


def payload(notice: Notice) -> dict[str, Any]:
    """What an incoming webhook takes."""
    head = words.title(notice)
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": _cut(head, LONGEST_HEADER)}}]
    rest = [block for part in notice.parts for block in _part(part)]
    end = _end(notice)
    room = MOST_BLOCKS - len(blocks) - len(end) - 1
    left_out = [_context("… and more: see the page.")] if len(rest) > room else []
    return {"text": escaped(head), "blocks": [*blocks, *rest[:room], *left_out, *end]}


def escaped(text: str) -> str:
    """The text without what Slack would take for a mention, a link or a channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _part(part: Part) -> Iterator[dict[str, Any]]:
    if part.table:
        facts = words.facts(part)
        name = f"*{_plain(part.table)}*  {_plain(part.dataset)}"
        yield _section(f"{name}\n{_plain(facts)}" if facts else name)
    yield from (_section(_item(item)) for item in part.items)
    if part.more:
        yield _context(f"… and {part.more} more alerts.")


def _item(item: Item) -> str:
    what = f"{MARKS.get(item.change, ':white_circle:')} {item.words}: `{_code(item.what)}`"
    lines = [what, *(f"{name}: {_plain(said)}" for name, said in words.details(item))]
    told = _cut("\n".join(lines), LONGEST_ITEM)
    number = f"<{escaped(item.link)}|alert {item.number}>" if item.link else f"alert {item.number}"
    return f"{told}\n_{words.since(item)}_  {number}"


def _end(notice: Notice) -> list[dict[str, Any]]:
    told = [f"… and {notice.more} more datasets."] if notice.more else []
    told += [f"run {notice.run}"] if notice.run else []
    told += [f"<{escaped(notice.link)}|open the page>"] if notice.link else []
    return [_context("  ".join(told))] if told else []


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _cut(text, LONGEST_TEXT)}}


def _context(text: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": _cut(text, LONGEST_TEXT)}]}


def _plain(text: str) -> str:
    """Text of others: on one line, and no marks of Slack's."""
    return escaped(" ".join(text.split()))


def _code(text: str) -> str:
    return _plain(text.replace("`", "'"))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
