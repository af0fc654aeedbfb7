"""The datasets of an event with their facets: schema, source, version, tags, metrics, assertions, column lineage."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import quote

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    InputDatasetFacet,
    OutputDatasetFacet,
    column_lineage_dataset,
    data_quality_assertions_dataset,
    data_quality_metrics_input_dataset,
    dataset_version_dataset,
    datasource_dataset,
    lifecycle_state_change_dataset,
    output_statistics_output_dataset,
    schema_dataset,
    tags_dataset,
)

from tools.lineage.model import DATASET
from tools.lineage.observed import DatasetId, Field, ObservedEdge
from tools.openlineage.facts import RunFacts, TableFacts
from tools.openlineage.observing import tags
from tools.openlineage.writing_rules import SEVERITY, checked
from tools.privacy import personal_text
from tools.profiling.model import ColumnProfile, Profile

SOURCE = "ASSAY"


def inputs(facts: RunFacts, ended: bool, producer: str) -> list[InputDataset]:
    """What the run read; by name alone where it has only begun."""
    if not ended:
        return [InputDataset(*table.id) for table in facts.tables]
    return [
        InputDataset(*table.id, inputFacets=_found(table, producer), facets=_described(table, producer))
        for table in facts.tables
    ]


def outputs(facts: RunFacts, producer: str) -> list[OutputDataset]:
    """What the run wrote, with where each column comes from."""
    return [
        OutputDataset(
            *dataset,
            outputFacets=_written(rows, producer),
            facets={
                "schema": _schema(fields, producer),
                "dataSource": _source(dataset, producer),
                "lifecycleStateChange": lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet(
                    lifecycle_state_change_dataset.LifecycleStateChange.CREATE, producer=producer
                ),
                "columnLineage": _column_lineage([e for e in facts.edges if e.target.dataset == dataset], producer),
            },
        )
        for dataset, fields, rows in facts.halves
    ]


def _described(table: TableFacts, producer: str) -> dict[str, DatasetFacet]:
    found: dict[str, DatasetFacet] = {"dataSource": _source(table.id, producer)}
    if table.fields is not None:
        found["schema"] = _schema(table.fields, producer)
    if table.version:
        found["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(table.version, producer=producer)
    known = tags(table)
    if known is not None:
        fields = [tags_dataset.TagsDatasetFacetFields(tag.key, tag.value, SOURCE, tag.column) for tag in known]
        found["tags"] = tags_dataset.TagsDatasetFacet(tags=fields, producer=producer)
    return found


def _schema(fields: tuple[Field, ...], producer: str) -> DatasetFacet:
    listed = [
        schema_dataset.SchemaDatasetFacetFields(field.name, field.type, ordinal_position=position)
        for position, field in enumerate(fields, start=1)
    ]
    return schema_dataset.SchemaDatasetFacet(fields=listed, producer=producer)


def _source(dataset: DatasetId, producer: str) -> DatasetFacet:
    """Where the dataset is, by its name alone: what it was opened with may hold a user or a key."""
    uri = dataset.namespace if "://" in dataset.namespace else f"{dataset.namespace}://{quote(dataset.name)}"
    return datasource_dataset.DatasourceDatasetFacet(name=dataset.namespace, uri=uri, producer=producer)


def _found(table: TableFacts, producer: str) -> dict[str, InputDatasetFacet]:
    found: dict[str, InputDatasetFacet] = {}
    if table.profile or table.evaluation:
        columns = _metrics(table.profile, table.guarded) if table.profile else {}
        rows = table.profile.rows if table.profile else (table.evaluation or {})["rows"]
        found["dataQualityMetrics"] = data_quality_metrics_input_dataset.DataQualityMetricsInputDatasetFacet(
            columnMetrics=columns, rowCount=rows, producer=producer
        )
    if table.evaluation:
        assertions = [
            data_quality_assertions_dataset.Assertion(
                assertion=one.type,
                success=one.passed,
                column=one.column,
                severity=SEVERITY,
                name=one.name,
                expected=one.expected,
                actual=one.actual,
                content=one.content,
                contentType="expression" if one.content else None,
                params=one.params,
            )
            for one in checked(table)
        ]
        found["dataQualityAssertions"] = data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet(
            assertions=assertions, producer=producer
        )
    return found


def _metrics(profile: Profile, guarded: frozenset[str]) -> dict[str, data_quality_metrics_input_dataset.ColumnMetrics]:
    return {
        column.name: data_quality_metrics_input_dataset.ColumnMetrics(
            nullCount=column.nulls,
            distinctCount=column.distinct,
            count=profile.rows - column.nulls,
            **({} if column.name.lower() in guarded else _numbers(column)),
        )
        for column in profile.columns
    }


def _numbers(column: ColumnProfile) -> dict[str, Any]:
    """Its range, where the least and greatest value are numbers and look like nobody's."""
    ends = [value for value in (column.min, column.max) if _plain(value)]
    if column.kind != "number" or len(ends) < 2:
        return {}
    quantiles = {f"{float(percent) / 100:g}": value for percent, value in column.quantiles.items() if _plain(value)}
    return {"min": ends[0], "max": ends[1], "sum": column.sum if _finite(column.sum) else None, "quantiles": quantiles}


def _plain(value: Any) -> bool:
    return _finite(value) and not personal_text(f"{value:.15g}")


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _written(rows: int, producer: str) -> dict[str, OutputDatasetFacet]:
    return {
        "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=rows, producer=producer
        )
    }


def _column_lineage(edges: list[ObservedEdge], producer: str) -> DatasetFacet:
    fields: dict[str, list[column_lineage_dataset.InputField]] = {}
    whole: list[column_lineage_dataset.InputField] = []
    for edge in edges:
        how = column_lineage_dataset.Transformation(edge.type, edge.subtype, masking=edge.masking)
        source = column_lineage_dataset.InputField(*edge.source.dataset, edge.source.column, [how])
        (whole if edge.target.column == DATASET else fields.setdefault(edge.target.column, [])).append(source)
    named = {name: column_lineage_dataset.Fields(sources) for name, sources in fields.items()}
    return column_lineage_dataset.ColumnLineageDatasetFacet(fields=named, dataset=whole, producer=producer)
