"""Admin of teams, and of what is granted to people and teams. Given and taken back by administrators."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest

from drsorch.access import policy
from drsorch.access.grants import delete_team, grant, revoke_grant, save_team
from drsorch.access.models import LEVELS, OrgWideGrant, Team, User
from drsorch.access.policed import ServiceAdmin, ServiceForm, actor_at
from drsorch.access.roles import EVERYWHERE, Role
from drsorch.audit.actor import Actor
from drsorch.errors import Invalid


class ForAdministrators(ServiceAdmin):
    """Rows that administrators add, change and delete."""

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Let administrators add."""
        return policy.is_administrator(actor_at(request))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let administrators change."""
        return policy.is_administrator(actor_at(request))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let administrators delete."""
        return policy.is_administrator(actor_at(request))


class TeamForm(ServiceForm):
    """A team with its members."""

    members = forms.ModelMultipleChoiceField(User.objects.order_by("username"), required=False)

    class Meta:
        model = Team
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["members"] = self.instance.user_set.all()


@admin.register(Team)
class TeamAdmin(ForAdministrators):
    """Teams: people to whom objects are granted together."""

    form = TeamForm
    list_display = ("name", "people")
    search_fields = ("name",)
    edit_fields = ("name", "members")
    view_fields = ("name", "people")
    readonly_fields = ("people",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """Leave out the roles, and count the members."""
        teams: QuerySet[Team] = super().get_queryset(request).exclude(name__in=Role.values)
        return teams.annotate(user_count=Count("user"))

    @admin.display(description="People")
    def people(self, team: Any) -> Any:
        """How many are in it."""
        return team.user_count

    def create(self, actor: Actor, form: Any) -> Team:
        """Create the team."""
        return save_team(team=Team(), actor=actor, **form.input("name", "members"))

    def update(self, actor: Actor, row: Team, form: Any) -> None:
        """Rename it, and set its members."""
        save_team(team=row, actor=actor, **form.input("name", "members"))

    def remove(self, actor: Actor, row: Team) -> None:
        """Delete it."""
        delete_team(team=row, actor=actor)


class GrantForm(ServiceForm):
    """A grant. Who has it and on what cannot be changed afterwards: another grant is another row."""

    level = forms.ChoiceField(choices=LEVELS, help_text="Operate includes to view, and manage includes both.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["level"] = self.instance.level
        if "group" in self.fields:
            reaching_all = self.fields["group"].queryset.exclude(name__in=EVERYWHERE)  # type: ignore[attr-defined]
            self.fields["group"].queryset = reaching_all  # type: ignore[attr-defined]
            self.fields["group"].label = "Team or role"


class GrantAdmin(ForAdministrators):
    """One table of grants. `whom` are the columns that say who has it, `what` the one that says on what."""

    form = GrantForm
    whom: tuple[str, ...] = ()
    what: tuple[str, ...] = ("content_object",)

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        """Show who has what at which level."""
        return (*self.whom, *self.what, "level")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch both sides with the grants."""
        shown = (*self.whom, *self.what, *(("permission",) if self.what else ()))
        return super().get_queryset(request).select_related(*shown)

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        """Return the same to everybody."""
        return (*self.whom, *self.what, "level")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        """Fix both sides of a grant that there is."""
        fixed = (*self.whom, *self.what)
        if obj is None:
            return ()
        return fixed if self.has_change_permission(request, obj) else (*fixed, "level")

    def create(self, actor: Actor, form: Any) -> Any:
        """Grant it."""
        to = [form.cleaned_data[name] for name in self.whom if form.cleaned_data[name]]
        if len(to) != 1:
            raise Invalid("Choose a person or a group, and not both.")
        obj = form.cleaned_data[self.what[0]] if self.what else None
        return grant(to=to[0], obj=obj, level=form.cleaned_data["level"], actor=actor)

    def update(self, actor: Actor, row: Any, form: Any) -> None:
        """Grant it at another level."""
        grant(to=self._to(row), obj=self._on(row), level=form.cleaned_data["level"], actor=actor)

    def remove(self, actor: Actor, row: Any) -> None:
        """Take it back."""
        revoke_grant(to=self._to(row), obj=self._on(row), actor=actor)

    def _to(self, row: Any) -> User | Group:
        found: User | Group = next(getattr(row, name) for name in self.whom if getattr(row, name))
        return found

    def _on(self, row: Any) -> Any:
        return getattr(row, self.what[0]) if self.what else None


@admin.register(OrgWideGrant)
class OrgWideGrantAdmin(GrantAdmin):
    """Everything, granted to a person or to a group. Administrators and auditors have it by their role."""

    whom = ("user", "group")
    what = ()


class UserGrantAdmin(GrantAdmin):
    """Objects granted to people."""

    whom = ("user",)
    search_fields = ("user__username", "content_object__name")


class TeamGrantAdmin(GrantAdmin):
    """Objects granted to teams."""

    whom = ("group",)
    search_fields = ("group__name", "content_object__name")
