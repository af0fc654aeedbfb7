"""What reading costs where one pays by what is read: said before, and counted after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ui.cli.output import Output
from ui.report.text import clean

if TYPE_CHECKING:
    from graph.paying import Paid


@contextmanager
def paying(out: Output, *sources: str) -> Iterator[Paid]:
    """Around work on sources. What was read is told even when the work fails: it is paid for."""
    from graph.jobs import shown
    from graph.paying import metered, price

    for source in sources:
        if told := price(source):
            out.talk(clean(shown(source)), "  ", (told, "dim"))
    with metered() as meter:
        try:
            yield meter
        finally:
            if meter.told():
                out.talk((meter.told(), "dim"))
