"""The parameters of a job: as they come from spark-submit and as they come from Glue."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from graph import clusters
from tools.errors import AssayError
from ui import job

GLUE = ["--JOB_NAME", "nightly", "--JOB_ID", "j_1", "--TempDir", "s3://tmp/", "--enable-metrics", "true"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["validate", "spark://local/shop.orders", "--rules", "o.dqdl"], ["validate", "spark://local/shop.orders"]),
        (["--store", "secret://s#url", "profile", "a.csv"], ["profile", "a.csv"]),
        (
            [*GLUE, "--assay", "validate 'spark://local/a b'", "--store", "secret://s#url"],
            ["validate", "spark://local/a b"],
        ),
        (["--assay=profile a.csv", *GLUE], ["profile", "a.csv"]),
    ],
)
def test_words(given: list[str], words: list[str]) -> None:
    found, store = job.words_of(given)
    assert found[: len(words)] == words
    assert store == ("secret://s#url" if "--store" in given else "")
    assert not set(found) & set(GLUE)


@pytest.mark.parametrize(
    ("given", "said"),
    [(GLUE, "nothing to do"), ([], "nothing to do"), (["--assay", "validate 'a"], "cannot be read")],
)
def test_no_words(given: list[str], said: str) -> None:
    with pytest.raises(AssayError, match=said):
        job.words_of(given)


def test_the_store_is_a_secret_or_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {})
    with pytest.raises(AssayError, match="gone with the cluster"):
        clusters.use_store("")
    address = "postgresql://ada:" + "pa55@db/assay"
    with pytest.raises(AssayError, match="can be seen") as caught:
        clusters.use_store(address)
    assert "pa55" not in str(caught.value)
    monkeypatch.setattr("tools.sources.secrets.resolve", lambda reference: f"{address}?from={reference}")
    clusters.use_store("secret://assay/store#url")
    assert os.environ["ASSAY_DATABASE_URL"] == f"{address}?from=secret://assay/store#url"
    assert Path(os.environ["ASSAY_HOME"]).is_absolute()
    os.environ.update(ASSAY_DATABASE_URL="postgresql://here", ASSAY_HOME="/mine")
    clusters.use_store("")
    assert (os.environ["ASSAY_DATABASE_URL"], os.environ["ASSAY_HOME"]) == ("postgresql://here", "/mine")


@pytest.mark.parametrize(("code", "ends"), [(0, False), (1, True), (2, True)])
def test_an_end_without_trouble_is_no_exit(monkeypatch: pytest.MonkeyPatch, code: int, ends: bool) -> None:
    def assay() -> None:
        raise SystemExit(code)

    monkeypatch.setattr("ui.cli.main.main", assay)
    monkeypatch.setenv("ASSAY_DATABASE_URL", "postgresql://here")
    monkeypatch.setattr("sys.argv", ["job"])
    if ends:
        with pytest.raises(SystemExit):
            job.main(["profile", "a.csv"])
    else:
        job.main(["profile", "a.csv"])


def test_what_cannot_begin_ends_with_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("ASSAY_DATABASE_URL", raising=False)
    with pytest.raises(SystemExit) as caught:
        job.main(["profile", "a.csv"])
    assert caught.value.code == 2
    assert "gone with the cluster" in capsys.readouterr().err
