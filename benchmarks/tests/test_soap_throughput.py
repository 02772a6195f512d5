"""The measurement of *vnsw-soap* sends real messages: every one is taken, or there are no figures."""

from io import StringIO

import pytest
from nsw_benchmarks import soap_throughput
from rich.console import Console


def test_both_sides_are_measured_and_shown() -> None:
    report = soap_throughput.measure(seconds=0.1)
    assert report["vnsw_soap"] > 0
    assert report["bare"] > 0
    assert report["of_bare"] == pytest.approx(report["vnsw_soap"] / report["bare"], abs=0.01)
    assert report["message_bytes"] > 2000
    shown = StringIO()
    Console(file=shown, width=100).print(soap_throughput.soap_table(report))
    assert "bare exchange" in shown.getvalue()
