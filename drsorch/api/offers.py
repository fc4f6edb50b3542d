"""What may be done with a row now, and why not."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Offer:
    """One action: allowed, or the reason why not."""

    action: str
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """True when nothing speaks against it."""
        return not self.reason
