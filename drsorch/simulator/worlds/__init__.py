"""The worlds that the simulator can start with, by name."""

from collections.abc import Callable

from drsorch.simulator.errors import BadControlRequest
from drsorch.simulator.worlds import demo, minimal
from drsorch.simulator.worlds.description import World

WORLDS: dict[str, Callable[[], World]] = {"demo": demo.build, "minimal": minimal.build}


def build_world(name: str) -> World:
    """Build a world by its name. Raises BadControlRequest naming those that exist."""
    if name not in WORLDS:
        raise BadControlRequest(f"There is no world {name!r}; known are {', '.join(sorted(WORLDS))}.")
    return WORLDS[name]()
