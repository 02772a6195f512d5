"""Every metric of every service. No metric carries a dossier number, a tax code or any other personal datum."""

from prometheus_client import Counter, Gauge, Histogram

# Facts appended to this service's journal.
FACTS = Counter("nsw_journal_facts", "Facts appended to the journal", ["topic"])
# Facts the broker has acknowledged (a fact sent again counts again).
PUBLISHED = Counter("nsw_relay_published", "Facts sent to Kafka and acknowledged", ["topic"])
# Facts in the journal that the broker has not acknowledged yet.
UNPUBLISHED = Gauge("nsw_relay_unpublished", "Facts that wait to be published", ["topic"])
# Sends that failed; the relay makes a new producer and goes on from the last acknowledged position.
SEND_FAILURES = Counter("nsw_relay_send_failures", "Sends that failed", ["topic"])
# Tail checks that found the broker behind (wiped, truncated) and started over.
RESENDS = Counter("nsw_relay_resends", "Streams sent again because the broker had lost records", ["topic"])
# 1 while the broker holds facts that the journal lacks (Postgres restored to an older point).
DIVERGED = Gauge("nsw_relay_diverged", "Streams whose broker copy is ahead of the journal", ["topic", "partition"])
# Events applied, with their effect, in one transaction each batch.
APPLIED = Counter("nsw_consumer_applied", "Events applied", ["topic"])
# Records already applied: redelivery, resends, zombies.
REPEATS = Counter("nsw_consumer_repeats", "Records skipped because their position was applied before", ["topic"])
# Gaps seen: a position missing between the last applied and the one that came.
GAPS = Counter("nsw_consumer_gaps", "Missing positions noticed", ["topic"])
# 1 while a stream stands still because a position is missing up to its end.
STOPPED = Gauge("nsw_consumer_stopped", "Streams that wait for a missing position", ["topic", "partition"])
# Records put aside unread, by reason class.
QUARANTINED = Counter("nsw_consumer_quarantined", "Records quarantined", ["topic", "reason"])
# Events parked because their dossier cannot go on now.
PARKED = Counter("nsw_consumer_parked", "Events parked", ["topic"])
# Batches that were rolled back, by cause.
ROLLED_BACK = Counter("nsw_consumer_rolled_back", "Batches rolled back and read again", ["cause"])
# Seconds from the first record of a batch to its commit.
BATCH_SECONDS = Histogram(
    "nsw_consumer_batch_seconds", "Seconds a batch takes", buckets=(0.005, 0.02, 0.05, 0.1, 0.3, 1, 3)
)
# Records a batch holds.
BATCH_RECORDS = Histogram("nsw_consumer_batch_records", "Records in a batch", buckets=(1, 10, 50, 100, 300, 1000, 3000))
# Requests the sender made to the outside, by answer class.
SENT = Counter("nsw_sender_requests", "Outside requests by outcome", ["outcome"])
# What came in at the door, by result.
DOOR = Counter("nsw_door_requests", "Items taken in or refused at the HTTP door", ["result"])
# Credentials that were not good, by the word for why; clients are told none of them.
REFUSED_CREDENTIALS = Counter("nsw_identity_refused", "Credentials refused", ["reason"])
# Bytes of bodies that are held, from their first to the request's answer.
BODY_BYTES = Gauge("nsw_door_body_bytes", "Bytes of request bodies that are held")
# Connections that clients hold.
HTTP_CONNECTIONS = Gauge("nsw_http_connections", "Open client connections")
# Connections that were ended with a problem before any route saw a request, by the problem's kind.
HTTP_REFUSED = Counter("nsw_http_refused", "Requests refused by the connection's limits", ["kind"])
# Uploads of documents, by result: taken, held (was there before), or why not.
DOCUMENTS = Counter("nsw_documents", "Uploads of documents by result", ["result"])
# Documents' bytes stored and given out.
DOCUMENT_BYTES = Counter("nsw_document_bytes", "Bytes of documents", ["direction"])
# Documents that did not pass their check, or whose key was not there, when they were to be read. Any is an alarm.
DOCUMENTS_UNREADABLE = Counter("nsw_documents_unreadable", "Documents that could not be read")
# What the collector removed: unfinished uploads, documents of no dossier, blobs with their objects.
DOCUMENTS_COLLECTED = Counter("nsw_documents_collected", "What was collected", ["what"])
# Messages that agencies sent of their own accord, by what was made of them.
ANSWERS = Counter("nsw_agency_messages", "Messages of agencies by verdict", ["agency", "verdict"])
# 1 while an agency is only probed, because nothing got through.
RESTING = Gauge("nsw_agency_resting", "Agencies whose deliveries rest", ["agency"])
