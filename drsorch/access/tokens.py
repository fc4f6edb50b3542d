"""Tokens for programs: issued, shown once, checked, revoked."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from drsorch.access import policy
from drsorch.access.models import ApiToken
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor, Source
from drsorch.audit.facts import difference, facts_of
from drsorch.audit.record import record
from drsorch.errors import Conflict, Denied, Invalid, NotFound, Unauthenticated
from drsorch.saving import no_twin, validate

LONGEST = timedelta(days=90)
USE_IS_NOTED_EVERY = timedelta(minutes=1)
PREFIX = "drs_"
FORM = re.compile(PREFIX + r"(\d{1,18})_([A-Za-z0-9_-]{43})", re.ASCII)
SECRET_BYTES = 32  # 43 characters
NOBODYS_DIGEST = "0" * 64  # of no secret: compared where there is no token, so that both answers take as long
ACCOUNT_ID = re.compile(r"\d{12}", re.ASCII)
# What a token may be allowed to say that it was invoked from. That it came through the API needs no allowance.
SOURCES = (Source.CLI, Source.SSM, Source.STEPFUNCTIONS, Source.EVENTBRIDGE)
TOLD = ("name", "owner", "scopes", "account_ids", "ranges", "sources", "expires_at")  # evidence; never the digest


def issue_token(
    *,
    owner: Any,
    actor: Actor,
    name: str,
    scopes: Iterable[str],
    expires_at: datetime,
    account_ids: Collection[str] | None = None,
    ranges: Collection[str] = (),
    sources: Collection[str] = (),
) -> tuple[ApiToken, str]:
    """Make a token of `owner` and return it with its text, which is kept nowhere and cannot be shown again.

    `account_ids` are AWS account ids, None for all that the owner may; `ranges` are CIDR, none for everywhere;
    `sources` are those of SOURCES that it may name. People make their own, administrators also other people's. Raises
    Denied for anybody else and for whoever came with a token, Invalid for wrong input, Conflict for a second token of
    that name.
    """
    _refuse_strangers(actor, owner)
    token = ApiToken(
        owner=owner,
        name=name.strip(),
        scopes=_scopes(scopes),
        account_ids=_account_ids(account_ids),
        ranges=_ranges(ranges),
        sources=_sources(sources),
        expires_at=expires_at,
    )
    if not timezone.now() < expires_at <= timezone.now() + LONGEST:
        _refuse("expires_at", f"A token expires within {LONGEST.days} days from now. Choose an earlier day.")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    token.digest = digest_of(secret)
    validate(token)
    with transaction.atomic():
        with no_twin(f"There is a token named {token.name} already. Revoke it, or choose another name.", "NAME_TAKEN"):
            token.save()
        record(actor, "issue_token", token, after=facts_of(token, TOLD), owner=owner.get_username())
    return token, f"{PREFIX}{token.pk}_{secret}"


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: Actor) -> None:
    """End a token at once; the row stays. Its owner may, also with a token, and administrators.

    Raises NotFound for anybody else, Conflict when it is revoked already.
    """
    if not _is_theirs(actor, token.owner) and not policy.is_administrator(actor):
        raise NotFound("There is no such API token.")
    before = facts_of(token, ("revoked_at",))
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        raise Conflict(f"{token} is revoked already.")
    token.refresh_from_db(fields=["revoked_at"])
    change = difference(before, facts_of(token, ("revoked_at",)))
    record(actor, "revoke_token", token, **change, owner=token.owner.get_username())


def authenticate(text: str, *, address: str) -> ApiToken:
    """Return the token that `text` is, with its owner. `address` is the caller's. One query, and a write a minute.

    Raises Unauthenticated: with the same sentence for whatever is not the secret of a token, and with the reason for
    whoever has the secret of one that is revoked, expired, somebody's who left or whose groups nobody has confirmed
    (OIDC_GROUPS_DAYS), or bound to other addresses.
    """
    parts = FORM.fullmatch(text)
    known = ApiToken.objects.select_related("owner").filter(pk=int(parts[1])) if parts else ApiToken.objects.none()
    token: ApiToken | None = known.first()
    is_right = hmac.compare_digest(digest_of(parts[2] if parts else ""), token.digest if token else NOBODYS_DIGEST)
    if token is None or not is_right:
        raise Unauthenticated("This is not a valid API token. Check that it was copied in full, or make a new one.")
    problem = _problem(token, address)
    if problem:
        raise Unauthenticated(f"The API token {token.name} {problem}")
    _note_use(token)
    return token


def digest_of(secret: str) -> str:
    """Return what is kept of a secret. It is random and long, so that a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _problem(token: ApiToken, address: str) -> str:
    if token.revoked_at is not None:
        return "is revoked. Use another one."
    if token.is_expired:
        return f"has expired on {token.expires_at:%Y-%m-%d}. Make a new one."
    if not token.owner.is_active:
        return "belongs to somebody who is not active any more."
    if token.owner.is_unconfirmed:
        return (
            f"rests: the identity provider has not named its owner's groups for {settings.OIDC_GROUPS_DAYS} days. It "
            "is accepted again as soon as they sign in to the console."
        )
    if token.ranges and not _is_within(address, token.ranges):
        return f"may not be used from {address or 'an unknown address'}. Use it from {', '.join(token.ranges)}."
    return ""


