"""The Python client against the live window: registered, signed, uploaded, filed, followed, amended, checked."""

import asyncio
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from nsw_cli.main import app
from nsw_client import (
    ClientAssertion,
    Invalid,
    NotAllowed,
    NotFound,
    NotGenuine,
    NotPossible,
    SigningKey,
    Window,
)
from nsw_contracts.registration_facts import CLIENT
from nsw_procedures.example import example_content
from nsw_procedures.packs import packs
from nsw_procedures.tax_code import check_digit
from support.authority import Authority
from support.businesses import Business, decision
from support.live import Live
from typer.testing import CliRunner

README = Path(__file__).parents[2] / "clients/python/README.md"
DRUGS = "BYTE0800015"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 2000


async def away(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """A blocking call of the client, beside the loop."""
    return await asyncio.to_thread(call, *arguments, **named)


def tax_code(number: int) -> str:
    """A business of these tests."""
    nine = f"97{number:07d}"
    return f"{nine}{check_digit(nine)}"


def example(declarant: str) -> dict[str, Any]:
    pack = packs().in_force(DRUGS, datetime.now(UTC).date())
    assert pack is not None
    content = example_content(pack, pack.examples[0]).model_dump(mode="json")
    return content | {"declarant": {"tax_code": declarant, "name": "Công ty Bốn"}, "documents": []}


@pytest.mark.parametrize("kind", ["ES256", "EdDSA", "PS256", "RS256"])
async def test_a_signed_dossier_from_its_documents_to_its_end(live: Live, ca: Authority, tmp_path, kind) -> None:
    business = Business(live)
    await business.agencies_answer({"BYTE submitted": [decision("accepted"), decision("result-issued")]})
    declarant = business.tax_code
    made = {"ES256": lambda: ec.generate_private_key(ec.SECP256R1()), "EdDSA": ed25519.Ed25519PrivateKey.generate}
    private = made.get(kind, lambda: rsa.generate_private_key(65537, 2048))()
    key = SigningKey(
        private, ca.issue(declarant, key=private).certificate, of_rsa="RS256" if kind == "RS256" else "PS256"
    )
    await live.register(declarant)
    file = tmp_path / "application.pdf"
    file.write_bytes(PDF + kind.encode())
    with Window(live.intake, token=await live.token(), key=key) as window:
        assert (await away(window.register_certificate, declarant)).sha256 == key.sha256
        assert [one.sha256 for one in await away(window.certificates, declarant)] == [key.sha256]
        document = await away(window.upload, file, declarant=declarant)
        assert await away(window.upload, file, declarant=declarant) == document, "what is there is not sent again"
        for _ in range(2):
            await away(window.discard, document, declarant=declarant)
        await away(window.upload, file, declarant=declarant)
        dossier = example(declarant) | {"documents": [document.reference("application")]}
        receipt = await away(window.submit, dossier)
        assert (await away(window.submit, dossier)).number == receipt.number, "the same dossier again: one dossier"
        await away(window.verify, receipt)
        with pytest.raises(NotGenuine):
            await away(window.verify, dict(receipt.raw) | {"number": "260000000017"})
        shown = await away(window.dossier, receipt.number)
        assert (shown.procedure, shown.timeline[0].status) == (DRUGS, "submitted")
        ended = await away(window.wait, receipt.number, {"result_issued"}, seconds=60, every=0.2)
        with pytest.raises(NotPossible) as refused:
            await away(window.withdraw, receipt.number, reason="Không cần nữa", idempotency_key="w")
        assert refused.value.kind == "not-possible"
        assert ended.possible == (await away(window.dossier, receipt.number)).possible
        await away(window.end_certificate, declarant, key.sha256)
        with pytest.raises(Invalid) as told:
            await away(window.submit, example(declarant), idempotency_key="after the end".replace(" ", "-"))
        assert told.value.kind in {"signature-invalid", "invalid-dossier"}


async def test_a_command_is_signed_for_its_dossier(live: Live, ca: Authority) -> None:
    declarant = tax_code(20)
    issued = ca.issue(declarant)
    await live.register(declarant)
    with Window(live.intake, token=await live.token(), key=SigningKey(issued.key, issued.certificate)) as window:
        await away(window.register_certificate, declarant)
        document = {"sha256": "ab" * 32, "name": "a.pdf", "media_type": "application/pdf", "size": 9}
        dossier = example(declarant) | {"documents": [document | {"kind": "application"}]}
        receipt = await away(window.submit, dossier)
        later = 99  # in answer to something intake has not heard of: routing judges whether it is possible
        taken = await away(window.withdraw, receipt.number, reason="Không cần nữa", in_answer_to=later)
        assert (taken.command, taken.number) == ("withdrawal", receipt.number)


async def test_a_system_with_a_key_of_its_own_needs_no_issuer(live: Live, ca: Authority) -> None:
    declarant = tax_code(30)
    issued = ca.issue(declarant)
    key = SigningKey(issued.key, issued.certificate)
    line = {
        "issuer": CLIENT, "subject": "erp-of-four", "role": "declarant", "party": declarant,
        "public_key": key.public_jwk(),
    }  # fmt: skip
    status, said = await live.ask(
        "POST", f"{live.intake}/v1/registrations", caller="operator", data=json.dumps(line),
        headers={"content-type": "application/x-ndjson"},
    )  # fmt: skip
    assert status == 200, said
    with Window(live.intake, token=ClientAssertion(key, "erp-of-four"), key=key) as window:
        assert (await away(window.register_certificate, declarant)).declarant == declarant
        with pytest.raises(NotFound):
            await away(window.dossier, "260000000017")
    with Window(live.intake, token=ClientAssertion(key, "somebody-else")) as window, pytest.raises(NotAllowed):
        await away(window.certificates, declarant)


async def test_the_command_registers_signs_and_files(live: Live, ca: Authority, tmp_path) -> None:
    declarant = tax_code(50)
    issued = ca.issue(declarant)
    await live.register(declarant)
    key = tmp_path / "business.p12"
    key.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"", issued.key, issued.certificate, None, serialization.BestAvailableEncryption(b"secret")
        )
    )
    (tmp_path / "dossier.json").write_text(json.dumps(example(declarant)))
    (tmp_path / "application.pdf").write_bytes(PDF)
    env = {"NSW_KEY_PASSWORD": "secret", "NSW_INTAKE_URL": live.intake, "NSW_TOKEN": await live.token()}

    async def nsw(*arguments: str, code: int = 0, **changed: str) -> str:
        ran = await away(CliRunner(env=env | changed).invoke, app, arguments)
        assert ran.exit_code == code, ran.output
        return ran.stdout if code == 0 else ran.stderr

    submit = ("submit", str(tmp_path / "dossier.json"), "--document", f"application={tmp_path}/application.pdf")
    said = await nsw(*submit, "--sign", str(key), code=2)
    assert f"no certificate with this x5t#S256 is registered for {declarant}" in said
    assert declarant in await nsw("certificate", "register", str(key), "--business", declarant)
    listed = json.loads(await nsw("certificate", "list", "--business", declarant, "--json"))
    assert [one["sha256"] for one in listed] == [issued.sha256]
    filed = json.loads(await nsw(*submit, "--sign", str(key), "--json"))
    assert json.loads(await nsw(*submit, "--sign", str(key), "--json"))["number"] == filed["number"]
    await nsw("certificate", "end", issued.sha256, "--business", declarant)
    assert "ended" in await nsw(*submit, "--sign", str(key), "--idempotency-key", "x", code=2)
    assert "password is wrong" in await nsw(*submit, "--sign", str(key), code=2, NSW_KEY_PASSWORD="wrong")
    assert "error: " in await nsw("certificate", "list", "--business", tax_code(51), code=2)


async def test_the_readmes_example_files_a_dossier(live: Live, ca: Authority, tmp_path, monkeypatch, capsys) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    declarant = tax_code(40)
    issued = ca.issue(declarant)
    await live.register(declarant)
    (tmp_path / "certificate.pem").write_text(issued.pem)
    (tmp_path / "key.pem").write_bytes(
        issued.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (tmp_path / "dossier.json").write_text(json.dumps(example(declarant)))
    (tmp_path / "application.pdf").write_bytes(PDF)
    key = SigningKey.from_files(tmp_path / "key.pem", tmp_path / "certificate.pem")
    token = await live.token()
    with Window(live.intake, token=token, key=key) as window:
        await away(window.register_certificate, declarant)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NSW_URL", live.intake)
    monkeypatch.setenv("NSW_TOKEN", token)
    await away(exec, compile(code, str(README), "exec"), {})
    assert re.fullmatch(r"\d{12} \w+\n", capsys.readouterr().out)
