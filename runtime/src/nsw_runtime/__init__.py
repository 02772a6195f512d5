"""Journal, relay, batch consumer, sender, settings, telemetry and errors shared by the services."""
