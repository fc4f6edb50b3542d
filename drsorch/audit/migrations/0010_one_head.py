"""Let no other row take the place of the head. To repair a lost trigger, migrate back to 0008 and forth."""

from django.db import migrations

from drsorch.audit import triggers


def install(apps, schema_editor):
    """Make the triggers, on the way back, too: without them nothing can be appended."""
    triggers.install(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("audit", "0009_indexes_of_filters")]

    operations = [migrations.RunPython(install, install)]
