"""The files of a dbt project as lineage: edges checked by hand, tags, owners, names, and files gone bad."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.shop_edges import EDGES, told
from tools.collecting.dbt import profiles
from tools.collecting.model import CollectError, Found, Skipped
from tools.collecting.places import collector
from tools.collecting.wanted import Wanted
from tools.lineage.observed import DatasetId, ObservedDataset, Owner, Tag

ARTIFACTS = Path(__file__).parent.parent / "support" / "dbt_artifacts"
PROJECT = ARTIFACTS.parent / "dbt_project"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
Json = dict[str, Any]
MANIFEST: Json = json.loads((ARTIFACTS / "manifest.json").read_text())
CATALOG: Json = json.loads((ARTIFACTS / "catalog.json").read_text())


@pytest.fixture(autouse=True)
def _no_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Writes a target folder with its files, changed as asked for."""

    def write(manifest: Any = MANIFEST, catalog: Any = CATALOG) -> Path:
        target = tmp_path / "project" / "target"
        target.mkdir(parents=True, exist_ok=True)
        for name, content in (("manifest.json", manifest), ("catalog.json", catalog)):
            (target / name).unlink(missing_ok=True)
            if content is not None:
                (target / name).write_text(content if isinstance(content, str) else json.dumps(content))
        return target

    return write


def scanned(path: Path, **wanted: Any) -> list[Found | Skipped]:
    return list(collector(str(path), Wanted(at=NOW, **wanted)).collect(lambda _: None))


def changed(**nodes: Json) -> Json:
    manifest = copy.deepcopy(MANIFEST)
    for name, values in nodes.items():
        manifest["nodes"][f"model.shop.{name}"] |= values
    return manifest


def outputs(found: list[Found | Skipped]) -> dict[str, ObservedDataset]:
    return {
        one.observed.outputs[0].id.name.rpartition(".")[2]: one.observed.outputs[0]
        for one in found
        if isinstance(one, Found) and one.observed.outputs
    }


def problems(found: list[Found | Skipped]) -> Iterator[str]:
    return (problem for one in found if isinstance(one, Found) for problem in one.problems)


def test_the_edges_of_a_project(folder: Callable[..., Path]) -> None:
    found = scanned(folder())
    assert told(found) == EDGES
    assert {one.observed.confidence for one in found if isinstance(one, Found)} == {1.0}


def test_the_edges_are_the_same_without_a_catalog(folder: Callable[..., Path]) -> None:
    assert told(scanned(folder(catalog=None))) == EDGES


def test_jobs_datasets_and_columns_have_their_names(folder: Callable[..., Path]) -> None:
    found = [one.observed for one in scanned(folder(), namespace="postgres://DB:5432") if isinstance(one, Found)]
    assert {one.job.namespace for one in found if one.job} == {"dbt:shop"}
    assert "model.shop.orders" in {one.job.name for one in found if one.job}
    assert {one.id.namespace for o in found for one in o.datasets} == {"postgres://db:5432"}
    fields = outputs(scanned(folder()))["stg_customers"].fields or ()
    assert [tuple(field) for field in fields][:2] == [("customer_id", "INTEGER"), ("customer_name", "VARCHAR")]


def test_tags_and_owners_are_those_that_are_stated(folder: Callable[..., Path]) -> None:
    found = outputs(scanned(folder()))
    assert set(found["raw_customers"].tags or ()) == {Tag("pii", "", "mail"), Tag("pii", "", "full_name")}
    assert found["customers"].owners == (Owner("ada@example.org"), Owner("Customer Data", "group"))
    assert found["orders"].tags == (Tag("daily"),)
    assert (found["stg_orders"].tags, found["stg_orders"].owners) == ((), ())


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        ({"meta": {"pii": True}}, [("pii", "")]),
        ({"meta": {"pii": "email"}}, [("pii", "email")]),
        ({"config": {"meta": {"contains_pii": "yes"}}}, [("pii", "")]),
        ({"meta": {"pii": False}}, []),
        ({"meta": {"pii": None}}, []),
        ({"tags": ["PII", "gold"]}, [("pii", ""), ("gold", "")]),
        ({"tags": "gold", "config": {"tags": ["gold"]}}, [("gold", "")]),
        ({"meta": [], "tags": 7, "config": None}, []),
    ],
)
def test_forms_of_tags(folder: Callable[..., Path], said: Json, tags: list[tuple[str, str]]) -> None:
    found = outputs(
        scanned(folder(changed(orders={"columns": {"STATUS": {"name": "STATUS", **said}}, "tags": [], "config": {}})))
    )
    assert found["orders"].tags == tuple(Tag(key, value, "status") for key, value in tags)


