"""Replay: recordings lived through again, every camera, the map, alerts and advice on one clock."""
