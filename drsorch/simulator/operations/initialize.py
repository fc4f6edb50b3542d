"""InitializeService."""

from typing import Any

from drsorch.simulator.operations.call import Call


def initialize_service(call: Call) -> dict[str, Any]:
    """Make this account's DRS usable in this Region; doing it again changes nothing."""
    call.backend.is_initialized = True
    return {}
