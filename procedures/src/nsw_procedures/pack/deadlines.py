"""The deadlines of a procedure, in working time of Viet Nam's calendar; an agency without its own has everybody's."""

from collections.abc import Mapping
from typing import Annotated

from nsw_contracts.events import AgencyCode
from pydantic import BeforeValidator, Field, PlainSerializer

from nsw_procedures.calendar import Term, parse_term, term_text
from nsw_procedures.pack.part import PackPart
from nsw_procedures.wrong import wrong


def _term(value: object) -> Term:
    try:
        return value if isinstance(value, Term) else parse_term(str(value))
    except ValueError as error:
        raise wrong(str(error)) from None


Length = Annotated[Term, BeforeValidator(_term), PlainSerializer(term_text, return_type=str)]
"""A length of time, written `3 working days`, `4 working hours`, `1 hour` or `30 days`."""


class AgencyDeadlines(PackPart):
    """An agency's time to accept, refuse or ask (`acceptance`), and from acceptance to its result (`decision`)."""

    acceptance: Length
    decision: Length


class Deadlines(AgencyDeadlines):
    """The agencies' deadlines. `warning`: so long before a deadline the agency is warned.

    `answer`: the declarant's time to answer a request. `agencies`: other deadlines for some of them.
    """

    warning: Length
    answer: Length
    agencies: Mapping[AgencyCode, AgencyDeadlines] = Field(default_factory=dict)

    def of(self, agency: str) -> AgencyDeadlines:
        """The deadlines of one agency."""
        return self.agencies.get(agency, self)
