"""The window's messages as one AsyncAPI 3.0 document, made from `topics` and `events` alone.

Channels are topics, messages are fact types, and each service has one operation for each topic it writes or
reads. A payload refers to its golden schema beside the document (`schemas/<type>.json`).
"""

from typing import Any, Final

from pydantic import TypeAdapter

from nsw_contracts import envelope, events
from nsw_contracts.registration_facts import Party
from nsw_contracts.topics import (
    AGENCY_RESULTS,
    AGENCY_TOPICS,
    NOTIFICATIONS,
    REGISTRATIONS,
    STATUS,
    SUBMISSIONS,
    TOPICS,
    Service,
    Topic,
)

CARRIES: Final[dict[str, tuple[str, ...]]] = {
    SUBMISSIONS.name: tuple(events.BUSINESS_FACTS),
    STATUS.name: tuple(events.PUBLIC_FACTS),
    AGENCY_RESULTS.name: tuple(events.AGENCY_FACTS),
    NOTIFICATIONS.name: tuple(events.NOTICE_FACTS),
    REGISTRATIONS.name: tuple(events.REGISTRATION_FACTS),
    **{topic.name: tuple(events.AGENCY_WORK) for topic in AGENCY_TOPICS.values()},
}
"""The fact types that each topic carries."""

_NUMBER: Final = TypeAdapter(events.Number).json_schema() | {"description": "The dossier number."}
_PARTY: Final = TypeAdapter(Party).json_schema() | {"description": "The business's tax code or the agency's code."}
_BUSINESS: Final = TypeAdapter(events.TaxCode).json_schema() | {"description": "The business's tax code."}
_KAFKA_BINDING: Final = "0.5.0"
_SCHEMA_FORMAT: Final = "application/schema+json;version=draft-2020-12"


def asyncapi() -> dict[str, Any]:
    """The AsyncAPI 3.0 document as JSON."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "National Single Window: messages between its services",
            "version": "1",
            "description": (
                "CloudEvents 1.0 in Kafka's binary mode. The key is the dossier number, the party of a registration, or"
                " whose a subscription is; the partition is murmur2(key) mod the topic's partitions. Messages of one"
                " partition carry positions without gaps in nsw_position; a reader knows repeats and losses by them."
                " Each topic has one writer."
            ),
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": _operations(),
        "components": {
            "messages": {fact_type: _message(fact_type) for fact_type in events.FACTS},
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": topic.says,
        "messages": {fact_type: {"$ref": f"#/components/messages/{fact_type}"} for fact_type in CARRIES[topic.name]},
        "bindings": {
            "kafka": {"topic": topic.name, "partitions": topic.partitions, "bindingVersion": _KAFKA_BINDING},
        },
    }


def _operations() -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for topic in TOPICS:
        operations[f"{topic.writer}.send.{topic.name}"] = _operation("send", topic.writer, topic)
        for reader in topic.readers:
            operations[f"{reader}.receive.{topic.name}"] = _operation("receive", reader, topic)
    return operations


def _operation(action: str, service: Service, topic: Topic) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"{service} {action}s: {topic.says}",
        "tags": [{"name": service}],
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{fact_type}"} for fact_type in CARRIES[topic.name]],
    }


def _message(fact_type: str) -> dict[str, Any]:
    return {
        "name": fact_type,
        "title": events.FACTS[fact_type].__name__,
        "summary": events.FACTS[fact_type].__doc__,
        "contentType": "application/json",
        "headers": _headers(fact_type),
        "payload": {"schemaFormat": _SCHEMA_FORMAT, "schema": {"$ref": f"./schemas/{fact_type}.json"}},
        "bindings": {"kafka": {"key": _key(fact_type), "bindingVersion": _KAFKA_BINDING}},
    }


def _key(fact_type: str) -> dict[str, Any]:
    match events.FACTS[fact_type]:
        case kind if issubclass(kind, events.RegistrationFact):
            return _PARTY
        case kind if issubclass(kind, events.SubscriptionFact):
            return _BUSINESS
    return _NUMBER


def _headers(fact_type: str) -> dict[str, Any]:
    """The headers as strings: on the wire each is UTF-8 bytes."""
    properties = {
        envelope.POSITION: {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "The message's position in its journal stream, in decimal digits.",
        },
        envelope.ID: {
            "type": "string",
            "pattern": "^[0-9a-f]{32}$",
            "description": "A function of the fact's cause.",
        },
        envelope.SUBJECT: _key(fact_type),
        envelope.TIME: {
            "type": "string",
            "format": "date-time",
            "description": "When the journal took the fact in.",
        },
        envelope.SPECVERSION: {"type": "string", "const": "1.0"},
        envelope.SOURCE: {
            "type": "string",
            "enum": sorted({f"/nsw/{topic.writer}" for topic in _carriers(fact_type)}),
        },
        envelope.TYPE: {"type": "string", "const": fact_type},
        envelope.DATASCHEMA: {"type": "string", "const": envelope.dataschema(fact_type)},
        envelope.CONTENT_TYPE: {"type": "string", "const": "application/json"},
    }
    required = [*properties]
    properties[envelope.TRACEPARENT] = {
        "type": "string",
        "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        "description": "W3C Trace Context of the transaction that stated the fact.",
    }
    return {"type": "object", "required": required, "properties": properties}


def _carriers(fact_type: str) -> list[Topic]:
    return [topic for topic in TOPICS if fact_type in CARRIES[topic.name]]
