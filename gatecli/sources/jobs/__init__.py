"""Definitions of jobs: one module for each form, one list of their readers (`registry`)."""
