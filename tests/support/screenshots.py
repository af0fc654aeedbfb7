"""Makes the pictures of the documentation anew: ``python -m tests.support.screenshots [FOLDER [all]]``.

One run on the example data, driven in a real browser. With ``all``, every picture in light and dark at two sizes,
to look through.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from memory import Memory, embedded
from tests.support import browser, warehouse
from tests.support.browser import Steward

FOLDER = Path(__file__).parents[2] / "docs" / "images"
IN_DARK = ("approval", "profile", "compare", "lineage")
"""Pictures that the documentation shows in dark too; the others are in light alone."""
BEFORE = "orders_2026-11-22.csv"
LARGEST = 200_000
"""Bytes of one picture."""


def main(folder: Path = FOLDER, sizes: tuple[tuple[int, int], ...] = ((1280, 900),)) -> None:
    """Writes all pictures, for each size in light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    # Pictures of the documentation should not show where the example data lies on this machine.
    examples = Path(__file__).parents[2] / "examples"
    for width, height in sizes:
        for scheme in ("light", "dark"):
            suffix = scheme if len(sizes) == 1 else f"{width}-{scheme}"
            with tempfile.TemporaryDirectory(prefix="as-") as home, browser.chromium() as chromium:
                data = Path(home) / "shop"
                data.mkdir()
                for name in ("orders.csv", "customers.csv", f"snapshots/{BEFORE}"):
                    (data / Path(name).name).write_bytes((examples / name).read_bytes())
                os.environ["LOGNAME"] = "maria"
                with browser.served(Path(home) / "s", data) as address:
                    context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
                    camera = _Camera(context.new_page(), address, folder, suffix)
                    _story(camera)
                    _lineage(camera, Path(home) / "s")


class _Camera(Steward):
    """A steward who takes a picture now and then."""

    def __init__(self, page, address: str, folder: Path, suffix: str) -> None:
        super().__init__(page, address)
        self.folder = folder
        self.suffix = suffix

    def shoot(self, name: str) -> None:
        """Takes the picture once everything is drawn, tables too, which come late."""
        if self.suffix == "dark" and name not in IN_DARK:
            return
        self.settled()
        self.expect(self.page.get_by_test_id("stSkeleton").filter(visible=True)).to_have_count(0)
        self.page.mouse.move(5, 700)
        self.page.wait_for_timeout(600)
        path = self.folder / f"{name}-{self.suffix}.png"
        self.page.screenshot(path=path)
        assert path.stat().st_size < LARGEST, f"{path.name} is too large for the documentation"

    def to_top(self, locator) -> None:
        """Scrolls so that something stands near the top."""
        locator.evaluate("element => element.scrollIntoView({block: 'start'})")


def _story(camera: _Camera) -> None:
    camera.open()
    camera.shoot("welcome")
    camera.open("/?table=orders.csv")
    camera.ask("Profile the orders, recommend rules for me to approve, then validate")
    camera.sees("rules to decide")
    camera.shoot("approval")
    camera.approve(1)
    camera.edits(2, 'ColumnValues "country" in ["DE", "ES", "FR", "IT"')
    camera.sees("cannot stand here")
    camera.to_top(camera.card(2))
    camera.shoot("edit-error")
    camera.edits(2, 'ColumnValues "country" in ["DE", "ES", "FR", "IT"]')
    camera.expect(camera.card(2).get_by_role("button", name="Approve as edited")).to_be_enabled()
    camera.to_top(camera.card(2))
    camera.shoot("edit")
    camera.save_edit(2)
    camera.reject(3, "Some partners send addresses in words")
    camera.open("/approvals")
    camera.sees("rules to decide")
    camera.shoot("inbox")
    camera.page.go_back()
    camera.sees("3 of ")
    camera.approve_rest()
    camera.sees("Result for orders")
    camera.shoot("result")
    camera.page.get_by_text("Decisions: ").click()
    camera.sees("Approved by")
    camera.shoot("decisions")
    camera.page.get_by_text("Profile of orders").click()
    camera.sees("Pick a row")
    camera.to_top(camera.page.get_by_text("Profile of orders"))
    camera.shoot("profile")
    camera.open("/datasets")
    camera.shoot("datasets")
    camera.page.get_by_role("radio", name="Rules").click()
    camera.sees("orders")
    camera.shoot("rules")
    camera.open("/runs")
    camera.shoot("runs")
    camera.open("/compare")
    for box, table in enumerate((BEFORE, "orders.csv")):
        camera.page.get_by_role("combobox").nth(box).fill(table)
        camera.page.keyboard.press("Enter")
    camera.page.get_by_role("button", name="Compare").last.click()
    camera.sees("columns changed")
    camera.shoot("compare")


def _lineage(camera: _Camera, home: Path) -> None:
    with Memory.open(embedded.start(home)) as memory:
        memory.lineage.ingest([*warehouse.warehouse(), *warehouse.changed()])
        warehouse.validated(memory)
    if camera.suffix in ("light", "dark"):
        camera.page.set_viewport_size({"width": 1600, "height": 960})
    if camera.suffix.endswith("dark"):
        camera.open("/lineage?node=mart.customer_value&up=2&since=2026-11-10")
        camera.sees("Changed since then")
    else:
        camera.open("/lineage?node=mart.fct_orders&down=1")
        camera.page.locator(".ln-start .ln-row", has_text="open_amount").click()
        camera.sees("If it changes")
    camera.page.get_by_role("button", name="Fit everything").click()
    camera.shoot("lineage")


if __name__ == "__main__":
    if sys.argv[2:]:
        main(Path(sys.argv[1]), ((1280, 900), (1920, 1080)))
    else:
        main(*map(Path, sys.argv[1:2]))
