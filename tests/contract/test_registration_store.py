"""Registrations as rows: changes by revision, facts applied in their order, and taken back after a restore."""

from datetime import UTC, datetime, timedelta

from nsw_contracts.events import REGISTERED, REGISTRATION_REVOKED, Registered, RegistrationRevoked
from nsw_intake.adoption import take_back
from nsw_runtime.identity import registration_store as store
from nsw_runtime.identity.registration_store import Registration
from support.scratch import Database

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
ONE = Registration("i", "s", "declarant", "0100109106")
TWO = Registration("i", "s", "declarant", "0101234567")
OTHER = Registration("i", "t", "officer", "BYTE")


def registered(one: Registration, minutes: int = 0) -> Registered:
    return Registered(**one._asdict(), registered_at=AT + timedelta(minutes=minutes))


def revoked(one: Registration, minutes: int = 0) -> RegistrationRevoked:
    issuer, subject, role, party, _ = one
    return RegistrationRevoked(
        issuer=issuer, subject=subject, role=role, party=party, revoked_at=AT + timedelta(minutes=minutes)
    )


async def test_only_what_is_new_counts_and_changes_are_found_by_revision(database: Database) -> None:
    async with database.connection("intake") as connection:
        first, made = await store.register(connection, [ONE, ONE, OTHER], AT)
        assert sorted(made) == [ONE, OTHER]
        second, made = await store.register(connection, [ONE, TWO], AT)
        assert (made, second) == ([TWO], first + 1)
        assert await store.changed(connection, first) == [("i", "s")]
        third, gone = await store.revoke(connection, "i", "s", None, TWO.party, AT)
        assert (gone, await store.revision(connection)) == ([TWO], third)
        assert (await store.revoke(connection, "i", "s", "officer", None, AT))[1] == []
        (role,) = await store.of_caller(connection, "i", "s")
        assert role == ("declarant", [ONE.party], [])
        _, made = await store.register(connection, [TWO], AT)
        assert made == [TWO], "what was revoked is new again"


async def test_facts_are_applied_in_their_order_however_often_they_come(database: Database) -> None:
    facts = [registered(ONE), registered(TWO), revoked(ONE, 1), registered(ONE, 2), revoked(TWO, 3)]
    async with database.connection("notifier") as connection:
        for _ in range(2):
            await store.apply(connection, facts)
            held = await store.listed(connection, None, None, None, ("", "", "", ""), 10)
            assert [(one.registration, one.registered_at) for one in held] == [(ONE, AT + timedelta(minutes=2))]


async def test_what_a_restore_of_intake_had_lost_is_taken_back(database: Database) -> None:
    async with database.connection("intake") as connection:
        await store.register(connection, [TWO], AT)
        await take_back(connection, [("a", registered(ONE)), ("b", revoked(TWO, 1)), ("c", registered(OTHER))])
        held = await store.listed(connection, None, None, None, ("", "", "", ""), 10)
        assert [one.registration for one in held] == [ONE, OTHER]


def test_a_registration_s_key_is_its_party() -> None:
    assert (registered(OTHER).key, revoked(ONE).key) == ("BYTE", ONE.party)
    assert REGISTERED != REGISTRATION_REVOKED
