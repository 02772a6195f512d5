"""The adapter: what a ministry's engineers write. The docstrings here are the specification.

An adapter translates between the window's messages and the protocol of one agency's system. It keeps no state that
matters (but by `Context.store`), decides nothing, and never sees Kafka or Postgres. The host decides when a message is
tried, by what schedule and how often; it keeps the order of a dossier's messages, drops repeats of answers, and writes
what was said into the journal exactly once.

A class derives from `MinistryAdapter`, is named by an entry point of the group `nsw.ministry_adapters`, and is made by
the host once for each agency that the deployment gives it. One instance serves one agency, in one event loop.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from nsw_contracts.adapter.context import Context
from nsw_contracts.adapter.manifest import Capabilities, Manifest
from nsw_contracts.adapter.messages import Delivery, Inbound, Judged, Reply, Said
from nsw_contracts.adapter.outcomes import CannotSay, Known, Outcome


class NoSettings(BaseModel):
    """The settings of an adapter that has none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MinistryAdapter(ABC):
    """One agency's system, as the host sees it.

    **Blocking.** Every method runs in the event loop that serves all agencies of the process: what waits for the
    network or a disk is awaited, what computes for more than some milliseconds goes to a thread
    (`asyncio.to_thread`). A method may take as long as `context.http.timeout_seconds`, and is cancelled some seconds
    after that. On cancellation (also when the host stops) it gives up its connections and lets `CancelledError` pass.

    **Errors.** What the agency's system does wrong is an outcome, never an exception. An exception from a method is a
    fault of the adapter: the host logs it, treats a delivery as `Unsure`, and goes on.

    **Order.** Deliveries of one dossier are never on their way side by side, and none is tried before the one before
    it was taken.
    """

    manifest: ClassVar[Manifest]
    """What the adapter is and can do; checked at the start."""

    settings_model: ClassVar[type[BaseModel]] = NoSettings
    """The model of its settings, frozen and without extra fields; the deployment's values are validated by it at the
    start, and what is wrong is named by field. No secrets in them: those are asked for by name."""

    def __init__(self, context: Context, settings: Any) -> None:  # noqa: B027
        """Keep what is given; `settings` is an instance of `settings_model`. Does no I/O and raises nothing."""

    @property
    def capabilities(self) -> Capabilities:
        """What this instance can do, where its settings make that less than the manifest says; never more."""
        return self.manifest.capabilities

    async def open(self) -> None:  # noqa: B027  # need not be written
        """Make ready: read secrets, make a connection pool. Called once, before anything else.

        Must not wait for the agency's system: it may be down, and the host starts nevertheless.

        Raises:
            BrokenConfiguration: a setting or secret is missing or wrong. The host does not start, and says this text.
        """

    async def close(self) -> None:  # noqa: B027
        """Let go of everything. Called once, after the last other call has returned; takes a second at most."""

    @abstractmethod
    async def deliver(self, delivery: Delivery) -> Outcome:
        """Deliver one message.

        Send `delivery.message_id` along, unchanged: it is how the agency's system drops repeats, and how `query` asks.
        Nothing of an earlier try is remembered for you; `delivery.tries` says how many there were.

        - `Taken`: the agency's system has it for good, and said so.
        - `TryAgain`: it certainly has not, but may take it later.
        - `Unsure`: it may have it. When in doubt, this.
        - `Rejected`: it will never take this message.
        - `Misconfigured`: no message will get through before an operator acts.
        """

    async def deliver_many(self, deliveries: Sequence[Delivery]) -> Sequence[Outcome]:
        """Deliver several messages in one exchange; one outcome for each, in order.

        Called instead of `deliver` where `capabilities.batch` is above 1, with at most so many; one dossier's messages
        stand in it in order, and the agency's system must apply them so. An outcome other than `Taken` of one message
        says nothing about the others; the host tries those again that were not taken.
        """
        return [await self.deliver(delivery) for delivery in deliveries]

    async def query(self, delivery: Delivery) -> Known:
        """Ask by `delivery.message_id` whether the agency's system has the message, without changing anything there.

        Called where `capabilities.query`, before a message is repeated that may have arrived; where the agency's system
        does not drop repeats, before every message, since the host may have crashed after it had sent one.

        - `Taken`: it has; with `said` where it has decided meanwhile and says so here.
        - `NotThere`: it certainly has not.
        - `CannotSay`: no answer, or none that can be used. The message is not repeated; the host asks again later.
        """
        return CannotSay(f"this adapter cannot ask for {delivery.message_id}")

    async def receive(self, inbound: Inbound) -> Sequence[Said] | Reply:
        """Read a request of the agency's system, come to `POST /v1/agencies/{agency}/messages`.

        Called where `capabilities.answers` has `callback`. Verify what the protocol signs, before anything else is
        read. Give the messages in it; the host judges each, writes what is taken into the journal, and then has
        `acknowledge` make the answer. A `Reply` instead refuses the request (not signed, not readable): nothing of it
        is taken, and the reply goes back as it is. Must not raise for whatever comes.
        """
        raise NotImplementedError

    async def acknowledge(self, inbound: Inbound, judged: Sequence[Judged]) -> Reply:
        """The answer to a request that `receive` has read, after what was taken is safe on disk.

        Tell the agency's system, in its protocol's words, which messages it may forget (`Judged.kept`) and which are
        refused, with the reason.
        """
        raise NotImplementedError

    async def poll(self) -> Sequence[Said]:
        """Fetch what the agency has said since: from its system, or from files.

        Called every so often where `capabilities.answers` has `poll`, never twice at once. Give what is there, some
        hundred messages at most, the oldest first; nothing where nothing is there or the agency cannot be reached
        (log it). The same messages may be given again until `confirm` was called with them: each takes effect once.
        What cannot be read is put where an operator sees it (`context.log.error`), and does not block what follows.
        """
        return ()

    async def confirm(self, judged: Sequence[Judged]) -> None:  # noqa: B027
        """What became of the messages that `poll` gave, after what was taken is safe on disk.

        Move on behind those that were kept: acknowledge them to the agency, remember a cursor, move files away. After a
        crash between the two, `poll` gives them again, and the host knows them.
        """
