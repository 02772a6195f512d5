"""Reading the services from outside."""

import os
from pathlib import Path

from nsw_benchmarks.measurement import counted_since, counter_sum, cpu_seconds, peak_rss_mb, percentiles

EXPOSITION = """\
# HELP nsw_journal_facts_total Facts appended.
# TYPE nsw_journal_facts_total counter
nsw_journal_facts_total{topic="nsw.submissions.v1",note="a } b"} 1200.0
nsw_journal_facts_total{topic="nsw.status.v1"} 3.5e+03 1700000000000
nsw_journal_facts_created{topic="nsw.status.v1"} 1.7e+09
nsw_other_total 5.0
"""


def test_a_counter_is_summed_over_its_labels() -> None:
    assert counter_sum(EXPOSITION, "nsw_journal_facts_total") == 4700
    assert counter_sum(EXPOSITION, "nsw_other_total") == 5
    assert counter_sum(EXPOSITION, "nsw_journal") == 0


def test_a_service_restarted_counts_from_nothing() -> None:
    assert counted_since({"intake": 100, "routing": 50}, {"intake": 130, "routing": 20}) == 50


def test_peak_memory_is_the_kernels_figure(tmp_path: Path) -> None:
    (tmp_path / "42").mkdir()
    (tmp_path / "42" / "status").write_text("Name:\tx\nVmPeak:\t  999999 kB\nVmHWM:\t   51200 kB\n")
    assert peak_rss_mb(42, tmp_path) == 50.0
    assert peak_rss_mb(43, tmp_path) is None


def test_percentiles_are_nearest_ranks() -> None:
    assert percentiles(range(1, 101), (50, 99)) == {"p50": 50, "p99": 99}
    assert percentiles([7.0], (50, 99)) == {"p50": 7.0, "p99": 7.0}
    assert percentiles([], (50,)) == {}


def test_cpu_time_is_a_processs_own_its_ended_childrens_and_its_living_childrens(tmp_path):
    tick = os.sysconf("SC_CLK_TCK")

    def process(pid, times, children):
        (tmp_path / pid / "task" / pid).mkdir(parents=True)
        (tmp_path / pid / "stat").write_text(f"{pid} (a (b) c) S 1 1 1 0 -1 0 0 0 0 0 {times} 20 0")
        (tmp_path / pid / "task" / pid / "children").write_text(children)

    process("42", f"{tick} {2 * tick} {3 * tick} {4 * tick}", "43 44 ")
    process("43", f"{5 * tick} 0 0 0", "")
    assert cpu_seconds(42, tmp_path) == 15
    assert cpu_seconds(44, tmp_path) is None
