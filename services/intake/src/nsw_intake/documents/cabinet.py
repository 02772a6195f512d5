"""What documents are made of, from intake's settings: the store, the keys, and what works on them."""

from datetime import timedelta

from nsw_runtime.clock import Clock
from nsw_runtime.database import Pool

from nsw_intake.documents.chunks import open_store
from nsw_intake.documents.collector import Collector
from nsw_intake.documents.keys import read_keys
from nsw_intake.documents.links import Links
from nsw_intake.documents.reading import Reading
from nsw_intake.documents.routes import DocumentRoutes
from nsw_intake.documents.uploads import Uploads
from nsw_intake.settings import IntakeSettings


class Cabinet:
    """Store and keys, opened; raises `BadSettings` where they cannot be."""

    def __init__(self, settings: IntakeSettings) -> None:
        self._settings = settings
        self._keys = read_keys(settings.document_keys)
        self._store = open_store(
            settings.documents, settings.documents_access_key_id, settings.documents_secret_access_key
        )

    def routes(self, pool: Pool, clock: Clock) -> DocumentRoutes:
        """Documents' HTTP."""
        settings = self._settings
        uploads = Uploads(
            pool=pool,
            store=self._store,
            keys=self._keys,
            clock=clock,
            at_once=settings.documents_at_once,
            largest=settings.document_bytes,
            unfiled=settings.documents_unfiled_bytes,
        )
        reading = Reading(store=self._store, keys=self._keys, at_once=settings.documents_at_once)
        links = Links(settings.document_link_key.get_secret_value())
        return DocumentRoutes(uploads=uploads, reading=reading, links=links, pool=pool, clock=clock)

    def collector(self, pool: Pool, clock: Clock) -> Collector:
        """What removes documents that nobody needs."""
        keep = timedelta(days=self._settings.documents_keep_days)
        return Collector(pool=pool, store=self._store, clock=clock, keep=keep)
