"""What can go wrong in a service, grouped by what the operator does about it."""


class NswError(Exception):
    """Base of the platform's own errors. The text says what to do next."""


# --- the service mends itself: the batch is rolled back and read again -------------------------------------------


class ProgressMoved(NswError):
    """Another process moved this stream's progress: it owns the stream now, so this batch is rolled back."""


class StreamUnavailable(NswError):
    """Kafka or Postgres cannot be reached now; the work is tried again with a growing delay."""


# --- the operator decides ----------------------------------------------------------------------------------------


class JournalBehindBroker(NswError):
    """The broker holds facts that this journal lacks: Postgres was restored to an older point.

    Look with `nsw stream verify`, take the facts back with `nsw stream adopt`.
    """


class TooMuchPoison(NswError):
    """Too many unreadable records in a row: a bad release must not drain a topic into quarantine."""


class TopicMismatch(NswError):
    """A topic has another number of partitions than it was installed with; every key would change its stream."""


# --- the installer mends the configuration -----------------------------------------------------------------------


class BadSettings(NswError):
    """A setting is missing or wrong; the text names the environment variable."""


class CannotListen(NswError):
    """The address and port of the settings cannot be listened on."""


class BadMigration(NswError):
    """A migration that was applied has since been changed, or does not run."""
