"""Charts of results and predictions as Altair objects, and their encoding as files."""
