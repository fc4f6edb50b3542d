"""What the matrix expects of somebody at an address, and what the address really answers."""

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.messages import get_messages

from drsorch.access.declared import PUBLIC, SIGNED_IN
from drsorch.access.roles import EVERYWHERE, PERMISSIONS, Permission, Role
from tests.security.matrix import ADMINISTRATOR, AUDITOR, NOBODY, OWN, OWN_OR_ADMINISTRATOR, Row

ALLOWED, DENIED, UNSEEN, SIGN_IN = "allowed", "403", "404", "sign in"
UNAUTHENTICATED, THROTTLED = 401, 429
REFUSALS = ("This needs the permission", "Your access to")
PLACEHOLDER = re.compile(r"\{([a-z_.]+)\}")
# How much of the north is granted to somebody, or nothing there but all of the south.
SCOPES = {"manage": "manage", "view": "view", "elsewhere": ""}
LEVELS = ("view", "operate", "manage")


@dataclass(frozen=True)
class Person:
    """Somebody of the cast: a role or none, what is granted, and whether they can sign in at all."""

    name: str
    role: str = ""
    scope: str = "manage"
    can_sign_in: bool = True


def expected(row: Row, person: Person) -> str:
    """Return the verdict that the table and the roles demand. Says itself what the policy should say."""
    if not person.can_sign_in:
        return ALLOWED if row.needs == PUBLIC else SIGN_IN
    if row.needs in (SIGNED_IN, PUBLIC):
        return ALLOWED
    if row.needs == OWN:
        return UNSEEN
    if row.first and row.first not in PERMISSIONS_AS_SPECIFIED.get(person.role, ()):
        return DENIED
    return _expected_there(row, person)


def _expected_there(row: Row, person: Person) -> str:
    """The verdict on somebody who may use the address, and perhaps not on this object."""
    is_able = _is_able(row, person)
    if row.needs == OWN_OR_ADMINISTRATOR:
        return ALLOWED if is_able else UNSEEN
    if row.verb_first and not is_able:
        return row.refused
    if row.on and not _reaches(row, person, "view"):
        return UNSEEN
    return ALLOWED if is_able and (not row.on or _reaches(row, person, row.needed_level)) else DENIED


def _is_able(row: Row, person: Person) -> bool:
    verbs = PERMISSIONS_AS_SPECIFIED.get(person.role, frozenset())
    if row.needs in (ADMINISTRATOR, OWN_OR_ADMINISTRATOR):
        return verbs == frozenset(Permission)
    if row.needs == AUDITOR:
        return person.role in (Role.ADMIN, Role.AUDITOR)
    return row.needs != NOBODY and verbs >= {row.needs, *row.also}


def _reaches(row: Row, person: Person, level: str) -> bool:
    if Permission.VIEW_RESOURCES not in PERMISSIONS_AS_SPECIFIED.get(person.role, ()):
        return False
    everywhere = EVERYWHERE_AS_SPECIFIED.get(person.role, "")
    granted = "" if row.on == "everywhere" else SCOPES[person.scope]
    return any(held and LEVELS.index(held) >= LEVELS.index(level) for held in (everywhere, granted))


# As they were when this module was loaded: a fault planted in the product must not change what is expected.
PERMISSIONS_AS_SPECIFIED = dict(PERMISSIONS)
EVERYWHERE_AS_SPECIFIED = dict(EVERYWHERE)


def answered(client: Any, row: Row, names: dict[str, Any]) -> str:
    """Send the request and return the verdict that the answer is."""
    path, sent = _filled(row.path, names), row.sent
    if isinstance(sent, str):
        headers = {"If-Match": '"999"', "Idempotency-Key": uuid.uuid4().hex}
        response = client.generic(row.method, path, _filled(sent, names), "application/json", headers=headers)
    else:
        response = getattr(client, row.method.lower())(path, sent)
    if response.status_code in (301, 302):
        return _of_redirect(response)
    if response.status_code == UNAUTHENTICATED:
        return ALLOWED if _is_of_the_door(response) else SIGN_IN
    if response.status_code in (403, 404):
        return str(response.status_code)
    is_answer = response.status_code < 500 and response.status_code != THROTTLED
    assert is_answer, f"{row.method} {path}: {response.status_code}"
    return ALLOWED


def _filled(text: str, names: dict[str, Any]) -> str:
    return PLACEHOLDER.sub(lambda found: str(names[found[1]]), text)


def _is_of_the_door(response: Any) -> bool:
    """Say whether a sign-in was refused: by the page where one signs in, which has let the request in."""
    return any(template.name == "access/refused.html" for template in response.templates)


def _of_redirect(response: Any) -> str:
    location = response.headers["Location"]
    said = [str(message) for message in get_messages(response.wsgi_request)._queued_messages]  # of this request only
    if location.startswith(("/account/sign-in?next=", "/admin/login/?next=")):
        return SIGN_IN
    if any(text.startswith(REFUSALS) for text in said):
        return DENIED
    return UNSEEN if any("Perhaps it was deleted" in text for text in said) else ALLOWED


def deviations(client: Any, person: Person, rows: Iterable[Row], names: Any) -> Iterator[str]:
    """Yield a sentence for each address that answers this person otherwise than the matrix says."""
    for row in rows:
        wanted = expected(row, person)
        if row.is_untried and wanted == ALLOWED:
            continue
        got = answered(client, row, names)
        if wanted != got:
            yield f"{row.method} {row.path} for {person.name}: {got}, and should be {wanted}"
