"""Making a repository ready.

init  what init does to a repository
"""