def test_a_source_an_exposure_and_a_model_in_python(folder: Callable[..., Path]) -> None:
    manifest = changed(orders={"language": "python", "compiled_code": "def model(dbt, session): ..."})
    manifest["sources"] = {
        "source.shop.lake.rates": {
            **{"unique_id": "source.shop.lake.rates", "resource_type": "source", "database": "shop"},
            **{"schema": "lake", "name": "rates", "identifier": "RATES", "columns": {"x": {"tags": ["pii"]}}},
        }
    }
    manifest["exposures"] = {
        "exposure.shop.board": {
            **{"unique_id": "exposure.shop.board", "owner": {"email": "cfo@example.org"}},
            **{"depends_on": {"nodes": ["model.shop.customers", "model.shop.paid_orders"]}},
        }
    }
    found = scanned(folder(manifest))
    assert list(problems(found)) == ["it is no SQL: only the tables that it reads are known"]
    # An ephemeral model stands for what it reads.
    assert {edge for edge in told(found) if edge.startswith("orders.")} == {
        *("orders.* <- stg_orders.* TRANSFORMATION", "orders.* <- stg_payments.* TRANSFORMATION")
    }
    assert outputs(found)["RATES"].tags == (Tag("pii", "", "x"),)
    last = found[-1]
    assert isinstance(last, Found)
    assert (last.observed.outputs, last.observed.owners) == ((), (Owner("cfo@example.org"),))
    assert [one.id.name for one in last.observed.inputs] == ["shop.main.customers", "shop.main_staging.stg_payments"]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"compiled_code": None, "compiled_path": None}, "dbt compile"),
        ({"compiled_code": "selec x (y"}, "cannot be read as"),
        ({"compiled_code": "drop table x"}, "it holds no query"),
        ({"compiled_code": None, "compiled_path": "../../../../etc/passwd"}, "dbt compile"),
    ],
)
def test_a_model_that_cannot_be_read_keeps_its_tables(folder: Callable[..., Path], said: Json, why: str) -> None:
    found = scanned(folder(changed(stg_orders=said)))
    assert any(why in problem for problem in problems(found))
    assert "stg_orders.* <- raw_orders.* TRANSFORMATION" in told(found)
    assert {edge for edge in told(found) if edge.startswith("customers.")} == {
        e for e in EDGES if e.startswith("customers.")
    }
    (unsure,) = [one for one in found if isinstance(one, Found) and one.problems]
    assert unsure.observed.confidence == 0.5


def test_compiled_sql_may_be_in_its_file(folder: Callable[..., Path]) -> None:
    sql = MANIFEST["nodes"]["model.shop.orders"]["compiled_code"]
    target = folder(changed(orders={"compiled_code": None, "compiled_path": "target/compiled/orders.sql"}))
    (target / "compiled").mkdir()
    (target / "compiled" / "orders.sql").write_text(sql)
    assert told(scanned(target)) == EDGES


def test_columns_are_spelled_as_in_the_catalog(folder: Callable[..., Path]) -> None:
    catalog = json.loads(json.dumps(CATALOG).replace('"order_id"', '"ORDER_ID"'))
    edges = told(scanned(folder(catalog=catalog)))
    assert "stg_orders.ORDER_ID <- raw_orders.id IDENTITY" in edges
    assert "orders.ORDER_ID <- stg_orders.ORDER_ID IDENTITY" in edges


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"nodes": []}', '{"metadata": {}, "nodes": {}}', "[" * 100_000]
)
def test_what_is_no_manifest(folder: Callable[..., Path], content: str) -> None:
    with pytest.raises(CollectError):
        scanned(folder(content))


