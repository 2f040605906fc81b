"""Statistical tests of what was promised: of mechanisms, of engines, of trained models, and of source code."""
