from alembic.operations import Operations

_operations: Operations
add_column = _operations.add_column
create_index = _operations.create_index
execute = _operations.execute
f = _operations.f
get_context = _operations.get_context

def create_index_online(index_name: str, table_name: str) -> None:
    """Doc."""
