"""Joining the exports of nodes to one document."""

from domain import metrics as m
from domain.metrics import Sample
from serve_apps.metrics.exposition import Document

SCOPE = (
    'otel_scope_name="ray._private.telemetry.open_telemetry_metric_recorder",'
    'otel_scope_schema_url="",otel_scope_version=""'
)
BY_RAY = 'Component="core_worker",NodeAddress="127.0.0.2",SessionName="s",Version="2.60.0",WorkerId="w"'
EXPORT = f"""# HELP ray_node_cpu_count CPUs
# TYPE ray_node_cpu_count gauge
ray_node_cpu_count{{{SCOPE}}} 2.0
# HELP process_open_fds Open files.
# TYPE process_open_fds gauge
process_open_fds 7.0
# HELP ray_salescontrol_job_seconds Time
# TYPE ray_salescontrol_job_seconds histogram
ray_salescontrol_job_seconds_bucket{{{BY_RAY},le="+Inf",{SCOPE},stage="vad"}} 3.0
ray_salescontrol_job_seconds_count{{{BY_RAY},{SCOPE},stage="vad"}} 3.0
"""


def joined(*nodes: str) -> list[str]:
    document = Document()
    for node in nodes:
        document.join(EXPORT, node)
    return document.text().splitlines()


def test_every_series_of_a_node_says_which_and_ours_lose_what_ray_adds() -> None:
    lines = joined("a")
    assert 'ray_node_cpu_count{node="a"} 2.0' in lines
    assert 'process_open_fds{node="a"} 7.0' in lines
    assert 'salescontrol_job_seconds_bucket{node="a",worker_id="w",le="+Inf",stage="vad"} 3.0' in lines
    assert "# TYPE salescontrol_job_seconds histogram" in lines


def test_two_nodes_make_one_family_each_with_one_head() -> None:
    lines = joined("a", "b")
    heads = [line for line in lines if line.startswith("# TYPE")]
    assert len(heads) == len(set(heads)) == 3
    at = lines.index("# TYPE ray_node_cpu_count gauge")
    assert lines[at + 1 : at + 3] == ['ray_node_cpu_count{node="a"} 2.0', 'ray_node_cpu_count{node="b"} 2.0']


def test_values_of_labels_are_escaped_as_prometheus_reads_them() -> None:
    document = Document()
    document.add([Sample(m.POINT_OPEN, 1, ("1", 'Café "Čas"\\\n')), Sample(m.DATABASE_UP, 1)])
    assert 'salescontrol_point_open{point_id="1",point="Café \\"Čas\\"\\\\\\n"} 1.0' in document.text()
    assert "salescontrol_database_up 1.0" in document.text()