def test_a_project_that_was_never_built(tmp_path: Path) -> None:
    (tmp_path / "dbt_project.yml").write_text("name: shop\ntarget-path: out\n")
    with pytest.raises(CollectError, match=r"no .*/out/manifest") as refused:
        scanned(tmp_path)
    assert "dbt docs generate" in refused.value.hint


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(data=st.data())
def test_a_manifest_with_anything_anywhere_is_read_or_refused(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    manifest = copy.deepcopy(MANIFEST)
    here: Any = manifest
    for _ in range(data.draw(st.integers(1, 6))):
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            break
        key = data.draw(st.sampled_from(keys))
        if not isinstance(here[key], (dict, list)) or data.draw(st.booleans()):
            here[key] = data.draw(JSON)
            break
        here = here[key]
    target = tmp_path_factory.mktemp("target")
    (target / "manifest.json").write_text(json.dumps(manifest))
    with suppress(CollectError):
        scanned(target)


PROFILES = [
    ("postgres", {"host": "DB", "port": 5433}, "postgres://DB:5433"),
    ("postgres", {"host": "db"}, "postgres://db:5432"),
    (
        "redshift",
        {"host": "c.x.eu-west-1.redshift.amazonaws.com"},
        "redshift://c.x.eu-west-1.redshift.amazonaws.com:5439",
    ),
    ("snowflake", {"account": "org-acc"}, "snowflake://org-acc"),
    ("bigquery", {}, "bigquery"),
    ("athena", {"region_name": "eu-west-1"}, "awsathena://athena.eu-west-1.amazonaws.com"),
    ("spark", {"host": "s", "method": "thrift"}, "spark://s:10001"),
    ("spark", {"host": "s", "method": "http"}, "spark://s:443"),
    ("duckdb", {"path": "shop.duckdb"}, "duckdb://shop.duckdb"),
    ("duckdb", {"path": "{{ env_var('SHOP_PLACE') }}"}, "duckdb://here.db"),
    ("duckdb", {"path": "{{ env_var('SHOP_NOT_SET', 'there.db') }}"}, "duckdb://there.db"),
    ("postgres", {"host": "{{ env_var('SHOP_NOT_SET') }}"}, None),
    ("postgres", {"host": "{{ var('x') }}"}, None),
    ("postgres", {}, None),
    ("oddbase", {"host": "x"}, None),
]


@pytest.mark.parametrize(("system", "said", "expected"), PROFILES)
def test_where_tables_are_by_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, said: Json, expected: str | None
) -> None:
    monkeypatch.setenv("SHOP_PLACE", "here.db")
    (tmp_path / "dbt_project.yml").write_text("profile: shop")
    outputs = {"dev": {"type": system, "password": "no" + "body", **said}, "prod": {"type": "postgres", "host": "p"}}
    (tmp_path / "profiles.yml").write_text(json.dumps({"shop": {"target": "dev", "outputs": outputs}}))
    assert profiles.namespace(tmp_path, system) == expected


@pytest.mark.parametrize(
    "text", ["", "[]", "shop: 3", "shop: {outputs: 3}", "a: [", "!!python/object:os.system {}", "\0"]
)
def test_bad_profiles_say_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "dbt_project.yml").write_text("profile: shop")
    (tmp_path / "profiles.yml").write_text(text)
    assert profiles.namespace(tmp_path, "postgres") is None


def test_without_a_profile_it_is_said_where_the_tables_are_not(folder: Callable[..., Path]) -> None:
    project = collector(str(folder()), Wanted(at=NOW))
    assert next(one.id for one in outputs(list(project.collect(lambda _: None))).values()) == DatasetId(
        "dbt://shop", "shop.main.raw_payments"
    )
    assert any("--namespace" in note for note in project.notes.said)
