"""Snapshots chosen for single servers on the start page: those chosen already, and those of one server to choose from.

A choice is written as one value of the form: the server's id, a snapshot's id or "latest", and when it was taken.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from drsorch.console.times import duration_text, moment_text
from drsorch.errors import Invalid
from executions.snapshots import LATEST, Chosen, now_at
from protection.models import SourceServer

SHOWN = 12  # in view; the rest unfold
ALIKE = timedelta(minutes=1)  # clocks that differ less are not worth a word


@dataclass(frozen=True, slots=True)
class Point:
    """What one server is launched from: a snapshot, or with an empty `snapshot_id` its latest state."""

    server_id: str
    snapshot_id: str = LATEST
    taken_at: datetime | None = None

    @classmethod
    def read(cls, value: str) -> "Point":
        """Read what `value` has written. Raises Invalid."""
        try:
            server_id, snapshot_id, taken_at = value.split(" ")
            return cls(
                server_id,
                LATEST if snapshot_id == "latest" else snapshot_id,
                datetime.fromisoformat(taken_at) if taken_at != "-" else None,
            )
        except ValueError:
            raise Invalid("A chosen snapshot could not be read. Choose it again.") from None

    @property
    def value(self) -> str:
        """It as a value of the form."""
        return f"{self.server_id} {self.snapshot_id or 'latest'} {self.taken_at.isoformat() if self.taken_at else '-'}"

    @property
    def text(self) -> str:
        """It in words, without its age."""
        if not self.snapshot_id:
            return "its latest state"
        return f"the snapshot of {moment_text(self.taken_at)}" if self.taken_at else f"snapshot {self.snapshot_id}"


@dataclass(frozen=True, slots=True)
class Option:
    """A snapshot to choose, with its age by DRS's clock."""

    point: Point
    age: str
    is_chosen: bool


class PointsOffered:
    """The snapshots of one server, newest first. `chosen` is what had been chosen for it, if anything was."""

    def __init__(self, server: SourceServer, snapshots: Sequence[Chosen], chosen: Point | None) -> None:
        self.server = server
        self.latest = Point(server.source_server_id)
        self.is_latest_chosen = chosen is not None and not chosen.snapshot_id
        picked, now = chosen.snapshot_id if chosen else "", now_at(server)
        # Said when the ages would not make sense to somebody who looks at our clock.
        self.time_in_drs = now if abs(now - timezone.now()) > ALIKE else None
        options = [
            Option(
                Point(server.source_server_id, row.snapshot_id, row.taken_at),
                duration_text(now - row.taken_at),
                row.snapshot_id == picked,
            )
            for row in snapshots
        ]
        self.in_view, self.folded = options[:SHOWN], options[SHOWN:]
        self.is_any_chosen = self.is_latest_chosen or any(option.is_chosen for option in options)
        self.is_folded_chosen = any(option.is_chosen for option in self.folded)


def kept(
    points: Mapping[str, Point], servers: Iterable[SourceServer], offer: PointsOffered | None
) -> list[tuple[str, Point]]:
    """Return the choices for `servers` by name, without that of the server whose snapshots are offered."""
    names = {server.source_server_id: server.name for server in servers}
    if offer:
        names.pop(offer.server.source_server_id, None)
    return sorted((names[key], point) for key, point in points.items() if key in names)
