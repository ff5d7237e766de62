"""Recording: what a camera sends while it records is kept as it came, proves itself, and survives a crash."""
