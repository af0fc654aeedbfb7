-- Fields by their newest profile, those with the most missing values first, and what they were in the one before.
SELECT d.short_name, f.field_name, p.completeness, p.completeness_before, p.null_count, p.row_count, p.measured_at
FROM (
    SELECT
        x.*,
        lag(x.completeness) OVER (PARTITION BY x.field_key ORDER BY x.measured_at) AS completeness_before,
        row_number() OVER (PARTITION BY x.field_key ORDER BY x.measured_at DESC) AS latest
    FROM fact_profile AS x
) AS p
JOIN dim_field AS f ON f.field_key = p.field_key
JOIN dim_dataset AS d ON d.dataset_key = p.dataset_key
WHERE p.latest = 1 AND f.is_current AND p.completeness < 1
ORDER BY p.completeness, d.short_name, f.field_name
