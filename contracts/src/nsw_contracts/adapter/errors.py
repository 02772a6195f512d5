"""What adapters raise, and what is raised about them; grouped by what somebody does about it."""


class AdapterError(Exception):
    """Base of all of them."""


class BadAdapter(AdapterError):
    """The adapter itself is wrong (manifest, missing method): its author mends it. The host does not start with it."""


class BrokenConfiguration(AdapterError):
    """Settings or a secret are missing or wrong: the operator mends them. Raised by `open`, the host says so."""


class NoSuchWord(AdapterError, ValueError):
    """The agency said something that no agency can say: the message cannot be used."""


class Unreadable(AdapterError, ValueError):
    """What came from the agency cannot be read: too large, too deep, no JSON, the wrong shape."""


class DocumentUnavailable(AdapterError):
    """A link to a document cannot be had now; try the delivery again later (`TryAgain`)."""
