"""The desk's rig: the desk itself on a real Postgres, with a network in between that goes wrong to order.

What reached the agency is what lies on the desk; what the agency says, officers decide through the desk's own rules, a
second one agreeing where the procedure asks for it. Where a word is not possible yet, the officers say first what leads
to it. What cannot befall a desk (it answers in no words that could be garbage, and refuses nothing) is not played.
"""

import asyncio
import json
import secrets
import tempfile
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar, get_args
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from nsw_contracts.adapter import Context, Delivery, HttpSettings, Inbound, NoSettings, Outcome
from nsw_contracts.adapter.conformance.dossiers import news, plain_dossier
from nsw_contracts.adapter.conformance.given import Given
from nsw_contracts.adapter.conformance.orders import SAMPLES, Effect, Saying, Trouble, Way
from nsw_contracts.adapter.conformance.simulator import texts_of
from nsw_contracts.parts import DossierContent
from nsw_contracts.topics import AGENCIES
from nsw_local import Ports, Settings, Stack
from nsw_ministry_adapter.desk import deciding, store
from nsw_ministry_adapter.desk.adapter import DeskAdapter
from nsw_ministry_adapter.desk.deciding import DecisionBody, Judgement
from nsw_ministry_adapter.desk.item import may_say
from nsw_ministry_adapter.desk.store import Decision
from nsw_procedures.example import example_content
from nsw_procedures.packs import packs
from nsw_runtime.database import Pool, open_pool, role_of
from nsw_runtime.migrations import migrate
from nsw_runtime.problems import Problem
from pydantic import BaseModel, ConfigDict

from nsw_cli import troubled_postgres
from nsw_cli.services import PACKAGES
from nsw_cli.troubled_postgres import TroubledPostgres

SERVICE: Final = "ministry-adapter"
FIRST_OFFICER: Final = "lan"
SECOND_OFFICER: Final = "minh"
ANSWER_SECONDS: Final = 30.0
_NEVER_SAID: Final = frozenset({"technical-error"})  # a machine's word
_BEFORE: Final[dict[str, tuple[str, ...]]] = {
    "withdrawal-agreed": ("withdrawal-requested",),
    "withdrawal-refused": ("withdrawal-requested",),
    "amendment-agreed": ("amendment-requested",),
    "amendment-refused": ("amendment-requested",),
    "inspection-started": ("accepted",),
    "fee-requested": ("accepted",),
    "fee-confirmed": ("accepted", "fee-requested"),
    "result-issued": ("accepted",),
    "result-amended": ("accepted", "result-issued"),
    "result-revoked": ("accepted", "result-issued"),
}
"""What leads to a word: what the agency is told (`…-requested`), and what it says."""

_DEEP: Final = 5_000  # levels, within what an officer may send
_ASKED: Final = frozenset({"withdrawal-requested", "amendment-requested"})
_MESSAGES: Final = """
select message_id, dossier, what, fact, count(*) over (partition by message_id) as laid
from desk_message where agency = $1 order by seq
"""
_EMPTY: Final = "delete from desk_message; delete from desk_decision; delete from desk_dossier"
T = TypeVar("T")


