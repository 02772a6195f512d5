"""The test agency as the kit holds it: started, given orders, asked what reached it.

An adapter's package names its rig by an entry point of the group `nsw.ministry_adapter_rigs`, under the adapter's name:
a callable without arguments that gives a `Rig`. `ProcessRig` is the rig for a `SimulatedAgency`.
"""

import base64
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from typing import Any, Final, Protocol

from nsw_contracts.adapter.conformance.dossiers import plain_dossier
from nsw_contracts.adapter.conformance.orders import SAMPLES, Effect, Saying, Trouble, Way
from nsw_contracts.adapter.discovery import load
from nsw_contracts.adapter.errors import BadAdapter
from nsw_contracts.adapter.messages import Inbound
from nsw_contracts.adapter.protocol import MinistryAdapter
from nsw_contracts.parts import DossierContent

ENTRY_POINTS: Final = "nsw.ministry_adapter_rigs"
CONTROL_SECONDS: Final = 30.0


class Rig(Protocol):
    """A test agency. Methods may block for a moment; none is called in an event loop that serves the adapter."""

    adapter: type[MinistryAdapter]
    """The adapter that is tried."""

    agency: str
    """The agency it plays."""

    words: Sequence[str]
    """What this agency's system can say; see `SAMPLES`."""

    dossier: DossierContent
    """A dossier of a procedure that the adapter is for."""

    def start(self) -> Way:
        """Start it; how the adapter reaches it."""
        ...

    def stop(self) -> None:
        """End it."""
        ...

    def reset(self) -> None:
        """Have it forget everything, also troubles that were ordered."""
        ...

    def order(self, trouble: Trouble, times: int = 1) -> None:
        """Have the next requests of the adapter's go wrong so."""
        ...

    def effects(self) -> Sequence[Effect]:
        """What each message did, in the order in which they first arrived."""
        ...

    def say_inline(self, saying: Saying) -> None:
        """Have the reply to the dossier's next delivery (or question) say this."""
        ...

    def message(self, saying: Saying) -> Inbound:
        """The request that the agency's system would send to the window to say this (callback)."""
        ...

    def leave(self, saying: Saying) -> None:
        """Have this lie ready to be fetched (poll)."""
        ...


class ProcessRig:
    """The rig for a `SimulatedAgency`: `python -m module`, over its control door."""

    def __init__(
        self,
        adapter: type[MinistryAdapter],
        module: str,
        *,
        agency: str,
        words: Sequence[str] = tuple(SAMPLES),
        dossier: DossierContent | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        self.adapter = adapter
        self.agency = agency
        self.dossier = dossier or plain_dossier(agency)
        self.words = words
        self._module = module
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self._control = ""

    def start(self) -> Way:
        """Start the process.

        Raises:
            RuntimeError: it ended before it said how it is reached; its own words are on standard error.
        """
        self._process = subprocess.Popen(  # noqa: S603  # the rig's own module
            [sys.executable, "-m", self._module, *self._arguments],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            self.stop()
            raise RuntimeError(f"the test agency `python -m {self._module}` did not start")
        told = json.loads(line)
        self._control = told["control"]
        secrets = {name: base64.b64decode(value) for name, value in told["secrets"].items()}
        return Way.model_validate(told["way"] | {"secrets": secrets})

    def stop(self) -> None:
        """Close its standard input, at which it ends."""
        process, self._process = self._process, None
        if process is None:
            return
        with process:
            if process.stdin:
                process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()

    def ask(self, name: str, order: dict[str, Any]) -> Any:
        """Give an order over the control door."""
        request = urllib.request.Request(  # noqa: S310  # our own process, on loopback
            self._control + name, data=json.dumps(order).encode(), headers={"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=CONTROL_SECONDS) as answer:  # noqa: S310
            return json.load(answer)

    def reset(self) -> None:
        """Have it forget everything."""
        self.ask("reset", {})

    def order(self, trouble: Trouble, times: int = 1) -> None:
        """Have the next requests go wrong so."""
        self.ask("trouble", {"trouble": trouble, "times": times})

    def effects(self) -> Sequence[Effect]:
        """What each message did."""
        return [Effect(*each)._replace(texts=tuple(each[5])) for each in self.ask("effects", {})]

    def say_inline(self, saying: Saying) -> None:
        """Have the next reply about the dossier say this."""
        self.ask("inline", saying.model_dump(mode="json"))

    def message(self, saying: Saying) -> Inbound:
        """The request that would say this."""
        told = self.ask("message", saying.model_dump(mode="json"))
        return Inbound(headers=told["headers"], body=base64.b64decode(told["body"]))

    def leave(self, saying: Saying) -> None:
        """Have this lie ready to be fetched."""
        self.ask("fetch", saying.model_dump(mode="json"))


def has_rig(name: str) -> bool:
    """Whether an installed adapter has one."""
    return name in {point.name for point in entry_points(group=ENTRY_POINTS)}


def rig_of(name: str) -> Rig:
    """The rig of an installed adapter, as its package sets it up.

    Raises:
        BadAdapter: its package names none, or it cannot be made.
    """
    make = rig_factory(name)
    try:
        return make()
    except Exception as error:  # whatever a foreign module raises
        raise BadAdapter(f"the rig of {name!r} cannot be made: {type(error).__name__}: {error}") from error


def rig_factory(name: str) -> Callable[..., Rig]:
    """What makes the rig of an installed adapter. One for several agencies takes the one to play as `agency`.

    Raises:
        BadAdapter: its package names none, or it cannot be made.
    """
    load(name)
    points = [point for point in entry_points(group=ENTRY_POINTS) if point.name == name]
    if not points:
        raise BadAdapter(
            f"adapter {name!r} has no rig: name one by an entry point {name!r} of the group {ENTRY_POINTS}"
        )
    try:
        make: Callable[..., Rig] = points[0].load()
    except Exception as error:  # whatever a foreign module raises
        raise BadAdapter(f"the rig of {name!r} cannot be made: {type(error).__name__}: {error}") from error
    return make
