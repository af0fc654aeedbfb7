-- How good each dataset was on each of the last 90 days: the last score of a day, and how many rules failed in it.
SELECT d.short_name, v.day, v.score, v.rules_failed, v.rules_error, v.row_count
FROM (
    SELECT f.*, row_number() OVER (PARTITION BY f.dataset_key, f.day ORDER BY f.measured_at DESC) AS latest
    FROM fact_validation AS f
    WHERE f.day >= current_date - INTERVAL '90' DAY
) AS v
JOIN dim_dataset AS d ON d.dataset_key = v.dataset_key
WHERE v.latest = 1
ORDER BY d.short_name, v.day
