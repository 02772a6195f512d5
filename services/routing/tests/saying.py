"""Facts for routing's tests: what agencies say and businesses ask for; what a test does not care about is filled in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from nsw_contracts.content import has_content, with_content
from nsw_contracts.envelope import fact_id
from nsw_contracts.events import (
    AGENCY_FACTS,
    AMENDMENT_FILED,
    FACTS,
    PAYMENT_FILED,
    SUBMITTED,
    SUPPLEMENT_FILED,
    WITHDRAWAL_FILED,
    AgencyFact,
    AmendmentFiledHead,
    CommandFact,
    DossierContent,
    Forwarded,
    PaymentFiled,
    PublicFact,
    Routed,
    Submitted,
    SubmittedHead,
    SupplementFiledHead,
    WithdrawalFiled,
    says,
)
from nsw_contracts.lifecycle import AgencySays, Command
from nsw_contracts.topics import AGENCY_RESULTS, AGENCY_TOPICS, STATUS, SUBMISSIONS
from nsw_procedures.example import example_content
from nsw_procedures.packs import packs
from nsw_routing.case import AtAgency, Case
from nsw_routing.draws import Draws
from nsw_routing.handlers import CaseHandler, Held
from nsw_routing.inspection import GoodsRecord
from nsw_runtime.handling import Applied, Event
from nsw_runtime.journal import Entry

AT = datetime(2026, 3, 2, 2, tzinfo=UTC)  # a Monday, nine in the morning in Viet Nam
NUMBER = "260000000017"
DECLARANT = "0100109106"
LICENCE = "BYTE0600001"  # one agency, no inspection
SHIP = "BGTVT9800001"  # five agencies, article 33
SHIP_AGENCIES = ("BGTVT", "BTC", "BQP", "BNNPTNT", "BYTE")
LATER = AT + timedelta(hours=2)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DRAWS = Draws(b"x" * 32)
MODELS = {says(kind): model for kind, model in AGENCY_FACTS.items()}
TYPES = {says(kind): kind for kind in AGENCY_FACTS}
COMMAND_TYPES: dict[Command, str] = {
    "supplement": SUPPLEMENT_FILED,
    "amendment": AMENDMENT_FILED,
    "withdrawal": WITHDRAWAL_FILED,
    "payment": PAYMENT_FILED,
}
_FILLED: dict[str, Any] = {
    "reason": "Lý do",
    "amount": "300000",
    "currency": "VND",
    "code": "ERR02",
    "outcome": "licensed",
}


def said(word: AgencySays, agency: str = "BYTE", at: datetime = AT, **fields: Any) -> AgencyFact:
    """What an agency says."""
    model = MODELS[word]
    filled = {name: value for name, value in _FILLED.items() if name in model.model_fields}
    time = {"delivered_at" if word == "delivered" else "decided_at": at}
    return model.model_validate({"number": NUMBER, "agency": agency, "message_id": "m", **time, **filled, **fields})


def asked(command: Command, at: datetime = AT, **fields: Any) -> CommandFact:
    """What a business asks for."""
    known = {"number": NUMBER, "declarant": DECLARANT, "filed_at": at, "idempotency_key": f"{command}-{at.isoformat()}"}
    match command:
        case "supplement":
            return SupplementFiledHead.model_validate(known | {"content_sha256": "0" * 64} | fields)
        case "amendment":
            return AmendmentFiledHead.model_validate(known | {"content_sha256": "0" * 64, "reason": "Sửa"} | fields)
        case "withdrawal":
            return WithdrawalFiled.model_validate(known | {"reason": "Rút"} | fields)
        case "payment":
            paid = {"amount": "300000", "currency": "VND", "reference": "FT1", "paid_at": at}
            return PaymentFiled.model_validate(known | paid | fields)


def case_at(*agencies: str) -> Case:
    """A case that was just opened, the first agency leading."""
    lead, *others = agencies
    parts = (AtAgency(lead, "lead"), *(AtAgency(other, "coordinating") for other in others))
    return Case(NUMBER, "BYTE0500009", "2026.1", DECLARANT, parts, AT)


def example(code: str, which: int = 0) -> DossierContent:
    """The dossier of an example of this procedure's pack, filed by `DECLARANT`."""
    pack = packs().in_force(code, AT.date())
    assert pack is not None
    content = example_content(pack, pack.examples[which])
    return content.model_copy(update={"declarant": content.declarant.model_copy(update={"tax_code": DECLARANT})})


