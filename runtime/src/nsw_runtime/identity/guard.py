"""Every route of every service is guarded: it says who may call it, and nobody else gets to its endpoint.

`access` is a role, or `public` (nobody is asked who they are), `anyone` (any authenticated caller) or `agency` (an
officer of an agency, or its system). For which party a caller acts is the endpoint's to check, since the body or the
row says which party it is about.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Literal

from nsw_contracts.registration_facts import Role
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nsw_runtime.identity.authenticator import Authenticator
from nsw_runtime.identity.caller import SCOPE_KEY
from nsw_runtime.identity.refusals import forbidden

Access = Literal["public", "declarant", "agency", "operator", "anyone"]
Endpoint = Callable[[Request], Awaitable[Response]]

_ROLES: Final[dict[Access, frozenset[Role]]] = {
    "declarant": frozenset({"declarant"}),
    "agency": frozenset({"officer", "agency-system"}),
    "operator": frozenset({"operator"}),
}
_WANTED: Final[dict[Access, str]] = {
    "declarant": "This is for businesses. Have the window's operator register you for yours.",
    "agency": "This is for agencies. Have the window's operator register you for yours.",
    "operator": "This is for the window's operators.",
}


class GuardedRoute(Route):
    """A route that knows who may call it."""

    access: Access


def guarded(path: str, endpoint: Endpoint, *, methods: Sequence[str], access: Access) -> GuardedRoute:
    """A route whose endpoint is reached by those only whom `access` names.

    Others get 401 (not known) or 403 (known, without such a role). The endpoint finds the caller with `caller_of`.
    """
    route = GuardedRoute(path, endpoint if access == "public" else _guard(endpoint, access), methods=list(methods))
    route.access = access
    return route


def _guard(endpoint: Endpoint, access: Access) -> Endpoint:
    roles, wanted = _ROLES.get(access), _WANTED.get(access, "")

    async def guard(request: Request) -> Response:
        authenticator: Authenticator = request.app.state.authenticator
        caller = authenticator.known(request.scope)
        if caller is None:
            caller = await authenticator.authenticate(request.scope)
        if roles is not None and roles.isdisjoint(caller.roles):
            raise forbidden(wanted)
        request.scope[SCOPE_KEY] = caller
        return await endpoint(request)

    return guard
