"""What every admin page shares: the policy decides, and services do the work."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from drsorch.access import policy
from drsorch.access.denials import note_refusal
from drsorch.access.lists import BoundedList, NewestRelated, NewestValues
from drsorch.access.policy import Level
from drsorch.access.requests import actor_of
from drsorch.access.roles import Permission
from drsorch.audit.actor import Actor, Source
from drsorch.counts import BoundedPaginator
from drsorch.errors import UserError

# Filters that offer the accounts and Regions of the newest rows in sight, and no other.
OWN_ACCOUNTS = ("account", NewestRelated)
OWN_REGIONS = ("region", NewestValues)


def actor_at(request: HttpRequest) -> Actor:
    """Return who works at the admin site."""
    return actor_of(request, Source.ADMIN)


class Policed:
    """Rights from the policy: read-only as long as no permission to add, change or delete is named."""

    add_permission: Permission | None = None
    change_permission: Permission | None = None
    delete_permission: Permission | None = None

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the app to whoever may view."""
        return policy.has(actor_at(request), Permission.VIEW_RESOURCES)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Ask the policy."""
        return policy.can(actor_at(request), Permission.VIEW_RESOURCES, obj, Level.VIEW)

    def has_add_permission(self, request: HttpRequest, *_: Any) -> bool:
        """Ask the policy."""
        return self.add_permission is not None and policy.has(actor_at(request), self.add_permission)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Ask the policy."""
        return may(request, self.change_permission, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Ask the policy."""
        return may(request, self.delete_permission, obj)


def may(request: HttpRequest, permission: Permission | None, obj: Model | None) -> bool:
    """Say whether the person may use `permission` on `obj`; nobody may use none."""
    return permission is not None and policy.can(actor_at(request), permission, obj, Level.MANAGE)


class PolicedAdmin(Policed, admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows in sight, read-only; their history is the audit trail."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # they count all rows
    view_on_site = False

    def get_changelist(self, request: HttpRequest, **_: Any) -> type[BoundedList]:
        """Return the list that takes as long with many rows as with few."""
        return BoundedList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows in the person's sight."""
        return policy.scope(actor_at(request), super().get_queryset(request))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer no deletion in bulk: each deletion has its own checks."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show what the audit trail has about the row."""
        wanted = urlencode({"object_kind": str(self.opts.model_name), "object_id": object_id})
        return redirect(f"{reverse('admin:audit_auditevent_changelist')}?{wanted}")

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Leave it to the audit trail."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Leave it to the audit trail."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Leave it to the audit trail."""


class RecordAdmin(PolicedAdmin):
    """Shows every column of rows that only the product itself writes."""

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Return all columns, and what the class adds to them."""
        columns = [field.name for field in self.opts.concrete_fields if field.name not in (self.exclude or ())]
        return [*columns, *self.readonly_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Return the same: nothing can be changed."""
        return self.get_fields(request, obj)


class PolicedInline(Policed, admin.TabularInline):  # type: ignore[type-arg]
    """Rows of a parent, read-only."""

    extra = 0
    can_delete = False
    show_change_link = True


class ServiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A form whose input a service saves. `refusal` is what the service said to the same input a moment ago."""

    refusal: UserError | None = None
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen_version"] = getattr(self.instance, "version", None)

    def clean(self) -> dict[str, Any]:
        """Show the refusal: at the fields that it names, else above all fields."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.refusal:
            named = self.refusal.details.get("fields", {})
            if named and named.keys() <= self.fields.keys():
                self.errors.update({name: self.error_class(sentences) for name, sentences in named.items()})
            else:
                self.add_error(None, self.refusal.message)
        return cleaned

    def input(self, *names: str) -> dict[str, Any]:
        """Return the checked values of these fields, as keyword arguments for the service."""
        return {name: self.cleaned_data[name] for name in names}


# Which method a page needs for what it permits.
SERVICES = {"add_permission": "create", "change_permission": "update", "delete_permission": "remove"}


class ServiceAdmin(PolicedAdmin):
    """Adds, changes and deletes through services; what they refuse becomes an error of the form.

    A page says which services it calls: `create(actor, form)` returns the new row, `update(actor, row, form)` gets the
    row as the database has it, `remove(actor, row)` deletes. It has one for each permission that it names.
    """

    form = ServiceForm
    edit_fields: tuple[Any, ...] = ()
    view_fields: tuple[Any, ...] = ()
    create: Callable[..., Model]
    update: Callable[..., None]
    remove: Callable[..., None]

    def __init_subclass__(cls) -> None:
        """Refuse a page that permits what it has no service for. Raises TypeError."""
        super().__init_subclass__()
        for permission, service in SERVICES.items():
            if getattr(cls, permission) and not hasattr(cls, service):
                raise TypeError(f"{cls.__name__} names a {permission} and has no {service}(). Add it.")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[Any, ...]:
        """Return the fields to edit, or those to look at for whoever may not edit."""
        return self.view_fields if obj and not self.has_change_permission(request, obj) else self.edit_fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Give the form the refusal of this request, if there was one."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show or save the form. Django's own would hold a transaction open while the service asks AWS."""
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        except UserError as error:
            note_refusal(request, error)
            request.refusal = error  # type: ignore[attr-defined]
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Call the service. `obj` already has the input, so the service gets the row as the database has it."""
        actor = actor_at(request)
        if change:
            self.update(actor, self.get_queryset(request).get(pk=obj.pk), form)
        else:
            obj.pk = self.create(actor, form).pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Do nothing: the service has saved everything."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Leave it to the audit trail: formsets here are only shown, and Django would ask them what they saved."""
        return ""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Call the service."""
        self.remove(actor_at(request), obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Name the rows only: whether they may go is for the service to say."""
        return [str(row) for row in objs], {}, set(), []

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Delete, or go back to the row with the service's sentence."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except UserError as error:
            note_refusal(request, error)
            messages.error(request, error.message)
            page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
            return redirect(page)
