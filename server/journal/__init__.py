"""The journal: one numbered list of everything that every console must get to know."""
