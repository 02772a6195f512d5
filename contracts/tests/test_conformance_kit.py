"""The kit finds what is wrong: the template keeps every rule, and each way of breaking a rule is found by it."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from nsw_contracts.adapter import Delivery, Inbound, Judged, Known, NotThere, Outcome, Rejected, Reply, Said, Taken
from nsw_contracts.adapter.conformance import ProcessRig, check
from nsw_contracts.adapter.conformance.bench import Broken, Stand
from nsw_contracts.adapter.conformance.check import run_case, standing
from nsw_contracts.adapter.conformance.orders import AT
from nsw_contracts.adapter.conformance.pages import pages
from nsw_contracts.adapter.conformance.rules import RULES
from nsw_contracts.adapter.errors import BadAdapter
from nsw_contracts.adapter.http import NoAnswer, NotSent
from nsw_contracts.adapter.outcomes import TryAgain, Unsure
from nsw_contracts.adapter.project import in_folder, make_project
from nsw_contracts.adapter.template.adapter import Adapter
from nsw_contracts.adapter.template.rig import rig

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with standing(rig()) as running:
        yield running


class NeedsTheAgency(Adapter):
    async def open(self) -> None:
        await super().open()
        await self._http.request("GET", "messages/0", headers=self._headers())


class AsksForSecretsLate(Adapter):
    async def open(self) -> None:
        self._http = await _client(self)

    async def deliver(self, delivery: Delivery) -> Outcome:
        await Adapter.open(self)
        return await super().deliver(delivery)


async def _client(adapter: Adapter) -> Any:
    from nsw_contracts.adapter.http import HttpClient

    return HttpClient(adapter._settings.url, adapter._context.http)


class CountsItsOwnIds(Adapter):
    sent: ClassVar[int] = 0

    async def deliver(self, delivery: Delivery) -> Outcome:
        CountsItsOwnIds.sent += 1
        return await super().deliver(delivery.model_copy(update={"message_id": f"{self.sent:032x}"}))


class WritesAscii(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        return await super().deliver(
            delivery.model_copy(update={"raw": delivery.raw.decode().encode("ascii", "replace")})
        )


class BelievesLostReplies(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver(delivery)
        return TryAgain(outcome.reason) if isinstance(outcome, Unsure) else outcome


class NeverSure(Adapter):
    async def query(self, delivery: Delivery) -> Known:
        return NotThere()


class AsksByDelivering(Adapter):
    async def query(self, delivery: Delivery) -> Known:
        await self.deliver(delivery)
        return await super().query(delivery)


class TakesEverything(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        await super().deliver(delivery)
        return Taken(AT)


class RejectsWhatIsBusy(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver(delivery)
        return Rejected(outcome.reason) if isinstance(outcome, TryAgain) else outcome


class WaitsForEver(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver(delivery)
        if isinstance(outcome, Unsure):
            await asyncio.sleep(3600)
        return outcome


class Blocks(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        time.sleep(2)  # noqa: ASYNC251
        return await super().deliver(delivery)


class MakesIdsFromTime(Adapter):
    async def receive(self, inbound: Inbound) -> Sequence[Said] | Reply:
        read = await super().receive(inbound)
        return read if isinstance(read, Reply) else [one.model_copy(update={"id": f"{time.time_ns()}"}) for one in read]


class SaysYesToAll(Adapter):
    async def acknowledge(self, inbound: Inbound, judged: Sequence[Judged]) -> Reply:
        return Reply(body=b'{"result":"ok"}')


class VerifiesNothing(Adapter):
    async def receive(self, inbound: Inbound) -> Sequence[Said] | Reply:
        import hashlib
        import hmac

        signature = hmac.new(self._key, inbound.body, hashlib.sha256).hexdigest()
        return await super().receive(inbound.model_copy(update={"headers": {"x-signature": signature}}))


class RaisesAtGarbage(Adapter):
    async def receive(self, inbound: Inbound) -> Sequence[Said] | Reply:
        json.loads(inbound.body)
        return await super().receive(inbound)


class RepeatsWhoeverSpeaks(Adapter):
    async def receive(self, inbound: Inbound) -> Sequence[Said] | Reply:
        read = await super().receive(inbound)
        if isinstance(read, Reply):
            return [Said(id="x", facts=(_said_by("BCT"),))]
        return read


def _said_by(agency: str) -> Any:
    from nsw_contracts.adapter import say

    return say("accepted", number="260000000017", agency=agency, decided_at=AT)


class ReadsEverything(Adapter):
    async def open(self) -> None:
        given = self._context
        object.__setattr__(given, "http", given.http.model_copy(update={"largest_answer": 1 << 27}))
        await super().open()


class LogsHeaders(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        import logging

        logging.getLogger("some.library").debug("headers %s", self._headers())
        return await super().deliver(delivery)


class LogsDossiers(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        self._context.log.info("sending %s", delivery.raw.decode())
        return await super().deliver(delivery)


class SwallowsCancelling(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        try:
            return await super().deliver(delivery)
        except asyncio.CancelledError:
            return Unsure("stopped")


class LeavesTasks(Adapter):
    async def open(self) -> None:
        await super().open()
        self._task = asyncio.create_task(asyncio.sleep(3600))


class CutsShort(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        told = json.loads(delivery.raw)
        if "content" in told:
            told["content"]["consignment"]["goods"] = told["content"]["consignment"]["goods"][:50]
        return await super().deliver(delivery.model_copy(update={"raw": json.dumps(told).encode()}))


class KnowsNewDossiersOnly(Adapter):
    async def deliver(self, delivery: Delivery) -> Outcome:
        if delivery.work.what != "submitted":
            return TryAgain("no word for it")
        return await super().deliver(delivery)


class OneAtATime(Adapter):
    busy = False

    async def deliver(self, delivery: Delivery) -> Outcome:
        if self.busy:
            return TryAgain("one is on its way")
        self.busy = True
        try:
            return await super().deliver(delivery)
        finally:
            self.busy = False


class DropsFields(Adapter):
    async def receive(self, inbound: Inbound) -> Sequence[Said] | Reply:
        read = await super().receive(inbound)
        if isinstance(read, Reply):
            return read
        return [
            one.model_copy(update={"facts": tuple(fact.model_copy(update={"reason": ""}) for fact in one.facts)})  # type: ignore[attr-defined]
            for one in read
        ]


WRONG: list[tuple[type[Adapter], str]] = [
    (NeedsTheAgency, "opens-without-the-agency"),
    (AsksForSecretsLate, "names-broken-settings"),
    (CountsItsOwnIds, "delivers"),
    (WritesAscii, "keeps-every-letter"),
    (BelievesLostReplies, "one-effect-after-a-lost-reply"),
    (CountsItsOwnIds, "repeats-without-harm"),
    (AsksByDelivering, "asks-without-harm"),
    (NeverSure, "asks-without-harm"),
    (RejectsWhatIsBusy, "tells-failures-apart"),
    (TakesEverything, "tells-failures-apart"),
    (WaitsForEver, "gives-up-in-time"),
    (TakesEverything, "believes-no-wrong-answer"),
    (MakesIdsFromTime, "tells-messages-apart"),
    (SaysYesToAll, "answers-the-agency"),
    (ReadsEverything, "survives-bombs-in-replies"),
    (RaisesAtGarbage, "survives-bombs-in-messages"),
    (RepeatsWhoeverSpeaks, "lets-nobody-speak-for-others"),
    (VerifiesNothing, "believes-signatures-only"),
    (RaisesAtGarbage, "refuses-with-a-reason"),
    (LogsHeaders, "logs-no-secrets"),
    (LogsDossiers, "logs-no-secrets"),
    (SwallowsCancelling, "stops-in-the-middle"),
    (LeavesTasks, "stops-in-the-middle"),
    (Blocks, "blocks-nobody"),
    (DropsFields, "says-every-word"),
    (CutsShort, "takes-the-largest"),
    (KnowsNewDossiersOnly, "tells-all-news"),
    (OneAtATime, "delivers-side-by-side"),
]


@pytest.mark.parametrize(
    ("adapter", "rule_id"), WRONG, ids=lambda value: value if isinstance(value, str) else value.__name__
)
def test_an_adapter_that_breaks_a_rule_is_found(stand: Stand, adapter: type[Adapter], rule_id: str) -> None:
    (rule,) = [one for one in RULES if one.id == rule_id]
    assert isinstance(stand.rig, ProcessRig)
    stand.rig.adapter = adapter
    try:
        with pytest.raises((Broken, ValueError, NoAnswer, NotSent)):
            run_case(rule, stand)
    finally:
        stand.rig.adapter = Adapter


def test_every_rule_is_broken_by_somebody() -> None:
    of_others = {"says-what-it-is", "hears-replies", "hears-messages", "keeps-a-batch-apart", "fetches-until-confirmed"}
    assert {rule.id for rule in RULES} - of_others == {rule_id for _, rule_id in WRONG}


def test_a_new_project_keeps_every_rule_and_reports_it(tmp_path: Path) -> None:
    make_project(tmp_path / "our-system", "our-system", "BCT")
    (found,) = in_folder(tmp_path / "our-system")
    report = check(found.rig)
    assert [(one.rule.id, one.says) for one in report.results if one.outcome == "failed"] == []
    assert (report.name, report.agency, report.quality) == ("our-system", "BCT", "platinum")
    assert report.passed >= 25


def test_two_projects_of_one_name_are_told_apart(tmp_path: Path) -> None:
    kinds = []
    for folder in ("one", "other", "one"):
        if not (tmp_path / folder).exists():
            make_project(tmp_path / folder, "twice", "BCT")
        (found,) = in_folder(tmp_path / folder)
        kinds.append(sys.modules[found.adapter.__module__].__file__ or "")
    assert [Path(file).relative_to(tmp_path).parts[0] for file in kinds] == ["one", "other", "one"]


def test_a_project_is_never_written_over(tmp_path: Path) -> None:
    make_project(tmp_path / "ours", "ours", "BCT")
    with pytest.raises(BadAdapter, match="is there already"):
        make_project(tmp_path / "ours", "ours", "BCT")
    for name in ("Ours", "our_system", "-x", "x" * 41, ""):
        with pytest.raises(BadAdapter, match="no name of an adapter"):
            make_project(tmp_path / "other", name, "BCT")


@pytest.mark.parametrize(
    "text", ["", "[project", "[project]\n", '[project.entry-points."nsw.ministry_adapters"]\nx = "no.such:Y"']
)
def test_a_folder_that_is_no_project_is_told_so(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadAdapter, match="is not there"):
        in_folder(tmp_path / "none")
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(BadAdapter):
        in_folder(tmp_path)


def test_every_rule_has_its_page_as_the_rule_says() -> None:
    folder = ROOT / "docs" / "adapters" / "rules"
    assert {file.name: file.read_text("utf-8") for file in folder.glob("*.md")} == pages()
    for rule in RULES:
        assert "Why: " in rule.text
        assert "Mend: " in rule.text
