"""What the people who run the server need: health, readiness, metrics, the API's description, certificates."""
