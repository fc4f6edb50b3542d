"""The AWS gateway: the only code that knows boto3."""
