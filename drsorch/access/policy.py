"""The only place that knows who may do what: a role gives the verb, a grant gives the object."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Case, Model, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from drsorch.access import reach
from drsorch.access.models import OrgWideGrant
from drsorch.access.reach import Granted, Level
from drsorch.access.roles import EVERYWHERE, PERMISSIONS, Permission, Role
from drsorch.audit.actor import Actor
from drsorch.errors import Denied, NotFound

__all__ = ["Level"]

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the roles of a person give, and at which levels everything is granted."""

    groups: tuple[str, ...] = ()
    permissions: frozenset[Permission] = frozenset()
    everywhere: frozenset[str] = frozenset()

    def covers(self, level: Level) -> bool:
        """Say whether everything is granted at `level`."""
        return not self.everywhere.isdisjoint(level.enough)


def standing(user: Any) -> Standing:
    """Return what a person's roles and grants on everything give. One query, kept on the user; none when inactive."""
    if user is None or not user.is_active:
        return Standing()
    known: Standing | None = getattr(user, "_standing", None)
    if known is None:
        to_user = OrgWideGrant.objects.filter(user=user.pk).values("level")
        rows = list(user.groups.annotate(own=to_user).values_list("name", "org_wide__level", "own"))
        groups = tuple(row[0] for row in rows)
        levels = {level for name, *own in rows for level in (EVERYWHERE.get(name), *own) if level}
        given = frozenset[Permission]().union(*(PERMISSIONS.get(name, frozenset()) for name in groups))
        known = user._standing = Standing(groups, given, frozenset(levels))
    return known


def verbs(user: Any) -> frozenset[Permission]:
    """Return the permissions that the user's roles give. One query, kept on the user object; none when inactive."""
    return standing(user).permissions


def has(actor: Actor, permission: Permission) -> bool:
    """Say whether the actor's roles give `permission` and the token, if there is one, leaves it.

    The installation itself has all of them.
    """
    if actor.is_system:
        return True
    return permission in verbs(actor.user) and (actor.right is None or permission in actor.right.scopes)


def is_everywhere(actor: Actor, level: Level = Level.MANAGE) -> bool:
    """Say whether everything is granted to the actor at `level`, also what does not exist yet."""
    if actor.is_system:
        return True
    is_narrowed = actor.right is not None and actor.right.account_ids is not None
    return not is_narrowed and standing(actor.user).covers(level)


def is_administrator(actor: Actor) -> bool:
    """Say whether the actor's roles give every permission there is: whoever manages people can give them all."""
    return is_everywhere(actor) and all(has(actor, permission) for permission in Permission)


def may_audit(actor: Actor) -> bool:
    """Say whether the actor may read and export the audit trail: auditors, and who has every permission."""
    reads = has(actor, Permission.VIEW_RESOURCES) and is_everywhere(actor, Level.VIEW)
    return reads and (is_administrator(actor) or Role.AUDITOR in standing(actor.user).groups)


def scope(actor: Actor, queryset: QuerySet[M], level: Level = Level.VIEW, *, in_order: bool = True) -> QuerySet[M]:
    """Return the rows that the actor may `level`, by one condition in the query itself. Without ViewResources: none.

    Not `in_order`, the database may begin with what is granted: for rows that are counted, and for the first of those
    where one index has their order and all that is asked of them.
    Raises TypeError for a model that does not say how it inherits access (`access_via`): undeclared means refused.
    """
    model = queryset.model
    if not hasattr(model, "access_via"):
        raise TypeError(f"{model.__name__} does not declare access_via, so nobody may see it.")
    if not has(actor, Permission.VIEW_RESOURCES):
        return queryset.none()
    for granted, has_root in _granted(actor, level):
        reached = reach.reached(model, level, granted)
        queryset = queryset.filter(_looked_at(reached) if has_root and in_order else reached)
    return queryset


def _granted(actor: Actor, level: Level) -> list[tuple[Granted, bool]]:
    """Return what must reach a row: what the person is granted, and what the token leaves; nothing for everything.

    Each with whether whole accounts are among it. Where nothing else is, both are asked as one.
    """
    found: list[tuple[Granted, bool]] = []
    if not actor.is_system and not standing(actor.user).covers(level):
        found.append((reach.to_person(actor.user), reach.has_root(actor.user)))
    if actor.right is not None and actor.right.account_ids is not None:
        found.append((reach.to_accounts(actor.user, actor.right.account_ids), True))
    if len(found) > 1 and reach.has_only_roots(actor.user):
        return [(reach.both(*(granted for granted, _ in found)), True)]
    return found


def _looked_at(condition: Q) -> Case:
    """Return the condition so that the database looks at it row by row, in the order that the rows are asked for.

    For who is granted whole accounts: otherwise it may gather all that these reach, and then sort it, for the first
    page of it. Who is granted a few plans and groups would have it look at all rows for these.
    """
    return Case(When(condition, then=Value(True)), default=Value(False))


