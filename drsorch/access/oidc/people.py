"""Who somebody of the provider is here, and which roles the provider gives them."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from drsorch.access.models import User
from drsorch.access.roles import Role
from drsorch.audit.actor import Actor
from drsorch.audit.record import record
from drsorch.errors import Unauthenticated

# These are the provider's to give and to take. DRSAuditor is given here, unless OIDC_GROUP_ROLES names it.
PROVIDERS_ROLES = frozenset(Role.values) - {Role.AUDITOR}
STAFF = frozenset({Role.ADMIN, Role.AUDITOR})  # the admin site is for them
LONGEST_USERNAME = 150


class SignInRefused(Unauthenticated):
    """The provider or we do not let somebody in. `reason` is a word or two for the evidence."""

    code = "SIGN_IN_REFUSED"

    def __init__(self, reason: str, message: str, *, person: User | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.person = person


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody as the provider describes them."""

    issuer: str
    subject: str
    email: str
    first_name: str
    last_name: str
    groups: frozenset[str]
    as_of: datetime


def identity_of(claims: Mapping[str, Any]) -> Identity:
    """Return who the claims describe, which are verified. Raises SignInRefused without a verified e-mail address."""
    email = claims.get("email")
    try:
        validate_email(email)
    except ValidationError as error:
        raise SignInRefused(
            "no e-mail", "The identity provider did not tell your e-mail address. Ask who runs it to release it."
        ) from error
    if claims.get("email_verified") not in (True, "true"):  # Cognito's userinfo has the word
        raise SignInRefused(
            "e-mail not verified", "The identity provider has not verified your e-mail address. Verify it there first."
        )
    return Identity(
        issuer=claims["iss"],
        subject=claims["sub"],
        email=str(email).lower(),
        first_name=str(claims.get("given_name", ""))[:150],
        last_name=str(claims.get("family_name", ""))[:150],
        groups=groups_of(claims) or frozenset(),
        as_of=said_at(claims),
    )


def groups_of(claims: Mapping[str, Any]) -> frozenset[str] | None:
    """Return the groups that the claims name, None when they do not speak of groups. Raises SignInRefused."""
    groups = claims.get(settings.OIDC_GROUPS_CLAIM)
    if groups is None:
        return None
    if not isinstance(groups, list) or not all(isinstance(name, str) for name in groups):
        raise SignInRefused(
            "groups malformed",
            f"The identity provider's claim {settings.OIDC_GROUPS_CLAIM} is no list of names. Tell an administrator.",
        )
    return frozenset(groups)


def said_at(claims: Mapping[str, Any]) -> datetime:
    """Return when the provider said it."""
    return datetime.fromtimestamp(int(claims["iat"]), UTC)


def find_person(issuer: str, subject: str) -> User | None:
    """Return who is known by that subject, or None."""
    return User.objects.filter(issuer=issuer, subject=subject).exclude(subject="").first()


def admit(identity: Identity, actor: Actor) -> User:
    """Return the person, created when they come for the first time, with the roles that their groups give now.

    `actor` stands at the door. Raises SignInRefused for whoever has no role or is not active; the roles that somebody
    has lost are taken also then.
    """
    person = find_person(identity.issuer, identity.subject)
    if person is None:
        if not roles_for(identity.groups):
            raise no_role(None)
        person = _create(identity)
    if not person.is_active:
        raise SignInRefused("inactive", "Your access to drsorch has ended. Ask an administrator.", person=person)
    _describe(person, identity)
    themselves = replace(actor, name=person.get_username(), user=person)
    map_groups(person, identity.groups, as_of=identity.as_of, actor=themselves)
    if not person.groups.filter(name__in=Role.values).exists():
        raise no_role(person)
    return person


def no_role(person: User | None) -> SignInRefused:
    """Return the refusal of somebody whose groups give nothing here."""
    return SignInRefused(
        "no role",
        "Your groups at the identity provider give you no role in drsorch. Ask an administrator for one.",
        person=person,
    )


def roles_for(groups: Iterable[str]) -> frozenset[str]:
    """Return the roles that groups of the provider give: by OIDC_GROUP_ROLES, or those of the same names."""
    named = settings.OIDC_GROUP_ROLES or {name: name for name in PROVIDERS_ROLES}
    return frozenset(named[group] for group in groups if group in named)


@transaction.atomic
def map_groups(person: User, groups: Iterable[str], *, as_of: datetime, actor: Actor) -> None:
    """Give the person the roles of their groups and take those that they have no more. Teams stay as they are.

    What the provider said before it said what counts now changes nothing. Who becomes an administrator or an auditor
    becomes staff, and who is neither any more is no longer. Nobody becomes a superuser, or stays one.
    """
    person.refresh_from_db(from_queryset=User.objects.select_for_update())
    if person.groups_as_of is not None and as_of < person.groups_as_of:
        return
    before = frozenset(person.groups.filter(name__in=Role.values).values_list("name", flat=True))
    local = before - PROVIDERS_ROLES - frozenset(settings.OIDC_GROUP_ROLES.values())
    after = roles_for(groups) | local
    person.groups.add(*_roles(after - before))
    person.groups.remove(*_roles(before - after))
    if bool(before & STAFF) != bool(after & STAFF):
        person.is_staff = bool(after & STAFF)
    person.is_superuser = False
    person.groups_as_of = as_of
    person.save(update_fields=["is_staff", "is_superuser", "groups_as_of"])
    if before != after:
        told: dict[str, Any] = {"before": {"roles": sorted(before)}, "after": {"roles": sorted(after)}}
        record(actor, "map_groups", person, **told, is_staff=person.is_staff)


def _roles(names: Iterable[str]) -> list[Group]:
    return [Group.objects.get_or_create(name=name)[0] for name in sorted(names)]


def _describe(person: User, identity: Identity) -> None:
    """Keep address and names as the provider has them. The user name stays: the evidence knows the person by it."""
    told = {"email": identity.email, "first_name": identity.first_name, "last_name": identity.last_name}
    if told != {name: getattr(person, name) for name in told}:
        User.objects.filter(pk=person.pk).update(**told)


def _create(identity: Identity) -> User:
    """Add the person. Their user name is the address, or the address and a mark when somebody has it already."""
    mark = hashlib.sha256(f"{identity.issuer} {identity.subject}".encode()).hexdigest()[:8]
    plain = identity.email[: LONGEST_USERNAME - len(mark) - 1]
    for username in (plain, f"{plain}-{mark}"):
        try:
            with transaction.atomic():
                return User.objects.create_user(
                    username, identity.email, issuer=identity.issuer, subject=identity.subject
                )
        except IntegrityError:
            known = find_person(identity.issuer, identity.subject)
            if known is not None:  # they have come twice at once
                return known
    raise SignInRefused("name taken", f"There is somebody named {plain} already. Ask an administrator.")
