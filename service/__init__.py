"""The Fathom service: specs, plans, store, rules, HTTP, command line."""
