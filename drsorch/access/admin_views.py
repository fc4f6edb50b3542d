"""Pages of the admin site that are not about a model."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse, reverse_lazy

from drsorch.access.declared import SIGNED_IN, needs
from drsorch.access.policed import actor_at
from drsorch.audit.record import record
from drsorch.errors import Denied, NotFound


@needs(SIGNED_IN)
def door(request: HttpRequest) -> HttpResponse:
    """Stand where the admin site has its own sign-in: there is one sign-in, and who comes here has used it."""
    if not request.user.is_staff:
        raise Denied("The administration is for staff. Ask an administrator to make you one.")
    index = reverse("admin:index")
    wanted = request.GET.get("next", "")
    return redirect(wanted if wanted.startswith(index) else index)


@needs(SIGNED_IN)
def no_shortcut(request: HttpRequest, where: str) -> HttpResponse:
    """Stand where Django leads from any row to its page, and so tells whether there is such a row."""
    raise NotFound("There is no such page.")


class ChangePassword(PasswordChangeView):
    """Change one's own password, in one transaction with its evidence."""

    needs = SIGNED_IN
    form_class = AdminPasswordChangeForm
    template_name = "registration/password_change_form.html"
    success_url = reverse_lazy("admin:password_change_done")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what every page of the admin site needs."""
        return super().get_context_data(**admin.site.each_context(self.request), **kwargs)

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        """Save, and record it by name only."""
        response = super().form_valid(form)
        record(actor_at(self.request), "change_own_password", form.user)
        return response
