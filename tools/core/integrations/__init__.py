"""Agents' own programs: what they call, what they read, and the answers they take.

vendors   one module for each program: its files, its events, its words
hooks     what happens when a program calls at an event
overview  what a seat should know as it begins
waiting   waiting for mail, an answer, a task
mcp       the MCP server: eight tools over the same core
"""
