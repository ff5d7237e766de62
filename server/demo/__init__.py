"""The demo: an embedded server, simulated cameras that play a scenario, a signed-in console."""
