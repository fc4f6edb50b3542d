"""The worlds that the simulator can start with, by name."""

from collections.abc import Callable

from drsorch.simulator.errors import BadControlRequest
from drsorch.simulator.worlds import demo, estate, minimal
from drsorch.simulator.worlds.description import World

Sizes = dict[str, int]

WORLDS: dict[str, Callable[..., World]] = {"demo": demo.build, "estate": estate.build, "minimal": minimal.build}


def build_world(name: str, sizes: Sizes | None = None) -> World:
    """Build a world by its name. Raises BadControlRequest naming those that exist, or what is wrong with a size."""
    if name not in WORLDS:
        raise BadControlRequest(f"There is no world {name!r}; known are {', '.join(sorted(WORLDS))}.")
    if not sizes:
        return WORLDS[name]()
    if WORLDS[name] is not estate.build:
        raise BadControlRequest(
            f"The world {name} has its size; only the world estate takes {', '.join(estate.LIMITS)}."
        )
    for what, number in sizes.items():
        if what not in estate.LIMITS:
            raise BadControlRequest(f"The world estate has no {what}; it takes {', '.join(estate.LIMITS)}.")
        highest = estate.LIMITS[what]
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= highest:
            raise BadControlRequest(f"The {what} of the world estate must be a whole number from 1 to {highest}.")
    return WORLDS[name](**sizes)
