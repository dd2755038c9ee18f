"""The roll-ups of a whole history at once: what the report jobs would have made of it, hour by hour."""

from db.reports.rollups import COUNTERS, COUNTS

_NAMES = ", ".join(COUNTERS)
_SUMS = ", ".join(f"sum({name})" for name in COUNTERS)

STATEMENTS = (
    f"""
    INSERT INTO report_hours (point_id, hour_ts, day, hour, {_NAMES})
    SELECT point_id, hour_ts, day, extract(hour FROM hour_ts AT TIME ZONE zone), {COUNTS}
    FROM dialogue_facts JOIN points USING (point_id) GROUP BY point_id, hour_ts, day, zone
    """,
    f"""
    INSERT INTO report_days (point_id, day, {_NAMES}, cost_usd)
    SELECT point_id, day, {_SUMS}, sum(dialogues) * 0.0002 FROM report_hours GROUP BY 1, 2
    """,
    """
    INSERT INTO report_day_categories (point_id, day, category, offered, accepted, rejected)
    SELECT point_id, day, category, count(*), count(*) FILTER (WHERE customer_reaction = 'accepted'),
           count(*) FILTER (WHERE customer_reaction = 'rejected')
    FROM dialogue_facts, unnest(categories) AS category WHERE place = 'yes' GROUP BY 1, 2, 3
    """,
    """
    INSERT INTO report_day_engines (point_id, day, engine, dialogues)
    SELECT point_id, day, engine, count(*) FROM dialogue_facts
    WHERE place IN ('yes', 'no') AND review_id IS NULL GROUP BY 1, 2, 3
    """,
    f"INSERT INTO chain_hours (day, hour, {_NAMES}) SELECT day, hour, {_SUMS} FROM report_hours GROUP BY 1, 2",
    """
    INSERT INTO chain_day_categories (day, category, offered, accepted, rejected)
    SELECT day, category, sum(offered), sum(accepted), sum(rejected) FROM report_day_categories GROUP BY 1, 2
    """,
)
