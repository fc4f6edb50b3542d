"""The simulated AWS as a whole: its world, clock, faults, settings and counters. One per process, as moto is."""

from threading import Lock

from drsorch.simulator import moto_state
from drsorch.simulator.backend import DrsBackend, drs_backends
from drsorch.simulator.clock import VirtualClock
from drsorch.simulator.counters import RequestCounters
from drsorch.simulator.credentials import SessionIndex
from drsorch.simulator.errors import Refusal, Refused
from drsorch.simulator.faults import Faults
from drsorch.simulator.jobs import catch_up
from drsorch.simulator.settings import Settings
from drsorch.simulator.worlds import build_world
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
    """Everything that lives beside moto's backends."""

    world: World

    def __init__(self, world: str, speed: float) -> None:
        moto_state.prepare_process()
        self._reset_lock = Lock()
        self.clock = VirtualClock()
        self.faults = Faults()
        self.counters = RequestCounters()
        self.sessions = SessionIndex()
        self.settings = Settings()
        self.reset(world, speed)

    def reset(self, world: str, speed: float) -> None:
        """Start again with a fresh world. Raises BadControlRequest when there is no such world."""
        described = build_world(world)
        with self._reset_lock:
            self.faults.clear()
            moto_state.clear()
            self.sessions.clear()
            self.settings = Settings(quotas=described.quotas)
            self.clock.restart(speed)
            self.world = described
            moto_state.seed(described, self.clock.now())
            self.counters.reset()

    def region_backend(self, account: str, region: str) -> DrsBackend:
        """The DRS of an account in a Region. Raises Refused where DRS has no such Region or it is not switched on."""
        backends = drs_backends[account]
        if region not in backends or (region in OPT_IN_REGIONS and region not in self._regions_of(account)):
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
        self.set_pace()
        return now

    def set_pace(self) -> None:
        """Let the clock hurry while any job is running, and not otherwise."""
        self.clock.set_busy(any(backend.is_busy for backend in self.all_backends()))

    def all_backends(self) -> list[DrsBackend]:
        """Every DRS backend in use."""
        return [backend for account in list(drs_backends.values()) for backend in list(account.values())]
