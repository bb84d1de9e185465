"""What outlives a call: sessions, records, vault, in SQLite."""
