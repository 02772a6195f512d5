"""Ministry adapter: delivers dossiers to agencies and journals their answers."""