def _is_within(address: str, ranges: Iterable[str]) -> bool:
    try:
        place = ip_address(address)
    except ValueError:
        return False
    place = getattr(place, "ipv4_mapped", None) or place
    return any(place in _network(text) for text in ranges)


@lru_cache(maxsize=1024)
def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text)


def _note_use(token: ApiToken) -> None:
    """Note that it was used, at most once a minute and by one of those who use it at once."""
    now = timezone.now()
    before = now - USE_IS_NOTED_EVERY
    if token.last_used_at is not None and token.last_used_at > before:
        return
    unnoted = ApiToken.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=before), pk=token.pk)
    unnoted.update(last_used_at=now)
    token.last_used_at = now


def _is_theirs(actor: Actor, owner: Any) -> bool:
    return actor.user is not None and actor.user.pk == owner.pk and actor.user.is_active


def _refuse_strangers(actor: Actor, owner: Any) -> None:
    if actor.right is not None:
        raise Denied("A token cannot make tokens. Sign in to the console, or use manage.py token.")
    if not _is_theirs(actor, owner) and not policy.is_administrator(actor):
        raise Denied("You can make tokens of your own only. An administrator can make other people's.")


def _scopes(scopes: Iterable[str]) -> list[str]:
    chosen = set(scopes)
    unknown = sorted(chosen - set(Permission))
    if unknown or not chosen:
        wrong = f"{', '.join(unknown)} is not a permission." if unknown else "A token needs at least one permission."
        _refuse("scopes", f"{wrong} Choose from {', '.join(Permission)}.")
    return [str(permission) for permission in Permission if permission in chosen]


def _account_ids(account_ids: Collection[str] | None) -> list[str] | None:
    if account_ids is None:
        return None
    wrong = sorted(text for text in account_ids if not ACCOUNT_ID.fullmatch(text))
    if wrong or not account_ids:
        named = f"{wrong[0]!r} is not an AWS account id, which has 12 digits." if wrong else "No account is named."
        _refuse("account_ids", f"{named} Name the accounts, or leave them out for all that the owner may.")
    return sorted(set(account_ids))


def _ranges(ranges: Iterable[str]) -> list[str]:
    for text in ranges:
        try:
            ip_network(text)
        except ValueError:
            _refuse("ranges", f"{text!r} is not an address range. Write it like 10.0.0.0/8 or 2001:db8::/32.")
    return sorted({str(ip_network(text)) for text in ranges})


def _sources(sources: Collection[str]) -> list[str]:
    wrong = sorted(set(sources) - set(SOURCES))
    if wrong:
        _refuse("sources", f"{wrong[0]!r} is no source that a token may name. Choose from {', '.join(SOURCES)}.")
    return [str(source) for source in SOURCES if source in sources]


def _refuse(field: str, sentence: str) -> None:
    raise Invalid(sentence, details={"fields": {field: [sentence]}})
