"""Runs the jobs that the API enqueues: one process that claims them, and one process for each job while it runs.

``python -m worker`` is the process that ``dicomlake serve`` starts; ``python -m worker.child`` is one job's.
"""
