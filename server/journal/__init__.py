"""The journal: one numbered list of everything that every console must get to know."""

from server.journal.store import Journal

__all__ = ["Journal"]
