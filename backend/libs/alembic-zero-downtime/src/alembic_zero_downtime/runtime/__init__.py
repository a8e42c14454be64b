"""Run migrations: serialized by a lock, retried and recorded."""