def submitted(content: DossierContent, at: datetime = AT, **fields: Any) -> Event:
    """A new dossier, as intake journals it."""
    head = {"number": NUMBER, "submitted_at": at, "content_sha256": "0" * 64, "idempotency_key": "k"}
    written = SubmittedHead.model_validate(head | fields).model_dump_json().encode()
    value = with_content(written, content.model_dump_json().encode())
    fact = Submitted.model_validate_json(value)
    return Event(SUBMISSIONS.name, 2, 3, SUBMITTED, fact_id(NUMBER, SUBMITTED), TRACE, fact, value)


def decided(word: AgencySays, agency: str = "BYTE", at: datetime = AT, **fields: Any) -> Event:
    """What an agency says, as the adapter journals it."""
    fact = said(word, agency, at, **fields)
    cause = f"{agency}/{word}/{at.isoformat()}"
    value = fact.model_dump_json().encode()
    return Event(AGENCY_RESULTS.name, 1, 7, TYPES[word], fact_id(cause, TYPES[word]), TRACE, fact, value)


def filed(command: Command, content: DossierContent | None = None, at: datetime = AT, **fields: Any) -> Event:
    """What a business asks for, as intake journals it: a supplement and an amendment with a dossier."""
    fact = asked(command, at, **fields)
    value = fact.model_dump_json().encode()
    if content is not None:
        value = with_content(value, content.model_dump_json().encode())
    kind = COMMAND_TYPES[command]
    return Event(SUBMISSIONS.name, 2, 4, kind, fact_id(fact.idempotency_key, kind), TRACE, fact, value)


class Life:
    """One dossier in routing, event by event; what each leaves is what the next finds, as the applier has it."""

    def __init__(self, *records: GoodsRecord) -> None:
        self.handler = CaseHandler(DRAWS)
        self.held = Held(records={record.goods: record for record in records})

    @property
    def case(self) -> Case:
        assert self.held.case is not None
        return self.held.case

    def apply(self, event: Event) -> list[Entry]:
        """What routing states of an event that takes effect; deciding it twice gives the same."""
        outcome = self.handler.handle(event, self.held)
        assert isinstance(outcome, Applied), outcome
        assert self.handler.handle(event, self.held) == outcome
        assert not outcome.intents
        self.held = outcome.state or self.held
        return list(outcome.facts)

    def applied(self, *events: Event) -> "Life":
        """The same, after these."""
        for event in events:
            self.apply(event)
        return self


def licence(*events: Event) -> Life:
    """A dossier of one agency, after these."""
    return Life().applied(submitted(example(LICENCE)), *events)


def ship(*events: Event) -> Life:
    """A dossier of five agencies, after these."""
    return Life().applied(submitted(example(SHIP)), *events)


def public(entries: list[Entry]) -> list[PublicFact]:
    """What the business hears, in order."""
    found = []
    for entry in entries:
        fact = FACTS[entry.type].model_validate_json(entry.value)
        assert isinstance(fact, PublicFact) is (entry.topic == STATUS.name)
        if isinstance(fact, PublicFact):
            found.append(fact)
    return found


def told(entries: list[Entry]) -> dict[str, Routed | Forwarded]:
    """What each agency is told; no agency twice."""
    found: dict[str, Routed | Forwarded] = {}
    for entry in entries:
        if entry.topic == STATUS.name:
            continue
        work = FACTS[entry.type].model_validate_json(entry.value)
        assert isinstance(work, (Routed, Forwarded))
        assert entry.topic == AGENCY_TOPICS[work.agency].name
        assert work.agency not in found
        assert has_content(entry.value) is (work.content is not None)
        found[work.agency] = work
    return found
