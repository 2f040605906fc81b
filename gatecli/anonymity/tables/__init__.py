"""Opening tables: the only home of ibis, DuckDB and the drivers of other engines."""
