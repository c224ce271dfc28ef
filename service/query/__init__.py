"""Questions about results: filters, orders, pages, comparisons with honest statistics."""
