"""Every topic of the window, with its one writer and its readers. Names stand here and nowhere else.

The Kafka key of every message is what its fact is about: a dossier's number, the party of a registration, or whose a
subscription is. Its partition is `murmur2(key) mod partitions`, as every Kafka client computes it. A *stream* is one
partition of one topic. A topic's partitions are fixed at installation.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

Service = Literal["intake", "routing", "ministry-adapter", "notifier"]
SERVICES: Final[tuple[Service, ...]] = ("intake", "routing", "ministry-adapter", "notifier")

AGENCIES: Final = (
    "BTC", "BNNPTNT", "BYTE", "BCT", "BGTVT", "BTNMT", "BQP", "BCA", "BKHCN", "BTTTT", "BVHTTDL", "NHNN", "BNG",
)  # fmt: skip
"""Ministry codes as the deployed messages use them (`ministryCode`)."""

_BUSY_AGENCIES: Final = frozenset({"BNNPTNT", "BYTE", "BCT", "BGTVT"})


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic: its name, who writes it, who reads it, and into how many streams it is cut."""

    name: str
    writer: Service
    readers: tuple[Service, ...]
    partitions: int
    says: str


def _agency_topic(agency: str) -> Topic:
    return Topic(
        name=f"nsw.agency.{agency.lower()}.v1",
        writer="routing",
        readers=("ministry-adapter",),
        partitions=2 if agency in _BUSY_AGENCIES else 1,
        says=f"Work for {agency}: dossiers it must decide.",
    )


SUBMISSIONS: Final = Topic("nsw.submissions.v1", "intake", ("routing",), 4, "What businesses did.")
STATUS: Final = Topic("nsw.status.v1", "routing", ("intake", "notifier"), 4, "The public status of each dossier.")
AGENCY_RESULTS: Final = Topic("nsw.agency-results.v1", "ministry-adapter", ("routing",), 4, "What agencies did.")
NOTIFICATIONS: Final = Topic("nsw.notifications.v1", "notifier", (), 4, "What businesses were told, and what not.")
REGISTRATIONS: Final = Topic(
    "nsw.registrations.v1", "intake", ("ministry-adapter", "notifier"), 2, "Who acts for which business or agency."
)
AGENCY_TOPICS: Final = {agency: _agency_topic(agency) for agency in AGENCIES}

TOPICS: Final[tuple[Topic, ...]] = (
    SUBMISSIONS,
    STATUS,
    AGENCY_RESULTS,
    NOTIFICATIONS,
    REGISTRATIONS,
    *AGENCY_TOPICS.values(),
)
BY_NAME: Final = {topic.name: topic for topic in TOPICS}


def written_by(service: Service) -> tuple[Topic, ...]:
    """The topics whose journal `service` keeps."""
    return tuple(topic for topic in TOPICS if topic.writer == service)


@lru_cache(maxsize=1 << 16)
def murmur2(key: str) -> int:
    """Kafka's partitioner hash of a key's UTF-8 bytes, made positive (`toPositive(murmur2(key))`).

    Cached: a dossier's facts are placed many times within seconds, and the hash in Python costs more than a look-up.
    """
    data = key.encode()
    length = len(data)
    h = 0x9747B28C ^ length
    for (k,) in struct.iter_unpack("<I", data[: length & ~3]):
        k = k * 0x5BD1E995 & 0xFFFFFFFF  # noqa: PLW2901  # the algorithm's own step
        k ^= k >> 24  # noqa: PLW2901
        h = (h * 0x5BD1E995 & 0xFFFFFFFF) ^ (k * 0x5BD1E995 & 0xFFFFFFFF)
    tail = data[length & ~3 :]
    if tail:
        h ^= int.from_bytes(tail, "little")
        h = h * 0x5BD1E995 & 0xFFFFFFFF
    h ^= h >> 13
    h = h * 0x5BD1E995 & 0xFFFFFFFF
    return (h ^ h >> 15) & 0x7FFFFFFF
