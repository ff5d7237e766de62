"""Export: what a view shows, as one bundle that proves itself without us."""
