"""Titan's vectors over real HTTP, and which model makes the vectors of an installation."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from botocore.retries.standard import ExponentialBackoff

from agents import embeddings
from agents.model_errors import ModelError
from agents.titan import TITAN, TitanEmbedder
from memory import Memory
from memory.embedding import WordLlamaEmbedder
from tests.support import titan
from tests.support.bedrock import Bedrock, run_script
from tests.support.bedrock_planner import planner
from tests.support.bedrock_replies import Failure
from tests.support.stores import new_dataset, proposed, remember_all


@pytest.fixture
def bedrock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bedrock]:
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda self, context: 0)
    embeddings._made.cache_clear()
    with run_script(planner) as running:
        yield running
    embeddings._made.cache_clear()


@pytest.mark.parametrize("dimensions", [1024, 512, 256])
def test_one_vector_of_norm_1_per_text_in_their_order(bedrock: Bedrock, dimensions: int) -> None:
    made = TitanEmbedder(dimensions)
    texts = [f"IsComplete of column {number}" for number in range(20)]
    vectors = made.embed(texts)
    assert [len(vector) for vector in vectors] == [dimensions] * 20
    assert all(math.isclose(math.hypot(*vector), 1) for vector in vectors)
    assert vectors == [made.embed([text])[0] for text in texts]
    assert made.model == f"{TITAN}/{dimensions}"
    assert {request["modelId"] for request in bedrock.embedded} == {TITAN}
    assert bedrock.embedded[0]["dimensions"] == dimensions


def test_the_same_text_is_sent_once_and_a_blank_one_never(bedrock: Bedrock) -> None:
    vectors = TitanEmbedder(256).embed(["same", "", "same", "  ", "other"])
    assert sorted(request["inputText"] for request in bedrock.embedded) == ["other", "same"]
    assert vectors[0] == vectors[2] != vectors[4]
    assert vectors[1] == vectors[3] == [0.0] * 256
    assert TitanEmbedder(256).embed([]) == []


def test_a_text_that_is_too_long_is_cut(bedrock: Bedrock) -> None:
    (vector,) = TitanEmbedder(256).embed(["word " * 20_000])
    assert any(vector)


def test_throttling_passes_unnoticed(bedrock: Bedrock) -> None:
    left = [Failure("ThrottlingException")] * 3
    bedrock.embedder = lambda request: left.pop() if left else titan.embedding(request)
    assert any(TitanEmbedder(256).embed(["a text"])[0])
    assert len(bedrock.embedded) == 4


def test_a_refusal_names_both_ways_out(bedrock: Bedrock) -> None:
    bedrock.embedder = lambda request: Failure("AccessDeniedException", "no access")
    with pytest.raises(ModelError, match=r"no access.*Allow bedrock:InvokeModel.*ASSAY_EMBEDDINGS=wordllama"):
        TitanEmbedder().embed(["a text"])


@pytest.mark.parametrize(
    ("model", "setting", "name"),
    [
        ("", "", WordLlamaEmbedder.model),
        ("offline", "", WordLlamaEmbedder.model),
        ("openai:gpt-5", "", WordLlamaEmbedder.model),
        ("bedrock", "", f"{TITAN}/1024"),
        ("bedrock:amazon.nova-pro-v1:0", "titan:256", f"{TITAN}/256"),
        ("bedrock", "wordllama", WordLlamaEmbedder.model),
        ("offline", "titan:512", f"{TITAN}/512"),
    ],
)
def test_titan_is_for_bedrock_unless_said_otherwise(
    bedrock: Bedrock, monkeypatch: pytest.MonkeyPatch, model: str, setting: str, name: str
) -> None:
    monkeypatch.setenv("ASSAY_MODEL", model)
    monkeypatch.setenv("ASSAY_EMBEDDINGS", setting)
    assert embeddings.embedder().model == name
    assert embeddings.embedder() is embeddings.embedder()


@pytest.mark.parametrize("setting", ["titan:100", "word2vec", "wordllama:64"])
def test_an_unknown_name_is_refused(monkeypatch: pytest.MonkeyPatch, setting: str) -> None:
    monkeypatch.setenv("ASSAY_EMBEDDINGS", setting)
    with pytest.raises(ModelError, match="ASSAY_EMBEDDINGS"):
        embeddings.embedder()


def test_decisions_are_recalled_by_titans_vectors_and_never_by_others(bedrock: Bedrock, store: Memory) -> None:
    from memory.model import Decision

    run, _, proposals = proposed(store, 'IsComplete "email"', 'IsUnique "id"')
    store.approvals.decide(run.id, [Decision(p.number, "approve") for p in proposals], "ada")
    small, large = TitanEmbedder(256), TitanEmbedder(1024)
    assert remember_all(store, small) == 2
    assert remember_all(store, small) == 0
    assert new_dataset(store)
    (found,) = store.recall.recall(["orders email: completeness"], small, k=1)
    assert found[0].proposed == 'IsComplete "email"'
    assert store.recall.recall(["orders email: completeness"], large) == [[]]
    rows = store.db.rows("select distinct embedding_model, vector_dims(embedding) as dims from rule_memory")
    assert rows == [{"embedding_model": f"{TITAN}/256", "dims": 256}]
