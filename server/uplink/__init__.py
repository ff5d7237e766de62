"""The camera's telemetry connection: what it says, acknowledged only when it is kept."""
