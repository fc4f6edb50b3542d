"""Before there were grants, a role reached everything. Where people rely on that, everything is granted to the roles."""

from django.db import migrations

ROLES = ("DRSRecoveryManager", "DRSPlanManager", "DRSOperator", "DRSReadOnly")


def grant_everything(apps, schema_editor):
    """Grant everything to the roles of an installation that has people already; a new one starts with no grant."""
    if not apps.get_model("access", "User").objects.exists():
        return
    for role in apps.get_model("auth", "Group").objects.filter(name__in=ROLES):
        apps.get_model("access", "OrgWideGrant").objects.get_or_create(group=role, defaults={"level": "manage"})


class Migration(migrations.Migration):
    """Adds rows only; going back drops their table."""

    dependencies = [("access", "0004_grants")]
    operations = [migrations.RunPython(grant_everything, migrations.RunPython.noop)]
