"""The lineage page in a real browser: search, indirect edges, ways, the panel, deep links, a thousand columns."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from memory import Memory, embedded
from tests.support import browser, warehouse
from tests.support.browser import Steward
from tools.lineage.observed import ColumnId, DatasetId, Mode, Observed, ObservedEdge

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EVIL = "<img src=http://evil.example/x onerror=document.title='owned'>"
SLOW_MS = 4_000
"""An answer of the page later than that is none, however busy the machine: alone it is some 0.2 s."""


@pytest.fixture(scope="module")
def server(chromium, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("h") / "s"
    home.mkdir()
    with browser.served(home, tmp_path_factory.mktemp("elsewhere")) as address:
        with Memory.open(embedded.start(home)) as store:
            store.lineage.ingest([*warehouse.warehouse(), *warehouse.wide(1000), *warehouse.hub(1000, 100), odd()])
            warehouse.validated(store)
        yield address


def odd() -> Observed:
    """Names that would be markup, if they were not text."""
    edge = ObservedEdge(
        ColumnId(DatasetId("db", f"odd.{EVIL}"), EVIL), ColumnId(DatasetId("db", "odd.made"), "x" * 300)
    )
    return Observed(warehouse.BEGAN, "test", mode=Mode.REPLACE, edges=(edge,))


class Reader(Steward):
    """Somebody who looks at the graph."""

    def look(self, node: str, **settings: object) -> None:
        """Opens the page at a node, as a link would."""
        self.open(f"/lineage?node={node}" + "".join(f"&{name}={value}" for name, value in settings.items()))
        self.expect(self.page.locator(".ln-canvas[data-drawn]")).to_be_visible()

    def card(self, title: str):
        """The card of a table."""
        return self.page.locator(".ln-card", has=self.page.locator(".ln-title b").get_by_text(title, exact=True))

    def row(self, table: str, column: str):
        """The row of a column."""
        return self.card(table).locator(".ln-row", has=self.page.get_by_text(column, exact=True))

    def dimmed(self) -> set[str]:
        """The titles of the cards that stand back, once they have faded."""
        self.page.wait_for_timeout(300)
        return {
            title
            for title, pale in self.page.locator(".ln-card").evaluate_all(
                "all => all.map(one => [one.querySelector('b').textContent, getComputedStyle(one).opacity < 1])"
            )
            if pale
        }

    def panel(self):
        """What is beside the graph."""
        return self.page.locator(".st-key-lineage-panel")


@pytest.fixture
def reader(chromium, server: str) -> Iterator[Reader]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield Reader(context.new_page(), server)
    context.close()


def test_a_column_is_searched_while_it_is_typed_and_its_lineage_drawn(reader: Reader) -> None:
    asked: list[str] = []
    reader.page.on("request", lambda request: "127.0.0.1" in request.url or asked.append(request.url))
    reader.open("/lineage")
    field = reader.page.get_by_role("combobox", name="Search a column or table")
    field.press_sequentially("dim_customer.ema")
    options = reader.page.get_by_role("option")
    reader.expect(options).to_have_count(2)
    field.press("ArrowDown")
    field.press("ArrowUp")
    field.press("Enter")
    reader.expect(reader.page).to_have_url(re.compile("node=.*dim_customer%23email$"))
    reader.expect(reader.row("dim_customer", "email")).to_be_visible()
    reader.expect(reader.card("newsletter_segments")).to_have_count(1)
    reader.expect(reader.card("dim_customer").locator(".ln-row")).to_have_count(1)
    reader.expect(reader.row("stg_customers", "email").get_by_text("PII")).to_have_count(1)
    assert asked == []


def test_indirect_edges_come_on_a_switch_and_end_at_the_head(reader: Reader) -> None:
    reader.look("mart.fct_orders.amount_eur", down=1)
    dashed = reader.page.locator(".ln-edges .ln-indirect")
    reader.expect(dashed).to_have_count(0)
    reader.page.get_by_text("Indirect", exact=True).click()
    reader.expect(dashed.first).to_be_attached()
    reader.expect(reader.page).to_have_url(re.compile("indirect=true"))
    reader.expect(reader.page.locator(".ln-legend").get_by_text("Decides")).to_be_visible()
    reader.page.get_by_text("Indirect", exact=True).click()
    reader.expect(dashed).to_have_count(0)


def test_the_ways_of_a_column_stand_out_and_the_panel_tells_of_it(reader: Reader) -> None:
    reader.look("mart.fct_orders", down=1)
    reader.row("fct_orders", "paid").click()
    reader.expect(reader.panel().get_by_role("heading", name="paid")).to_be_visible()
    assert {"stg_orders", "dim_customer", "revenue_by_region"} <= reader.dimmed()
    assert not {"fct_orders", "stg_payments", "payments"} & reader.dimmed()
    for text in ("If it changes", "204 of 18,302 rows break it", "build_fct_orders"):
        reader.expect(reader.panel().get_by_text(text).first).to_be_visible()
    reader.panel().get_by_role("button", name="stg_payments.paid").click()
    reader.expect(reader.panel().get_by_role("heading", name="stg_payments → fct_orders")).to_be_visible()
    reader.expect(reader.page.locator(".ln-edges .ln-chosen")).to_have_count(1)
    reader.page.locator(".ln-canvas").press("Escape")
    reader.expect(reader.panel()).to_have_count(0)
    assert reader.dimmed() == set()


def test_an_edge_is_clicked_and_a_way_leads_to_the_dataset(reader: Reader) -> None:
    reader.look("mart.fct_orders.open_amount")
    edge = reader.page.locator(
        ".ln-edges g", has=reader.page.locator("title", has_text="stg_payments.paid → fct_orders")
    )
    edge.locator(".ln-hit").click(force=True)
    reader.expect(reader.panel().get_by_text("aggregated")).to_be_visible()
    reader.expect(reader.panel().get_by_text("left join")).to_be_visible()
    reader.card("fct_orders").locator(".ln-title").click()
    reader.panel().get_by_role("button", name="Dataset").click()
    reader.expect(reader.page).to_have_url(re.compile(r"/datasets\?dataset="))
    reader.expect(reader.page.get_by_role("heading", name="fct_orders")).to_be_visible()
    reader.page.get_by_role("button", name="Lineage").click()  # and back
    reader.expect(reader.page).to_have_url(re.compile(r"/lineage\?node="))


def test_a_link_leads_to_the_same_picture_and_more_can_be_seen(reader: Reader) -> None:
    reader.look("raw.customers.email", down=1, up=0)
    reader.expect(reader.page.locator(".ln-card")).to_have_count(2)
    reader.page.locator(".ln-beyond").first.click()
    reader.expect(reader.card("dim_customer")).to_have_count(1)
    reader.expect(reader.page).to_have_url(re.compile("down=2"))
    reader.reload()
    reader.expect(reader.card("dim_customer")).to_have_count(1)
    reader.row("dim_customer", "email").dblclick()
    reader.expect(reader.page).to_have_url(re.compile("node=.*dim_customer%23email"))
    reader.expect(reader.card("dim_customer")).to_have_class(re.compile("ln-start"))
    reader.page.go_back()


def test_the_graph_is_walked_by_keyboard_alone(reader: Reader) -> None:
    reader.look("mart.fct_orders.paid")
    start = reader.row("fct_orders", "paid")
    start.focus()
    reader.page.keyboard.press("ArrowLeft")
    reader.expect(reader.row("stg_payments", "paid")).to_be_focused()
    reader.page.keyboard.press("ArrowRight")
    reader.expect(start).to_be_focused()
    reader.page.keyboard.press("ArrowUp")
    reader.expect(reader.card("fct_orders").locator(".ln-title")).to_be_focused()
    reader.page.keyboard.press("ArrowDown")
    reader.page.keyboard.press("Enter")
    reader.expect(reader.panel().get_by_role("heading", name="paid")).to_be_visible()
    reader.expect(start).to_be_focused()
    reader.page.keyboard.press("Space")
    reader.expect(reader.card("fct_orders").locator(".ln-row")).to_have_count(0)
    # Of all cards one is reached by the tabulator; arrows lead on from there.
    assert reader.page.locator('.ln-world [tabindex="0"]').count() == 1


def test_one_zooms_drags_fits_and_folds(reader: Reader) -> None:
    reader.look("mart.fct_orders", indirect="true")

    def scale() -> float:
        return float(re.search(r"scale\(([\d.]+)\)", reader.page.locator(".ln-world").get_attribute("style"))[1])

    reader.page.get_by_role("button", name="Fit everything into view").click()
    canvas = reader.page.locator(".ln-canvas").bounding_box()
    for box in (one.bounding_box() for one in reader.page.locator(".ln-card").all()):
        assert canvas["x"] <= box["x"]
        assert box["x"] + box["width"] <= canvas["x"] + canvas["width"]
        assert canvas["y"] <= box["y"]
        assert box["y"] + box["height"] <= canvas["y"] + canvas["height"]
    fitted = scale()
    reader.page.get_by_role("button", name="Zoom in").click()
    assert scale() > fitted
    before = reader.card("fct_orders").bounding_box()
    reader.page.mouse.move(canvas["x"] + 30, canvas["y"] + 300)
    reader.page.mouse.down()
    reader.page.mouse.move(canvas["x"] + 130, canvas["y"] + 340, steps=4)
    reader.page.mouse.up()
    after = reader.card("fct_orders").bounding_box()
    assert (round(after["x"] - before["x"]), round(after["y"] - before["y"])) == (100, 40)
    reader.page.get_by_role("button", name="Collapse all tables").click()
    reader.expect(reader.page.locator(".ln-card:not(.ln-start) .ln-row")).to_have_count(0)
    reader.page.get_by_role("button", name="Expand stg_orders").click()
    reader.expect(reader.card("stg_orders").locator(".ln-row")).not_to_have_count(0)


def test_a_thousand_columns_stay_usable(reader: Reader) -> None:
    reader.look("wide.cleaned")
    reader.sees("Showing 36 of 3,000 columns")
    cleaned = reader.card("cleaned")
    reader.expect(cleaned.get_by_text("1–12 of 1,000")).to_be_visible()

    def timed(work) -> float:
        before = reader.page.locator(".ln-canvas").get_attribute("data-turn")
        began = reader.page.evaluate("performance.now()")
        work()
        reader.expect(reader.page.locator(".ln-canvas")).not_to_have_attribute("data-turn", before)
        return reader.page.evaluate("performance.now()") - began

    took = [
        timed(cleaned.get_by_role("button", name="Next").click),
        timed(lambda: cleaned.get_by_label("Filter").press_sequentially("_777")),
    ]
    reader.expect(reader.row("cleaned", "attribute_777")).to_be_visible()
    reader.expect(reader.row("landing", "attribute_777")).to_be_visible()
    cleaned.get_by_label("Filter").fill("")
    reader.expect(cleaned.get_by_text("1–12 of 1,000")).to_be_visible()
    took.append(timed(cleaned.get_by_role("button", name="Show up to 200").click))
    reader.expect(cleaned.locator(".ln-row")).to_have_count(200)
    took.append(timed(lambda: reader.row("cleaned", "attribute_3").click()))
    assert max(took) < SLOW_MS, took


def test_a_hub_of_a_thousand_columns_in_a_hundred_tables(reader: Reader) -> None:
    reader.look("hub.calendar.day")
    reader.sees("1,000 downstream, 100 other tables")
    more = reader.card("94 more tables")
    more.get_by_label("Filter").fill("mart_42")
    reader.expect(more.locator(".ln-row")).to_have_count(1)
    more.locator(".ln-row").click()
    reader.expect(reader.card("mart_42")).to_have_count(1)
    assert reader.page.locator(".ln-row").count() < 100


def test_first_one_sees_the_start_and_all_that_leads_to_it(reader: Reader) -> None:
    for node in ("mart.fct_orders", "mart.customer_value.email", "report.churn_features"):
        reader.look(node)
        canvas = reader.page.locator(".ln-canvas").bounding_box()
        start = reader.page.locator(".ln-card.ln-start").bounding_box()
        assert start["x"] + start["width"] <= canvas["x"] + canvas["width"], node
        assert min(one.bounding_box()["x"] for one in reader.page.locator(".ln-card").all()) >= canvas["x"], node


def test_tables_to_start_with_say_where_they_are(reader: Reader) -> None:
    reader.open("/lineage")
    offered = reader.page.locator("[class*=st-key-start-] button")
    reader.expect(offered).to_have_count(12)
    told = [one.inner_text().split()[1:] for one in offered.all()]
    assert ["served", "shop.wide"] in told, told
    assert ["mart_99", "shop.hub"] in told, told
    assert reader.hard_to_read() == []


def test_names_from_outside_are_text(reader: Reader) -> None:
    reader.look("odd.made")
    row = reader.row("made", "x" * 300)
    reader.expect(row).to_be_visible()
    assert row.locator(".ln-name").evaluate("one => one.scrollWidth > one.clientWidth && one.title.length === 300")
    reader.page.locator(".ln-row").nth(0).click()
    reader.page.locator(".ln-row", has_text="<img").click()
    reader.expect(reader.panel()).to_be_visible()
    reader.page.get_by_role("combobox", name="Search a column or table").fill("<img")
    reader.expect(reader.page.get_by_role("option").first).to_be_visible()
    assert reader.page.locator("img[src*=evil]").count() == 0
    assert reader.page.title() != "owned"


def test_colours_can_be_read_in_light_and_dark(chromium, server: str) -> None:
    for scheme in ("light", "dark"):
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme)
        reader = Reader(context.new_page(), server)
        for settings in ({"indirect": "true"}, {"since": "2026-11-01"}):
            reader.look("mart.customer_value.email", **settings)
            assert reader.hard_to_read() == []
        context.close()
    narrow = Reader(chromium.new_context(viewport={"width": 390, "height": 800}).new_page(), server)
    narrow.look("mart.fct_orders")
    assert narrow.page.evaluate("document.documentElement.scrollWidth") <= 390
    narrow.page.context.close()
