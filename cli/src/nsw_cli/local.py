"""The local stack of a folder as a command finds it, and the addresses that follow from it."""

from pathlib import Path
from typing import NamedTuple

from nsw_local import State, lock, state

from nsw_cli.errors import CommandError
from nsw_cli.options import DEFAULT_FOLDER


class Addresses(NamedTuple):
    """Where the platform keeps its facts: the owner's database URL and Kafka's `host:port`."""

    database_url: str
    kafka: str


def folder_option(folder: Path) -> str:
    """` --folder FOLDER` where the folder is not the default one, for a command the user is told to type."""
    return "" if folder == DEFAULT_FOLDER else f" --folder {folder}"


def require_unused(folder: Path) -> None:
    """Raise `CommandError` if a stack, in the background or not, holds the folder."""
    if lock.holder(folder) is not None:
        raise CommandError(
            f"a local stack is already running in {folder}. Use it, stop it with `nsw down{folder_option(folder)}`, "
            "or give another --folder"
        )


def running(folder: Path) -> State:
    """The state of a stack that is up.

    Raises:
        CommandError: nothing runs there, or it failed.
    """
    found = state(folder)
    if found is None:
        raise CommandError(f"no local stack runs in {folder}. Start it with `nsw up{folder_option(folder)}`")
    if found.status == "failed":
        raise CommandError(f"the local stack in {folder} failed: {found.message}")
    if found.status == "starting":
        raise CommandError(f"the local stack in {folder} is still starting ({found.message}). Try again shortly")
    return found


def database_url(folder: Path, given: str | None) -> str:
    """The database that was given, else the local stack's.

    Raises:
        CommandError: none was given and none runs.
    """
    if given:
        return given
    found = state(folder)
    if found is None or "database" not in found.urls:
        raise CommandError(
            f"which database? No local stack runs in {folder}: start it with `nsw up{folder_option(folder)}`, "
            "or set DATABASE_URL"
        )
    return found.urls["database"]


def addresses(folder: Path, given_database: str | None, given_kafka: str | None) -> Addresses:
    """Database and Kafka, both given or both the local stack's; never one system's database with another's Kafka.

    Raises:
        CommandError: one of them is not known.
    """
    database = database_url(folder, given_database)
    if given_kafka:
        return Addresses(database, given_kafka)
    found = state(folder)
    if found is None or found.urls.get("database") != database:
        raise CommandError("which Kafka? DATABASE_URL is given: set KAFKA_BOOTSTRAP_SERVERS too")
    return Addresses(database, found.urls["kafka"])
