"""Checks of endpoints: the proof or the noise, who pays, and who can listen."""
