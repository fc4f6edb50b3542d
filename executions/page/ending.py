"""A termination as the execution page shows it: how many instances are gone, place by place."""

from collections.abc import Sequence

from executions.models import Job, ServerRun, Termination, TerminationCall
from executions.states import LaunchStatus

Place = tuple[str, str]


class PlaceRow:
    """The instances of one account and Region that are being terminated."""

    def __init__(self, place: Place, servers: Sequence[ServerRun], calls: Sequence[TerminationCall]) -> None:
        self.account, self.region = place
        self.total = len(servers)
        self.gone = sum(1 for run in servers if run.launch_status == LaunchStatus.TERMINATED)
        self.jobs: list[Job] = [call.job for call in calls if call.job]
        self.reasons = [call.reason for call in calls if call.reason] if self.gone < self.total else []

    @property
    def tone(self) -> str:
        """Green when all are gone."""
        return "ok" if self.gone == self.total else "warn" if self.reasons else "info"


class TerminationRow:
    """The termination of an execution's instances: asked for, going on, or proven."""

    def __init__(self, asked: Termination, runs: Sequence[ServerRun]) -> None:
        self.asked = asked
        self.calls: list[TerminationCall] = list(asked.calls.all())
        concerned = [run for run in runs if _is_concerned(run, asked)]
        places = sorted({place_of(run) for run in concerned})
        self.places = [
            PlaceRow(
                place,
                [run for run in concerned if place_of(run) == place],
                [call for call in self.calls if (str(call.account), call.region) == place],
            )
            for place in places
        ]
        self.total = sum(row.total for row in self.places)
        self.gone = sum(row.gone for row in self.places)
        self.left = [run for run in concerned if run.launch_status != LaunchStatus.TERMINATED]
        self.is_waiting = asked.is_waiting
        self.gave_up = asked.gave_up_at is not None and asked.done_at is None

    @property
    def jobs(self) -> list[Job]:
        """Its DRS jobs."""
        return [call.job for call in self.calls if call.job]

    @property
    def has_ended(self) -> bool:
        """True when nothing more is tried: all is proven gone, or a person must ask again."""
        return self.asked.done_at is not None or self.gave_up

    @property
    def tone(self) -> str:
        """Green when all is proven, yellow while something stands in the way, red when it stopped trying."""
        if self.asked.done_at:
            return "ok"
        if self.is_waiting:
            return "pending"
        return "error" if self.gave_up else "warn" if any(row.reasons for row in self.places) else "loading"

    @property
    def label(self) -> str:
        """Where it stands, in words."""
        if self.asked.done_at:
            return "All proven gone"
        if self.is_waiting:
            return "Waits for a second person"
        return "Stopped trying: instances are left" if self.gave_up else "Terminating"


def place_of(run: ServerRun) -> Place:
    """Return the account and Region of a server run, as people read them."""
    return str(run.account), run.region


def _is_concerned(run: ServerRun, asked: Termination) -> bool:
    """An instance that was gone before is none of this termination's."""
    if run.launch_status == LaunchStatus.TERMINATED:
        return run.terminated_at is None or run.terminated_at >= asked.requested_at
    return run.launch_status == LaunchStatus.LAUNCHED
