"""The state machine against a model of its own, over every path that hypothesis finds; and what must hold in all of
them.

The model knows an agency's part as a few plain words (waiting, processing, asking, unpaid, done, gone) and says yes
or no to each step; it shares no table with the machine.
"""

from dataclasses import dataclass

import hypothesis.strategies as st
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from nsw_contracts.lifecycle import COMMANDS, ENDED, POSSIBLE, STATUSES
from nsw_routing.case import Case
from nsw_routing.machine import Contradiction, Moved, Noted, NotPossible, ask, hear
from saying import MODELS, asked, case_at, said

AGENCIES = ("BGTVT", "BTC", "BYTE")
WORDS = sorted(set(MODELS) - {"delivered"})
RESULTS = {"result-issued": "issued", "result-amended": "amended", "result-revoked": "revoked"}


@dataclass
class Part:
    """One agency's part in the model. `back`: where an answer leads; `taken_in`: it was accepted once."""

    at: str = "waiting"
    back: str = "waiting"
    taken_in: bool = False
    processing_as: str = "accepted"

    def done(self) -> bool:
        return self.at in ("refused", "issued", "amended", "revoked", "gone")

    def may(self, word: str) -> bool:
        match self.at:
            case "waiting":
                return word in ("accepted", "refused", "supplement-requested")
            case "asking":
                return word in ("accepted", "refused", "supplement-requested") or (
                    word == "result-issued" and self.taken_in
                )
            case "processing" | "unpaid":
                return word in (
                    "inspection-started", "fee-requested", "fee-confirmed", "supplement-requested", "refused",
                    "result-issued",
                )  # fmt: skip
            case "issued" | "amended":
                return word in ("result-amended", "result-revoked")
            case _:
                return False

    def hear(self, word: str) -> None:
        match word:
            case "accepted":
                self.at = self.back if self.at == "asking" and self.taken_in else "processing"
                self.taken_in = True
            case "refused":
                self.at = "refused"
            case "supplement-requested":
                if self.at != "asking":
                    self.back = self.at
                self.at = "asking"
            case "fee-requested":
                self.at = "unpaid"
            case "fee-confirmed":
                if self.at == "unpaid":
                    self.processing_as = "fee_paid"
                self.at = "processing"
            case "inspection-started":
                self.at, self.processing_as = "processing", "inspecting"
            case _:
                self.at = RESULTS[word]


