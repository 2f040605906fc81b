"""Known wrong patterns in source code that claims to be private: code in, findings out."""
