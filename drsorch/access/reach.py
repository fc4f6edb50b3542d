"""Which rows grants reach, as one condition for the database. Only the policy asks here.

A model says with `access_via` from where it inherits, as paths of relations. A path to one row gives what that row
gives. A path to many gives what all of them give together: a plan over two accounts needs the grant on both. With
`granted_via` it names rows whose own grants count as its own, without what those rows inherit. `needs_as_well` says for
a permission on which other rows the level is needed too. `in_scope_as` is what rows that can be granted are called in
answers about what somebody reaches.
"""

from collections.abc import Callable, Collection
from enum import StrEnum
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
    """Return what is granted to a person or to a group that the person is in."""

    def granted(model: type[Model], level: Level, at: str) -> Q:
        names = [codename(model, each) for each in level.enough]
        to_user = table(model, "user_grants").objects.filter(user=user.pk, permission__codename__in=names)
        to_team = table(model, "team_grants").objects.filter(group__user=user.pk, permission__codename__in=names)
        # One question, so that PostgreSQL begins with what is granted, where it would ask two of every row.
        return Q(**{f"{at}pk__in": to_user.values("content_object").union(to_team.values("content_object"))})

    return granted


def has_root(user: Any) -> Q:
    """Return the condition that something is granted to a person which inherits from nothing: an AWS account."""
    condition = NOTHING
    for model in grantable_models():
        if not model.access_via:  # type: ignore[attr-defined]
            to_user = table(model, "user_grants").objects.filter(user=user.pk)
            to_team = table(model, "team_grants").objects.filter(group__user=user.pk)
            condition |= Q(Exists(to_user)) | Q(Exists(to_team))
    return condition


def to_accounts(account_ids: Collection[str]) -> Granted:
    """Return what lies in these AWS accounts: they are granted, and nothing else is."""

    def granted(model: type[Model], level: Level, at: str) -> Q:
        named_by = getattr(model, "named_in_tokens_by", "")
        return Q(**{f"{at}{named_by}__in": account_ids}) if named_by else NOTHING

    return granted


def reached(model: type[Model], level: Level, granted: Granted, at: str = "") -> Q:
    """Return the condition for the rows of `model` that are granted, or inherit it, at `level`.

    `at` is the way to them from the rows that are asked for. What leads to one row is joined: to find the first fifty
    of many thousand, those that the grants reach must not be gathered first.
    """
    condition = granted(model, level, at) if is_grantable(model) else NOTHING
    for path in getattr(model, "granted_via", ()):
        condition |= _granted_beside(model, path, level, granted, at)
    for path in model.access_via:  # type: ignore[attr-defined]
        condition |= _inherited(model, path, level, granted, at)
    return condition


def _granted_beside(model: type[Model], path: str, level: Level, granted: Granted, at: str) -> Q:
    """Return the condition for rows of `model` to which `path` leads from rows that are granted themselves.

    A path that begins with rows which name those of `model` is walked once, from what is granted: joined, it would be
    walked from every row.
    """
    beside = model_at(model, path)
    if model._meta.get_field(path.partition("__")[0]).concrete:
        return granted(beside, level, f"{at}{path}__")
    return Q(**{f"{at}pk__in": model._base_manager.filter(granted(beside, level, f"{path}__")).values("pk")})


def model_at(model: type[Model], path: str) -> Any:
    """Return the model at the end of a path of relations."""
    for step in path.split("__"):
        model = model._meta.get_field(step).related_model  # type: ignore[assignment]
    return model


def _inherited(model: type[Model], path: str, level: Level, granted: Granted, at: str) -> Q:
    parent = model_at(model, path)
    leads_to_one = last_of_many(model, path)[0] is None
    if leads_to_one and not _gathers(parent):
        return reached(parent, level, granted, f"{at}{path}__")
    within = parent._base_manager.filter(reached(parent, level, granted)).values("pk")
    return Q(**{f"{at}{path}__in": within}) if leads_to_one else all_within(model, path, within)


def _gathers(model: type[Model]) -> bool:
    """Say whether rows of `model` inherit from several together: those are few, and are found first."""
    return any(last_of_many(model, path)[0] is not None for path in model.access_via)  # type: ignore[attr-defined]


def all_within(model: type[Model], path: str, within: QuerySet[Any]) -> Q:
    """Return the condition for rows of `model` of which `path` reaches something, and only what is among `within`."""
    many, back, rest = last_of_many(model, path)
    if many is None:
        return Q(**{f"{path}__in": within})
    rows = many._base_manager.filter(**{back: OuterRef("pk")})
    return Q(Exists(rows)) & ~Q(Exists(rows.exclude(**{f"{rest or 'pk'}__in": within})))


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
