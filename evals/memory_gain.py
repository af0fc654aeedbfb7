"""What the memory of decisions is worth: are proposals accepted more often, and does a rejected rule stay away?

`python -m evals.memory_gain [--shops 6] [--rows 400] [--seed 1] [--json]`, on an embedded store of its own with the
offline model. Shops keep the same kind of orders under column names of their own. A steward, whose policy the program
does not know, decides about each proposal by what its columns mean. Each shop is visited once, one after the other;
then each comes back with more rows and three columns renamed. All of it is done twice: with the memory, and with
everything forgotten after each visit.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from graph.runs import Runs
from graph.worker import Worker
from memory import Memory, embedded
from memory.model import Decision, Proposal

STEWARD = "steward"
NAMES = {
    "key": ("id", "order_id", "order_no", "sale_id", "id", "invoice_id"),
    "email": ("email", "customer_email", "mail", "e_mail", "contact_email", "email_address"),
    "phone": ("phone", "phone_number", "telephone", "phone", "mobile_phone", "contact_phone"),
    "status": ("status", "order_status", "state", "status", "order_state", "sale_status"),
    "country": ("country", "country_code", "ship_country", "country", "customer_country", "country"),
    "money": ("amount", "total_amount", "total", "price", "order_amount", "net_amount"),
    "count": ("quantity", "qty", "item_quantity", "pieces", "quantity", "item_count"),
    "coupon": ("coupon", "coupon_code", "voucher", "coupon", "voucher_code", "promo_code"),
    "ordered": ("order_date", "ordered_on", "order_date", "date_ordered", "purchase_date", "order_date"),
    "shipped": ("ship_date", "shipped_on", "shipping_date", "date_shipped", "delivery_date", "ship_date"),
}
"""What a column means to what the shops call it."""
RENAMED = {"email": "buyer_mail", "coupon": "discount_code", "money": "gross"}
"""What columns are called when a shop comes back."""
REJECTED = {
    ("email", "complete"): "guests leave no address",
    ("email", "unique"): "people order twice",
    ("email", "ColumnLength"): "addresses may be long",
    ("phone", "complete"): "a number is optional",
    ("phone", "unique"): "people order twice",
    ("phone", "ColumnLength"): "numbers differ by country",
    ("phone", "ColumnValues matches"): "numbers differ by country",
    ("coupon", "complete"): "most orders have none",
    ("coupon", "ColumnValues in"): "there are new ones every week",
    ("coupon", "ColumnValues matches"): "marketing writes them as it likes",
    ("coupon", "ColumnLength"): "marketing writes them as it likes",
    ("money", "ColumnValues between"): "large orders are welcome",
    ("money", "Mean"): "it goes with the season",
    ("money", "StandardDeviation"): "it goes with the season",
    ("money", "Sum"): "it goes with the season",
    ("count", "ColumnValues between"): "wholesale orders are welcome",
    ("count", "Mean"): "it goes with the season",
    ("count", "StandardDeviation"): "it goes with the season",
    ("shipped", "complete"): "what was not sent yet has none",
    ("", "ColumnCount"): "columns come and go",
}
"""The steward's policy: meaning of the columns and kind of rule to the reason against it; all else is accepted."""
SAME = {"IsComplete": "complete", "Completeness": "complete", "IsUnique": "unique", "Uniqueness": "unique"}


@dataclass(frozen=True)
class Visit:
    """What a run proposed for a shop, and what the steward made of it."""

    shop: int
    back: bool
    """Whether the shop was known already."""
    proposed: int
    accepted: int
    returned: list[str] = field(default_factory=list)
    """Proposals of a kind that the steward had rejected for the same column of the same shop."""


def write_shop(path: Path, names: Mapping[str, str], rows: int, seed: int) -> None:
    """A CSV of orders, with the columns under the given names."""
    source, today = random.Random(seed), datetime.now(UTC).date()
    lines = [",".join(names.values())]
    for number in range(1, rows + 1):
        ordered = today - timedelta(days=source.randint(0, 60))
        shipped = ordered + timedelta(days=source.randint(1, 9))
        values = {
            "key": number,
            "email": f"{_letters(source, 8)}@{_letters(source, 5)}.org" if source.random() < 0.93 else "",
            "phone": f"+49 30 {source.randint(10**6, 10**7 - 1)}" if source.random() < 0.95 else "",
            "status": source.choice(["new", "paid", "sent", "returned"]),
            "country": source.choice(["DE", "FR", "IT", "NL", "AT"]),
            "money": f"{source.gauss(60, 15):.2f}",
            "count": source.choices(range(1, 9), range(8, 0, -1))[0],
            "coupon": source.choice(["SPRING", "WELCOME", "FRIEND"]) if source.random() < 0.93 else "",
            "ordered": ordered,
            "shipped": shipped if shipped <= today and source.random() < 0.97 else "",
        }
        lines.append(",".join(str(values[meaning]) for meaning in names))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def kind(proposal: Proposal, names: Mapping[str, str]) -> tuple[str, str]:
    """What a rule's columns mean, and what kind of rule it is: all that the steward looks at.

    Of values it is told whether they are listed, bounded or have a shape, since people may want one and not another.
    """
    meanings = {name: meaning for meaning, name in names.items()}
    what = SAME.get(proposal.rule_type, proposal.rule_type)
    if what == "ColumnValues":
        what += " " + proposal.rule.partition('" ')[2].split()[0]
    return " ".join(meanings[column] for column in proposal.columns), what


