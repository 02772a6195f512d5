"""`nsw watch` in a terminal: what happens as it happens, of one business or one dossier, gone on from an event."""

import json

import pytest
from nsw_cli.errors import CommandError
from nsw_cli.main import app
from nsw_cli.watch import Message, follow, messages
from nsw_command import Nsw
from typer.testing import CliRunner

DRUGS = "BYTE0800015"  # one agency, no inspection


def test_messages_are_read_as_they_are_written() -> None:
    lines = [
        b"id: 7\n", b"event: ready\n", b"retry: 2000\n", b'data: {"declarant":"1"}\n', b"\n", b": still here\n", b"\n",
        b'data: {"a":"b: c"}\r\n', b"id: 8\r\n", b"\r\n", b"id: 9\n",
    ]  # fmt: skip
    assert list(messages(lines)) == [Message("7", "ready", {"declarant": "1"}), Message("8", "message", {"a": "b: c"})]


def test_where_nobody_answers_it_says_so() -> None:
    with pytest.raises(CommandError, match="does not answer"):
        next(follow("http://127.0.0.1:1/v1/events", None, None))


def test_whose_stream_must_be_said(nsw: Nsw) -> None:
    assert "--declarant" in nsw("watch", code=2)


def test_a_dossier_is_watched_from_filing_to_its_result(nsw: Nsw, tmp_path) -> None:
    file = tmp_path / "dossier.json"
    dossier = json.loads(CliRunner().invoke(app, ["procedure", "example", DRUGS]).stdout)
    document = {"sha256": "ab" * 32, "name": "a.pdf", "media_type": "application/pdf", "size": 9, "kind": "application"}
    file.write_text(json.dumps(dossier | {"documents": [document]}))
    declarant = dossier["declarant"]["tax_code"]
    with nsw.popen("watch", "--declarant", declarant, "--json", "--events", "1") as watching:
        assert watching.stderr is not None
        assert f"watching {declarant}" in watching.stderr.readline()
        number = nsw.json("submit", str(file), "--idempotency-key", "watched")["number"]
        out, err = watching.communicate(timeout=60)
    assert watching.returncode == 0, err
    (event,) = [json.loads(line) for line in out.splitlines()]
    assert event["data"]["number"] == number
    assert event["says"]["vi"]
    shown = nsw("watch", number, "--after", str(int(event["event_id"]) - 1), "--events", "1", "--lang", "vi")
    assert number in shown
    assert "(giờ Việt Nam)" in shown
