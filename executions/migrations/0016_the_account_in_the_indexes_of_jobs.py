"""The lists of jobs are counted for whom accounts are granted without reading the rows."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("executions", "0015_rows_as_their_executions"),
        ("protection", "0007_servers_by_tag"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="job", name="job_created"),
        migrations.RemoveIndex(model_name="job", name="job_in_a_region_created"),
        migrations.RemoveIndex(model_name="job", name="job_in_a_status_created"),
        migrations.RemoveIndex(model_name="job", name="job_of_a_type_created"),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["created_at", "id", "account"], name="job_created"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["region", "created_at", "id", "account"], name="job_in_a_region_created"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["status", "created_at", "id", "account"], name="job_in_a_status_created"),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["type", "created_at", "id", "account"], name="job_of_a_type_created"),
        ),
    ]
