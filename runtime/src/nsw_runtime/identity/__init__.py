"""Identity: who calls, for whom, and what each route lets through."""

from nsw_runtime.identity.caller import Caller, caller_of
from nsw_runtime.identity.guard import Access, GuardedRoute, guarded
from nsw_runtime.identity.refusals import forbidden, not_registered, require_acting

__all__ = ["Access", "Caller", "GuardedRoute", "caller_of", "forbidden", "guarded", "not_registered", "require_acting"]
