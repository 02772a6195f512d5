"""What the command says where nothing runs: one line, the next step, exit code 2."""

import socket

import pytest
from nsw_cli.main import app
from nsw_command import Nsw
from typer.testing import CliRunner


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["status"], "Start it with `nsw up --folder"),
        (["replay", "--dossiers", "1"], "Start it with `nsw up --folder"),
        (["dossier", "show", "260000000017"], "Start it with `nsw up --folder"),
        (["dossier", "show", "abc", "--intake-url", "http://127.0.0.1:1"], "twelve digits"),
        (["dossier", "show", "260000000017", "--intake-url", "http://127.0.0.1:1"], "Connection refused"),
        (["dossier", "show", "260000000017", "--intake-url", "127.0.0.1"], "begins with http://"),
        (["submit", "nothing.json"], "cannot be read"),
        (["parked", "list"], "set DATABASE_URL"),
        (["parked", "release"], "say which"),
        (["quarantine", "list"], "set DATABASE_URL"),
        (["quarantine", "list", "--database-url", "postgresql://a:b@127.0.0.1:1/nsw"], "Postgres at 127.0.0.1:1"),
        (["stream", "verify"], "set DATABASE_URL"),
        (["stream", "verify", "--database-url", "postgresql://a:b@127.0.0.1:1/nsw"], "set KAFKA_BOOTSTRAP_SERVERS"),
        (["stream", "republish", "nsw.no.v1", "0", "--from", "1"], "there is no topic nsw.no.v1; topics: nsw."),
        (["stream", "adopt", "intake"], "set DATABASE_URL"),
        (["journal", "archive", "--before", "yesterday"], "write it as 2026-01"),
        (["journal", "archive", "--before", "9999-01"], "give that or an earlier one"),
        (["install"], "set DATABASE_URL"),
        (["install", "--database-url", "postgresql://a:b@127.0.0.1:1/nsw"], "set NSW_ROLE_PASSWORD"),
    ],
)
def test_it_refuses_with_the_next_step(arguments, said, tmp_path, monkeypatch) -> None:
    for name in ("DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "NSW_INTAKE_URL", "NSW_ROLE_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(app, [*arguments, "--folder", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert said in result.stderr
    assert ":b@" not in result.stderr  # the password


def test_down_has_nothing_to_do(idle: Nsw) -> None:
    assert "Nothing runs in" in idle("down")


def test_up_names_the_port_that_another_program_holds(idle: Nsw) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", idle.ports.notifier))
        other.listen()
        said = idle("up", code=2)
    assert f"Port {idle.ports.notifier} (notifier) is in use by another program" in said
    assert idle.left() == []


def test_the_doctor_is_content_with_a_machine_on_which_nothing_runs(idle: Nsw) -> None:
    found = idle.json("doctor")
    verdicts = {check["check"]: check["verdict"] for check in found["checks"]}
    assert found["ok"]
    assert set(verdicts) == {"python", "java", "cache", "disk", "stack", "ports"}
    assert verdicts["python"] == verdicts["java"] == verdicts["ports"] == "ok"


def test_the_doctor_finds_what_it_is_told_to_use_and_cannot_reach(idle: Nsw) -> None:
    env = {"DATABASE_URL": "postgresql://a:b@127.0.0.1:1/nsw", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    said = idle("doctor", code=1, env=env)
    assert "fail postgres" in said
    assert "→ start it, or mend DATABASE_URL" in said
    assert "fail kafka" in said


def test_help_and_version() -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["--version"]).stdout == "nsw 0.1.0\n"
    said = runner.invoke(app, ["--help"]).stdout
    for command in ("up", "down", "demo", "replay", "status", "doctor", "install", "dossier", "stream", "parked"):
        assert f" {command} " in said


def test_a_desk_is_for_an_agency_that_there_is(idle: Nsw) -> None:
    assert "--desk: there is no agency XYZ; there are BTC" in idle("up", "--desk", "XYZ", code=2)
    assert "no local stack runs" in idle("desk", "list", "--agency", "BCA", code=2)
