// Nothing: what starting Deno costs by itself.
