"""Chance that can be repeated: whatever moto or we make up while a seed holds is the same each time that seed holds.

The journal repeats requests after a restart, and the ids in the answers must come out as before. moto draws all its ids
from one generator and promises that they repeat when it is seeded; its own recorder lives on that. But it is shared by
all threads, so here every thread gets its own seed, and without one chance is real.
"""

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from random import Random, SystemRandom

from moto.moto_api._internal import mock_random


class _Seed:
    """A seed that holds. The first draw makes its generator: most of what happens draws nothing."""

    def __init__(self, parts: tuple[object, ...]) -> None:
        self._parts = parts

    @cached_property
    def chance(self) -> Random:
        """What draws from it."""
        return Random("/".join(map(str, self._parts)))  # noqa: S311 - to be repeated, not to be secret


class _Thread(threading.local):
    seeded: _Seed | None = None


_thread = _Thread()
_chance = SystemRandom()


def install() -> None:
    """Let moto's generator draw from the seed of the thread that asks. Doing it again changes nothing."""
    vars(mock_random).update(random=lambda: _source().random(), getrandbits=lambda bits: _source().getrandbits(bits))


@contextmanager
def seeded(*parts: object) -> Iterator[None]:
    """Let everything that this thread draws follow from `parts`, until the block ends."""
    outer = _thread.seeded
    _thread.seeded = _Seed(parts)
    try:
        yield
    finally:
        _thread.seeded = outer


def new_seed() -> str:
    """A seed that was never used."""
    return secrets.token_hex(8)


def hex_digits(count: int) -> str:
    """Digits for an id."""
    return f"{_source().getrandbits(4 * count):0{count}x}"


def new_uuid() -> str:
    """An id in the form of a UUID."""
    return "-".join(hex_digits(count) for count in (8, 4, 4, 4, 12))


def _source() -> Random:
    return _chance if _thread.seeded is None else _thread.seeded.chance
