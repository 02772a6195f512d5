"""What the host gives to adapters: links to documents that intake honours, or a reason why there are none."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from nsw_contracts.adapter import DocumentUnavailable
from nsw_ministry_adapter.giving import WindowDocuments
from nsw_runtime.document_links import Link, LinkSigner
from pydantic import SecretStr

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
KEY = "k" * 32
NUMBER, DIGEST = "260000000017", "ab" * 32


async def test_a_link_is_one_that_intake_honours_for_a_day() -> None:
    documents = WindowDocuments(SecretStr(KEY), "https://window.example/", lambda: NOW)
    link = await documents.link(NUMBER, DIGEST)
    assert link.until == NOW + timedelta(days=1)
    parts = urlsplit(link.url)
    assert (parts.scheme, parts.netloc) == ("https", "window.example")
    assert parts.path == f"/v1/dossiers/{NUMBER}/documents/{DIGEST}/content"
    asked = parse_qs(parts.query)
    expires = int(asked["expires"][0])
    assert expires == link.until.timestamp()
    signer = LinkSigner(KEY)
    assert signer.holds(Link(NUMBER, DIGEST, expires), asked["signature"][0])
    assert not signer.holds(Link(NUMBER, DIGEST, expires + 1), asked["signature"][0])
    assert not signer.holds(Link("260000000025", DIGEST, expires), asked["signature"][0])


@pytest.mark.parametrize(("key", "url"), [(None, "https://window.example"), (SecretStr(KEY), "")])
async def test_without_key_or_address_there_are_no_links_and_the_text_says_what_to_set(
    key: SecretStr | None, url: str
) -> None:
    with pytest.raises(DocumentUnavailable, match="NSW_DOCUMENT_LINK_KEY and NSW_INTAKE_URL"):
        await WindowDocuments(key, url, lambda: NOW).link(NUMBER, DIGEST)
