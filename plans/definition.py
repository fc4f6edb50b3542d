"""What a plan is made of, as people write it, and the rules that can be checked without a database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drsorch.errors import Invalid
from plans.models import Checks, LaunchOrder, OnFailure
from protection.quotas import Quotas, quotas_at

Place = tuple[str, str]


@dataclass(frozen=True, slots=True)
class WaveDefinition:
    """One wave as written. `depends_on` None: the previous wave. `server_ids` None: all servers of the groups.

    The order of `server_ids` is the launch order. `optional_ids` are those whose failure leaves the wave partial.
    `max_parallel` None: all at once.
    """

    name: str
    group_ids: tuple[int, ...]
    server_ids: tuple[str, ...] | None = None
    depends_on: tuple[int, ...] | None = None
    description: str = ""
    optional_ids: tuple[str, ...] = ()
    pause_before: bool = False
    pause_after: bool = False
    launch_order: str = LaunchOrder.PARALLEL
    max_parallel: int | None = None
    wait_seconds: int = 0
    timeout_minutes: int = 60
    on_failure: str = OnFailure.STOP
    checks: str = Checks.EC2_STATUS


def dependencies(waves: Sequence[WaveDefinition]) -> list[tuple[int, ...]]:
    """Return, for each wave, the numbers of the waves it runs after.

    Raises Invalid for a wave that is not there, a cycle (named wave by wave) and a wave that waits for a later one.
    """
    resolved = [
        tuple(sorted(set(wave.depends_on))) if wave.depends_on is not None else ((number - 1,) if number > 1 else ())
        for number, wave in enumerate(waves, start=1)
    ]
    for number, needs in enumerate(resolved, start=1):
        for other in needs:
            if not 1 <= other <= len(waves):
                raise Invalid(f"Wave {number} runs after wave {other}, but the plan has no wave {other}.")
    cycle = find_cycle(resolved)
    if cycle:
        path = " runs after ".join(f"wave {number}" for number in cycle)
        raise Invalid(f"The waves wait for each other: {path}. Remove one of these dependencies.")
    for number, needs in enumerate(resolved, start=1):
        for other in needs:
            if other > number:
                raise Invalid(f"Wave {number} cannot run after the later wave {other}. Move wave {other} before it.")
    return resolved


def find_cycle(needs: Sequence[Sequence[int]]) -> list[int]:
    """Return one cycle as wave numbers, its first wave repeated at the end, or an empty list."""
    done: set[int] = set()
    for start in range(1, len(needs) + 1):
        path: list[int] = []
        stack = [(start, iter(needs[start - 1]))] if start not in done else []
        if stack:
            path.append(start)
        while stack:
            number, others = stack[-1]
            other = next((other for other in others if other not in done), None)
            if other is None:
                done.add(number)
                stack.pop()
                path.pop()
            elif other in path:
                return [*path[path.index(other) :], other]
            else:
                path.append(other)
                stack.append((other, iter(needs[other - 1])))
    return []


def size_warnings(sizes: Mapping[int, Mapping[Place, int]], quotas: Mapping[Place, Quotas] | None = None) -> list[str]:
    """Return sentences about waves that are large for DRS's quotas there; without any, AWS's documented ones count.

    `sizes` is wave number -> (account, Region) -> servers.
    """
    documented = quotas_at(None)
    sentences = []
    for number, places in sizes.items():
        for place, size in places.items():
            limits = (quotas or {}).get(place, documented)
            where = f"Wave {number} has {size} servers in {place[1]} of {place[0]}; DRS allows"
            if size > limits.servers_in_jobs:
                sentences.append(f"{where} {limits.servers_in_jobs} servers in jobs at once, so the rest waits.")
            elif size > limits.servers_per_job:
                jobs = -(-size // limits.servers_per_job)
                sentences.append(f"{where} {limits.servers_per_job} in one job, so it runs as {jobs} jobs.")
    return sentences
