"""The papers' claims as sweeps that judge themselves.

`files` reads a claim: its words, its sweep in two sizes, and the rule that judges it. `statistics`
has one module per rule, pure functions over `cells`, which `reading` reads from a sweep's rows.
"""
