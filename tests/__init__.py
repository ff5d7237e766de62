"""What holds Watchroom to its word; `python3 -m tests` runs all of it."""
