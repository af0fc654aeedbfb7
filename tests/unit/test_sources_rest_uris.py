"""Addresses of HTTP APIs, whatever is written: no secret is shown, and what is kept means the same again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import Message
from typing import TypeVar

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tools.sources.rest_client import Client
from tools.sources.rest_options import read_options
from tools.sources.rest_paging import Page, Paging, with_parameter
from tools.sources.rest_records import at, flat
from tools.sources.rest_uris import parse, shown
from tools.sources.table import SourceError
from tools.sources.uris import shown as shown_source
from tools.sources.uris import without_passwords

SECRET = "q7Zk2Vb9" + "Xw4Tn6Rm1Ls8Pd3H"
NAMES = ["api_key", "token", "q", "sig", "x", "Authorization", "page", "subscription-key", "sid", "code"]
PLACES = [
    "https://{}@h/x",
    "https://ada:{}@h/x",
    "https://:{}@h/x",
    "https://h/x?{}={}",
    "https://h/x?a=1&{}={}&b=2",
    "https://h/x#bearer={}",
    "https://h/x#page=link&header.X-{}={}",
    "https://h/x#{}={}",
    "https://ada:{}@h/x?a=${{K}}#bearer=${{secret://prod/api#token}}",
]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)


T = TypeVar("T")


def read(reading: Callable[[], T]) -> tuple[T | None, str]:
    """What is read, or why it is refused."""
    try:
        return reading(), ""
    except SourceError as error:
        return None, error.message + error.hint


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", NAMES)
def test_a_secret_that_is_written_out_is_shown_nowhere(place: str, name: str) -> None:
    uri = place.format(name, SECRET) if place.count("{}") == 2 else place.format(SECRET)
    kept = shown_source(uri)
    assert SECRET not in kept
    assert shown_source(kept) == kept
    assert SECRET not in without_passwords(f"Look at {uri} please")
    place_, refused = read(lambda: parse(uri))
    assert SECRET not in refused + repr(place_)
    assert place_ is None or place_.text == kept


@given(TEXT)
@example("ada:pa/ss@h/x")
@example("h:99999999/x")
@example("[::1/x")
@example("h/x#header.=1")
@example("h/x?%zz=%#%=")
@example("ada:12/x@h/y")
@example("xn--a/ü")
@example("ü.example/x")
def test_any_text_is_an_address_or_is_refused(text: str) -> None:
    uri = f"https://{text}"
    kept = shown_source(uri)
    assert shown_source(kept) == kept
    place, refused = read(lambda: parse(uri))
    assert "\n" not in refused
    assert place is None or place.host
    again, _ = read(lambda: parse(kept))
    assert again is None or again.text == kept


@given(st.dictionaries(st.sampled_from(["a", "b c", "ü", "x[y]", "$top", "p"]), TEXT, max_size=4), TEXT)
def test_a_parameter_is_set_once_and_others_stay(others: dict[str, str], value: str) -> None:
    url = "https://h/x"
    for name, text in others.items():
        url = with_parameter(url, name, text)
    first, second = with_parameter(url, "p", value), with_parameter(with_parameter(url, "p", "old"), "p", value)
    assert first == second
    names = [part.partition("=")[0] for part in first.partition("?")[2].split("&")]
    assert names.count("p") == 1
    assert " " not in first


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        (['<https://h/x?p=2>; rel="next"'], "https://h/x?p=2"),
        (["<?p=2>;rel=next"], "https://h/x?p=2"),
        (["</y>; rel=prev, </z?a=1,2>; title=\"x, y; rel=next\"; rel='self'", "<w>; REL=NEXT"], "https://h/w"),
        (['<?p=2>; rel="last next"'], "https://h/x?p=2"),
        (['<?p=1>; rel="prev"'], None),
        (["?p=2; rel=next", "<", "<>;;;", ""], None),
    ],
)
def test_links_of_headers(headers: list[str], wanted: str | None) -> None:
    told = Message()
    for header in headers:
        told["Link"] = header
    place = parse("https://h/x#page=link")
    page = Page("https://h/x", told, [], 1, None, 0, 1)
    assert Paging(place.options, Client(place)).following(page) == wanted


@given(TEXT)
def test_any_link_header_is_read_or_passed_over(text: str) -> None:
    assume("\n" not in text and "\r" not in text)
    told = Message()
    told["Link"] = text.replace("\n", "")
    place = parse("https://h/x#page=link")
    page = Page("https://h/x", told, [], 1, None, 0, 1)
    found, refused = read(lambda: Paging(place.options, Client(place)).following(page))
    assert "leads to" in refused or not refused
    assert found is None or found.startswith("https://h/")


@given(st.dictionaries(st.sampled_from(["page", "size", "rate", "bytes", "timeout", "pages", "start", "nested"]), TEXT))
def test_any_option_is_read_or_refused(told: dict[str, str]) -> None:
    options, refused = read(lambda: read_options(told, "https://h/x"))
    assert bool(options) != bool(refused)
    assert options is None or (options.pages >= 1 and 0 < options.timeout <= 3600)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, st.text("ab.01", max_size=6))
def test_a_path_finds_a_part_of_the_body_or_nothing(body: object, path: str) -> None:
    found = at(body, path)
    assert found is None or any(found is part for part in parts(body))


def parts(body: object) -> Iterator[object]:
    yield body
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    for one in inner:
        yield from parts(one)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=3), JSON, max_size=4))
def test_what_is_laid_flat_holds_no_objects(record: dict[str, object]) -> None:
    assert not any(isinstance(value, dict) for value in flat(record).values())


def test_shown_is_the_address_itself_where_nothing_is_secret() -> None:
    for uri in ("https://api.shop.example/v1/orders?status=open&since=2024-06-30", "http://h:8080/#page=none"):
        assert shown(uri) == uri
