"""Who acts: the plain fact that services, policy and audit share."""

from dataclasses import dataclass
from typing import Any

from django.db import models


class Source(models.TextChoices):
    """The door through which a request came."""

    UI = "UI", "Console"
    API = "API", "API"
    CLI = "CLI", "Command line"
    ADMIN = "ADMIN", "Admin site"
    SCHEDULE = "SCHEDULE", "Schedule"
    ENGINE = "ENGINE", "Engine"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person at a door, or the installation itself (`user` is None) doing what was asked of it earlier.

    `token` is the id, as text, of the token that acts for the person.
    """

    name: str
    source: str
    user: Any = None
    address: str = ""
    request_id: str = ""
    token: str = ""
    right: Any = None  # what a token leaves of the person's rights; None without a token

    @property
    def is_system(self) -> bool:
        """True for work of the installation itself, which no role limits."""
        return self.user is None


ENGINE = Actor(name="engine", source=Source.ENGINE)
SCHEDULE = Actor(name="schedule", source=Source.SCHEDULE)
