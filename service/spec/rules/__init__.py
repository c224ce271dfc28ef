"""The rules of ``when``: conditional overrides of coordinates."""
