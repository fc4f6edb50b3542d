"""AWS accounts and their Regions."""

import secrets

from django.core.validators import RegexValidator
from django.db import models

from drsorch.authored import Authored
from drsorch.secrets import EncryptedTextField


def new_external_id() -> str:
    """Return a random external id: the second secret of the trust between hub and account."""
    return secrets.token_urlsafe(24)


class AccountStatus(models.TextChoices):
    """What the last validation found."""

    UNVALIDATED = "UNVALIDATED", "Not validated"
    VALID = "VALID", "Valid"
    INVALID = "INVALID", "Invalid"

    @property
    def tone(self) -> str:
        """How it looks."""
        return {"UNVALIDATED": "pending", "VALID": "ok", "INVALID": "error"}[self.value]


class TargetAccount(Authored):
    """An AWS account we act in."""

    account_id = models.CharField(
        max_length=12, unique=True, validators=[RegexValidator(r"^\d{12}$", "An AWS account id has 12 digits.")]
    )
    name = models.CharField(max_length=100)
    partition = models.CharField(max_length=16, default="aws")
    role_arn = models.CharField(
        "role ARN", max_length=255, blank=True, help_text="Empty: the hub's own credentials are used."
    )
    external_id = EncryptedTextField(default=new_external_id, editable=False)
    tag_jobs = models.BooleanField(
        default=True, help_text="Tag DRS jobs with our tokens, so that a lost answer is found."
    )
    status = models.CharField(max_length=12, choices=AccountStatus, default=AccountStatus.UNVALIDATED, editable=False)
    status_reason = models.TextField(blank=True, editable=False)
    validated_at = models.DateTimeField(null=True, editable=False)

    access_via = ()
    typed = ("name",)
    named_in_tokens_by = "account_id"
    in_scope_as = "accounts"

    class Meta:
        ordering = ["name"]
        verbose_name = "target account"
        permissions = [("operate_targetaccount", "Can operate"), ("manage_targetaccount", "Can manage")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(account_id__regex=r"^\d{12}$"),
                name="account_id_has_12_digits",
                violation_error_message="An AWS account id has 12 digits.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id})"

    def audited_account(self) -> str:
        """Itself."""
        return self.account_id


class AccountRegion(models.Model):
    """A Region of an account whose inventory we keep, and how the last look at it went."""

    account = models.ForeignKey(TargetAccount, on_delete=models.CASCADE, related_name="regions")
    region = models.CharField(max_length=32)
    is_enabled = models.BooleanField(default=True)
    is_initialized = models.BooleanField(null=True, editable=False)
    last_synced_at = models.DateTimeField(null=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, editable=False)
    sync_asked_at = models.DateTimeField(null=True, editable=False)  # by somebody, and not begun yet
    quotas = models.JSONField(default=dict, editable=False)  # DRS's quotas by code, as Service Quotas says
    quotas_read_at = models.DateTimeField(null=True, editable=False)

    access_via = ("account",)

    class Meta:
        ordering = ["account", "region"]
        verbose_name = "account Region"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "region"],
                name="region_once_per_account",
                violation_error_message="This account has that Region already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region} of {self.account}"
