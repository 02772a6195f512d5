"""The signing process: it answers in order, and one that is killed, stuck or left alone costs a try at most."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jws
from joserfc.jwk import KeySet
from nsw_intake.signing import process as module
from nsw_intake.signing.jws import Jws, base64url
from nsw_intake.signing.process import SigningProcess
from nsw_intake.signing.receipts import ReceiptKeys, new_key
from nsw_intake.signing.worker import Check
from nsw_runtime.problems import Problem

KEY = ec.generate_private_key(ec.SECP256R1())
DER = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
KEYS = ReceiptKeys(ec.generate_private_key(ec.SECP256R1()))
PARENT = """
import asyncio, sys
from pathlib import Path
from nsw_intake.signing.process import SigningProcess
from nsw_intake.signing.receipts import ReceiptKeys

async def main():
    process = SigningProcess(ReceiptKeys.read(Path(sys.argv[1])))
    await process.sign([b"{}"])
    print(process._child._process.pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


def check(body: bytes, signed: bytes | None = None) -> Check:
    """A signature over `signed`, where it is not over this body."""
    r, s = decode_dss_signature(KEY.sign(b"e30." + base64url(signed or body).encode(), ec.ECDSA(SHA256())))
    return Check(Jws("e30", r.to_bytes(32) + s.to_bytes(32), "ES256", "", 0, None, None), body, DER)


def pid(process: SigningProcess) -> int:
    assert process._child is not None
    return process._child._process.pid


def gone(of: int) -> bool:
    try:
        os.kill(of, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{of}/stat").read_text().rpartition(") ")[2].startswith("Z")


@pytest.fixture
async def process() -> AsyncIterator[SigningProcess]:
    made = SigningProcess(KEYS)
    await made.start()
    yield made
    await made.close()


async def test_each_question_gets_its_own_answer(process: SigningProcess) -> None:
    bodies = [b"a", b"b" * 300_000, b"c"]
    asked = [process.verify([check(body), check(body, b"other")]) for body in bodies]
    signed, *held = await asyncio.gather(process.sign([b'{"number":"1"}', b'{"number":"2"}']), *asked)
    assert held == [[True, False]] * 3
    keys = KeySet.import_key_set(KEYS.jwks)
    verified = [jws.deserialize_compact(one, keys, algorithms=["ES256"]).payload for one in signed]
    assert verified == [b'{"number":"1"}', b'{"number":"2"}']


async def test_what_cannot_be_verified_does_not_hold_and_ends_nothing(process: SigningProcess) -> None:
    before = pid(process)
    assert await process.verify([check(b"a")._replace(key=b"no key"), check(b"a")]) == [False, True]
    assert pid(process) == before


async def test_one_that_is_killed_is_replaced(process: SigningProcess) -> None:
    first = pid(process)
    os.kill(first, signal.SIGSTOP)  # so that the question is not answered before the process ends
    asked = asyncio.create_task(process.verify([check(b"a")]))
    await asyncio.sleep(0)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(Problem) as raised:
        await asked
    assert raised.value.status == 503
    assert await process.verify([check(b"a")]) == [True]
    assert pid(process) != first


async def test_one_that_does_not_answer_is_replaced(process: SigningProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pid(process)
    os.kill(first, signal.SIGSTOP)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(Problem) as raised:
        await process.sign([b"{}"])
    assert raised.value.status == 503
    monkeypatch.undo()
    assert len(await process.sign([b"{}"])) == 1
    assert pid(process) != first
    assert gone(first)


async def test_it_outlives_the_signals_that_its_parent_drains_on(process: SigningProcess) -> None:
    assert await process.verify([check(b"a")]) == [True]  # it is up, and has said what it does with signals
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(pid(process), number)
    before = pid(process)
    assert await process.verify([check(b"a")]) == [True]
    assert pid(process) == before


def test_it_does_not_outlive_its_parent(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(new_key())
    argv = [sys.executable, "-c", PARENT, str(tmp_path / "key.pem")]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not gone(child)
        parent.kill()
    until = time.monotonic() + 20
    while not gone(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert gone(child)
