"""Grant objects, or everything, to people and teams; take that back; keep teams."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.models import Permission as DjangoPermission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model

from drsorch.access import policy, reach
from drsorch.access.models import OrgWideGrant, Team, User
from drsorch.access.reach import Level
from drsorch.access.roles import Role
from drsorch.audit.actor import Actor
from drsorch.audit.facts import difference
from drsorch.audit.record import record
from drsorch.errors import Conflict, Denied, Invalid, NotFound
from drsorch.saving import no_twin, validate


@transaction.atomic
def grant(*, to: User | Group, obj: Model | None, level: str, actor: Actor) -> Any:
    """Grant `obj`, or everything (None), to a person or group at `level`, in place of the level before.

    Returns the grant. Raises Denied for who is no administrator, Invalid for a level that there is not and for an
    object that cannot be granted.
    """
    _refuse_unless_administrator(actor)
    if level not in tuple(Level):
        raise Invalid(f"There is no level {level!r}. Choose from {', '.join(Level)}.")
    rows = _grants(to, obj)
    before = _level(rows)
    if obj is None:
        row, _ = rows.update_or_create(**_whom(to), defaults={"level": level})
    else:
        permission = _permission(type(obj), level)
        row, _ = rows.update_or_create(**_whom(to), content_object=obj, defaults={"permission": permission})
    after = {"level": str(level)}
    record(actor, "grant_access", obj or to, before=before, after=after, to=_named(to), everything=obj is None)
    return row


@transaction.atomic
def revoke_grant(*, to: User | Group, obj: Model | None, actor: Actor) -> None:
    """Take back what was granted on `obj`, or on everything (None). Raises Denied, NotFound when nothing was."""
    _refuse_unless_administrator(actor)
    rows = _grants(to, obj)
    before = _level(rows)
    gone, _ = rows.delete()
    if not gone:
        raise NotFound(f"{obj or 'Everything'} is not granted to {to}.")
    record(actor, "revoke_access", obj or to, before=before, to=_named(to), everything=obj is None)


@transaction.atomic
def save_team(*, team: Team, name: str, members: Iterable[User], actor: Actor) -> Team:
    """Create or change a team. Raises Denied, Invalid (the name of a role), Conflict (NAME_TAKEN)."""
    _refuse_unless_administrator(actor)
    if name in Role.values or (team.pk and Team.objects.get(pk=team.pk).name in Role.values):
        raise Invalid("That is a role, and a team is none. Choose another name.")
    before = _facts(team) if team.pk else {}
    team.name = name
    validate(team)
    with no_twin(f"There is a team named {name} already. Choose another name.", "NAME_TAKEN"):
        team.save()
    team.user_set.set(members)
    record(actor, "save_team", team, **difference(before, _facts(team)))
    return team


@transaction.atomic
def delete_team(*, team: Team, actor: Actor) -> None:
    """Delete a team with what was granted to it. Raises Denied, Conflict for a role."""
    _refuse_unless_administrator(actor)
    if team.name in Role.values:
        raise Conflict(f"{team} is a role. Roles stay.")
    before = _facts(team)
    Team.objects.filter(pk=team.pk).delete()  # the row at hand keeps its key for the evidence
    record(actor, "delete_team", team, before=before)


def _refuse_unless_administrator(actor: Actor) -> None:
    if not policy.is_administrator(actor):
        raise Denied("Only administrators grant access. Ask one of them.")


def _facts(team: Team) -> dict[str, Any]:
    """Return what is evidence of a team, read anew."""
    row = Team.objects.get(pk=team.pk)
    return {"name": row.name, "members": sorted(row.user_set.values_list("username", flat=True))}


def _grants(to: User | Group, obj: Model | None) -> Any:
    """Return what is granted to a person or group on `obj`, or on everything: one row or none."""
    if obj is None:
        return OrgWideGrant.objects.filter(**_whom(to))
    return _table(to, obj).objects.filter(**_whom(to), content_object=obj)


def _level(grants: Any) -> dict[str, str]:
    """Return the level of a grant as evidence, when there is one."""
    row = grants.first()
    return {"level": row.level} if row else {}


def _whom(to: User | Group) -> dict[str, Any]:
    return {"user": to} if isinstance(to, User) else {"group": to}


def _named(to: User | Group) -> str:
    return f"{'person' if isinstance(to, User) else 'group'} {to}"


def _table(to: User | Group, obj: Model) -> Any:
    if not reach.is_grantable(type(obj)):
        raise Invalid(f"A {obj._meta.verbose_name} cannot be granted. Grant what it belongs to.")
    return reach.table(type(obj), "user_grants" if isinstance(to, User) else "team_grants")


def _permission(model: type[Model], level: str) -> DjangoPermission:
    kind = ContentType.objects.get_for_model(model)
    return DjangoPermission.objects.get(content_type=kind, codename=reach.codename(model, level))
