"""Let events leave with their segment, and in no other way. To repair a lost trigger, migrate back to 0007 and forth."""

from django.db import migrations

from drsorch.audit import triggers


def install(apps, schema_editor):
    """Make the triggers."""
    triggers.install(schema_editor.connection)


def remove(apps, schema_editor):
    """Drop them."""
    triggers.remove(schema_editor.connection)


class Migration(migrations.Migration):

    dependencies = [("audit", "0007_segments")]

    operations = [migrations.RunPython(install, remove)]
