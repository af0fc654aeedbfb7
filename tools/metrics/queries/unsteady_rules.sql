-- Rules whose outcome changed from one validation to the next, at least twice in 30 days: the rule or the data wavers.
SELECT d.short_name, r.rule, r.rule_number, sum(c.changed) AS changes, max(c.measured_at) AS last_judged
FROM (
    SELECT
        f.*,
        CASE
            WHEN f.outcome <> lag(f.outcome) OVER (PARTITION BY f.rule_key ORDER BY f.measured_at) THEN 1
            ELSE 0
        END AS changed
    FROM fact_rule_result AS f
    WHERE f.day >= current_date - INTERVAL '30' DAY
) AS c
JOIN dim_rule AS r ON r.rule_key = c.rule_key
JOIN dim_dataset AS d ON d.dataset_key = c.dataset_key
GROUP BY d.short_name, r.rule, r.rule_number
HAVING sum(c.changed) >= 2
ORDER BY changes DESC, d.short_name, r.rule
