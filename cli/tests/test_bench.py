"""`make bench`'s report: one part measured alone leaves the others' figures as they are."""

import json
from io import StringIO

from nsw_benchmarks.document_stream import DocumentStream, document_table
from nsw_cli.bench import PARTS, app
from rich.console import Console
from typer.testing import CliRunner


def test_one_part_alone_replaces_its_own_figures(tmp_path) -> None:
    results = tmp_path / "latest.json"
    results.write_text(json.dumps({"ratio": 0.6, "door": {"ratio": 0.7}, "vnsw_soap": {"bare": 1}}))
    ran = CliRunner().invoke(app, ["--only", "vnsw-soap", "--scale", "0.02", "--results", str(results)])
    assert ran.exit_code == 0, ran.output
    report = json.loads(results.read_text())
    assert (report["ratio"], report["door"]) == (0.6, {"ratio": 0.7})
    found = report["vnsw_soap"]
    assert found["vnsw_soap"] > 0
    assert {"measured_at", "machine", "scale", "took_seconds"} <= set(found)
    assert "messages a second" in ran.stdout


def test_no_two_parts_share_a_place_in_the_results() -> None:
    assert len({part.key for part in PARTS.values()}) == len(PARTS)


def test_a_documents_figures_are_shown() -> None:
    shown = StringIO()
    figures = DocumentStream(1000.0, 136.2, 1095.0, 100.1, 116.9, 101.0, 117.2).figures()
    Console(file=shown, width=100).print(document_table(figures))
    for said in ("1,000 MB", "136", "1,095", "117"):
        assert said in shown.getvalue()
