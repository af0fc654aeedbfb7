"""What the command line says of a language model: what a run spent, and that its budget ended it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.support.bedrock import Request, run_script
from tests.support.bedrock_planner import planner
from tests.support.bedrock_replies import Reply
from tests.support.runs import write_orders
from tests.support.terminals import ASSAY, SECONDS, environment


def _metered(request: Request) -> Reply:
    usage = {"inputTokens": 1000, "outputTokens": 100, "cacheReadInputTokens": 900, "totalTokens": 2000}
    return replace(planner(request), usage=usage)


def test_a_run_stops_at_its_budget_goes_on_with_a_larger_one_and_says_what_it_spent(tmp_path: Path) -> None:
    source = write_orders(tmp_path)
    with run_script(_metered) as bedrock, tempfile.TemporaryDirectory(prefix="assay-e2e-") as home:
        env = environment(Path(home) / "home", **bedrock.env, ASSAY_MODEL="bedrock")

        def assay(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run([ASSAY, *arguments], env=env, capture_output=True, text=True, timeout=SECONDS)

        try:
            stopped = assay("run", source, "--approve-all", "--budget-tokens", "5000", "--as", "Ann", "--json")
            first = json.loads(stopped.stdout)
            assert (stopped.returncode, first["status"]) == (2, "failed")
            assert "The budget of 5,000 tokens is spent" in first["error"]
            assert first["budget"] == {"usd": None, "tokens": 5000}
            assert (first["usage"]["calls"], first["usage"]["cache_read_tokens"]) == (3, 2700)
            assert first["usage"]["cost_usd"] > 0
            went_on = assay("resume", first["run"], "--budget-tokens", "1000000", "--as", "Ann")
            assert went_on.returncode == 0, went_on.stderr
            assert "(47% from the cache)" in went_on.stdout
            shown = assay("runs", "show", first["run"]).stdout
        finally:
            assay("store", "stop")
    assert "Model: " in shown
    for agent in ("supervisor", "profiler", "recommender"):
        assert any(line.strip().startswith(agent) and "tokens in" in line for line in shown.splitlines())
    assert bedrock.violations == []
