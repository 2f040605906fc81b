"""What both command lines share: console, options, sessions, publishing of reports."""
