"""Evidence of who did what: `Actor`, `AuditEvent`, `record()`."""
