"""What rounds of the floor and the pipeline come to."""

from io import StringIO

import pytest
from nsw_benchmarks.comparison import KINDS, Round, compare, comparison_table, kept
from nsw_benchmarks.replay_result import ReplayResult
from rich.console import Console


def a_round(kind, rate, *, cpu, lost=0, latency=None):
    return Round(
        kind,
        ReplayResult(
            mix="full" if kind == "full" else "plain",
            dossiers=1000,
            seconds=1000 / rate,
            dossiers_per_second=rate,
            facts=8500,
            lost=lost,
            repeated=0,
            out_of_order=0,
            latency_ms={"p50": 100.0, "p99": 200.0} if latency is None else latency,
            latency_all_ms={"p50": 150.0, "p99": 300.0} if latency is None else latency,
            peak_rss_mb={"intake": 70.0, "postgres": 20.0, "gone": None},
            cpu_seconds={"intake": cpu, "postgres": 0.5, "gone": None},
            wire_repeats=0,
            unexpected=0,
            bad_signatures=0,
            commands={"payment": 80} if kind == "full" else {},
            by_agency={"BYTE": {"result": 1000}},
            examples=(),
        ),
    )


@pytest.fixture
def report():
    rounds = [
        a_round("floor", 1000, cpu=0.5),
        a_round("pipeline", 400, cpu=1.5),
        a_round("full", 300, cpu=2),
        a_round("floor", 2000, cpu=0.5),
        a_round("pipeline", 800, cpu=1.5),
        a_round("full", 780, cpu=2),
    ]
    return compare(rounds, {"cores": 2}, "2021-09-20T00:00:00+00:00")


def test_each_kind_is_the_median_of_its_rounds_and_the_ratios_are_of_those(report):
    assert report["floor"]["dossiers_per_second"] == 1500
    assert report["pipeline"]["dossiers_per_second"] == 600
    assert report["full"]["dossiers_per_second"] == 540
    assert (report["ratio"], report["full_ratio"]) == (0.4, 0.9)
    assert report["full"]["latency_all_ms"] == {"p50": 150.0, "p99": 300.0}
    assert all("by_agency" not in one for one in report["rounds"])
    assert [(one["kind"], one["dossiers_per_second"]) for one in report["rounds"]] == [
        ("floor", 1000), ("pipeline", 400), ("full", 300), ("floor", 2000), ("pipeline", 800), ("full", 780),
    ]  # fmt: skip


def test_cpu_time_is_a_dossiers_and_of_all_processes_that_tell(report):
    assert report["pipeline"]["cpu_ms_per_dossier"] == {"intake": 1.5, "postgres": 0.5, "all": 2.0}
    assert report["cpu_ratio"] == 0.5
    assert report["rounds"][0]["cores_busy"] == 1.0


def test_memory_that_says_nothing_or_is_not_known_is_no_figure(report):
    assert report["pipeline"]["peak_rss_mb"] == {"intake": 70.0, "gone": None}


def test_one_broken_promise_in_any_round_shows(report):
    assert kept(report)
    whole = [a_round(kind, 1000, cpu=1) for kind in KINDS]
    for kind in KINDS:
        broken = compare([*whole, a_round(kind, 1000, cpu=1, lost=3)], {}, "")
        assert broken[kind]["lost"] == 3
        assert not kept(broken)


def test_the_table_shows_what_could_not_be_measured():
    rounds = [a_round(kind, 1000, cpu=1, latency={} if kind == "floor" else None) for kind in KINDS]
    console = Console(width=120, file=StringIO())
    console.print(comparison_table(compare(rounds, {}, "")))
    assert "not known" in console.file.getvalue()
