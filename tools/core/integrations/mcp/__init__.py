"""The MCP server: eight tools over the same core that the commands call.

catalogue  the tools as clients see them: names, arguments, words that a search finds
actor      who makes a call, and where
tools      what each tool does
server     the server on the official SDK
"""
