"""KMS: keys that only KMS can open."""

from drsorch.aws.calls import Client, call

# Bound to the data key when it is made: KMS opens it for nobody who wants it for something else.
PURPOSE = {"purpose": "drsorch-secrets-at-rest"}
KEY_BYTES = 32


def new_data_key(client: Client, key_id: str) -> bytes:
    """Return a new random key, encrypted under the KMS key `key_id` (id, ARN or alias). Raises AwsError.

    Nobody has seen it in the clear: GenerateDataKeyWithoutPlaintext.
    """
    params = {"KeyId": key_id, "NumberOfBytes": KEY_BYTES, "EncryptionContext": PURPOSE}
    made: bytes = call(client, "GenerateDataKeyWithoutPlaintext", params)["CiphertextBlob"]
    return made


def open_data_key(client: Client, encrypted: bytes) -> bytes:
    """Return a key that `new_data_key` made, in the clear. KMS knows from it under which key it is. Raises AwsError."""
    opened: bytes = call(client, "Decrypt", {"CiphertextBlob": encrypted, "EncryptionContext": PURPOSE})["Plaintext"]
    return opened
