"""Who did or saw what in the system: one append-only, hash-chained table that is written before anything is shown."""
