"""The API as one ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any, cast

from fastapi import APIRouter, Depends, FastAPI
from starlette.concurrency import run_in_threadpool

from memory.errors import StoreUnusable
from ui.api import problems
from ui.api.desk import AtDesk, Desk, well_formed
from ui.api.models.data import State
from ui.api.openapi import described
from ui.api.routes import alerts, approvals, datasets, lineage, lineage_events, log, rules, runs
from ui.api.shell import Shell

PREFIX = "/api/v1"
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": problems.Problem, "description": description}
    for status, description in {
        400: "The body cannot be read.",
        401: "Nobody knows who you are.",
        403: "You may not do that.",
        404: "There is no such thing.",
        409: "Not in the state in which the thing is now.",
        408: "The body does not come to its end.",
        413: "The body is too large.",
        415: "The body is not JSON, or does not say so.",
        422: "What was asked for cannot be.",
        503: "The store cannot be used now.",
    }.items()
}
ABOUT = """
Runs of agents over your tables, and the decisions of people about the rules that they propose.

Lists come in pages: give `next` of one as `cursor` of the next. Errors are problem details (RFC 9457) with a `hint`.
"""
TAGS = {
    "service": "Whether the server lives and can work; open to all.",
    "runs": "Start runs of agents, follow them, stop them, take them up again.",
    "approvals": "What agents propose, and what people decide about it.",
    "datasets": "What is known of data: profiles, results, scores, metrics, comparisons.",
    "rules": "The rulebook.",
    "alerts": "What is in trouble, and who need not hear of it.",
    "lineage": "Where columns come from and what depends on them; OpenLineage events.",
    "audit": "Who did what, and who is asking.",
}
ROUTERS = [part.router for part in (runs, approvals, datasets, rules, alerts, lineage, lineage_events, log)]
service = APIRouter(tags=["service"])


@service.get("/health", summary="Say that the server lives")
async def health(desk: AtDesk) -> State:
    """Touches nothing, and waits for nothing."""
    return _state(desk)


@service.get("/ready", summary="Say that the server can work", responses={503: REFUSALS[503]})
def ready(desk: AtDesk) -> State:
    """Asks the store, and the worker inside if there is one."""
    desk.memory.db.row("select 1")
    if desk.executor and not desk.executor.working:
        raise StoreUnusable("The worker has stopped.")
    return _state(desk)


def api(desk: Desk) -> FastAPI:
    """The routes, without what is around them."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if desk.executor:
            desk.executor.start()
        yield
        desk.stopping.set()
        if desk.executor:
            await run_in_threadpool(desk.executor.stop)

    app = FastAPI(
        title="Assay",
        summary="Data quality: profile, recommend, have approved, validate.",
        description=ABOUT,
        version=version("assay"),
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        openapi_tags=[{"name": name, "description": about} for name, about in TAGS.items()],
        openapi_url=f"{PREFIX}/openapi.json",
        # Their pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        # A redirect would name http, and have a client behind TLS send its token in the clear.
        redirect_slashes=False,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.desk = desk
    problems.install(app)
    app.include_router(service)
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX, responses=REFUSALS, dependencies=[Depends(well_formed)])
    described(app)
    return app


def document() -> dict[str, Any]:
    """What the API is like, for who writes or makes a client."""
    # Nothing is asked of the store: only its routes are looked at.
    return api(cast(Desk, None)).openapi()


def build(desk: Desk) -> Shell:
    """The API as it is served."""
    return Shell(api(desk))


def _state(desk: Desk) -> State:
    return State(status="ok", worker="inside" if desk.executor else "elsewhere")
