"""The only place that knows who may do what: a role gives the verb, scope gives the object."""

from enum import StrEnum
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from drsorch.access.roles import PERMISSIONS, Permission, Role
from drsorch.audit.actor import Actor
from drsorch.errors import Denied, NotFound

M = TypeVar("M", bound=Model)


class Level(StrEnum):
    """What one may do with an object one is granted."""

    VIEW = "view"
    OPERATE = "operate"
    MANAGE = "manage"


def verbs(user: Any) -> frozenset[Permission]:
    """Return the permissions that the user's roles give. One query, kept on the user object; none when inactive."""
    if user is None or not user.is_active:
        return frozenset()
    known: frozenset[Permission] | None = getattr(user, "_verbs", None)
    if known is None:
        names = user.groups.values_list("name", flat=True)
        known = frozenset().union(*(PERMISSIONS.get(name, frozenset()) for name in names))
        user._verbs = known
    return known


def has(actor: Actor, permission: Permission) -> bool:
    """Say whether the actor's roles give `permission`; the installation itself has all of them."""
    return actor.is_system or permission in verbs(actor.user)


def is_administrator(actor: Actor) -> bool:
    """Say whether the actor's roles give every permission there is: whoever manages people can give them all."""
    return actor.is_system or verbs(actor.user) == frozenset(Permission)


def is_auditor(actor: Actor) -> bool:
    """Say whether the actor may read and export the audit trail: auditors, and who has every permission."""
    if is_administrator(actor):
        return True
    if not has(actor, Permission.VIEW_RESOURCES):
        return False
    known: bool | None = getattr(actor.user, "_is_auditor", None)
    if known is None:
        known = actor.user._is_auditor = actor.user.groups.filter(name=Role.AUDITOR).exists()
    return known


def scope(actor: Actor, queryset: QuerySet[M], level: Level = Level.VIEW) -> QuerySet[M]:
    """Return the rows that the actor may `level`. Without ViewResources: none.

    Raises TypeError for a model that does not say how it inherits access (`access_via`): undeclared means refused.
    """
    if not hasattr(queryset.model, "access_via"):
        raise TypeError(f"{queryset.model.__name__} does not declare access_via, so nobody may see it.")
    return queryset if has(actor, Permission.VIEW_RESOURCES) else queryset.none()


def can(actor: Actor, permission: Permission, obj: Model | None = None, level: Level = Level.OPERATE) -> bool:
    """Say whether the actor may use `permission` on `obj`. Defined by `scope`, so lists and details agree."""
    if not has(actor, permission):
        return False
    return obj is None or scope(actor, type(obj)._default_manager.filter(pk=obj.pk), level).exists()


def why_not(actor: Actor, permission: Permission) -> str:
    """Return the sentence for a person whose roles do not give `permission`, or nothing when they do."""
    if has(actor, permission):
        return ""
    return f"This needs the permission {permission}, which none of your roles gives. Ask an administrator for it."


def require(actor: Actor, permission: Permission, obj: Model | None = None, level: Level = Level.OPERATE) -> None:
    """Return when the actor may; raise NotFound for an object out of sight and Denied for a missing permission."""
    if obj is not None and not scope(actor, type(obj)._default_manager.filter(pk=obj.pk), Level.VIEW).exists():
        raise NotFound(f"There is no such {obj._meta.verbose_name}.")
    if not can(actor, permission, obj, level):
        raise Denied(
            why_not(actor, permission) or f"Your access to {obj} does not include {level}. Ask an administrator.",
            details={"permission": str(permission)},
        )


def get_or_404(actor: Actor, queryset: QuerySet[M], **lookup: Any) -> M:
    """Return the one row that matches and is in sight. Raises NotFound, the same for missing and unseen."""
    found = scope(actor, queryset).filter(**lookup).first()
    if found is None:
        raise NotFound(f"There is no such {queryset.model._meta.verbose_name}, or you may not see it.")
    return found
