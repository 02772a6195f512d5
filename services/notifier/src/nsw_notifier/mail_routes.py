"""What stands behind the links of e-mails, and where bounces are handed in.

A link shows a page with a button: mail scanners open links, and must neither confirm nor unsubscribe anybody. A mail
program's own button posts at once (RFC 8058).
"""

from collections.abc import Callable, Sequence
from typing import Final

from nsw_runtime.bodies import read_body
from nsw_runtime.database import on_behalf_of
from nsw_runtime.identity import guarded
from nsw_runtime.journal import Stated, append
from nsw_runtime.problems import Problem
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute

from nsw_notifier import bounces, deliveries, links, signals, store
from nsw_notifier.deliveries import Delivery
from nsw_notifier.disabling import disable
from nsw_notifier.doors import Doors
from nsw_notifier.facts import not_delivered
from nsw_notifier.letters import page
from nsw_notifier.links import Purpose
from nsw_notifier.subscription import Subscription

_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}
_GONE: Final = 404
_BOUNCED: Final = 550


class MailRoutes:
    """The handlers."""

    def __init__(self, doors: Doors, on_commit: Callable[[Sequence[Stated]], None]) -> None:
        self._doors = doors
        self._on_commit = on_commit

    def routes(self) -> list[BaseRoute]:
        """The routes: public, since whoever has the link is meant; bounces are the operator's mail system's."""
        confirm, leave = "/v1/confirmations/{token}", "/v1/unsubscribe/{token}"
        return [
            guarded(confirm, self.ask_to_confirm, methods=["GET"], access="public"),
            guarded(confirm, self.confirm, methods=["POST"], access="public"),
            guarded(leave, self.ask_to_unsubscribe, methods=["GET"], access="public"),
            guarded(leave, self.unsubscribe, methods=["POST"], access="public"),
            guarded("/v1/bounces", self.bounced, methods=["POST"], access="operator"),
        ]

    async def ask_to_confirm(self, request: Request) -> Response:
        """`GET /v1/confirmations/TOKEN`: the page that asks."""
        found = await self._named(request.path_params["token"], "confirm")
        if found is None:
            return _page("gone_page", status=_GONE)
        return _page("confirm_page" if found.state == "unverified" else "confirmed_page", found)

    async def confirm(self, request: Request) -> Response:
        """`POST /v1/confirmations/TOKEN`: the address wants to be told."""
        found = await self._named(request.path_params["token"], "confirm")
        if found is None:
            return _page("gone_page", status=_GONE)
        async with self._doors.reaching(), on_behalf_of(self._doors.pool, found.declarant) as connection:
            await store.set_state(connection, found.id, "active", "", when=["unverified"])
            await signals.tell_changed(connection, [found.id])
        return _page("confirmed_page", found)

    async def ask_to_unsubscribe(self, request: Request) -> Response:
        """`GET /v1/unsubscribe/TOKEN`: the page that asks."""
        found = await self._named(request.path_params["token"], "unsubscribe")
        return _page("unsubscribed_page" if found is None else "unsubscribe_page", found)

    async def unsubscribe(self, request: Request) -> Response:
        """`POST /v1/unsubscribe/TOKEN`: the subscription is removed, address and all. Asked twice, it is gone too."""
        found = await self._named(request.path_params["token"], "unsubscribe")
        if found is not None:
            async with self._doors.reaching(), on_behalf_of(self._doors.pool, found.declarant) as connection:
                await store.remove(connection, found.id)
                await signals.tell_changed(connection, [found.id])
        return _page("unsubscribed_page")

    async def bounced(self, request: Request) -> Response:
        """`POST /v1/bounces` (message/rfc822): a report about a message that came back; it is recorded.

        A mailbox that failed for good is disabled.
        """
        report = bounces.read_report(await read_body(request, bounces.REPORT_BYTES))
        found = None if report is None else await self._named(report.token, "bounce")
        if report is None or found is None:
            raise Problem(
                422, "no-report", "This is no report about one of the window's messages",
                "Hand on the whole delivery status notification (RFC 3464), with the address it was sent to.",
            )  # fmt: skip
        error = f"it came back later: {report.status or 'no status'}"
        now = self._doors.clock()
        row = Delivery(
            found.id, found.declarant, "", now, 0, 1, _BOUNCED if report.failed else 0, error, events=0, body=None
        )
        async with self._doors.reaching(), on_behalf_of(self._doors.pool, found.declarant) as connection:
            await deliveries.add(connection, [row])
            facts = [not_delivered(row, found.kind, came_back=True)]
            if report.failed:
                mend = "Mend the mailbox, then POST …/resume"
                disabled = await disable(connection, found, error, mend, now, when=["active", "paused"])
                if not disabled:
                    await store.note(connection, found.id, error)
                facts += disabled
                await signals.tell_turned(connection, [found.id])
            stated = await append(connection, facts, now)
        self._on_commit(stated)
        return JSONResponse({"subscription": found.id, "disabled": report.failed})

    async def _named(self, token: str, purpose: Purpose) -> Subscription | None:
        """The subscription a token is for; None: there is none, or the token is not its."""
        name = links.named(token)
        if name is None:
            return None
        async with self._doors.reaching(), self._doors.pool.acquire() as connection:
            found = await store.by_id(connection, name)
        return found if found is not None and links.fits(token, purpose, found) else None


def _page(text: str, found: Subscription | None = None, *, status: int = 200) -> Response:
    return HTMLResponse(page(text, found.declarant if found else ""), status_code=status, headers=_HEADERS)
