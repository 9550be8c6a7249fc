from ..._utils.typing import Integers

def reduce_columns(
    starts: Integers, rows: Integers, n_rows: int
) -> tuple[Integers, Integers, Integers]: ...
def columns_of_v(
    added_starts: Integers, added: Integers, columns: Integers
) -> tuple[Integers, Integers]: ...
