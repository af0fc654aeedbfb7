-- Rows of each dataset from one content to the next over 30 days, and by what share they changed; not those left out.
SELECT
    d.short_name,
    c.measured_at,
    c.row_count,
    CAST(c.row_count AS double) / nullif(lag(c.row_count) OVER (PARTITION BY c.dataset_key ORDER BY c.measured_at), 0)
        - 1 AS change
FROM (
    SELECT v.dataset_key, v.data_version, min(v.measured_at) AS measured_at, max(v.row_count) AS row_count
    FROM fact_validation AS v
    WHERE v.day >= current_date - INTERVAL '30' DAY
    GROUP BY v.dataset_key, v.data_version
) AS c
JOIN dim_dataset AS d ON d.dataset_key = c.dataset_key
LEFT JOIN fact_metric AS m
    ON m.dataset_key = c.dataset_key
    AND m.data_version = c.data_version
    AND m.metric_key = 'Dataset.*.RowCount'
    AND m.day >= current_date - INTERVAL '30' DAY
WHERE coalesce(m.verdict, '') <> 'exclude'
ORDER BY d.short_name, c.measured_at
