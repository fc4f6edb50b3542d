"""What an operation gets to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from drsorch.simulator.backend import DrsBackend
from drsorch.simulator.credentials import Caller
from drsorch.simulator.faults import Faults, Place
from drsorch.simulator.settings import Settings


@dataclass(frozen=True)
class Call:
    """One call whose input passed the model check; the backend is locked and caught up with `now`."""

    place: Place
    params: dict[str, Any]
    caller: Caller
    backend: DrsBackend
    settings: Settings
    faults: Faults
    now: float

    @property
    def filters(self) -> dict[str, Any]:
        """The filters given, if any."""
        return dict(self.params.get("filters", {}))


Operation = Callable[[Call], dict[str, Any]]
