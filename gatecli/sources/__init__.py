"""The only readers: files in, typed values and findings about unreadable inputs out."""
