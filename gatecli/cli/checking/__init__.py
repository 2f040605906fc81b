"""The gates of `gatecli check`, a module each."""
