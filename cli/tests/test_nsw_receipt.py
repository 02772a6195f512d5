"""`nsw receipt verify`: genuine receipts, changed ones, other keys, and files that are none."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from nsw_command import Nsw
from nsw_intake.signing.receipts import ReceiptKeys, new_key

RECEIPT = {
    "number": "260000000017",
    "content_sha256": "0" * 64,
    "received_at": "2026-03-02T09:00:00+00:00",
    "status": "submitted",
}


@pytest.fixture
def nsw(tmp_path: Path) -> Nsw:
    return Nsw(tmp_path / "stack")


@pytest.fixture
def window(tmp_path: Path) -> ReceiptKeys:
    file = tmp_path / "key.pem"
    file.write_text(new_key())
    keys = ReceiptKeys.read(file)
    (tmp_path / "keys.json").write_text(json.dumps(keys.jwks))
    return keys


def saved(folder: Path, value: Any) -> str:
    file = folder / "receipt.json"
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return str(file)


def test_a_genuine_receipt_is_said_to_be_so_in_both_languages(nsw: Nsw, window: ReceiptKeys, tmp_path: Path) -> None:
    receipt = RECEIPT | {"jws": window.sign(json.dumps(RECEIPT).encode())}
    for value in (receipt, {"line": 1, "status": 202, "receipt": receipt}):
        said = nsw("receipt", "verify", saved(tmp_path, value), "--keys", str(tmp_path / "keys.json"))
        assert "genuine" in said
        assert "hợp lệ" in said
        for each in RECEIPT.values():
            assert each in said
    told = nsw.json("receipt", "verify", saved(tmp_path, receipt), "--keys", str(tmp_path / "keys.json"))
    assert told == {"genuine": True, "why": None, "receipt": RECEIPT}


def test_keys_are_asked_of_intake(nsw: Nsw, window: ReceiptKeys, tmp_path: Path) -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(window.jwks).encode())

        def log_message(self, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            file = saved(tmp_path, RECEIPT | {"jws": window.sign(json.dumps(RECEIPT).encode())})
            for url in (f"http://127.0.0.1:{server.server_port}", f"http://127.0.0.1:{server.server_port}/v1/keys"):
                assert "genuine" in nsw("receipt", "verify", file, "--keys", url)
        finally:
            server.shutdown()
            thread.join()
    assert asked == ["/v1/keys", "/v1/keys"]


def test_an_earlier_key_still_verifies(nsw: Nsw, window: ReceiptKeys, tmp_path: Path) -> None:
    old = serialization.load_pem_private_key((tmp_path / "key.pem").read_bytes(), None).public_key()
    public = old.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key.pem").write_text(new_key() + public.decode())
    now = ReceiptKeys.read(tmp_path / "key.pem")
    (tmp_path / "keys.json").write_text(json.dumps(now.jwks))
    for keys in (window, now):
        file = saved(tmp_path, RECEIPT | {"jws": keys.sign(json.dumps(RECEIPT).encode())})
        assert nsw.json("receipt", "verify", file, "--keys", str(tmp_path / "keys.json"))["genuine"]


@pytest.mark.parametrize("wrong", ["changed", "added", "stripped", "another window's", "none", "nonsense"])
def test_a_receipt_that_is_not_the_windows_is_found_out(
    nsw: Nsw, window: ReceiptKeys, tmp_path: Path, wrong: str
) -> None:
    receipt: dict[str, Any] = RECEIPT | {"jws": window.sign(json.dumps(RECEIPT).encode())}
    match wrong:
        case "changed":
            receipt |= {"received_at": "2026-03-01T09:00:00+00:00"}
        case "added":
            receipt |= {"fee": "0"}
        case "stripped":
            del receipt["jws"]
        case "another window's":
            file = tmp_path / "other.pem"
            file.write_text(new_key())
            receipt |= {"jws": ReceiptKeys.read(file).sign(json.dumps(RECEIPT).encode())}
        case "none":
            head = "eyJhbGciOiJub25lIn0"
            receipt |= {"jws": f"{head}.{receipt['jws'].split('.')[1]}."}
        case "nonsense":
            receipt |= {"jws": "a.b.c"}
    arguments = ("receipt", "verify", saved(tmp_path, receipt), "--keys", str(tmp_path / "keys.json"))
    told = nsw.json(*arguments, code=1)
    assert not told["genuine"]
    assert told["why"]
    said = nsw(*arguments, code=1)
    assert "not genuine" in said
    assert "không hợp lệ" in said


def test_files_that_are_no_receipt_or_no_keys_say_the_next_step(nsw: Nsw, window: ReceiptKeys, tmp_path: Path) -> None:
    keys = str(tmp_path / "keys.json")
    for value in ("{", "[]", "{}"):
        assert "POST /v1/dossiers" in nsw("receipt", "verify", saved(tmp_path, value), "--keys", keys, code=2)
    assert "cannot be read" in nsw("receipt", "verify", str(tmp_path / "none"), "--keys", keys, code=2)
    file = saved(tmp_path, RECEIPT | {"jws": window.sign(json.dumps(RECEIPT).encode())})
    assert "/v1/keys" in nsw("receipt", "verify", file, "--keys", file, code=2)
    assert "/v1/keys" in nsw("receipt", "verify", file, "--keys", str(tmp_path / "none"), code=2)
