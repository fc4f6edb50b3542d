"""Let what verifications found stay as it is."""

from django.db import migrations

from drsorch.audit import triggers


def install(apps, schema_editor):
    """Make the triggers, on the way back, too: without them nothing can be appended."""
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("audit", "0011_index_of_accounts")]

    operations = [
        migrations.AlterModelOptions(
            name="auditverification",
            options={"base_manager_name": "objects", "ordering": ["-pk"]},
        ),
        migrations.RunPython(install, install),
    ]
