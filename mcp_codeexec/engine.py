"""placeholder while the rooms are being built"""


class Engine:
    """See the engine issue."""
