"""`nsw adapter` and `nsw procedure advance`: from a new project to a procedure that may go live."""

import json
from pathlib import Path
from typing import Any

import pytest
from nsw_cli.main import app
from nsw_cli.rehearsal_records import FOLDER
from nsw_command import Nsw
from nsw_contracts.adapter.discovery import names
from nsw_procedures.packs import pack_files
from typer.testing import CliRunner

PROCEDURE = "BYTE0600001"


def without_folder(*arguments: str, code: int = 0) -> str:
    """A command that needs no local stack."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


@pytest.fixture
def pack_file(tmp_path: Path) -> Path:
    """A copy of the procedure's pack, still being tested."""
    (source,) = [file for file in pack_files() if file.name == f"{PROCEDURE}.yaml"]
    text = source.read_text("utf-8")
    start = text.index("\nlife:") + 1
    end = start + len("life:") + text[start + len("life:") :].index("\nlegal_basis:") + 1
    copy = tmp_path / source.name
    copy.write_text(f"{text[:start]}life:\n  agreeing: 2019-01-01\n  testing: 2019-06-01\n{text[end:]}", "utf-8")
    return copy


def test_a_new_project_is_checked_where_it_is_written(tmp_path: Path) -> None:
    project = tmp_path / "our-system"
    said = without_folder("adapter", "new", "our-system", "--agency", "BCT", "--out", str(project))
    assert "nsw adapter check" in said
    (report,) = json.loads(without_folder("adapter", "check", str(project), "--json"))
    assert {"name": "our-system", "agency": "BCT", "quality": "platinum", "failed": 0}.items() <= report.items()
    assert report["passed"] == sum(one["outcome"] == "passed" for one in report["rules"])
    adapter = project / "src" / "our_system" / "adapter.py"
    adapter.write_text(
        adapter.read_text().replace("429: TryAgain,\n    503: TryAgain", "429: Rejected,\n    503: Rejected")
    )
    _forget_modules("our_system")
    said = without_folder("adapter", "check", str(project), code=1)
    assert "tells-failures-apart" in said
    assert "bronze" in said.splitlines()[-1]
    assert "there already" in without_folder(
        "adapter", "new", "our-system", "--agency", "BCT", "--out", str(project), code=2
    )


def _forget_modules(package: str) -> None:
    import sys

    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("adapter", "new", "Ours", "--agency", "BCT"), "no name of an adapter"),
        (("adapter", "new", "ours", "--agency", "XYZ"), "there is no agency XYZ"),
        (("adapter", "check", "none-such"), "no adapter 'none-such' is installed; there are"),
        (("adapter", "check", "./nowhere"), "is not there"),
        (("adapter", "rehearse", "none-such"), "no adapter 'none-such'"),
        (("adapter", "rehearse", "vnsw-soap", "--agency", "BYTE"), "plays BNNPTNT and no other"),
        (("adapter", "rehearse", "rest-json", "--procedure", "XYZ0000001"), "no procedure has the code"),
        (("adapter", "rehearse", "rest-json", "--procedure", "BCT9800001"), "has a part for BYTE"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_next_step(arguments: tuple[str, ...], says: str) -> None:
    assert says in without_folder(*arguments, code=2)


def test_the_shipped_adapters_are_found() -> None:
    assert set(names()) >= {"rest-json", "vnsw-soap", "file-drop", "desk"}


def test_a_procedure_advances_when_its_agencies_have_rehearsed_it(idle: Nsw, pack_file: Path) -> None:
    advance = ("procedure", "advance", PROCEDURE, "--file", str(pack_file), "--to")
    assert "BYTE: it was never rehearsed" in idle(*advance, "connected", code=2)
    (record,) = idle.json("adapter", "rehearse", "rest-json", "--procedure", PROCEDURE)
    assert (record["green"], record["procedure"], record["agency"], record["adapter"]) == (
        True, PROCEDURE, "BYTE", "rest-json",
    )  # fmt: skip
    assert "what follows is connected" in idle(*advance, "live", code=2)
    done = idle.json(*advance, "connected", "--on", "2026-03-02")
    assert (done["stage"], done["on"]) == ("connected", "2026-03-02")
    assert "  testing: 2019-06-01\n  connected: 2026-03-02\n" in pack_file.read_text("utf-8")
    idle(*advance, "live", "--on", "2026-04-01")
    assert "  connected: 2026-03-02\n  live: 2026-04-01\n" in pack_file.read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"green": False}, "did not go as the examples tell"),
        ({"pack": "0" * 64}, "with another pack"),
        ({"at": "2020-01-01T00:00:00+00:00"}, "older than 30 days"),
    ],
)
def test_a_rehearsal_counts_when_it_was_green_lately_and_of_this_pack(
    idle: Nsw, pack_file: Path, change: dict[str, Any], says: str
) -> None:
    from nsw_cli.rehearsing import digest
    from nsw_procedures.pack_file import read_pack

    file = idle.folder / FOLDER / f"BYTE-{PROCEDURE}.json"
    file.parent.mkdir(parents=True)
    good = {"green": True, "pack": digest(read_pack(pack_file)), "at": "2999-01-01T00:00:00+00:00"}
    file.write_text(json.dumps(good | change))
    advance = ("procedure", "advance", PROCEDURE, "--file", str(pack_file), "--to", "connected")
    assert says in idle(*advance, code=2)
    file.write_text(json.dumps(good))
    idle(*advance)


def test_a_rehearsal_that_goes_another_way_is_red(idle: Nsw, monkeypatch: pytest.MonkeyPatch) -> None:
    """The adapter hears a refusal where the agency accepted."""
    from nsw_ministry_adapter.rest_json import wire

    right = wire.decided

    def wrong(decision: dict[str, Any], **known: Any) -> Any:
        changed = {"kind": "withdrawal-agreed"} if decision["kind"] == "accepted" else {}
        return right(decision | changed, **known)

    monkeypatch.setattr(wire, "decided", wrong)
    (record,) = idle.json("adapter", "rehearse", "rest-json", "--procedure", PROCEDURE, code=1)
    assert not record["green"]
    assert "'withdrawal-agreed'" in record["lived"][0]["says"]
