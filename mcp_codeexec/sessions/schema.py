"""The tables of the session database, and how an older database becomes this one.

A migration is a tuple of statements; `MIGRATIONS[n]` leads from version n to n + 1 and is applied in one transaction. Text of an
unusual kind (a lone surrogate is legal in JavaScript, not in UTF-8) is kept as a BLOB in the same column: rows.py.
"""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

from mcp_codeexec.errors import StoreUnavailable

APPLICATION_ID = 0x6D637863  # "mcxc": tells our file from any other SQLite database
BLANK = 0  # application_id and user_version of a database that nobody has written to

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        f"PRAGMA application_id = {APPLICATION_ID}",
        """
        CREATE TABLE session (
            session_id TEXT PRIMARY KEY,
            owner TEXT NOT NULL,
            created REAL NOT NULL,
            last_used REAL NOT NULL,
            runs INTEGER NOT NULL,
            variables INTEGER NOT NULL,
            metadata TEXT NOT NULL,
            tool_state TEXT NOT NULL,
            vault_key BLOB NOT NULL
        )
        """,
        "CREATE INDEX session_by_use ON session (owner, last_used, session_id)",
        "CREATE INDEX session_by_age ON session (last_used)",
        """
        CREATE TABLE run (
            session_id TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
            run INTEGER NOT NULL,
            at REAL NOT NULL,
            status TEXT NOT NULL,
            ms INTEGER NOT NULL,
            code TEXT NOT NULL,
            answer TEXT NOT NULL,
            output TEXT NOT NULL,
            value TEXT NOT NULL,
            error TEXT NOT NULL,
            PRIMARY KEY (session_id, run)
        )
        """,
        """
        CREATE TABLE variable (
            session_id TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            type TEXT NOT NULL,
            size INTEGER NOT NULL,
            kept TEXT NOT NULL,
            run INTEGER NOT NULL,
            PRIMARY KEY (session_id, name)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE token (
            session_id TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
            token TEXT NOT NULL,
            kind TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (session_id, token)
        ) WITHOUT ROWID
        """,
    ),
    (
        """
        CREATE TABLE file (
            session_id TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
            name TEXT NOT NULL,
            run INTEGER NOT NULL,
            size INTEGER NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (session_id, name)
        )
        """,
    ),
    (
        "ALTER TABLE variable ADD COLUMN why TEXT NOT NULL DEFAULT ''",
        """
        CREATE TABLE segment (
            session_id TEXT NOT NULL REFERENCES session ON DELETE CASCADE,
            name TEXT NOT NULL,
            kept TEXT NOT NULL,
            first INTEGER NOT NULL,
            format TEXT NOT NULL,
            classes TEXT NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (session_id, name)
        )
        """,
    ),
    (
        "ALTER TABLE session ADD COLUMN history_bytes INTEGER NOT NULL DEFAULT 0",
        """
        UPDATE session SET history_bytes = (
            SELECT coalesce(sum(
                length(CAST(code AS BLOB)) + length(CAST(answer AS BLOB)) + length(CAST(output AS BLOB))
                + length(CAST(value AS BLOB)) + length(CAST(error AS BLOB))
            ), 0)
            FROM run WHERE run.session_id = session.session_id
        )
        """,
    ),
    (
        """
        CREATE TABLE lease (
            session_id TEXT PRIMARY KEY REFERENCES session ON DELETE CASCADE,
            holder TEXT NOT NULL,
            until REAL NOT NULL,
            run INTEGER NOT NULL,
            began REAL NOT NULL,
            waiting TEXT NOT NULL,
            waiting_until REAL NOT NULL
        ) WITHOUT ROWID
        """,
    ),
)
VERSION = len(MIGRATIONS)


@contextmanager
def transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Generator[None]:
    """All or nothing. IMMEDIATE takes the write lock first, so that it waits for another writer instead of failing half-way."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def inspect(path: Path) -> None:
    """Refuse a file that is not ours, before anything could change it. What passes is still to be proven by `migrate`.

    `immutable` makes SQLite read the file alone: no locks, no recovery, no files beside it.

    Raises:
        StoreUnavailable: foreign or newer.
        sqlite3.Error: not a database, or not readable.
    """
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            _admit(connection, str(path))
        except sqlite3.DatabaseError as exc:
            # While a process moves its log into the file, and after it was killed doing so, the file alone is shorter than it says.
            if exc.sqlite_errorcode != sqlite3.SQLITE_CORRUPT:
                raise


def migrate(connection: sqlite3.Connection, place: str) -> None:
    """Bring the database to this version's schema, one transaction a step.

    Raises:
        StoreUnavailable: foreign or newer, seen only now (a change may stand in the write-ahead log alone).
        sqlite3.Error: it cannot be written.
    """
    version = -1
    while version < VERSION:
        with transaction(connection):  # also where nothing is to do: a database that cannot be written shows here
            version = _admit(connection, place)
            if version < VERSION:
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                version += 1
                connection.execute(f"PRAGMA user_version = {version}")


def _admit(connection: sqlite3.Connection, place: str) -> int:
    """The version of the database, if it is one that we may use."""
    application: int = connection.execute("PRAGMA application_id").fetchone()[0]
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if application == APPLICATION_ID:
        if version > VERSION:
            raise StoreUnavailable(
                f"the session database {place} has version {version}, and this program knows versions up to {VERSION}.",
                hint="Update mcp-codeexec, or choose another data_dir; the database was not changed.",
            )
        return version
    if (application, version) != (BLANK, BLANK) or connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise StoreUnavailable(
            f"{place} is a database of another program (application id {application}, version {version}).",
            hint="Choose another data_dir, or move the file away; it was not changed.",
        )
    return version
