"""Admin of people and roles. Its base, for all apps, is in `policed`; the audit trail has modules of its own."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join

from drsorch.access import admin_audit, admin_segments, policy
from drsorch.access.explain import explain, holdings
from drsorch.access.forms import ExplainForm
from drsorch.access.models import ApiToken, RoleGroup, User
from drsorch.access.people import facts_of_person
from drsorch.access.policed import PolicedAdmin, RecordAdmin, actor_at
from drsorch.access.roles import PERMISSIONS, Permission, Role, role_label
from drsorch.audit.actor import Actor, Source
from drsorch.audit.facts import difference
from drsorch.audit.record import record

__all__ = ["admin_audit", "admin_segments"]  # Django finds this module by its name, and the others through it
PERSON = ("username", "first_name", "last_name", "email")
RIGHTS = ("is_active", "is_staff", "groups")


class PersonForm(UserChangeForm):  # type: ignore[type-arg]
    """A person with roles. `editor` is who changes it."""

    editor: Any = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "groups" in self.fields:
            self.fields["groups"].label = "Roles"
            self.fields["groups"].queryset = Group.objects.filter(name__in=Role.values)  # type: ignore[attr-defined]
            self.fields["groups"].help_text = "What the person may do is the sum of the roles."
            self.initial["groups"] = self.fields["groups"].queryset.filter(user=self.instance)  # type: ignore[attr-defined]

    def clean_groups(self) -> list[Group]:
        """Return the chosen roles, with the person's teams, which are set with the teams."""
        teams = self.instance.groups.exclude(name__in=Role.values)
        return [*self.cleaned_data["groups"], *teams]

    def clean(self) -> dict[str, Any]:
        """Refuse to let administrators lock themselves out."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.editor is None or self.instance.pk != self.editor.pk or not cleaned.keys() >= set(RIGHTS):
            return cleaned
        keeps_role = Role.ADMIN in {group.name for group in cleaned["groups"]}
        if not (cleaned["is_active"] and cleaned["is_staff"] and keeps_role):
            raise ValidationError("You cannot take your own administration away. Ask another administrator to do it.")
        return cleaned


@admin.register(User)
class PersonAdmin(PolicedAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    """People, for administrators. Nobody becomes superuser here, and people are deactivated rather than deleted."""

    form = PersonForm
    list_display = ("username", "email", "roles", "is_staff", "is_active", "last_login")
    list_filter = ("groups", "is_staff", "is_active")
    filter_horizontal = ("groups",)
    readonly_fields = ("roles", "access", "last_login", "date_joined")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Fetch the roles with the people."""
        return super().get_queryset(request).prefetch_related("groups")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Return the fields of a person: to add, to change, or to look at without anything secret."""
        if obj is None:
            return ((None, {"fields": ("username", "usable_password", "password1", "password2")}),)
        if self.has_change_permission(request, obj):
            return (
                (None, {"fields": (*PERSON, "password")}),
                ("Rights", {"fields": (*RIGHTS, "access")}),
                ("Dates", {"fields": ("last_login", "date_joined")}),
            )
        return ((None, {"fields": (*PERSON, "is_active", "is_staff", "roles", "access", "last_login", "date_joined")}),)

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Let administrators add people."""
        return policy.is_administrator(actor_at(request))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let administrators change people."""
        return policy.is_administrator(actor_at(request))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form who changes the person."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.editor = request.user
        return form

    @admin.display(description="Roles")
    def roles(self, person: User) -> str:
        """The person's roles in words."""
        names = [group.name for group in person.groups.all() if group.name in Role.values]
        return ", ".join(map(role_label, names)) or "none"

    @admin.display(description="Access")
    def access(self, person: User) -> str:
        """A link to what is granted to the person, and why they may or may not."""
        return format_html('<a href="{}">Grants, and why they may or may not</a>', self._explain_address(person.pk))

    def _explain_address(self, pk: Any) -> str:
        return reverse("admin:access_user_explain", args=[pk])

    def get_urls(self) -> list[Any]:
        """Add the page of explanations."""
        page = self.admin_site.admin_view(self.explain_view)
        return [path("<int:pk>/explain/", page, name="access_user_explain"), *super().get_urls()]

    def explain_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what is granted to a person; with `?permission=`, why they may or may not."""
        viewer = actor_at(request)
        person = policy.get_or_404(viewer, User.objects.all(), pk=pk)
        form = ExplainForm(request.GET if "permission" in request.GET else None, viewer=viewer)
        answer = None
        if form.is_bound and form.is_valid():
            them = Actor(name=person.get_username(), source=Source.ADMIN, user=person)
            answer = explain(them, Permission(form.cleaned_data["permission"]), form.found)
        context = {**self.admin_site.each_context(request), "title": f"Access of {person}", "opts": self.opts}
        context |= {"person": person, "form": form, "answer": answer, "holdings": holdings(person)}
        return TemplateResponse(request, "admin/access/user/explain.html", context)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save, and remember how the person was before."""
        if change:
            request.person_before = facts_of_person(User.objects.get(pk=obj.pk))  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)

    # Django writes these inside the transaction of the change, as its last statement: here they are the evidence.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record who was added."""
        record(actor_at(request), "create_user", obj, after=facts_of_person(obj))

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Record what was changed, a new password by name only, and the rights that the person has now."""
        now = facts_of_person(obj)
        rights = {name: now[name] for name in ("is_active", "is_staff", "roles")}
        change = difference(getattr(request, "person_before", now), now)
        record(actor_at(request), "update_user", obj, **change, changes=message, **rights)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Set a password, in one transaction with its evidence."""
        return super().user_change_password(request, id, form_url)


admin.site.unregister(Group)


@admin.register(RoleGroup)
class RoleAdmin(PolicedAdmin):
    """The roles and what they give. Fixed by the product; who has one is set with the person."""

    list_display = ("label", "name", "permissions_given", "people")
    fields = ("label", "name", "permissions_given", "people")
    readonly_fields = ("label", "permissions_given", "people")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RoleGroup]:
        """Count the people with the roles."""
        roles: QuerySet[RoleGroup] = super().get_queryset(request).filter(name__in=Role.values)
        return roles.annotate(user_count=Count("user"))

    @admin.display(description="Role", ordering="name")
    def label(self, role: RoleGroup) -> str:
        """The role in words."""
        return role_label(role.name)

    @admin.display(description="Permissions")
    def permissions_given(self, role: RoleGroup) -> str:
        """The verbs that it gives."""
        return format_html_join(", ", "{}", ((verb,) for verb in sorted(PERMISSIONS.get(role.name, ()))))

    @admin.display(description="People")
    def people(self, role: Any) -> Any:
        """How many have it."""
        return role.user_count


@admin.register(ApiToken)
class ApiTokenAdmin(RecordAdmin):
    """Tokens of everybody, without what they are checked against. Made and revoked in the console and by command."""

    exclude = ("digest",)
    list_display = ("name", "owner", "scopes", "expires_at", "last_used_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "owner")
    list_select_related = ("owner",)
    search_fields = ("name", "owner__username")
    date_hierarchy = "created_at"
