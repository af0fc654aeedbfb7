-- The newest score of each dataset in each dimension of quality, the worst first.
SELECT d.short_name, q.dimension_key, m.meaning, q.score, q.measured_at
FROM (
    SELECT f.*, row_number() OVER (PARTITION BY f.dataset_key, f.dimension_key ORDER BY f.measured_at DESC) AS latest
    FROM fact_score AS f
) AS q
JOIN dim_dataset AS d ON d.dataset_key = q.dataset_key
JOIN dim_dimension AS m ON m.dimension_key = q.dimension_key
WHERE q.latest = 1
ORDER BY q.score, d.short_name, q.dimension_key
