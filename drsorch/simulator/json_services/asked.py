"""What an operation of another service gets to work with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.credentials import Caller
from drsorch.simulator.errors import AwsError
from drsorch.simulator.settings import Settings


@dataclass(frozen=True)
class Asked:
    """One call whose input passed the model check; the backend is locked and caught up with `now`."""

    params: dict[str, Any]
    caller: Caller
    backend: DrsBackend
    settings: Settings
    now: float

    def page(self, items: Sequence[dict[str, Any]], member: str, size: int, bad_token: str) -> dict[str, Any]:
        """The page of `items` that the call asks for. Raises AwsError with the code `bad_token`."""
        token = self.params.get("NextToken") or "0"
        if not token.isdigit() or int(token) > len(items):
            raise AwsError(bad_token, "The NextToken is not one of this list.")
        start, end = int(token), int(token) + self.params.get("MaxResults", size)
        return {member: list(items[start:end]), **({"NextToken": str(end)} if end < len(items) else {})}
