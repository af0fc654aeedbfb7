"""Assay's own runs as OpenLineage events, made of the official client's classes."""

from __future__ import annotations

import os
from datetime import UTC
from functools import cache
from importlib.metadata import version

from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    JobFacet,
    RunFacet,
    error_message_run,
    job_type_job,
    parent_run,
    processing_engine_run,
    tags_run,
    test_run,
)

from tools.openlineage.facts import Moment, RunFacts
from tools.openlineage.writing_datasets import inputs, outputs
from tools.openlineage.writing_rules import SEVERITY, Checked, checked
from tools.privacy import masked
from tools.sources.uris import without_passwords


def event(facts: RunFacts, moment: Moment) -> RunEvent:
    """The event of a run's start or end. A start names the tables; the end has all that was found."""
    ended, made_by = moment.event != "START", producer()
    return RunEvent(
        eventTime=moment.at.astimezone(UTC).isoformat(),
        producer=made_by,
        eventType=RunState(moment.event),
        run=Run(str(facts.uuid), _run_facets(facts, moment, made_by)),
        job=Job(os.environ.get("OPENLINEAGE_NAMESPACE") or facts.job.namespace, facts.job.name, _job_facets(facts)),
        inputs=inputs(facts, ended, made_by),
        outputs=outputs(facts, made_by) if ended else [],
    )


@cache
def producer() -> str:
    """Which program says it, as a URI."""
    return f"urn:assay:{version('assay')}"


def _job_facets(facts: RunFacts) -> dict[str, JobFacet]:
    kind = job_type_job.JobTypeJobFacet(
        processingType="BATCH", integration="ASSAY", jobType=facts.kind.upper(), producer=producer()
    )
    return {"jobType": kind}


def _run_facets(facts: RunFacts, moment: Moment, made_by: str) -> dict[str, RunFacet]:
    found: dict[str, RunFacet] = {
        "processing_engine": processing_engine_run.ProcessingEngineRunFacet(
            version=version("assay"),
            name="assay",
            openlineageAdapterVersion=version("openlineage-python"),
            producer=made_by,
        ),
        "tags": tags_run.TagsRunFacet(
            tags=[tags_run.TagsRunFacetFields("assay_run", facts.id, "ASSAY")], producer=made_by
        ),
    }
    if facts.parent:
        found["parent"] = parent_run.ParentRunFacet(
            run=parent_run.Run(facts.parent.run),
            job=parent_run.Job(facts.parent.namespace, facts.parent.name),
            producer=made_by,
        )
    if moment.error:
        said = masked(without_passwords(moment.error))
        found["errorMessage"] = error_message_run.ErrorMessageRunFacet(said, "PYTHON", producer=made_by)
    tests = [_test(one) for table in facts.tables for one in checked(table)] if moment.event != "START" else []
    if tests:
        found["test"] = test_run.TestRunFacet(tests=tests, producer=made_by)
    return found


def _test(one: Checked) -> test_run.TestExecution:
    return test_run.TestExecution(
        name=one.name,
        status="pass" if one.passed else "fail",
        severity=SEVERITY,
        type=one.type,
        expected=one.expected,
        actual=one.actual,
        content=one.content,
        contentType="expression" if one.content else None,
        params=one.params,
    )