class Life(RuleBasedStateMachine):
    """Agencies and a business, in any order."""

    @initialize(agencies=st.integers(1, 3))
    def open(self, agencies: int) -> None:
        self.case: Case = case_at(*AGENCIES[:agencies])
        self.parts = {agency: Part() for agency in AGENCIES[:agencies]}
        self.request: str | None = None

    @property
    def lead(self) -> Part:
        return self.parts[AGENCIES[0]]

    def ended(self) -> bool:
        return self.lead.done()

    @rule(agency=st.sampled_from(AGENCIES), word=st.sampled_from(WORDS))
    def agency_says(self, agency: str, word: str) -> None:
        outcome = hear(self.case, word, said(word, agency))
        part = self.parts.get(agency)
        if part is None:
            assert isinstance(outcome, Contradiction)
            return
        if word.startswith(("withdrawal-", "amendment-")):
            self._answers(agency, word, outcome)
        elif word == "technical-error":
            assert isinstance(outcome, Noted if self.ended() else Moved)
        elif part.at == "gone":
            assert isinstance(outcome, Noted)
        elif not part.may(word):
            assert isinstance(outcome, Contradiction)
            assert outcome.why
        elif agency != AGENCIES[0] and self.ended():
            assert isinstance(outcome, Noted), "after the lead agency's word nobody else's is public"
            part.hear(word)
        else:
            assert isinstance(outcome, Moved)
            assert outcome.what == word
            part.hear(word)
            if part is self.lead and part.done():
                self.request = None
        if isinstance(outcome, (Moved, Noted)):
            self.case = outcome.case

    def _answers(self, agency: str, word: str, outcome: object) -> None:
        subject = word.partition("-")[0]
        if agency != AGENCIES[0]:
            assert isinstance(outcome, Contradiction), "requests are the lead agency's to answer"
        elif self.request != subject:
            assert isinstance(outcome, Noted), "a request that has lapsed is answered without effect"
        else:
            assert isinstance(outcome, Moved)
            self.request = None
            if word == "withdrawal-agreed":
                self._gone()

    def _gone(self) -> None:
        self.lead.at = "gone"
        for part in self.parts.values():
            if not part.done():
                part.at = "gone"

    @rule(command=st.sampled_from(COMMANDS))
    def business_asks(self, command: str) -> None:
        outcome = ask(self.case, asked(command))
        if not self._may(command):
            assert isinstance(outcome, NotPossible)
            assert outcome.why.vi
            assert outcome.why.en
            return
        assert isinstance(outcome, Moved)
        self.case = outcome.case
        match command:
            case "supplement":
                for part in self.parts.values():
                    if part.at == "asking":
                        part.at = part.back
            case "payment":
                (part,) = [part for part in self.parts.values() if part.at == "unpaid"]
                part.at, part.processing_as = "processing", "fee_paid"
            case "amendment" if self.lead.at != "waiting":
                self.request = "amendment"
            case "withdrawal" if self.lead.taken_in:
                self.request = "withdrawal"
            case "withdrawal":
                self._gone()
        if command != "amendment" or self.request:
            assert isinstance(ask(self.case, asked(command)), NotPossible), f"{command} was had twice"

    def _may(self, command: str) -> bool:
        if self.request is not None:
            return False
        if self.ended():
            return command == "amendment" and self.lead.at in ("issued", "amended")
        asking = any(part.at == "asking" for part in self.parts.values())
        unpaid = [part for part in self.parts.values() if part.at == "unpaid"]
        match command:
            case "supplement":
                return asking
            case "payment":
                return len(unpaid) == 1 and not asking
            case "amendment":
                return not asking and not unpaid
            case _:
                return True

    @invariant()
    def the_status_is_the_models(self) -> None:
        if not hasattr(self, "case"):
            return
        names = {
            "waiting": "submitted", "refused": "refused", "gone": "withdrawn", "issued": "result_issued",
            "amended": "result_amended", "revoked": "result_revoked", "asking": "supplement_requested",
            "unpaid": "fee_due",
        }  # fmt: skip
        parts = list(self.parts.values())
        if self.request:
            expected = f"{self.request}_requested"
        elif self.ended():
            expected = names[self.lead.at]
        elif any(part.at == "asking" for part in parts):
            expected = "supplement_requested"
        elif any(part.at == "unpaid" for part in parts):
            expected = "fee_due"
        elif self.lead.at == "processing":
            expected = self.lead.processing_as
        else:
            expected = names[self.lead.at]
        assert self.case.status == expected

    @invariant()
    def there_is_a_way_on(self) -> None:
        if not hasattr(self, "case") or self.case.status in ENDED:
            return
        lead = self.case.lead.agency
        moves = [word for word in WORDS if isinstance(hear(self.case, word, said(word, lead)), Moved)]
        assert set(moves) - {"technical-error"}, f"nobody can move a dossier that is {self.case.status}"

    @precondition(lambda self: hasattr(self, "case") and self.case.status in ENDED)
    @rule(word=st.sampled_from(WORDS), command=st.sampled_from(COMMANDS))
    def an_ended_dossier_stays_ended(self, word: str, command: str) -> None:
        outcome = hear(self.case, word, said(word, self.case.lead.agency))
        assert not isinstance(outcome, Moved)
        assert isinstance(ask(self.case, asked(command)), NotPossible)


Life.TestCase.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase


def test_every_status_says_what_can_be_asked_for() -> None:
    assert set(POSSIBLE) == set(STATUSES)


@st.composite
def one_agencys_words(draw: st.DrawFn, *, lead: bool) -> list[str]:
    """A path through one agency's part, ending with a final word where it leads."""
    part, path = Part(), []
    for _ in range(draw(st.integers(0, 6))):
        possible = [word for word in WORDS if part.may(word)]
        if not possible or part.done():
            break
        path.append(draw(st.sampled_from(possible)))
        part.hear(path[-1])
    if lead and not part.done():
        if part.at == "waiting":
            path.append("accepted")
        path.append(draw(st.sampled_from(["refused", "result-issued"] if "accepted" in path else ["refused"])))
    return path


def _told(order: list[tuple[str, str]]) -> Case:
    case = case_at(*AGENCIES)
    for agency, word in order:
        outcome = hear(case, word, said(word, agency, outcome="passed" if agency != "BTC" else "failed")
                       if word in ("result-issued", "result-amended") else said(word, agency))  # fmt: skip
        assert isinstance(outcome, (Moved, Noted)), (agency, word, outcome)
        case = outcome.case
    return case


@settings(max_examples=300, deadline=None)
@given(
    data=st.data(),
    lead=one_agencys_words(lead=True),
    second=one_agencys_words(lead=False),
    third=one_agencys_words(lead=False),
)
def test_the_order_between_agencies_does_not_matter(
    data: st.DataObject, lead: list[str], second: list[str], third: list[str]
) -> None:
    """Article 34: the lead agency's word is the dossier's whenever the others', who decide in parallel, come."""
    told = []
    for _ in range(2):
        order = data.draw(
            st.permutations([AGENCIES[0]] * len(lead) + [AGENCIES[1]] * len(second) + [AGENCIES[2]] * len(third))
        )
        words = {agency: iter(path) for agency, path in zip(AGENCIES, (lead, second, third), strict=True)}
        told.append(_told([(agency, next(words[agency])) for agency in order]))
    assert told[0] == told[1]
    assert told[0].status == told[0].lead.status
