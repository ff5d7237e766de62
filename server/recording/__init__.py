"""Recording: what a camera sends is kept as it came, and proves itself."""
