"""What an event's seal covers, and how it is written down: the same bytes on every database and in every time zone.

The seal is the HMAC-SHA-256, under AUDIT_KEY, of all that an event says and of the seal of the event before it. So an
event cannot be changed, moved, inserted or removed without the key unless everything after it is sealed again.
"""

import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Everything but the row's key, which databases give out with gaps, and the seal itself. Events that exist are sealed
# over exactly these: a column that comes later must be left out while it is empty.
FACTS = (
    "sequence",
    "at",
    "actor",
    "actor_kind",
    "user_id",
    "token",
    "source",
    "address",
    "request_id",
    "action",
    "object_kind",
    "object_id",
    "object_name",
    "account",
    "outcome",
    "before",
    "after",
    "detail",
    "previous_hash",
)
FIRST = ""  # the previous hash of the first event
SPELLING = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
SPELLED_ALREADY = {str, int, bool, type(None)}  # most of an event, and verification asks for each of them


def plain(value: Any) -> Any:
    """Return JSON as every database gives it back: text keys, whole numbers without a fraction, nothing unstorable.

    PostgreSQL keeps numbers, not their spelling (1e2 comes back as 100), and no NUL in text. Raises TypeError for
    what is not JSON, ValueError for a number that is not finite.
    """
    if isinstance(value, str):
        if value.isascii() and "\0" not in value:
            return value
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if value - value != 0:
            raise ValueError(f"{value} cannot be kept as evidence: it is not a finite number.")
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    raise TypeError(f"{value!r} cannot be kept as evidence: it is not JSON.")


def written(moment: datetime) -> str:
    """Return a time in UTC with microseconds, which is what both databases keep."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def canonical(facts: Mapping[str, Any]) -> bytes:
    """Return `facts` as JSON in one spelling: sorted, without spaces, in ASCII, times in UTC with microseconds."""
    spelled = {name: value if type(value) in SPELLED_ALREADY else _spelled(value) for name, value in facts.items()}
    return SPELLING.encode(spelled).encode()


def _spelled(value: Any) -> Any:
    if isinstance(value, datetime):
        return written(value)
    return plain(value) if isinstance(value, dict | list | float) and value else value


def seal(facts: Mapping[str, Any], key: str) -> str:
    """Return the HMAC of `facts` under `key`, in hexadecimal."""
    return hmac.digest(key.encode(), canonical(facts), "sha256").hex()


def is_sealed(facts: Mapping[str, Any], mac: str, key: str) -> bool:
    """Say whether `mac` is the seal of `facts` under `key`."""
    return hmac.compare_digest(seal(facts, key).encode(), mac.encode())
