"""The simulated AWS as a whole: its world, clock, faults, settings and counters. One per process, as moto is."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import RLock

from drsorch.simulator import dice, moto_state
from drsorch.simulator.backend import DrsBackend, drs_backends
from drsorch.simulator.clock import VirtualClock
from drsorch.simulator.counters import RequestCounters
from drsorch.simulator.credentials import SessionIndex
from drsorch.simulator.errors import Refusal, Refused
from drsorch.simulator.faults import Faults
from drsorch.simulator.jobs import catch_up
from drsorch.simulator.journal import Journal
from drsorch.simulator.settings import Settings
from drsorch.simulator.worlds import Sizes, build_world
from drsorch.simulator.worlds.description import World

# Regions that an account must switch on first; where it has not, AWS does not recognise its credentials.
OPT_IN_REGIONS = frozenset(
    {
        *("af-south-1", "ap-east-1", "ap-east-2", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
        *("ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2"),
        *("il-central-1", "me-central-1", "me-south-1", "mx-central-1"),
    }
)


class Simulation:
    """Everything that lives beside moto's backends.

    With a journal that has a past, it begins as that began; `past` is that journal, for `repeat` to do again.
    """

    world: World

    def __init__(self, world: str, speed: float, sizes: Sizes | None = None, journal: Path | None = None) -> None:
        moto_state.prepare_process()
        self.others_lock = RLock()
        self._control_lock = RLock()
        self.clock = VirtualClock()
        self.faults = Faults()
        self.sessions = SessionIndex()
        self.settings = Settings()
        self.generation = 0
        self.journal = Journal(journal)
        self.counters = RequestCounters(journal.with_name(f"{journal.name}.counts") if journal else None)
        self.past = self.journal.read()
        if self.past:
            began = self.past[0]
            self.counters.load()
            with self.clock.hold(began["v"]):
                self._begin(began["world"], began["speed"], began["sizes"])
        else:
            self.reset(world, speed, sizes)

    def reset(self, world: str, speed: float, sizes: Sizes | None = None) -> None:
        """Start again with a fresh world, and a fresh journal. Raises BadControlRequest when there is no such world."""
        build_world(world, sizes)
        with self.standstill(), self.clock.hold(time.time()) as now:
            self._begin(world, speed, sizes)
            self.counters.reset()
            self.journal.begin({"world": world, "speed": speed, "sizes": sizes, "v": now, "w": now})

    def _begin(self, world: str, speed: float, sizes: Sizes | None) -> None:
        """Make the world at the time that is held."""
        described = build_world(world, sizes)
        self.generation += 1
        self.faults.clear()
        self.faults = Faults()
        moto_state.clear()
        self.sessions.clear()
        self.disabled_regions: set[tuple[str, str]] = set()
        self.settings = Settings(quotas=described.quotas)
        self.clock.restart(speed)
        self.world = described
        with dice.seeded(world):
            moto_state.seed(described, self.clock.now())

    def region_backend(self, account: str, region: str) -> DrsBackend:
        """The DRS of an account in a Region. Raises Refused where DRS has no such Region or it is not switched on."""
        backends = drs_backends[account]
        if (
            region not in backends
            or (account, region) in self.disabled_regions
            or (region in OPT_IN_REGIONS and region not in self._regions_of(account))
        ):
            raise Refused(Refusal.UNKNOWN_KEY, "The security token included in the request is invalid.")
        return backends[region]

    def _regions_of(self, account: str) -> set[str]:
        return {
            region.name for described in self.world.accounts if described.id == account for region in described.regions
        }

    def catch_up(self, backend: DrsBackend) -> float:
        """Let happen what is due and return the virtual time. The caller holds the backend's lock."""
        now = self.clock.now()
        catch_up(backend, now, self.settings.visibility.recovery_instance_late_seconds)
        self.set_pace(backend)
        return now

    def set_pace(self, backend: DrsBackend) -> None:
        """Let the clock hurry for as long as something is still to happen here, and not longer."""
        self.clock.stay_busy_until(backend.busy_until)

    def let_time_go_on(self, moment: float, wall: float) -> None:
        """Go on from the virtual time `moment`, when the wall said `wall`, with everything that has been due since.

        What becomes due may keep the clock busy, and so let more become due.
        """
        busy_until = -1.0
        while busy_until != self.clock.busy_until:
            busy_until = self.clock.busy_until
            self.clock.resume(moment, wall)
            with self.standstill():
                pass
        self.clock.resume(moment, wall)

    @contextmanager
    def standstill(self) -> Iterator[None]:
        """Let no request come between, and everything happen that was due: what follows holds for all alike."""
        with ExitStack() as held:
            held.enter_context(self._control_lock)
            held.enter_context(self.others_lock)
            for backend in self.all_backends():
                held.enter_context(backend.lock)
                self.catch_up(backend)
            yield

    def close(self) -> None:
        """Let go of the journal and its counters."""
        self.journal.close()
        self.counters.close()

    def all_backends(self) -> list[DrsBackend]:
        """Every DRS backend in use."""
        return [backend for account in list(drs_backends.values()) for backend in list(account.values())]