def usable(actor: Actor, permission: Permission, queryset: QuerySet[M], level: Level = Level.OPERATE) -> QuerySet[M]:
    """Return the rows on which the actor may use `permission`: what `can` asks of one row. Roles are not looked at."""
    rows = scope(actor, queryset, level)
    also = needed_as_well(queryset.model, permission)
    if also and not is_everywhere(actor, level):
        needed = scope(actor, reach.model_at(queryset.model, also)._base_manager.all(), level).values("pk")
        rows = rows.filter(reach.all_within(queryset.model, also, lambda way: Q(**{f"{way}pk__in": needed})))
    return rows


def with_rights(actor: Actor, queryset: QuerySet[M], *needed: tuple[Permission, Level]) -> QuerySet[M]:
    """Let each row know whether the actor may use these permissions on it, so that `why_not` asks no more.

    Where everything is granted there is nothing to know.
    """
    model = queryset.model
    same: QuerySet[Any] = model._default_manager.filter(pk=OuterRef("pk"))
    asked = [(permission, level) for permission, level in needed if not is_everywhere(actor, level)]
    by_name = {_known_as(model, permission, level): (permission, level) for permission, level in asked}
    for name, (permission, level) in by_name.items():
        rows = usable(actor, permission, same, level).order_by().values(is_within=Value(True))
        # Asked for as a value: whether there is one, PostgreSQL would look up in all rows, read for those of a page.
        queryset = queryset.annotate(**{name: Coalesce(Subquery(rows[:1]), Value(False))})
    return queryset


def can(actor: Actor, permission: Permission, obj: Model | None = None, level: Level = Level.OPERATE) -> bool:
    """Say whether the actor may use `permission` on `obj`. Defined by `scope`, so lists and details agree."""
    return has(actor, permission) and (obj is None or _is_within(actor, permission, obj, level))


def why_not(actor: Actor, permission: Permission, obj: Model | None = None, level: Level = Level.OPERATE) -> str:
    """Return the sentence for a person who may not use `permission`, or not on `obj`; nothing for one who may.

    No query where everything is granted, or for rows that were read `with_rights`. The caller has made sure that `obj`
    is in sight.
    """
    if not has(actor, permission):
        if actor.right is not None and permission in verbs(actor.user):
            return f"This needs the permission {permission}, which the token does not have. Use one that has it."
        return f"This needs the permission {permission}, which none of your roles gives. Ask an administrator for it."
    if obj is None or is_everywhere(actor, level):
        return ""
    known: bool | None = getattr(obj, _known_as(type(obj), permission, level), None)
    if known or (known is None and _is_within(actor, permission, obj, level)):
        return ""
    also = needed_as_well(type(obj), permission)
    where = f"{obj}, with every {reach.model_at(type(obj), also)._meta.verbose_name} in it," if also else str(obj)
    return f"Your access to {where} does not include “{level}”. Ask an administrator."


def require(actor: Actor, permission: Permission, obj: Model | None = None, level: Level = Level.OPERATE) -> None:
    """Return when the actor may; raise NotFound for an object out of sight and Denied for a missing permission."""
    if obj is not None and not scope(actor, _row(obj)).exists():
        raise NotFound(f"There is no such {obj._meta.verbose_name}.")
    if not can(actor, permission, obj, level):
        raise _denied(why_not(actor, permission, obj, level), permission)


def require_everywhere(actor: Actor, permission: Permission) -> None:
    """Return when the actor may use `permission` on everything. Raises Denied."""
    if not has(actor, permission):
        raise _denied(why_not(actor, permission), permission)
    if not is_everywhere(actor):
        raise _denied("This needs access to everything, not to single accounts. Ask an administrator.", permission)


def require_administrator(actor: Actor, doing: str) -> None:
    """Return when the actor has every permission, on everything. Raises Denied; `doing` begins its sentence."""
    missing = next((each for each in Permission if not has(actor, each)), None)
    if missing is not None:
        raise _denied(f"{doing} needs every permission there is, {missing} too. Ask an administrator.", missing)
    require_everywhere(actor, Permission.MANAGE_ACCOUNTS)


def get_or_404(actor: Actor, queryset: QuerySet[M], **lookup: Any) -> M:
    """Return the one row that matches and is in sight. Raises NotFound, the same for missing and unseen."""
    found = scope(actor, queryset).filter(**lookup).first()
    if found is None:
        raise NotFound(f"There is no such {queryset.model._meta.verbose_name}, or you may not see it.")
    return found


def needed_as_well(model: type[Model], permission: Permission) -> str:
    """Return the path to the rows on which `permission` is needed as well, all of them, or nothing."""
    paths: dict[Permission, str] = getattr(model, "needs_as_well", {})
    return paths.get(permission, "")


def _is_within(actor: Actor, permission: Permission, obj: Model, level: Level) -> bool:
    return usable(actor, permission, _row(obj), level).exists()


def _known_as(model: type[Model], permission: Permission, level: Level) -> str:
    """Return how rows know the answer: it is one for all permissions that need nothing else as well."""
    also = needed_as_well(model, permission)
    return f"may_{level}_with_{also.replace('__', '_of_')}" if also else f"may_{level}"


def _row(obj: Model) -> QuerySet[Any]:
    return type(obj)._default_manager.filter(pk=obj.pk)


def _denied(sentence: str, permission: Permission) -> Denied:
    return Denied(sentence, details={"permission": str(permission)})
