"""Each role is a Django group."""

from django.db import migrations

ROLES = (
    "DRSOrchestrationAdmin",
    "DRSRecoveryManager",
    "DRSPlanManager",
    "DRSOperator",
    "DRSReadOnly",
    "DRSAuditor",
)


def create_roles(apps, schema_editor):
    """Make sure that each role has its group."""
    for name in ROLES:
        apps.get_model("auth", "Group").objects.get_or_create(name=name)


class Migration(migrations.Migration):
    """Adds rows only; going back leaves them, because people may be in them."""

    dependencies = [("access", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(create_roles, migrations.RunPython.noop)]
