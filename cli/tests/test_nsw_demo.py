import json

from nsw_command import Nsw, eventually, interrupt
from nsw_local import lock


def test_the_demo_runs_to_its_end_and_leaves_nothing_running(idle: Nsw) -> None:
    said = idle.run("demo", "--dossiers", "60", "--json")
    figures = json.loads(said.splitlines()[-1])
    assert figures["dossiers"] == 60
    assert figures["facts"] >= 3 * 60  # filed, routed, delivered at least
    assert (figures["lost"], figures["repeated"], figures["out_of_order"]) == (0, 0, 0)
    assert 0 < figures["latency_ms"]["p50"] <= figures["latency_ms"]["p99"]
    assert set(figures["peak_rss_mb"]) == {"intake", "routing", "ministry-adapter", "notifier"}
    assert figures["desk"]["status"] == "result_issued", "two officers decided it"
    assert idle.left() == []


def test_ctrl_c_ends_the_demo_and_all_of_its_processes(idle: Nsw) -> None:
    demo = idle.popen("demo")
    assert eventually(lambda: lock.holder(idle.folder) == demo.pid)
    assert eventually((idle.folder / "logs" / "kafka.log").exists)
    code, err = interrupt(demo)
    assert code != 0
    assert "Traceback" not in err
    assert idle.left() == []
