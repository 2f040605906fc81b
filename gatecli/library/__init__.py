"""The library's functions: what the command line does, as Python calls. Import them from `gatecli`.

Each function calls the gate that its command calls, and returns the verdict that the command shows.
"""
