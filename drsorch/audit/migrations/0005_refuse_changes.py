"""Have the database refuse to change or delete evidence. To repair a lost trigger, migrate back to 0004 and forth."""

from django.db import migrations

from drsorch.audit import triggers


def install(apps, schema_editor):
    """Make the triggers."""
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    """Drop them."""
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("audit", "0004_every_event_is_chained")]

    operations = [migrations.RunPython(install, remove)]
