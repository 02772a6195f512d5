"""What a service knows of its own fitness. Alive as long as it answers; ready while no condition stands against it."""

from dataclasses import dataclass, field


@dataclass
class Health:
    """Conditions against readiness, by name, each with a text that says the next step."""

    against: dict[str, str] = field(default_factory=dict)

    def bad(self, name: str, why: str) -> bool:
        """Note a condition; gives whether it is new, so that it is logged once."""
        new = self.against.get(name) != why
        self.against[name] = why
        return new

    def good(self, name: str) -> bool:
        """Clear a condition; gives whether it stood."""
        return self.against.pop(name, None) is not None

    @property
    def ready(self) -> bool:
        return not self.against
