"""The forms of signing in, of one's own tokens, and of the question why somebody may or may not."""

import re
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.utils import timezone

from drsorch.access import policy, reach
from drsorch.access.roles import Permission
from drsorch.access.tokens import SOURCES
from drsorch.audit.actor import Actor
from drsorch.errors import UserError


class SignInForm(AuthenticationForm):
    """Name and password. Says the same for a wrong password, an unknown name and an inactive user."""

    def get_invalid_login_error(self) -> ValidationError:
        """Return the error at the password field, where the person corrects it first."""
        sentence = "The username or the password is wrong. Both are case-sensitive."
        return ValidationError({"password": ValidationError(sentence, code="invalid_login")})


class WordsField(forms.CharField):
    """Words between commas or spaces. Its value is a list."""

    def clean(self, value: Any) -> list[str]:
        """Return the words."""
        return [word for word in re.split(r"[,\s]+", str(super().clean(value))) if word]


class TokenForm(forms.Form):
    """A new token of one's own. `permissions` are those that the person has to give."""

    name = forms.CharField(max_length=100, help_text="What uses it, such as “Deployment pipeline”.")
    scopes = forms.MultipleChoiceField(label="Permissions", widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label="Expires", coerce=int, choices=[(days, f"in {days} days") for days in (1, 7, 30, 90)], initial=30
    )
    account_ids = WordsField(
        label="Accounts", required=False, help_text="AWS account ids, with commas. Empty: all that you may."
    )
    ranges = WordsField(
        label="Address ranges", required=False, help_text="Such as 10.0.0.0/8, with commas. Empty: from everywhere."
    )

    sources = forms.MultipleChoiceField(
        label="May name as its source, beside the API",
        required=False,
        choices=[(source.value, source.label) for source in SOURCES],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, permissions: Collection[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [(verb, str(verb)) for verb in Permission if verb in permissions]
        self.fields["scopes"].choices = offered  # type: ignore[attr-defined]

    def arguments(self) -> dict[str, Any]:
        """Return what `issue_token` takes. The form must be valid."""
        data = self.cleaned_data
        return {
            "name": data["name"],
            "scopes": data["scopes"],
            "expires_at": timezone.now() + timedelta(days=data["days"]),
            "account_ids": data["account_ids"] or None,
            "ranges": data["ranges"],
            "sources": data["sources"],
        }

    def refuse(self, error: UserError) -> None:
        """Show what the service refused: at the fields that it names, else above all of them."""
        named = error.details.get("fields", {})
        has_fields = bool(named) and named.keys() <= self.fields.keys()
        for name, sentences in named.items() if has_fields else [(None, [error.message])]:
            self.add_error(name, sentences)


class ExplainForm(forms.Form):
    """A permission, and on what: an object in sight of `viewer`, who asks. Valid forms have it as `found`."""

    found: Model | None = None
    permission = forms.ChoiceField(choices=[(verb, str(verb)) for verb in Permission])
    kind = forms.ChoiceField(label="On a", required=False)
    name = forms.CharField(label="Named", required=False, max_length=100)

    def __init__(self, *args: Any, viewer: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.viewer = viewer
        self.kinds = {model._meta.label_lower: model for model in reach.grantable_models()}
        named = [(label, model._meta.verbose_name) for label, model in self.kinds.items()]
        self.fields["kind"].choices = [("", "nothing in particular"), *named]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Find the object. What is out of sight is answered like what does not exist."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        model, name = self.kinds.get(cleaned.get("kind", "")), cleaned.get("name", "")
        if model is not None:
            by_id = {getattr(model, "named_in_tokens_by", "name"): name}
            rows: Any = model._default_manager.filter(Q(name__iexact=name) | Q(**by_id))
            self.found = policy.scope(self.viewer, rows).first()
            if self.found is None:
                self.add_error("name", f"There is no such {model._meta.verbose_name}, or you may not see it.")
        return cleaned
