"""TypeScript as text: what may run, and how a notebook cell becomes a program. Pure; knows no process and no store."""
