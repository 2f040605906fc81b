"""Statistical tests of what was promised: of mechanisms, of engines, and of trained models."""
