-- Runs of each week by what they were and how they ended, with how long they took.
SELECT
    t.iso_year,
    t.iso_week,
    r.kind,
    r.status,
    count(*) AS runs,
    avg(r.duration_seconds) AS mean_seconds,
    max(r.duration_seconds) AS most_seconds
FROM dim_run AS r
JOIN dim_date AS t ON t.calendar_date = r.day
GROUP BY t.iso_year, t.iso_week, r.kind, r.status
ORDER BY t.iso_year DESC, t.iso_week DESC, r.kind, r.status
