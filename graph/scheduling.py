"""Schedules: what people may set up and look at, and the duty of workers to do what is due."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from graph.errors import internal, trace
from graph.permissions import PermissionDenied, require
from memory.errors import StoreError, StoreUnusable
from memory.owner import this_process
from memory.schedules import Action, Firing, Outcome, Schedule, Schedules
from tools.cron import Cron
from tools.errors import AssayError

if TYPE_CHECKING:
    from memory import Memory

LEASE_SECONDS = 30.0
LOOK_SECONDS = 5.0

log = logging.getLogger(__name__)


class Ending(NamedTuple):
    """What came of it."""

    outcome: Outcome
    said: str
    run_id: str | None = None


class Scheduling:
    """Schedules of one store, in the name of a person. Every method may raise PermissionDenied and StoreError."""

    def __init__(self, memory: Memory, requested_by: str | None) -> None:
        self._memory = memory
        self._schedules = Schedules(memory.db)
        self._requested_by = requested_by

    def add(self, cron: str, action: Action, source: str, *, zone: str = "UTC", goal: str | None = None) -> Schedule:
        """Has something done at the times of a cron expression, in the name of who asks. Raises CronError, AssayError.

        Each time it is asked anew whether that person may do it.
        """
        person = require(self._requested_by, "schedule")
        try:
            require(str(person), "export" if action == "metrics" else "start")
        except PermissionDenied as error:
            message = f"It would be done in the name of {person}: {error}"
            raise PermissionDenied(message, hint="Say with --as NAME in whose name.") from None
        times = Cron(" ".join(cron.split()), zone.strip())
        return self._schedules.add(times, action, _place(source, action), goal or None, person)

    def all(self) -> list[Schedule]:
        """All there are."""
        require(self._requested_by, "view")
        return self._schedules.all()

    def pause(self, number: int) -> Schedule:
        """Has one rest."""
        return self._schedules.pause(number, require(self._requested_by, "schedule"))

    def resume(self, number: int) -> Schedule:
        """Goes on with one; what was missed meanwhile is not caught up."""
        return self._schedules.resume(number, require(self._requested_by, "schedule"))

    def remove(self, number: int) -> Schedule:
        """Takes one out."""
        return self._schedules.remove(number, require(self._requested_by, "schedule"))

    def run_now(self, number: int, on_progress: Callable[[float], None] | None = None) -> Schedule:
        """Does it here and now, in the name of who added it; the schedule with what came of it.

        Raises WrongState while it is being done.
        """
        from graph.delivery import deliver_briefly

        person = require(self._requested_by, "schedule")
        firing = self._schedules.take_now(number, this_process(), LEASE_SECONDS, person)
        _do(self._memory, self._schedules, firing, on_progress)
        deliver_briefly(self._memory)
        return self._schedules.get(number)


class Scheduler:
    """Does what is due, one after the other; each time is taken up by one of all workers."""

    name = "schedules"
    every = LOOK_SECONDS

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._schedules = Schedules(memory.db)
        self._stopping = False

    def once(self) -> bool:
        """Does the next one. Raises StoreError."""
        firing = None if self._stopping else self._schedules.take(this_process(), LEASE_SECONDS)
        if firing is None:
            return False
        number, due = firing.schedule.number, firing.due_at
        log.info("schedule %d, due at %s: begun", number, due)
        _do(self._memory, self._schedules, firing, None)
        return True

    def stop(self) -> None:
        """Begins with nothing new; what is being done is taken up by another worker once this one is gone."""
        self._stopping = True


def _do(memory: Memory, schedules: Schedules, firing: Firing, on_progress: Callable[[float], None] | None) -> None:
    over = threading.Event()
    beat = threading.Thread(target=_renew, args=(schedules, firing, over), name="assay-schedule-lease", daemon=True)
    beat.start()
    try:
        ending = _ending(memory, firing, on_progress)
    except KeyboardInterrupt:
        schedules.end(firing, "error", "Stopped by Ctrl-C.")
        raise
    finally:
        over.set()
    if not schedules.end(firing, *ending):
        log.warning("schedule %d was taken over by another worker", firing.schedule.number)


def _renew(schedules: Schedules, firing: Firing, over: threading.Event) -> None:
    """Keeps the lease while it is being done; a store that is away for a moment is asked again."""
    while not over.wait(LEASE_SECONDS / 3):
        with suppress(StoreError):
            if not schedules.renew(firing, LEASE_SECONDS):
                return


def _ending(memory: Memory, firing: Firing, on_progress: Callable[[float], None] | None) -> Ending:
    try:
        return _done(memory, firing, on_progress)
    except StoreUnusable:
        # It can be written down nowhere: whoever finds the lease over does it again.
        raise
    except AssayError as error:
        return Ending("error", str(error))
    except Exception as error:  # noqa: BLE001 - it is logged, without the words, which may quote a value
        log.error("schedule %d broke: %s", firing.schedule.number, trace(error))
        return Ending("error", internal(error))


def _done(memory: Memory, firing: Firing, on_progress: Callable[[float], None] | None) -> Ending:
    schedule = firing.schedule
    match schedule.action:
        case "validate":
            return _validated(memory, schedule, on_progress)
        case "profile":
            return _profiled(memory, schedule, on_progress)
        case "run":
            return _started(memory, firing)
        case "metrics":
            return _exported(memory, schedule, on_progress)


def _validated(memory: Memory, schedule: Schedule, on_progress: Callable[[float], None] | None) -> Ending:
    from graph.jobs import Jobs

    done = Jobs(memory, schedule.added_by).validate(schedule.source, on_progress=on_progress)
    rules = done.evaluation.rules
    passed = sum(rule.outcome == "Passed" for rule in rules)
    score = "" if done.total is None else f", score {done.total:.1%}"
    run = next((found.run_id for found in memory.results.history(done.dataset.id, 1)), None)
    return Ending(
        "passed" if done.evaluation.passed else "failed", f"{passed} of {len(rules)} rules passed{score}", run
    )


def _profiled(memory: Memory, schedule: Schedule, on_progress: Callable[[float], None] | None) -> Ending:
    from graph.jobs import Jobs

    done = Jobs(memory, schedule.added_by).profile(schedule.source, on_progress)
    return Ending("done", "unchanged since the last profile" if done.cached else f"{done.profile.rows:,} rows profiled")


def _started(memory: Memory, firing: Firing) -> Ending:
    from graph.runs import Runs
    from memory.start_keys import StartKey

    schedule = firing.schedule
    # Whoever takes the firing up again finds the run that was started.
    once = StartKey.of(f"schedule {schedule.number} firing {firing.id}", {"firing": firing.id})
    run = Runs(memory).start([schedule.source], goal=schedule.goal, requested_by=schedule.added_by, start_key=once)
    return Ending("started", f"run {run.id} started", run.id)


def _exported(memory: Memory, schedule: Schedule, on_progress: Callable[[float], None] | None) -> Ending:
    from graph.exporting import export

    done = export(memory, schedule.source, schedule.added_by, on_progress=on_progress)
    days = "1 day" if len(done.days) == 1 else f"{len(done.days):,} days"
    return Ending("done", f"{days} written")


def _place(source: str, action: Action) -> str:
    """A source as it is kept: the same from wherever it is read, and without a password."""
    from tools import objects
    from tools.sources import uris

    text = source.strip()
    if not text:
        raise AssayError("There is no source.", hint="Name a file, folder, glob or URI.")
    if uris.shown(text) != text:
        hint = "Write ${NAME} for a variable, or ${secret://name#key}, in its place."
        raise AssayError(f"{uris.shown(text)}: a schedule keeps no password.", hint=hint)
    if action == "metrics":
        objects.at(text, ("file", "s3"))
    return text if "://" in text else os.path.abspath(os.path.expanduser(text))
