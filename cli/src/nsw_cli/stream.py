"""`nsw stream`: journals against their copies in Kafka, and what mends either."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from nsw_contracts.topics import BY_NAME, SERVICES, Service

from nsw_cli.errors import FOUND_WRONG, CommandError
from nsw_cli.local import Addresses, addresses, database_url
from nsw_cli.options import DEFAULT_FOLDER, AsJson, DatabaseUrl, Folder, Kafka, OneService, chosen
from nsw_cli.output import print_json, print_table, say

if TYPE_CHECKING:
    from nsw_runtime.streams import StreamReport

app = typer.Typer(no_args_is_help=True, help="Journals and their copies in Kafka.")


@app.command()
def verify(
    service: OneService = None,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Compare every stream with the broker, and look for holes. Exit code 1 if anything differs."""
    places = addresses(folder, database, kafka)
    reports = [(one, report) for one in chosen(service) for report in asyncio.run(_verify(places, one))]
    if as_json:
        print_json([{"service": one, **report._asdict()} for one, report in reports])
    else:
        print_table(
            ("service", "stream", "#journal", "#published", "#broker", "#holes", "verdict"),
            (
                (one, f"{r.topic}[{r.partition}]", r.position, r.published, r.broker_tail, r.gaps, _verdict(r))
                for one, r in reports
            ),
        )
    wrong = [report for _, report in reports if not _is_well(report)]
    if any(report.verdict == "broker ahead" for report in wrong):
        say("The broker holds facts that the journal lacks: take them back with `nsw stream adopt`.")
    if any(report.verdict == "broker lost" for report in wrong):
        say("The broker lost facts: the service's relay sends them again within a minute.")
    if wrong:
        raise typer.Exit(FOUND_WRONG)


@app.command()
def republish(
    topic: Annotated[str, typer.Argument(help="The topic, such as nsw.status.v1.")],
    partition: Annotated[int, typer.Argument(min=0)],
    from_position: Annotated[int, typer.Option("--from", min=1, help="First position to be sent again.")],
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Have a stream sent to Kafka again from a position on; readers skip what they have."""
    if topic not in BY_NAME:
        raise CommandError(f"there is no topic {topic}; topics: {', '.join(BY_NAME)}")
    writer = BY_NAME[topic].writer
    facts = asyncio.run(_republish(database_url(folder, database), writer, topic, partition, from_position))
    if as_json:
        print_json({"topic": topic, "partition": partition, "from": from_position, "facts": facts})
    else:
        say(f"{facts:,} facts of {topic}\\[{partition}] will be sent again by {writer}, if it runs, at once.")


@app.command()
def adopt(
    service: Annotated[Service | None, typer.Argument(help="Only this service.", show_default=False)] = None,
    folder: Folder = DEFAULT_FOLDER,
    database: DatabaseUrl = None,
    kafka: Kafka = None,
    *,
    as_json: AsJson = False,
) -> None:
    """After a restore of Postgres: take back from Kafka the facts that the journal lost."""
    places = addresses(folder, database, kafka)
    adopted = [
        {"service": one, "topic": topic, "partition": partition, "facts": facts}
        for one in (SERVICES if service is None else (service,))
        for (topic, partition), facts in asyncio.run(_adopt(places, one)).items()
    ]
    if as_json:
        print_json(adopted)
    elif adopted:
        print_table(("service", "stream", "#facts taken back"), (_adopted_row(one) for one in adopted))
    else:
        say("Nothing to take back: no stream's copy in Kafka is ahead of its journal.")


async def _verify(places: Addresses, service: Service) -> "list[StreamReport]":
    from nsw_runtime import streams  # noqa: PLC0415  # slow import

    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(places.database_url, service) as connection:
        return await streams.verify(connection, service, places.kafka)


async def _republish(url: str, service: Service, topic: str, partition: int, from_position: int) -> int:
    from nsw_runtime import streams  # noqa: PLC0415  # slow import

    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    async with schema(url, service) as connection:
        return await streams.republish(connection, topic, partition, from_position)


async def _adopt(places: Addresses, service: Service) -> dict[tuple[str, int], int]:
    from nsw_intake import adoption  # noqa: PLC0415  # slow import
    from nsw_runtime import streams  # noqa: PLC0415  # slow import

    from nsw_cli.database import schema  # noqa: PLC0415  # slow import

    # Only intake's own rows come from outside; what the others hold follows from facts they read again.
    take_back = adoption.take_back if service == "intake" else None
    async with schema(places.database_url, service) as connection:
        return await streams.adopt(connection, service, places.kafka, datetime.now(UTC), take_back)


def _is_well(report: "StreamReport") -> bool:
    """An empty stream has no verdict, and needs none."""
    return report.gaps == 0 and (report.verdict == "agrees" or (report.verdict == "unknown" and not report.published))


def _verdict(report: "StreamReport") -> str:
    return "empty" if report.verdict == "unknown" and not report.published else report.verdict


def _adopted_row(one: dict[str, Any]) -> tuple[Any, ...]:
    return one["service"], f"{one['topic']}[{one['partition']}]", one["facts"]
