"""An index for executions by where they came from: the pages, the API, a command."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("executions", "0011_regions_of_before"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="execution",
            index=models.Index(
                fields=["source", "created_at", "id", "ran_in", "plan"], name="execution_source_and_reach"
            ),
        ),
    ]
