"""Times and durations in words. static/js/console.js says them with the same rules while a page is open."""

from datetime import datetime, timedelta

NOTHING = "\N{EN DASH}"
MINUTE, HOUR, DAY = 60, 3600, 86400
UNITS = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (1, "s"))


def duration_text(seconds: float | timedelta | None) -> str:
    """Return a duration in its two largest units, as "16 min 42 s"; a dash for None. Negative counts as zero."""
    if seconds is None:
        return NOTHING
    if isinstance(seconds, timedelta):
        seconds = seconds.total_seconds()
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE:02} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE:02} min"
    return f"{whole // DAY} d {whole % DAY // HOUR:02} h"


def relative_text(moment: datetime, now: datetime) -> str:
    """Return how far `moment` is from `now` in its largest unit: "3 min ago", "in 2 h", "just now"."""
    seconds = (now - moment).total_seconds()
    for length, unit in UNITS:
        if abs(seconds) >= length:
            amount = f"{int(abs(seconds) // length)} {unit}"
            return f"in {amount}" if seconds < 0 else f"{amount} ago"
    return "just now"


def due_text(due_at: datetime, now: datetime) -> str:
    """Return how much time is left until `due_at`, or how much it is over: "12 min 30 s left", "3 min 05 s over"."""
    return f"{duration_text(abs(due_at - now))} {'over' if now > due_at else 'left'}"


def clock_text(moment: datetime) -> str:
    """Return the time of day of a moment in UTC, as "03:15:04"."""
    return f"{moment:%H:%M:%S}"


def moment_text(moment: datetime) -> str:
    """Return a moment in UTC in full, as "20 Nov 2026, 03:15:04 UTC"."""
    return f"{moment.day} {moment:%b %Y}, {clock_text(moment)} UTC"
