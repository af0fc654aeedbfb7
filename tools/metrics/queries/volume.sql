-- Rows of each dataset from one content to the next over 30 days, and by what share they changed.
SELECT
    d.short_name,
    m.measured_at,
    m.metric_value AS row_count,
    m.metric_value / nullif(lag(m.metric_value) OVER (PARTITION BY m.dataset_key ORDER BY m.measured_at), 0) - 1
        AS change
FROM fact_metric AS m
JOIN dim_dataset AS d ON d.dataset_key = m.dataset_key
WHERE m.metric_key = 'Dataset.*.RowCount'
    AND m.day >= current_date - INTERVAL '30' DAY
    AND coalesce(m.verdict, '') <> 'exclude'
ORDER BY d.short_name, m.measured_at
