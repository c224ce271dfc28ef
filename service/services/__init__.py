"""The operations of the service, as functions that take a session first.

`sweeps` submits and controls sweeps, `trials` and `layers` read results, `preview` estimates a
sweep before it is submitted, and `theory`, which needs no session, predicts the walk of one
network. No function commits; the owner of the session does.
"""
