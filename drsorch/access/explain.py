"""Why somebody may do something, or may not: the roles, the grants, and what is missing, in sentences."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from drsorch.access import policy, reach
from drsorch.access.models import OrgWideGrant
from drsorch.access.reach import Level
from drsorch.access.roles import EVERYWHERE, NEEDED_LEVEL, PERMISSIONS, Permission, Role, role_label
from drsorch.audit.actor import Actor


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer, what speaks for it, and what is missing: nothing when it is allowed."""

    is_allowed: bool
    reasons: tuple[str, ...]
    missing: tuple[str, ...]


def explain(actor: Actor, permission: Permission, obj: Model | None = None) -> Explanation:
    """Explain whether `actor` may use `permission`, on `obj` when one is given. No AWS.

    Names what is granted to the actor only. The caller has made sure that whoever reads it may see `obj`.
    """
    level = Level(NEEDED_LEVEL[permission])
    is_allowed = policy.can(actor, permission, obj, level)
    grants = () if obj is None else tuple(_grants(actor.user, obj))
    reasons = (*_roles(actor, permission), *_of_token(actor), *_everywhere(actor, obj), *grants)
    return Explanation(is_allowed, reasons, () if is_allowed else tuple(_missing(actor, permission, obj, level)))


def holdings(user: Any) -> list[str]:
    """Return everything that is granted to a person, in sentences."""
    found = list(_everything(user))
    for model in reach.grantable_models():
        found += (
            f"“{level}” on {model._meta.verbose_name} {row}{through}." for row, level, through in _rows(user, model)
        )
    return found


def _roles(actor: Actor, permission: Permission) -> Iterator[str]:
    for name in policy.standing(actor.user).groups:
        if permission in PERMISSIONS.get(name, ()):
            yield f"The role {role_label(name)} gives {permission}."


def _of_token(actor: Actor) -> Iterator[str]:
    if actor.right is not None:
        accounts = "all accounts" if actor.right.account_ids is None else ", ".join(sorted(actor.right.account_ids))
        yield f"The token leaves {', '.join(sorted(actor.right.scopes))} in {accounts}."


def _everywhere(actor: Actor, obj: Model | None) -> Iterable[str]:
    return () if obj is None else _everything(actor.user)


def _everything(user: Any) -> Iterator[str]:
    groups = policy.standing(user).groups
    yield from (
        f"“{EVERYWHERE[name]}” on everything, by the role {role_label(name)}." for name in groups if name in EVERYWHERE
    )
    for row in OrgWideGrant.objects.filter(user=user.pk):
        yield f"“{row.level}” on everything."
    for row in OrgWideGrant.objects.filter(group__user=user.pk).select_related("group"):
        yield f"“{row.level}” on everything, through {_group(row.group)}."


def _grants(user: Any, obj: Model) -> Iterator[str]:
    """Say what is granted of `obj` itself and of everything that it inherits from."""
    for origin in dict.fromkeys(_origins(obj)):
        model = type(origin)
        for _, level, through in _rows(user, model, content_object=origin):
            yield f"“{level}” on {model._meta.verbose_name} {origin}{through}."


def _origins(obj: Model) -> Iterator[Model]:
    """Yield the rows whose grants reach `obj`, itself first."""
    model = type(obj)
    if reach.is_grantable(model):
        yield obj
    for path in getattr(model, "granted_via", ()):
        yield from _at(obj, path)
    for path in model.access_via:  # type: ignore[attr-defined]
        for row in _at(obj, path):
            yield from _origins(row)


def _at(obj: Model, path: str) -> "QuerySet[Any]":
    """Return the rows at the end of a path from `obj`."""
    reached = type(obj)._base_manager.filter(pk=obj.pk).values(path)
    rows: QuerySet[Any] = reach.model_at(type(obj), path)._base_manager.filter(pk__in=reached)
    return rows.order_by("pk")


def _rows(user: Any, model: type[Model], **of: Any) -> Iterator[tuple[Model, str, str]]:
    to_user, to_teams = reach.grants_of(user, model)
    for row in to_user.filter(**of).select_related("content_object", "permission"):
        yield row.content_object, row.level, ""
    for row in to_teams.filter(**of).select_related("content_object", "permission", "group"):
        yield row.content_object, row.level, f", through {_group(row.group)}"


def _group(group: Any) -> str:
    return f"the role {role_label(group.name)}" if group.name in Role.values else f"the team {group}"


def _missing(actor: Actor, permission: Permission, obj: Model | None, level: Level) -> Iterator[str]:
    if not actor.user.is_active:
        yield f"{actor.name} is not active."
    elif permission not in policy.verbs(actor.user):
        able = ", ".join(role.label for role in Role if permission in PERMISSIONS[role])
        yield f"None of the roles gives {permission}. These would: {able}."
    elif not policy.has(actor, permission):
        yield f"The token does not leave {permission}."
    if obj is None or policy.is_everywhere(actor, level):
        return
    if not policy.scope(actor, type(obj)._default_manager.filter(pk=obj.pk), level).exists():
        yield f"No grant gives “{level}” on {obj}: {_ways(obj)}."
    also = policy.needed_as_well(type(obj), permission)
    if also:
        within = policy.scope(actor, _at(obj, also), level)
        yield from (
            f"No grant gives “{level}” on {row} in it." for row in _at(obj, also).exclude(pk__in=within.values("pk"))
        )


def _ways(obj: Model) -> str:
    """Say through what one could be granted `obj`."""
    model = type(obj)
    names = [f"the {model._meta.verbose_name} itself"] if reach.is_grantable(model) else []
    for path in (*getattr(model, "granted_via", ()), *model.access_via):  # type: ignore[attr-defined]
        many, _, _ = reach.last_of_many(model, path)
        names.append(f"{'every' if many else 'its'} {reach.model_at(model, path)._meta.verbose_name}")
    return (
        f"it is reached by a grant on {', or '.join(dict.fromkeys(names))}"
        if names
        else "only “everything” includes it"
    )
