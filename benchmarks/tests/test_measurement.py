"""Reading the services from outside."""

from pathlib import Path

from nsw_benchmarks.measurement import counted_since, counter_sum, peak_rss_mb, percentiles

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
