"""A business that uploads documents and files dossiers that refer to them."""

from io import BytesIO
from typing import Any

from support.businesses import Business, pack_today
from support.documents import PDF, digest_of
from support.live import Live

PACK = "BYTE0500009"
NAME = "Hoá đơn 1.pdf"


class Filer(Business):
    """A business with its documents, and somebody who acts for it and for no other."""

    async def headers(self) -> dict[str, str]:
        """What says who that is."""
        subject = f"filer-{self.tax_code}"
        await self.live.register(self.tax_code, subject=subject)
        return await self.live.headers(subject)

    async def put(self, content: bytes, *, declarant: str | None = None, **options: Any) -> tuple[int, Any, Any]:
        """Upload; status, headers and what was said. `headers` are added, `body` replaces what is sent."""
        headers = await self.headers() | {"content-type": PDF} | options.get("headers", {})
        url = self.document(options.get("digest", digest_of(content)), declarant)
        body = options.get("body", content)
        data = BytesIO(body) if isinstance(body, bytes) else body
        async with self.live.http.put(url, data=data, headers=headers) as answer:
            return answer.status, answer.headers, await answer.json(content_type=None)

    async def reached(self, content: bytes, declarant: str | None = None) -> tuple[int, str | None, str | None]:
        """What HEAD says."""
        url = self.document(digest_of(content), declarant)
        async with self.live.http.head(url, headers=await self.headers()) as answer:
            return answer.status, answer.headers.get("upload-offset"), answer.headers.get("upload-length")

    def document(self, digest: str, declarant: str | None = None) -> str:
        given = "" if declarant == "" else f"?declarant={declarant or self.tax_code}"
        return f"{self.live.intake}/v1/documents/{digest}{given}"

    def referring(self, content: bytes, **changed: Any) -> dict[str, Any]:
        """The dossier of imported food, which refers to this one document beside what its pack asks for."""
        reference = {"sha256": digest_of(content), "name": NAME, "media_type": PDF, "size": len(content)}
        found = self.dossier(pack_today(PACK))
        return found | {"documents": [*found["documents"], {**reference, "kind": "attachment", **changed}]}

    async def filed(self, content: bytes) -> str:
        """The number of a dossier with this document, uploaded."""
        assert (await self.put(content))[0] == 201
        return await self.file(self.referring(content))


async def get(
    live: Live, path: str, caller: dict[str, str] | None = None, method: str = "GET", **headers: str
) -> tuple[int, Any, bytes]:
    async with live.http.request(method, f"{live.intake}{path}", headers={**(caller or {}), **headers}) as answer:
        return answer.status, answer.headers, await answer.read()


def path_of(number: str, content: bytes) -> str:
    return f"/v1/dossiers/{number}/documents/{digest_of(content)}"
