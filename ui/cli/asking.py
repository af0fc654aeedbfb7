"""Asks a person about proposals, one key for each. Every decision is stored as it is taken, so leaving loses none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding

from tools.errors import AssayError
from ui.cli.keyboard import Keyboard
from ui.cli.output import Output
from ui.report import proposal as cards
from ui.report.moments import ago
from ui.report.text import count

if TYPE_CHECKING:
    from graph.runs import EditPreview, Filter, Runs
    from memory.model import DecideOutcome, Decision, Proposal

KEYS = (
    ("a", "approve"),
    ("e", "edit"),
    ("r", "reject"),
    ("A", "approve all the rest"),
    ("s", "skip for now"),
    ("q", "leave"),
)


def ask(out: Output, runs: Runs, run_id: str, actor: str, where: Filter | None = None) -> bool:
    """Goes through the undecided proposals of a run, or those meant. True when none of the run is left to decide."""
    undecided = runs.undecided(run_id, where) if where else runs.undecided(run_id)
    if undecided:
        whole = (f"{count(len(undecided), 'rule')} to decide on, as {actor}. ", "bold")
        out.talk(whole, "Nothing becomes active without you.")
        with Keyboard() as keyboard:
            _go_through(out, runs, undecided, _Asker(out, runs, run_id, actor, keyboard))
    left = len(runs.undecided(run_id))
    if left:
        out.talk("")
        out.talk(f"{count(left, 'rule')} still to decide. Go on with ", (f"assay decide {run_id}", "bold"))
    return left == 0


def tell_conflicts(out: Output, outcome: DecideOutcome) -> None:
    """Says which decisions somebody else had taken before."""
    for conflict in outcome.conflicts:
        before = conflict.decision
        out.talk(
            ("! ", "yellow"),
            f"Rule {conflict.number} stays as {before.actor} decided {ago(before.decided_at)}: {before.action}.",
        )


def show_edit(out: Output, preview: EditPreview) -> None:
    """What an edit changes, how it fares today, and what active rules say about the same."""
    parts: list[RenderableType] = [cards.changes(preview), cards.dry_run(preview.today.to_dict())]
    out.tell(Padding(Group(*parts, *([cards.beside(preview.related)] if preview.related else [])), (0, 0, 0, 2)))


def _go_through(out: Output, runs: Runs, undecided: Sequence[Proposal], asker: _Asker) -> None:
    related = runs.related(asker.run_id)
    for index, proposal in enumerate(undecided):
        name = runs.memory.catalog.dataset(proposal.dataset_id).name
        out.talk("")
        out.tell(cards.card(proposal, name, f"{index + 1} of {len(undecided)}", related.get(proposal.number, ())))
        key = asker.settle(proposal)
        if key == "A":
            asker.approve(undecided[index:])
        if key in ("A", "q"):
            return


class _Asker:
    def __init__(self, out: Output, runs: Runs, run_id: str, actor: str, keyboard: Keyboard) -> None:
        self._keyboard = keyboard
        self._out = out
        self._runs = runs
        self.run_id = run_id
        self._actor = actor

    def settle(self, proposal: Proposal) -> str:
        """Asks until the proposal is decided or the person wants something else; the key that ended it."""
        while True:
            key = self._key(KEYS)
            if key == "a":
                self.approve([proposal])
            if key == "s":
                self._skip(proposal)
            if (
                key in ("a", "A", "s", "q")
                or (key == "e" and self._edit(proposal))
                or (key == "r" and self._reject(proposal))
            ):
                return key

    def approve(self, proposals: Sequence[Proposal]) -> None:
        from memory.model import Decision

        stored = self._store([Decision(proposal.number, "approve") for proposal in proposals])
        if stored:
            self._out.talk(("  ✓ ", "green"), "approved" if len(proposals) == 1 else f"{stored} approved")

    def _skip(self, proposal: Proposal) -> None:
        from memory.model import Decision

        outcome = self._runs.decide(self.run_id, [Decision(proposal.number, "skip")], self._actor)
        tell_conflicts(self._out, outcome)

    def _reject(self, proposal: Proposal) -> bool:
        from memory.model import Decision

        self._out.talk("  Why? It is remembered, and steers what is proposed next time. (empty: back)", "")
        reason = self._keyboard.line("").strip()
        if not reason:
            return False
        if self._store([Decision(proposal.number, "reject", reason=reason)]):
            self._out.talk(("  ✗ ", "red"), "rejected")
        return True

    def _edit(self, proposal: Proposal) -> bool:
        from memory.model import Decision

        text = proposal.rule
        while True:
            self._out.talk("  The rule as it should be: (empty: back)")
            text = self._keyboard.line(text).strip()
            if not text:
                return False
            if not self._try(proposal, text):
                continue
            key = self._key((("y", "use it"), ("e", "edit again"), ("b", "back")))
            if key == "b":
                return False
            if key == "y":
                if self._store([Decision(proposal.number, "edit", rule=text)]):
                    self._out.talk(("  ✓ ", "green"), "edited and approved")
                return True

    def _try(self, proposal: Proposal, text: str) -> bool:
        """Shows what an edit changes and its dry run, or what is wrong with it."""
        try:
            with self._out.waiting("Trying it on the data"):
                preview = self._runs.preview_edit(self.run_id, proposal.number, text)
        except AssayError as error:
            self._out.talk(("  ✗ ", "red"), str(error))
            for line in getattr(error, "excerpt", "").splitlines():
                self._out.talk(f"    {line}")
            return False
        show_edit(self._out, preview)
        return True

    def _store(self, decisions: Sequence[Decision]) -> int:
        """How many decisions now stand as taken; says where somebody else was first."""
        outcome = self._runs.decide(self.run_id, decisions, self._actor)
        tell_conflicts(self._out, outcome)
        return len(outcome.recorded)

    def _key(self, keys: Sequence[tuple[str, str]]) -> str:
        """Waits for one of the keys; the end of the input is the last of them."""
        parts: list[str | tuple[str, str]] = ["  "]
        for key, meaning in keys:
            parts += [(f"[{key}]", "bold cyan"), f" {meaning}  "]
        self._keyboard.forget()
        self._out.talk(*parts)
        known = {key for key, _ in keys}
        while True:
            try:
                pressed = self._keyboard.key()
            except EOFError:
                return keys[-1][0]
            if pressed in known:
                return pressed
