"""Queries of results: names, filters, orders, pages, comparisons and statistics over seeds."""
