"""The way in: whoever reaches the page's server gets nothing of it before signing in.

With a user file a browser shows the cookie of a session, or is sent to the form; without one the server answers this
machine alone. Where the secrets of the page name a single sign-on service, the page itself asks it (`sign_in`).
"""

from __future__ import annotations

import html
from urllib.parse import parse_qsl, quote, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from graph import people
from memory.audit import Fact
from tools.errors import AssayError
from ui.web import frame, sign_in
from ui.web.sign_ins import COOKIE, SESSION_SECONDS, SIGN_INS

SIGN_IN, SIGN_OUT = "/sign-in", "/sign-out"
OPEN = frozenset({SIGN_IN, SIGN_OUT, "/_stcore/health"})
MOST_CHARACTERS = 8_000
"""Of a form: a name, a password and an address."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
ALONE = "Assay answers this machine alone until there are users: assay users add NAME --role admin --password\n"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in · Assay</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
:root {{ color-scheme: light dark; font: 16px system-ui, sans-serif }}
body {{ display: grid; place-items: center; min-height: 90vh; margin: 0 }}
form {{ display: grid; gap: .8rem; width: min(20rem, 90vw) }}
label {{ display: grid; gap: .3rem }} input, button {{ font: inherit; padding: .6rem; border-radius: .5rem }}
input {{ border: 1px solid #8a9a9a }}
button {{ border: 0; background: #1f6f6b; color: #fff; font-weight: 600; cursor: pointer }}
p {{ margin: 0; color: #c0473f }} </style></head><body><form method="post" action="{action}">
{logo}<h1 style="font-size: 1.2rem; margin: 0">Sign in</h1>{problem}
<input type="hidden" name="next" value="{next}">
<label>Name <input name="name" autocomplete="username" required autofocus value="{name}"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<button>Sign in</button></form></body></html>"""


class Gate:
    """Lets requests and sockets through to the page, or not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or socket."""
        refused = None if scope["type"] == "lifespan" else _refused(HTTPConnection(scope))
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(code=4401)(scope, receive, send)
        else:
            await refused(scope, receive, send)


def _refused(seen: HTTPConnection) -> Response | None:
    """What somebody gets who may not come in."""
    if not (people.sign_in_needed() or sign_in.single_sign_on()):
        from_here = seen.client is not None and people.is_loopback(seen.client.host)
        return None if from_here else PlainTextResponse(ALONE, 403)
    if sign_in.single_sign_on() or seen.url.path in OPEN or SIGN_INS.name_of(seen.cookies.get(COOKIE)):
        return None
    if "text/html" in seen.headers.get("accept", ""):
        wanted = seen.url.path + (f"?{seen.url.query}" if seen.url.query else "")
        return RedirectResponse(f"{SIGN_IN}?next={quote(wanted, safe='')}", 303, HEADERS)
    return PlainTextResponse("Sign in first.\n", 401, HEADERS)


def form(request: Request) -> Response:
    """The form, or the way on for who is signed in already."""
    wanted = _inside(request.query_params.get("next", "/"))
    if not people.sign_in_needed() or SIGN_INS.name_of(request.cookies.get(COOKIE)):
        return RedirectResponse(wanted, 303, HEADERS)
    return _page(wanted)


async def send_form(request: Request) -> Response:
    """Takes a name and a password."""
    from starlette.concurrency import run_in_threadpool

    if not _same_site(request):
        return PlainTextResponse("This form was not sent from here.\n", 403, HEADERS)
    if int(request.headers.get("content-length") or MOST_CHARACTERS + 1) > MOST_CHARACTERS:
        return PlainTextResponse("Too long.\n", 413, HEADERS)
    fields = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    name, password, wanted = (fields.get(field, "") for field in ("name", "password", "next"))
    return await run_in_threadpool(_try, request, name, password, _inside(wanted))


def _try(request: Request, name: str, password: str, wanted: str) -> Response:
    address = request.client.host if request.client else ""
    if (wait := SIGN_INS.wait_seconds(name, address)) > 0:
        return _page(wanted, name, f"Too many tries. Wait {int(wait // 60) + 1} min.", 429)
    SIGN_INS.failed(name, address)
    try:
        actor = people.actor_of_password(name, password)
        if actor is None:
            # A name that nobody has may be a password that slipped into the wrong field: it is not kept.
            known = people.actor_of_name(name)
            sign_in.tell(Fact("person.sign_in_failed", known or "somebody", data={"from": address}))
            return _page(wanted, name, "This name and this password do not belong together.", 401)
        sign_in.tell(Fact("person.signed_in", actor, data={"from": address}))
    except AssayError as error:
        return _page(wanted, name, str(error), 503)
    SIGN_INS.succeeded(name, address)
    SIGN_INS.end(request.cookies.get(COOKIE))
    answer = RedirectResponse(wanted, 303, HEADERS)
    secure = "https" in (request.url.scheme, request.headers.get("x-forwarded-proto"))
    answer.set_cookie(
        COOKIE, SIGN_INS.begin(actor), max_age=int(SESSION_SECONDS), httponly=True, samesite="lax", secure=secure
    )
    return answer


def sign_out(request: Request) -> Response:
    """Ends the session."""
    name = SIGN_INS.end(request.cookies.get(COOKIE))
    if name:
        sign_in.tell(Fact("person.signed_out", name))
    answer = RedirectResponse(SIGN_IN, 303, HEADERS)
    answer.delete_cookie(COOKIE)
    return answer


ROUTES = [
    Route(SIGN_IN, form, methods=["GET"]),
    Route(SIGN_IN, send_form, methods=["POST"]),
    Route(SIGN_OUT, sign_out, methods=["GET"]),
]


def _page(wanted: str, name: str = "", problem: str = "", status: int = 200) -> Response:
    said = f'<p role="alert">{html.escape(problem)}</p>' if problem else ""
    text = PAGE.format(
        action=SIGN_IN, logo=frame.LOGO, problem=said, next=html.escape(wanted), name=html.escape(name[:100])
    )
    return HTMLResponse(text, status, HEADERS)


def _inside(wanted: str) -> str:
    """The address if it is one of this server, else its first page."""
    parts = urlsplit(wanted)
    inside = wanted.startswith("/") and not (parts.scheme or parts.netloc or "\\" in wanted or wanted.startswith("//"))
    return wanted if inside and wanted.isprintable() else "/"


def _same_site(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
