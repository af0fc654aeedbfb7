"""The supervisor's node: asks the model where to go, and lets it go only where the run may go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from langgraph.graph import END
from langgraph.types import Command, Send

from agents.context import STEPS, AgentContext, Planned, Step
from agents.reach import require_meant
from agents.team import artifact, last_words
from agents.work import WorkError
from graph import foreign, planning
from graph.emit import emitter
from graph.errors import RunError
from graph.services import Services
from graph.state import DEFAULT_GOAL, RunNode, RunState, StepTask, TableState
from tools.characters import visible
from tools.errors import AssayError
from tools.privacy import request_masked
from tools.sources import SourceError

MOST_TURNS = 20


def begin(services: Callable[[], Services]) -> RunNode:
    """The node that opens the sources of the run, and registers a run that came through a LangGraph server."""

    def node(state: RunState) -> dict[str, Any]:
        bench = services().bench
        goal = request_masked(state.get("goal") or DEFAULT_GOAL)
        sources = state.get("sources", [])
        run_id = state.get("run_id") or foreign.register(bench.memory, goal, sources)
        tables: dict[str, TableState] = {}
        emit = emitter(agent="supervisor")
        for source in sources:
            try:
                name, table = _register(services(), source, tables)
            except SourceError as error:
                name, table = _free(_last_part(source), source, tables), {"uri": source, "error": str(error)}
                emit("table_failed", {"table": name, "error": str(error)})
            tables[name] = table
        return {"run_id": run_id, "goal": goal, "tables": tables, "turns": 0}

    return node


def _register(services: Services, source: str, known: dict[str, TableState]) -> tuple[str, TableState]:
    """Opens a source and gives it a name that is unique in the run. Raises SourceError."""
    table, dataset = services.bench.open(source)
    with table:
        short = table.dataset.short
    return _free(short, dataset.uri, known), {"uri": dataset.uri, "dataset_id": str(dataset.id)}


def _free(short: str, uri: str, known: dict[str, TableState]) -> str:
    """The name of a table in the run: its short one, with a number if another table has that."""
    short = visible(short, keep="") or "table"
    name, count = short, 1
    while name in known and known[name]["uri"] != uri:
        count += 1
        name = f"{short}_{count}"
    return name


def _last_part(source: str) -> str:
    """What a person would call a source that cannot be opened."""
    return source.rstrip("/").rsplit("/", 1)[-1].split(".", 1)[0] or source


def route(services: Callable[[], Services]) -> RunNode:
    """The node that asks the supervisor agent, checks its choice, and sends the tables on."""

    def node(state: RunState) -> Command[str]:
        if state["turns"] >= MOST_TURNS:
            raise RunError(f"The supervisor routed {MOST_TURNS} times without an end.", hint="Ask for less in one run.")
        desk = _Desk(services(), state)
        emit = emitter()
        context = AgentContext(
            state["run_id"], desk.services.bench, desk.uris(), emit, refuse=desk.refuse, plan=desk.take_plan
        )
        transcript = desk.services.team.ask("supervisor", desk.task(), context)
        handed = artifact(transcript, "hand_over")
        planned = desk.plan != state.get("plan", [])
        if planned:
            emit("planned", {"agent": "supervisor", "steps": desk.plan})
        if planned and handed is None:
            # By itself in a turn of its own: what is planned is not lost when the next answer of the model breaks off.
            made = {"plan": desk.plan, "tables": desk.opened, "turns": state["turns"] + 1}
            return Command(goto="supervisor", update=made)
        if handed is None:
            foreign.mark(desk.services.bench.memory, state["run_id"], "done")
            left = planning.left(desk.plan, desk.tables, desk.why_not)
            answer = " ".join([_with_given_up(last_words(transcript), desk.tables), *left])
            return Command(goto=END, update={"answer": answer, "turns": state["turns"] + 1})
        names = [desk.name(table) for table in handed["tables"]]
        where = planning.position(desk.plan, handed["next"], names)
        told = {"next": handed["next"], "tables": names, "reason": handed["reason"], **where}
        emit("routed", {"agent": "supervisor", **told})
        update = {"hand_over": handed, "turns": state["turns"] + 1, "tables": desk.opened, "plan": desk.plan}
        tasks = [Send(handed["next"], desk.step_task(name)) for name in dict.fromkeys(names)]
        return Command(goto=tasks, update=update)

    return node


def _with_given_up(answer: str, tables: dict[str, TableState]) -> str:
    """The answer, and what it does not say itself: which tables were given up, and why."""
    missing = [f"{name} was given up: {t['error']}" for name, t in tables.items() if t.get("error", "") not in answer]
    return " ".join(filter(None, [answer, *missing]))


class _Desk:
    """What the supervisor sees and may do in one turn."""

    def __init__(self, services: Services, state: RunState) -> None:
        self.services = services
        self.state = state
        self.opened: dict[str, TableState] = {}
        """Tables that were named for the first time in this turn."""
        self._names: dict[str, str] = {}
        self.plan: list[Planned] = state.get("plan", [])

    @property
    def tables(self) -> dict[str, TableState]:
        return {**self.state.get("tables", {}), **self.opened}

    def uris(self) -> dict[str, str]:
        return {name: table["uri"] for name, table in self.tables.items()}

    def task(self) -> dict[str, Any]:
        tables = {
            name: {key: table[key] for key in ("done", "summary", "error") if key in table}
            for name, table in self.tables.items()
        }
        permitted = {step: [name for name in self.tables if self.why_not(step, name) is None] for step in STEPS}
        known = [dataset.short_name for dataset in self.services.bench.memory.catalog.datasets()[:50]]
        task = {"goal": self.state["goal"], "tables": tables, "permitted": permitted, "known_datasets": known}
        return task | ({"plan": planning.progress(self.plan, self.tables)} if self.plan else {})

    def refusal(self, step: Step, table: TableState, *, planned: bool = False) -> str | None:
        """Why a step may not run on a table now. This, and no prompt, is what keeps the order of the flow.

        ``planned`` asks for later: rules that the recommender will have proposed may be active then.
        """
        if table.get("error"):
            return "it was given up in this run"
        if step in table.get("done", []):
            return "that is done in this run"
        if step == "recommender" and "profiler" not in table.get("done", []):
            return "it has to be profiled in this run first"
        if "dataset_id" not in table and step != "profiler":
            return "it has to be opened by the profiler first"
        if planned and step == "validator" and "recommender" in table.get("done", []):
            return None
        if step == "validator" and not self.services.bench.memory.rules.active(UUID(table["dataset_id"])):
            return "it has no active rules; a person has to approve some first"
        return None

    def why_not(self, step: Step, name: str) -> str | None:
        """Why a step may not run on a table of the run now: the order of the flow, or the plan."""
        if self.plan and not planning.has(self.plan, step, name):
            return "that is not in the plan; plan the whole of what is left with plan_work first"
        return self.refusal(step, self.tables[name])

    def refuse(self, step: Step, name: str) -> str | None:
        try:
            return self.why_not(step, self.name(name))
        except AssayError as error:
            return str(error)

    def take_plan(self, steps: list[Planned]) -> list[Planned]:
        """Makes the steps the plan of the run, with the run's names of their tables. Raises AssayError."""
        named = [Planned(step=one["step"], tables=list(dict.fromkeys(map(self.name, one["tables"])))) for one in steps]
        done = {name: list(table.get("done", [])) for name, table in self.tables.items()}
        for one in named:
            for name in one["tables"]:
                # What an earlier step of the plan leads to, a person's approval of rules too, counts as there.
                refusal = self.refusal(one["step"], {**self.tables[name], "done": done[name]}, planned=True)
                if refusal:
                    raise WorkError(f"{one['step']} cannot be planned for {name}: {refusal}")
                done[name].append(one["step"])
        self.plan = named
        return named

    def name(self, given: str) -> str:
        """The run's name of a table that the model named so; opens it when it is new. Raises AssayError."""
        if given in self.tables:
            return given
        if given not in self._names:
            found = self.services.bench.dataset(given, asked=self.state["goal"])
            require_meant(found, given, self.state["goal"])
            name, table = _register(self.services, found.uri, self.tables)
            self.opened[name] = {**self.tables.get(name, TableState()), **table}
            self._names[given] = name
        return self._names[given]

    def step_task(self, name: str) -> StepTask:
        return {
            "run_id": self.state["run_id"],
            "goal": self.state["goal"],
            "name": name,
            "table": self.tables[name],
        }
