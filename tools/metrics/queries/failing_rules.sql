-- The rules that failed in the last 7 days: how often, how many rows the worst time, and when last.
SELECT
    d.short_name,
    r.rule,
    r.rule_number,
    count(*) AS times_failed,
    max(f.failed_rows) AS most_failed_rows,
    max(f.measured_at) AS last_failed
FROM fact_rule_result AS f
JOIN dim_rule AS r ON r.rule_key = f.rule_key
JOIN dim_dataset AS d ON d.dataset_key = f.dataset_key
WHERE f.outcome = 'Failed' AND f.day >= current_date - INTERVAL '7' DAY
GROUP BY d.short_name, r.rule, r.rule_number
ORDER BY times_failed DESC, most_failed_rows DESC, d.short_name, r.rule
