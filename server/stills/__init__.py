"""Stills: small pictures of recordings, for the list, the timeline's strip and what lies under the pointer."""
