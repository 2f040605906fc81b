"""Archives, compressed files, tables and pickles: what is in them, read without unpacking it anywhere."""
