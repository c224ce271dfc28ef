"""The operations of the service: each function takes a session and holds the rules of one of them.

`sweeps` and `trials` act on rows, `layers` reads profiles; `theory` predicts and needs no session,
`preview` reads calibrations only. No function commits; the owner of the session does.
"""
