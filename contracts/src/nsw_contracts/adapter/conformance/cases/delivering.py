"""Bronze: the adapter says what it is, opens, and gets a dossier across."""

from nsw_contracts.adapter.conformance.bench import SHORT_SECONDS, Stand, expect
from nsw_contracts.adapter.conformance.dossiers import NAME, named
from nsw_contracts.adapter.conformance.rules import rule
from nsw_contracts.adapter.discovery import faults, settings_of
from nsw_contracts.adapter.errors import BrokenConfiguration
from nsw_contracts.adapter.manifest import Capabilities
from nsw_contracts.adapter.outcomes import Taken, TryAgain, Unsure


@rule("says-what-it-is", "bronze")
async def says_what_it_is(stand: Stand) -> None:
    """The manifest and the methods fit together.

    The adapter derives from `MinistryAdapter`, has a manifest, a method for each capability it declares, and settings
    that forbid unknown fields. An instance declares no more than its manifest.

    Why: the host asks an adapter for what it declares and for nothing else.

    Mend: the report names the fault. A capability belongs in the manifest exactly when its methods are written.
    """
    kind = stand.rig.adapter
    wrong = "; ".join(faults(kind, kind.manifest.name))
    expect(not wrong, wrong)
    async with stand.bench() as bench:
        expect(_within(bench.adapter.capabilities, kind.manifest.capabilities), "it declares more than its manifest")


def _within(narrow: Capabilities, wide: Capabilities) -> bool:
    return (
        narrow.batch <= wide.batch
        and narrow.at_once <= wide.at_once
        and narrow.query <= wide.query
        and narrow.drops_repeats <= wide.drops_repeats
        and narrow.answers <= wide.answers
    )


@rule("opens-without-the-agency", "bronze")
async def opens_without_the_agency(stand: Stand) -> None:
    """It starts while the agency's system is down.

    `open` returns although nobody answers at the agency's address, and a delivery then comes to `TryAgain` (or
    `Unsure`), not to an exception.

    Why: the window starts when it must, not when every ministry is ready, and one ministry must not keep it down.

    Mend: make connections when they are first needed; turn what your client raises into an outcome.
    """
    async with stand.bench(nowhere=True, seconds=SHORT_SECONDS) as bench:
        outcome = await bench.deliver_one()
    expect(isinstance(outcome, (TryAgain, Unsure)), f"a delivery to a dead system came to {outcome!r}")


@rule("names-broken-settings", "bronze")
async def names_broken_settings(stand: Stand) -> None:
    """What is wrong with settings and secrets is said at the start.

    Settings that cannot work are refused with `BrokenConfiguration`, by the settings' model or by `open`; a secret
    that lacks is asked for in `open`, so that it is missed there.

    Why: what is found out with the first dossier is found out too late, and by the wrong people.

    Mend: validate in `settings_model`, ask for every secret in `open`, and say in the error which field is wrong.
    """
    if stand.way.wrong is not None:
        given, _ = stand.given(SHORT_SECONDS)
        try:
            adapter = stand.rig.adapter(given.context, settings_of(stand.rig.adapter, stand.way.wrong))
            await adapter.open()
        except BrokenConfiguration:
            pass
        else:
            await adapter.close()
            expect(condition=False, broken="settings that cannot work were taken")
    for name in stand.way.secrets:
        given, _ = stand.given(SHORT_SECONDS)
        given.lose(name)
        adapter = stand.rig.adapter(given.context, settings_of(stand.rig.adapter, stand.way.settings))
        try:
            await adapter.open()
        except BrokenConfiguration as error:
            expect(name in str(error), f"the error does not name the secret {name!r}: {error}")
        else:
            await adapter.close()
            expect(condition=False, broken=f"it opened without the secret {name!r}")


@rule("delivers", "bronze")
async def delivers(stand: Stand) -> None:
    """A dossier arrives, once, under its message id.

    A delivery comes to `Taken`; the agency got the message under `delivery.message_id`, about the right dossier
    number, and it took effect once.

    Why: this is what an adapter is for.

    Mend: send `delivery.message_id` unchanged; give `Taken` only where the agency said that it has the message.
    """
    async with stand.bench() as bench:
        outcome = await bench.deliver_one()
        expect(isinstance(outcome, Taken), f"the delivery came to {outcome!r}")
        await bench.one_effect(bench.delivery())


@rule("keeps-every-letter", "bronze")
async def keeps_every_letter(stand: Stand) -> None:
    """Vietnamese, markup and signs arrive unchanged.

    A business whose name has Vietnamese letters, quotes, `&`, `<` and a sign beyond the basic plane reaches the
    agency letter by letter.

    Why: names stand on certificates.

    Mend: UTF-8 everywhere, and escaping left to the library that writes your format.
    """
    async with stand.bench() as bench:
        delivery = bench.delivery(content=named(bench.rig.dossier, NAME))
        outcome = await bench.deliver_one(delivery)
        expect(isinstance(outcome, Taken), f"the delivery came to {outcome!r}")
        texts = (await bench.one_effect(delivery)).texts
        expect(any(NAME in text for text in texts), "the business's name did not arrive as it was filed")