class _RigSettings(BaseModel):
    """Where the desk's Postgres is; in the window the host lends the desk its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: str


class _DeskOfRig(DeskAdapter):
    """The desk with a pool of its own, lent to it as the host does. Each exchange has a new session."""

    settings_model: ClassVar[type[BaseModel]] = _RigSettings

    def __init__(self, context: Context, settings: _RigSettings) -> None:
        super().__init__(context, settings)
        self._url = settings.database_url
        self._lent: Pool | None = None

    async def open(self) -> None:
        self._lent = await open_pool(self._url, SERVICE)
        self.furnish(self._lent)

    async def close(self) -> None:
        if self._lent is not None:
            await self._lent.close()

    async def deliver_many(self, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        if self._lent is not None:
            await self._lent.expire_connections()
        return await super().deliver_many(deliveries)


class DeskRig:
    """A desk of one agency, for the kit."""

    adapter: type[DeskAdapter] = _DeskOfRig
    words: Sequence[str] = tuple(word for word in SAMPLES if word not in _NEVER_SAID)

    def __init__(self, agency: str) -> None:
        self.agency = agency
        self.dossier = _dossier(agency)
        self._other = next(code for code in AGENCIES if code != agency)
        self._host = DeskAdapter(Given(agency, HttpSettings(), {}).context, NoSettings())
        self._running = ExitStack()

    def start(self) -> Way:
        """Start a Postgres of the rig's own, with the ministry-adapter's schema, and the proxy before it."""
        settings = replace(Settings.from_environment(), kafka_bootstrap=None, database_url=None)
        with ExitStack() as undo:
            folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="nsw-desk-")))
            stack = undo.enter_context(Stack(folder, Ports.free(), settings))
            stack.start_postgres()
            self._loop = undo.enter_context(_loop_in_a_thread())
            way = self._run(self._begin(stack.database_url, secrets.token_urlsafe(16)))
            undo.callback(lambda: self._run(self._end()))
            self._running = undo.pop_all()
        return way

    def stop(self) -> None:
        """End all of it."""
        self._running.close()

    async def _begin(self, owner_url: str, password: str) -> Way:
        await migrate(owner_url, SERVICE, PACKAGES[SERVICE], password=password)
        parts = urlsplit(owner_url)

        def at(port: int) -> str:
            place = f"{role_of(SERVICE)}:{password}@{parts.hostname}:{port}"
            return urlunsplit(parts._replace(netloc=place, query="sslmode=disable"))

        self._owner = await asyncpg.connect(owner_url)
        self._pool = await open_pool(at(parts.port or 0), SERVICE)
        self._host.furnish(self._pool)
        self._proxy = TroubledPostgres(parts.hostname or "", parts.port or 0, role_of(SERVICE), self._owner)
        through = {"database_url": at(await self._proxy.start())}
        nowhere = {"database_url": at(Ports.free().postgres)}
        return Way(settings=through, nowhere=nowhere, wrong=through | {"rooms": 3})

    async def _end(self) -> None:
        await self._proxy.stop()
        await self._pool.close()
        await self._owner.close()

    def reset(self) -> None:
        """An empty desk, and no troubles."""

        async def reset() -> None:
            self._proxy.forget()
            async with self._pool.acquire() as connection:
                await connection.execute(_EMPTY)

        self._run(reset())

    def order(self, trouble: Trouble, times: int = 1) -> None:
        """Have the next deliveries go wrong so."""
        for known in get_args(troubled_postgres.Trouble):
            if trouble == known:
                self._loop.call_soon_threadsafe(self._proxy.order, known, times)

    def effects(self) -> Sequence[Effect]:
        """What lies on the desk."""

        async def read() -> list[Effect]:
            async with self._pool.acquire() as connection:
                rows = await connection.fetch(_MESSAGES, self.agency)
            return [
                Effect(
                    row["message_id"], row["dossier"], row["what"], row["laid"], row["laid"],
                    tuple(texts_of(json.loads(row["fact"]))),
                )
                for row in rows
            ]  # fmt: skip

        return self._run(read())

    def say_inline(self, saying: Saying) -> None:
        """A desk answers no delivery."""
        raise NotImplementedError

    def message(self, saying: Saying) -> Inbound:
        """A desk calls nobody."""
        raise NotImplementedError

    def leave(self, saying: Saying) -> None:
        """Have an officer decide this."""
        self._run(self._leave(saying))

    async def _leave(self, saying: Saying) -> None:
        raw = json.dumps({"kind": saying.kind, **saying.fields}).encode()
        if saying.spoiled == "garbage":
            raw = b"<<< \xff what?"
        if saying.spoiled == "deep":
            raw = b'{"kind":' * _DEEP
        agency = self._other if saying.spoiled == "wrong-agency" else self.agency
        try:
            body = deciding.read(DecisionBody, raw)
            async with self._pool.acquire() as connection, connection.transaction():
                await deciding.take(connection, agency, saying.number, FIRST_OFFICER, _now())
            await self._lead_to(saying)
            await self._decide(agency, saying.number, saying.id, body)
        except Problem:
            if saying.spoiled is None:
                raise

    async def _lead_to(self, saying: Saying) -> None:
        """Have happen what the word needs to have happened, where it has not."""
        for step in _BEFORE.get(saying.kind, ()):
            async with self._pool.acquire() as connection:
                item = await store.one(connection, self.agency, saying.number)
            if item is None or saying.kind in may_say(item):
                return
            if step in _ASKED:
                content = self.dossier if step == "amendment-requested" else None
                await self._host.deliver(news(self.agency, step, int(saying.number[2:11]), content))
                continue
            body = DecisionBody.model_validate({"kind": step, **SAMPLES[step]})
            done = await self._decide(self.agency, saying.number, f"{saying.id} {step}", body)
            async with self._pool.acquire() as connection:
                await store.settle(connection, self.agency, [(done.id, "settled", "")])

    async def _decide(self, agency: str, number: str, key: str, body: DecisionBody) -> Decision:
        """One officer decides, and where it takes two, the other one agrees."""
        async with self._pool.acquire() as connection, connection.transaction():
            done = await deciding.decide(connection, agency, number, FIRST_OFFICER, key, body, _now())
            if done.state != "proposed":
                return done
            agreed = Judgement(agree=True)
            return await deciding.judge(connection, agency, number, done.id, SECOND_OFFICER, agreed, _now())

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(ANSWER_SECONDS)


@contextmanager
def _loop_in_a_thread() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _dossier(agency: str) -> DossierContent:
    """One of a procedure that asks for four eyes, where the agency has one."""
    for code in packs():
        pack = packs().versions(code)[-1]
        if pack.lead_agency == agency and pack.four_eyes and pack.examples:
            return example_content(pack, pack.examples[0])
    return plain_dossier(agency)


def _now() -> datetime:
    return datetime.now(UTC)


def desk(agency: str = "BYTE") -> DeskRig:
    """*desk*, about a procedure that asks for four eyes where the agency has one."""
    return DeskRig(agency)