class Steward:
    """Decides about all proposals of a run, and knows what was rejected before."""

    def __init__(self) -> None:
        self._rejected: dict[int, set[tuple[str, str]]] = {}

    def visit(self, runs: Runs, shop: int, source: Path, names: Mapping[str, str], *, back: bool) -> Visit:
        """A whole run on a shop's table: proposals, decisions, validation."""
        run, worker = runs.start([str(source)], requested_by=STEWARD, model="offline"), Worker(runs.memory)
        worker.run(run.id)
        proposals = runs.proposals(run.id)
        kinds = {proposal.number: kind(proposal, names) for proposal in proposals}
        before = self._rejected.setdefault(shop, set())
        returned = [proposal.rule for proposal in proposals if kinds[proposal.number] in before]
        reasons = {number: REJECTED.get(found) for number, found in kinds.items()}
        before |= {kinds[number] for number, reason in reasons.items() if reason}
        if reasons:
            runs.decide(run.id, [_decision(number, reason) for number, reason in reasons.items()], STEWARD)
            worker.run(run.id)
        return Visit(shop, back, len(proposals), sum(reason is None for reason in reasons.values()), returned)


def visits(memory: Memory, folder: Path, shops: int, rows: int, seed: int, *, forget: bool) -> Iterator[Visit]:
    """All shops one after the other, then all again; ``forget`` takes each visit out of the memory."""
    steward, runs = Steward(), Runs(memory)
    for back in (False, True):
        for shop in range(shops):
            names = {meaning: known[shop % len(known)] for meaning, known in NAMES.items()}
            names |= RENAMED if back else {}
            source = folder / f"shop_{shop + 1}_orders.csv"
            write_shop(source, names, rows * (3 if back else 2) // 2, seed * 1000 + shop * 2 + back)
            yield steward.visit(runs, shop + 1, source, names, back=back)
            for dataset in memory.catalog.datasets() if forget else ():
                memory.memories.forget_dataset(dataset.id, STEWARD)


def summary(found: Sequence[Visit]) -> dict[str, float | int]:
    """The figures of one way through all visits."""
    later = [visit for visit in found if not visit.back and visit.shop > 1]
    known = [visit for visit in found if visit.back]
    return {
        "proposed": sum(visit.proposed for visit in later),
        "accepted": sum(visit.accepted for visit in later),
        "acceptance": _share(later),
        "acceptance_last_shop": _share(later[-1:]),
        "proposed_again": sum(visit.proposed for visit in known),
        "acceptance_again": _share(known),
        "returned": sum(len(visit.returned) for visit in known),
    }


def measure(shops: int, rows: int, seed: int) -> dict[str, list[Visit]]:
    """The visits with the memory and without it, each way on a store of its own."""
    found = {}
    for name, forget in (("with memory", False), ("without", True)):
        with _own_store() as (memory, folder):
            found[name] = list(visits(memory, folder, shops, rows, seed, forget=forget))
    return found


@contextmanager
def _own_store() -> Iterator[tuple[Memory, Path]]:
    home = Path(tempfile.mkdtemp(prefix="assay-memory-"))
    try:
        with Memory(embedded.start(home)) as memory:
            yield memory, home
    finally:
        embedded.stop(home)
        shutil.rmtree(home, ignore_errors=True)


def _letters(source: random.Random, many: int) -> str:
    return "".join(source.choices("abcdefghijklmnopqrstuvwxyz", k=many))


def _decision(number: int, reason: str | None) -> Decision:
    return Decision(number, "reject", reason=reason) if reason else Decision(number, "approve")


def _share(found: Sequence[Visit]) -> float:
    proposed = sum(visit.proposed for visit in found)
    return round(sum(visit.accepted for visit in found) / proposed, 3) if proposed else 1.0


def main() -> int:
    """Prints the figures; exit code 1 where a rejected rule came back with the memory on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shops", type=int, default=6)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.ERROR)
    found = measure(chosen.shops, chosen.rows, chosen.seed)
    figures = {name: summary(visited) for name, visited in found.items()}
    if chosen.json:
        whole = {name: [asdict(visit) for visit in visited] for name, visited in found.items()}
        print(json.dumps({"figures": figures, "visits": whole}, indent=2))
    else:
        for name, values in figures.items():
            print(name, *(f"{key}={value}" for key, value in values.items()))
            print("  by visit:", *(f"{visit.accepted}/{visit.proposed}" for visit in found[name]))
    return int(figures["with memory"]["returned"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
