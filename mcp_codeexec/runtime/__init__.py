"""Deno processes: wire, workers, pool, transpiler. Knows no session rules, no store and no filter."""
