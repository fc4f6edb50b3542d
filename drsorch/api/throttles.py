"""How often one may ask: per principal, per address, for the whole site, and less often where AWS is asked.

Token buckets in this process: each web process has its own, so the site's rate is what the settings say times their
number. Nobody's requests are counted in the database.
"""

import threading
import time
from collections import OrderedDict

from django.conf import settings

from drsorch.access.requests import network_of
from drsorch.errors import UserError

VERIFICATIONS_AT_ONCE, VERIFICATIONS_PER_HOUR = 4, 12  # of one who audits: each reads the whole audit trail
KNOWN = 10_000  # those asked last; who is forgotten starts with a full bucket


class Throttled(UserError):
    """Too many requests."""

    status = 429
    code = "THROTTLED"


class Buckets:
    """One bucket for each who asks: `burst` requests at once, and `rate` a second in the long run."""

    def __init__(self, rate: float, burst: float) -> None:
        self.rate, self.burst = rate, burst
        self.lock = threading.Lock()
        self.levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> float:
        """Take one and return 0, or the seconds until there will be one again."""
        now = time.monotonic()
        with self.lock:
            level, at = self.levels.get(who, (self.burst, now))
            level = min(self.burst, level + (now - at) * self.rate)
            is_empty = level < 1
            self.levels[who] = (level if is_empty else level - 1, now)
            self.levels.move_to_end(who)
            if len(self.levels) > KNOWN:
                self.levels.popitem(last=False)
        return (1 - level) / self.rate if is_empty else 0.0


class Throttles:
    """The buckets of this process."""

    def __init__(self) -> None:
        self.site = Buckets(settings.API_SITE_PER_SECOND, settings.API_SITE_BURST)
        self.address = Buckets(settings.API_ADDRESS_PER_SECOND, settings.API_ADDRESS_BURST)
        self.polls = Buckets(settings.CONSOLE_POLLS_PER_SECOND, settings.CONSOLE_POLLS_BURST)
        self.principal = Buckets(settings.API_PRINCIPAL_PER_SECOND, settings.API_PRINCIPAL_BURST)
        self.aws = Buckets(settings.API_AWS_PER_MINUTE / 60, settings.API_AWS_BURST)
        self.verifications = Buckets(VERIFICATIONS_PER_HOUR / 3600, VERIFICATIONS_AT_ONCE)
        self.strangers = Buckets(settings.API_STRANGERS_PER_5_MINUTES / 300, settings.API_STRANGERS_PER_5_MINUTES)


_throttles: list[Throttles] = []


def throttles() -> Throttles:
    """Return the buckets, made at the first request so that tests may set other numbers."""
    if not _throttles:
        _throttles.append(Throttles())
    return _throttles[0]


def forget() -> None:
    """Fill all buckets."""
    _throttles.clear()


def refuse_crowds(address: str) -> None:
    """Raise Throttled when the site or the address has asked too often."""
    _refuse(throttles().site.take("site"))
    _refuse(throttles().address.take(network_of(address)))


def refuse_polls(address: str) -> None:
    """Raise Throttled when the pages that are open at the address have asked too often on their own."""
    _refuse(throttles().polls.take(network_of(address)))


def refuse_strangers(address: str) -> None:
    """Count a request of nobody known. Raises Throttled when too many came from the address."""
    _refuse(throttles().strangers.take(network_of(address)))


def refuse_verifications(principal: str) -> None:
    """Raise Throttled when a person, or their token, has had the audit trail verified too often."""
    _refuse(throttles().verifications.take(principal))


def refuse_hurry(principal: str, *, is_costly: bool) -> None:
    """Raise Throttled when a person, or their token, has asked too often."""
    _refuse(throttles().principal.take(principal))
    if is_costly:
        _refuse(throttles().aws.take(principal))


def _refuse(seconds: float) -> None:
    if seconds:
        wait = int(seconds) + 1
        raise Throttled(f"Too many requests. Wait {wait} s and ask again.", details={"retry_after": wait})
