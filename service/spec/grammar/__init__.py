"""The grammar of a sweep spec as pydantic models."""
