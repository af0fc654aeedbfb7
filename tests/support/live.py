"""What of planted text comes alive where people look: escapes at a terminal, markup in a report, links on the page."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from unittest import mock

import httpx
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from graph.runs import Runs
from memory import Memory
from tests.support.api import client, serving
from tests.support.injected import Scene
from tests.support.pages import page_on
from tools.characters import invisible
from ui.cli.main import app
from ui.report import html

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
"""What Rich itself writes; cursor movements and links are none of it."""
LIVE_TAGS = {"script", "img", "a", "iframe", "object", "embed", "form", "link", "base", "video", "audio", "source"}
LIVE_TOKENS = {"link_open", "image", "html_inline", "html_block"}
BARE = re.compile(r"(?i)[a-z]://|\bwww\.|[^\s@]@[\w.-]+\.[a-z]")
"""What Streamlit makes a link without any markup."""
PAGES = ("chat_page", "inbox_page", "runs_page", "datasets_page", "settings_page")


def in_a_terminal(url: str, planted: Scene) -> dict[str, str]:
    """By command what it shows that a terminal obeys or hides."""
    commands = [["pending"], ["runs", "list"], ["rules", "list"], ["memory", "list"], ["audit", "list"]]
    commands += [["runs", "show", run] for run in planted.runs]
    commands += [["profile", one] for one in sorted(planted.sources) if one.endswith(("columns.csv", "often.csv"))]
    commands += [[*command, "--json"] for command in commands]
    env = {"ASSAY_DATABASE_URL": url, "FORCE_COLOR": "1", "COLUMNS": "200"}
    found, shown = {}, ""
    with mock.patch.dict(os.environ, env):
        for command in commands:
            told = CliRunner().invoke(app, command).stdout
            assert told
            shown += told
            bad = {sign for sign in COLOURS.sub("", told) if sign != "\n" and invisible(sign)}
            if bad:
                found[" ".join(command)] = ascii("".join(bad))
    assert "evil.example" in shown, "the control: what was planted is there to be read"
    return found


def in_html(store: Memory, planted: Scene) -> dict[str, list[str]]:
    """By run the tags and attributes of its report that do something."""
    found = {}
    for run in planted.runs:
        report = Runs(store).report(run)
        page = html.page(report.tables, html.Origin(run, report.run.requested_by, datetime.now(UTC)), [report.answer])
        outline = _Outline()
        outline.feed(page)
        if outline.live:
            found[run] = outline.live
    return found


class _Outline(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.live: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in LIVE_TAGS:
            self.live.append(tag)
        self.live += [f"{tag} {name}" for name, _ in attrs if name.startswith("on") or name in ("href", "src")]


def over_http(store: Memory, planted: Scene) -> dict[str, str]:
    """By address what of an answer could be taken for anything but data."""
    paths = ["/runs", "/approvals", "/datasets", "/rules", "/audit"]
    paths += [f"/runs/{run}{part}" for run in planted.runs for part in ("", "/events", "/proposals")]
    paths += [f"/datasets/{one.id}{part}" for one in store.catalog.datasets()[:5] for part in ("", "/profile")]
    with serving(store) as address, client(address) as api:
        return {path: wrong for path in paths if (wrong := _as_data(api.get(path)))}


def _as_data(answer: httpx.Response) -> str:
    if not answer.headers["content-type"].startswith(("application/json", "application/problem+json")):
        return answer.headers["content-type"]
    if answer.headers.get("x-content-type-options") != "nosniff":
        return "a browser may guess what it is"
    answer.json()
    return "control characters" if re.search(r"[\x00-\x08\x0b-\x1f\x7f]", answer.text) else ""


def on_the_page(url: str, planted: Scene) -> dict[str, list[str]]:
    """By page the links, images and HTML that a reader of Markdown sees in what it shows."""
    found = {}
    shown = ""
    with pytest.MonkeyPatch.context() as patch, page_on(url, patch) as chat:
        pages = [_opened(chat, run) for run in planted.runs]
        alone = (f"from ui.web import {name}\n{name}.show()" for name in PAGES)
        pages += [AppTest.from_string(script, default_timeout=60).run() for script in alone]
        for number, page in enumerate(pages):
            assert not page.exception
            kinds = (page.markdown, page.caption, page.info, page.error, page.warning, page.title, page.subheader)
            texts = [str(one.value) for kind in kinds for one in kind]
            texts += [one.label for kind in (page.button, page.expander, page.checkbox) for one in kind]
            shown += "\n".join(texts)
            live = [text[:200] for text in texts if _live(text)]
            if live:
                found[f"{number}"] = live
    assert "evil" in shown, "the control: what was planted is there to be read"
    return found


def _opened(page: AppTest, run: str) -> AppTest:
    page.query_params["run"] = [run]
    return page.run()


def _live(markdown: str) -> list[str]:
    tokens = _all(MarkdownIt("commonmark").parse(markdown))
    bare = [one.content for one in tokens if one.type == "text" and BARE.search(one.content)]
    return bare + [token.type for token in tokens if token.type in LIVE_TOKENS]


def _all(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *_all(token.children or []))]
