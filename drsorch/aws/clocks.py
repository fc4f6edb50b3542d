"""What time it is in AWS: its clock is not ours. Every answer carries its date, to the second."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock

Bucket = tuple[str, str, str]


class Clocks:
    """How far AWS's clocks are ahead of ours, by account, Region and service, as of the last answer."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Forget everything; in a process that was just forked, also a lock that the other one may hold for ever."""
        self._lock = Lock()
        self._ahead: dict[Bucket, timedelta] = {}

    def learn(self, bucket: Bucket, headers: Mapping[str, str]) -> None:
        """Read the date of an answer that has just come; one that cannot be read changes nothing."""
        try:
            said = parsedate_to_datetime(headers["date"])
        except (KeyError, ValueError):
            return
        with self._lock:
            self._ahead[bucket] = said.replace(tzinfo=said.tzinfo or UTC) - datetime.now(UTC)

    def now(self, bucket: Bucket) -> datetime:
        """Return the time there, aware; our own when nothing was heard from there in this process."""
        with self._lock:
            return datetime.now(UTC) + self._ahead.get(bucket, timedelta())
