"""Alerts: what needs somebody to act, who took it, and how it ended."""
