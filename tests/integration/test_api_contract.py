"""What the OpenAPI document promises, and that no request whatever breaks the server."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from memory import Memory
from tests.support.api import client, serving
from tests.support.waiting import waiting_run
from ui.api.app import PREFIX, ROUTERS, document, service
from ui.api.desk import bearer
from ui.api.models import alerts, approvals, data, runs
from ui.api.models.base import Asked
from ui.cli.main import app

DOCUMENT = document()
OPERATIONS = {
    (method, path): operation for path, methods in DOCUMENT["paths"].items() for method, operation in methods.items()
}
BODILESS = {("post", f"{PREFIX}/runs/{{run_id}}/cancel")}
EVENTS = {("post", f"{PREFIX}/lineage"), ("post", f"{PREFIX}/lineage/batch")}
"""What they are like is said by OpenLineage, and not here."""
TEXTS = {"text/plain", "text/event-stream"}
WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["\x00", "approve", "reject", "RowCount > 1", 'IsComplete "id"', "a", "-1", "1e999"]),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)


def test_the_document_tells_of_every_address():
    served = {
        (method, f"{PREFIX}{route.path}") for router in ROUTERS for route in router.routes for method in route.methods
    }
    served |= {(method, route.path) for route in service.routes for method in route.methods}
    assert {(method.upper(), path) for method, path in OPERATIONS} == served
    assert len(served) >= 30


@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_each_address_is_described(operation):
    told = OPERATIONS[operation]
    assert told["summary"]
    assert told["description"]
    assert told["tags"]
    good = [answer for status, answer in told["responses"].items() if status in ("200", "201")]
    assert good
    for answer in good:
        ((kind, content),) = answer["content"].items()
        assert "$ref" in json.dumps(content) or kind in TEXTS
    for parameter in told.get("parameters", []):
        assert parameter["description"], parameter["name"]
    if operation[0] == "post" and operation not in BODILESS | EVENTS:
        (model,) = asked(told["requestBody"]["content"]["application/json"]["schema"])
        assert model(**DOCUMENT["components"]["schemas"][model.__name__]["example"])
    if operation[1].startswith(PREFIX):
        assert told["security"]
        for status in ("400", "401", "403", "404", "408", "413", "415", "422", "503"):
            ((kind, content),) = told["responses"][status]["content"].items()
            assert (kind, content["schema"]["$ref"]) == ("application/problem+json", "#/components/schemas/Problem")


def asked(schema: dict) -> list[type[Asked]]:
    """The models of a body."""
    known = {
        model.__name__: model
        for module in (alerts, approvals, data, runs)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, Asked)
    }
    return [known[name] for name in re.findall(r"schemas/(\w+)", json.dumps(schema))]


def test_what_a_stream_gives_is_described_event_by_event():
    told = OPERATIONS["get", f"{PREFIX}/runs/{{run_id}}/stream"]["responses"]["200"]["content"]["text/event-stream"]
    event, end = told["itemSchema"]["properties"]["data"]["contentSchema"]["anyOf"]
    assert event["$ref"].rpartition("/")[2] in DOCUMENT["components"]["schemas"]
    assert set(end["properties"]) == {"status", "error"}


def test_names_are_unique_and_each_model_and_field_that_needs_words_has_them():
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(names) == len(set(names))
    schemas = DOCUMENT["components"]["schemas"]
    assert not {"HTTPValidationError", "ValidationError"} & set(schemas)
    for name, schema in schemas.items():
        assert schema.get("description") or name.startswith("Page_"), name
    assert all(re.fullmatch("[a-z]+(_[a-z]+)*", name) for name in names), "fit for the functions of a client"
    tags = {tag["name"] for tag in DOCUMENT["tags"] if tag["description"]}
    assert tags == {tag for operation in OPERATIONS.values() for tag in operation["tags"]}
    assert DOCUMENT["components"]["securitySchemes"] == {
        "HTTPBearer": {"type": "http", "scheme": "bearer", "description": bearer.model.description}
    }
    assert DOCUMENT["info"]["license"]["identifier"] == "Apache-2.0"
    lost = OPERATIONS["post", f"{PREFIX}/runs/{{run_id}}/decisions"]["responses"]["409"]["content"]
    assert lost["application/problem+json"]["schema"]["$ref"].endswith("DecisionLost")


def test_the_document_is_printed_without_a_store(monkeypatch):
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nowhere")
    done = CliRunner().invoke(app, ["api", "--openapi"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == DOCUMENT


def bodies(schema: dict) -> st.SearchStrategy:
    """Values that are nearly what a schema wants, and some that are nothing like it."""
    known = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "properties" not in known:
        return VALUES
    parts = {name: st.one_of(VALUES, nearly(part)) for name, part in known["properties"].items()}
    return st.one_of(st.fixed_dictionaries({}, optional=parts), st.fixed_dictionaries(parts), VALUES)


def nearly(schema: dict) -> st.SearchStrategy:
    """What one property might be."""
    if "anyOf" in schema:
        return st.one_of(*map(nearly, schema["anyOf"]))
    if "$ref" in schema:
        return bodies(schema)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return {
        "array": lambda: st.lists(nearly(schema.get("items", {})), max_size=3),
        "string": lambda: WORDS,
        "integer": lambda: st.integers(-2, 9),
        "number": st.floats,
        "boolean": st.booleans,
    }.get(schema.get("type", ""), lambda: VALUES)()


@pytest.fixture
def api(store: Memory):
    with serving(store) as address, client(address) as found:
        yield found


def test_no_body_breaks_the_server(api: httpx.Client, store: Memory):
    run = waiting_run(store, rules=["RowCount > 1", 'IsComplete "order_id"'])
    posts = sorted(path for method, path in OPERATIONS if method == "post")

    @settings(suppress_health_check=list(HealthCheck), max_examples=settings().max_examples * 6)
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(posts))
        schema = OPERATIONS["post", path].get("requestBody", {}).get("content", {}).get("application/json", {})
        body = data.draw(bodies(schema.get("schema", {})))
        filled = path.format(run_id=run.run_id, dataset_id=run.dataset_id, number=1).removeprefix(PREFIX)
        sent = json.dumps(body).encode()
        answer = api.post(filled, content=sent, headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, (filled, sent, answer.text)
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"

    tried()


def test_no_address_breaks_the_server(api: httpx.Client, store: Memory):
    run = waiting_run(store, rules=["RowCount > 1"])
    gets = sorted(path for method, path in OPERATIONS if method == "get" and path.startswith(PREFIX))

    @settings(suppress_health_check=list(HealthCheck), max_examples=settings().max_examples * 4)
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(gets))
        known = {"run_id": run.run_id, "dataset_id": run.dataset_id, "number": "1", "key": "pii"}
        parts = {name: data.draw(st.one_of(st.just(value), WORDS)) for name, value in known.items()}
        quoted = {name: quote(value.encode("utf-8", "replace"), safe="") for name, value in parts.items()}
        filled = path.format(**quoted)
        wanted = [
            parameter for parameter in OPERATIONS["get", path].get("parameters", []) if parameter["in"] == "query"
        ]
        values = st.one_of(WORDS, st.integers().map(str))
        query = {one["name"]: data.draw(values) for one in wanted if data.draw(st.booleans())}
        query = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        answer = api.get(filled.removeprefix(PREFIX), params=query)
        assert answer.status_code < 500, (filled, query, answer.text)

    tried()
