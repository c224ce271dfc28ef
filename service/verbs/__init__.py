"""What the service does: each verb takes a session first and holds the rules of its resource.

Modules: `sweeps` and `trials` act on rows, `compare` summarizes them, `filters` reads filter
expressions, `depth_chart` draws; `theory` and `preview` predict, and need no session. Verbs never
commit; the session's owner does.
"""
