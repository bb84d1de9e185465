"""What the database takes on the disk, and giving it back: in steps, so that no run waits for long, and leaving nothing to be read."""

import sqlite3

_STEP_PAGES = 256  # 1 MB: some milliseconds
_WHOLE_PAGES = 16_384  # 64 MB: so much is written anew in less than a second
_INCREMENTAL = 2


def used(connection: sqlite3.Connection) -> int:
    """Bytes of all that is stored."""
    return (_pragma(connection, "page_count") - _pragma(connection, "freelist_count")) * _pragma(connection, "page_size")


def give_back(connection: sqlite3.Connection) -> bool:
    """One step; whether there is more to do. What is free is overwritten already, by `secure_delete`."""
    free = _pragma(connection, "freelist_count")
    if not free:
        return False
    if _pragma(connection, "auto_vacuum") == _INCREMENTAL:
        connection.executescript(f"PRAGMA incremental_vacuum({_STEP_PAGES})")  # `execute` does one page of it
        return 0 < _pragma(connection, "freelist_count") < free
    if _pragma(connection, "page_count") <= _WHOLE_PAGES:  # made before steps were possible; from now on they are
        connection.execute("PRAGMA temp_store = MEMORY")  # else a copy of everything would stand in another file
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("VACUUM")
    return False


def empty_log(connection: sqlite3.Connection) -> None:
    """Move the write-ahead log into the database and empty it, so that what was removed stands in neither."""
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]
