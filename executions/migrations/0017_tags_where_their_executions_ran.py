"""What somebody reaches of the executions with a tag is counted without looking at the others."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("executions", "0016_the_account_in_the_indexes_of_jobs"),
        ("plans", "0003_indexes_of_lists"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="executiontag",
            index=models.Index(
                fields=["key", "value", "ran_in", "created_at", "execution"], name="execution_by_tag_where_it_ran"
            ),
        ),
    ]
