"""Documents about a release: templates, what fills them, and the hand-written parts that they keep.

The home of jinja2 for documents. A module knows the model alone, and how a stranger's text is made harmless.
"""
