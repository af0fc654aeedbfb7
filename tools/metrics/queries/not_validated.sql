-- Datasets by how long they were not validated; one without any day never was.
SELECT d.short_name, d.namespace, v.last_validated, date_diff('day', v.last_validated, current_date) AS days_ago
FROM dim_dataset AS d
LEFT JOIN (
    SELECT f.dataset_key, max(f.day) AS last_validated
    FROM fact_validation AS f
    GROUP BY f.dataset_key
) AS v ON v.dataset_key = d.dataset_key
ORDER BY v.last_validated NULLS FIRST, d.short_name
