"""A session in another process: questions go in, noisy answers come out."""
