from typing import Any

FREUDENTHAL: tuple[tuple[int, int, int], ...]
CUBICAL: tuple[tuple[int, int, int], ...]

class StarTable: ...

def describe_tables() -> tuple[list[Any], list[Any]]: ...
