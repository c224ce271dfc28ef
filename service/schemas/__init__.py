"""What the API returns and the client reads: frozen models without SQL or torch."""
