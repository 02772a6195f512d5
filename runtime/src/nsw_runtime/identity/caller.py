"""Who a request comes from, and for whom that caller may act.

A caller is authenticated by its issuer and has the rights that registrations give it, and no others.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from nsw_contracts.registration_facts import Role
from starlette.requests import Request

Right = tuple[Role, str]
"""A role, and the party (tax code, agency code) for which it is held."""

SCOPE_KEY: Final = "nsw.caller"
_BRANCH_AT: Final = 10  # digits of a business's own tax code; a branch's goes on with -NNN


@dataclass(frozen=True)
class Caller:
    """An authenticated caller. `subject` is the name it has at `issuer`, opaque to us."""

    issuer: str
    subject: str
    rights: frozenset[Right]

    def acts_for(self, tax_code: str) -> bool:
        """Whether it may act for this business. Who acts for a business acts for its branches, and not the reverse."""
        rights = self.rights
        return ("declarant", tax_code) in rights or ("declarant", tax_code[:_BRANCH_AT]) in rights

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles it holds for anybody."""
        return frozenset(role for role, _ in self.rights)

    @cached_property
    def agencies(self) -> frozenset[str]:
        """The agencies for which it is an officer or their system."""
        return frozenset(party for role, party in self.rights if role in {"officer", "agency-system"})

    @property
    def is_operator(self) -> bool:
        """Whether it operates the window."""
        return "operator" in self.roles


def caller_of(request: Request) -> Caller:
    """The caller of a request to a guarded route that is not public."""
    found: Caller = request.scope[SCOPE_KEY]
    return found
