"""Which rows grants reach, as one condition for the database. Only the policy asks here.

A model says with `access_via` from where it inherits, as paths of relations. A path to one row gives what that row
gives. A path to many gives what all of them give together: a plan over two accounts needs the grant on both. With
`granted_via` it names rows whose own grants count as its own, without what those rows inherit. `needs_as_well` says for
a permission on which other rows the level is needed too. `in_scope_as` is what rows that can be granted are called in
answers about what somebody reaches.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet


class Level(StrEnum):
    """What one may do with an object one is granted."""

    VIEW = "view"
    OPERATE = "operate"
    MANAGE = "manage"

    @property
    def enough(self) -> tuple["Level", ...]:
        """The levels that include this one."""
        levels = tuple(Level)
        return levels[levels.index(self) :]


# Says which rows of a model are granted themselves, at a level; the last is the way to them, as lookups begin with it.
Granted = Callable[[type[Model], Level, str], Q]
NOTHING = Q(pk__in=())
FEW = 500  # grants that are named in a condition


def is_grantable(model: type[Model]) -> bool:
    """Say whether its rows can be granted to people and teams."""
    return hasattr(model, "user_grants") and hasattr(model, "team_grants")


def grantable_models() -> list[type[Model]]:
    """Return the models whose rows can be granted."""
    return [model for model in apps.get_models() if is_grantable(model)]


def codename(model: type[Model], level: str) -> str:
    """Return how Django names the permission of a level on rows of a model."""
    return f"{level}_{model._meta.model_name}"


def to_person(user: Any) -> Granted:
    """Return what is granted to a person or to a group that the person is in, as it is when this is called first.

    Few grants are named in the condition. Many are looked up by the database in each part of it, which costs several
    times as much: to write it, and to plan it without knowing how many rows will be found.
    """
    few = _few_grants(user)

    def granted(model: type[Model], level: Level, at: str) -> Q:
        names = [codename(model, each) for each in level.enough]
        if few is not None:
            found = sorted({key for name, key in few if name in names})
            return Q(**{f"{at}pk__in": found}) if found else NOTHING
        to_user, to_teams = (rows.filter(permission__codename__in=names) for rows in grants_of(user, model))
        # One question, so that PostgreSQL begins with what is granted, where it would ask two of every row.
        return Q(**{f"{at}pk__in": to_user.values("content_object").union(to_teams.values("content_object"))})

    return granted


def _few_grants(user: Any) -> frozenset[tuple[str, Any]] | None:
    """Return what is granted, as names of permissions with keys of rows; None for more than FEW grants.

    One query, kept on the user.
    """
    if not hasattr(user, "_few_grants"):
        columns = "permission__codename", "content_object"
        first, *others = (rows.values_list(*columns) for model in grantable_models() for rows in grants_of(user, model))
        found = list(first.union(*others, all=True)[: FEW + 1])
        user._few_grants = frozenset(found) if len(found) <= FEW else None
    known: frozenset[tuple[str, Any]] | None = user._few_grants
    return known


def has_root(user: Any) -> bool:
    """Say whether something is granted to a person which inherits from nothing, an AWS account; of many, it is so."""
    few = _few_grants(user)
    return few is None or not _names_of_roots().isdisjoint(name for name, _ in few)


def has_only_roots(user: Any) -> bool:
    """Say whether nothing else is granted to a person, as far as that is known: not of many grants."""
    few = _few_grants(user)
    return few is not None and _names_of_roots().issuperset(name for name, _ in few)


def _names_of_roots() -> set[str]:
    """Return how Django names the permissions on what inherits from nothing."""
    models = [model for model in grantable_models() if not model.access_via]  # type: ignore[attr-defined]
    return {codename(model, level) for model in models for level in Level}


def grants_of(user: Any, model: type[Model]) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """Return the grants on rows of `model` to a person, and those to the groups that the person is in."""
    to_user = table(model, "user_grants").objects.filter(user=user.pk)
    to_teams = table(model, "team_grants").objects.filter(group__user=user.pk)
    return to_user, to_teams


def to_accounts(user: Any, account_ids: frozenset[str]) -> Granted:
    """Return what lies in these AWS accounts: they are granted, and nothing else is.

    Their rows are found by one query, and kept on the user who comes with the token.
    """
    kept: dict[Any, list[Any]] = user.__dict__.setdefault("_named_in_tokens", {})

    def granted(model: type[Model], level: Level, at: str) -> Q:
        named_by = getattr(model, "named_in_tokens_by", "")
        if named_by and account_ids not in kept:
            named = model._base_manager.filter(**{f"{named_by}__in": account_ids})
            kept[account_ids] = list(named.order_by("pk").values_list("pk", flat=True))
        return Q(**{f"{at}pk__in": kept[account_ids]}) if named_by and kept[account_ids] else NOTHING

    return granted


def both(one: Granted, other: Granted) -> Granted:
    """Return what is granted by both.

    Where one of them grants only what inherits from nothing, as tokens do, and the other does too, what is reached by
    both of them is what this reaches, asked once.
    """

    def granted(model: type[Model], level: Level, at: str) -> Q:
        first, second = one(model, level, at), other(model, level, at)
        return NOTHING if first is NOTHING or second is NOTHING else first & second

    return granted


def reached(model: type[Model], level: Level, granted: Granted, at: str = "") -> Q:
    """Return the condition for the rows of `model` that are granted, or inherit it, at `level`.

    `at` is the way to them from the rows that are asked for. What leads to one row is joined: to find the first fifty
    of many thousand, those that the grants reach must not be gathered first. It is NOTHING itself where it is known
    that there are none, so that nobody asks.
    """
    ways = [granted(model, level, at)] if is_grantable(model) else []
    ways += [_granted_beside(model, path, level, granted, at) for path in getattr(model, "granted_via", ())]
    ways += [_inherited(model, path, level, granted, at) for path in model.access_via]  # type: ignore[attr-defined]
    found = [way for way in ways if way is not NOTHING]
    return reduce(or_, found) if found else NOTHING


def _granted_beside(model: type[Model], path: str, level: Level, granted: Granted, at: str) -> Q:
    """Return the condition for rows of `model` to which `path` leads from rows that are granted themselves.

    A path that begins with rows which name those of `model` is walked once, from what is granted: joined, it would be
    walked from every row.
    """
    beside = model_at(model, path)
    if model._meta.get_field(path.partition("__")[0]).concrete:
        return granted(beside, level, f"{at}{path}__")
    return _found_first(model, granted(beside, level, f"{path}__"), at)


def model_at(model: type[Model], path: str) -> Any:
    """Return the model at the end of a path of relations."""
    for step in path.split("__"):
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    return model


def _inherited(model: type[Model], path: str, level: Level, granted: Granted, at: str) -> Q:
    parent = model_at(model, path)

    def is_reached(way: str) -> Q:
        if _gathers(parent):
            return _found_first(parent, reached(parent, level, granted), way)
        return reached(parent, level, granted, way)

    is_of_many = last_of_many(model, path)[0] is not None
    return all_within(model, path, is_reached) if is_of_many else is_reached(f"{at}{path}__")


def _found_first(model: type[Model], condition: Q, at: str) -> Q:
    """Return the condition that `at` leads to one of the rows of `model` with `condition`, looked up together."""
    if condition is NOTHING:
        return NOTHING
    return Q(**{f"{at}pk__in": model._base_manager.filter(condition).values("pk")})


def _gathers(model: type[Model]) -> bool:
    """Say whether rows of `model` inherit from several together: those are few, and are found first."""
    return any(last_of_many(model, path)[0] is not None for path in model.access_via)  # type: ignore[attr-defined]


def all_within(model: type[Model], path: str, within: Callable[[str], Q]) -> Q:
    """Return the condition for rows of `model` of which `path` reaches something, and only what is `within`.

    That is the condition for what is reached; it is given the way there, as lookups begin with it.
    """
    many, back, rest = last_of_many(model, path)
    condition = within(f"{rest}__" if rest else "")
    if many is None or condition is NOTHING:
        return condition
    rows = many._base_manager.filter(**{back: OuterRef("pk")})
    return Q(Exists(rows)) & ~Q(Exists(rows.exclude(condition)))


def last_of_many(model: type[Model], path: str) -> tuple[Any, str, str]:
    """Return the last model that `path` reaches through a relation to many rows, the way back, and the rest of `path`.

    The model is None when the whole path leads to one row.
    """
    steps = path.split("__")
    found: tuple[Any, str, str] = (None, "", path)
    back: list[str] = []
    for number, step in enumerate(steps, start=1):
        field: Any = model._meta.get_field(step)
        back.insert(0, field.remote_field.name)
        model = field.related_model
        if field.one_to_many or field.many_to_many:
            found = (model, "__".join(back), "__".join(steps[number:]))
    return found


def table(model: type[Model], name: str) -> Any:
    """Return the table of grants of a model: `name` is "user_grants" or "team_grants"."""
    return model._meta.get_field(name).related_model
