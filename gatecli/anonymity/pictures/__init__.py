"""Pictures of a table: counts that are small enough to draw and safe to show."""
