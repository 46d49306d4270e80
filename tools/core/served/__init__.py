"""The board as a page that is served live: read by those who have the token, acted on where that is allowed.

access       who may read: host, origin, token, and the headers of every answer
guard        access, as the layer around the application; limits of requests
watch        whether the files of the bus have changed
edition      the board in parts, and what of it changed
metrics      the board as Prometheus text
actions      what a page may do, each by the core call of a command
tasks        what the page of a task shows
stream       news for watchers, none of whom is waited for
application  the places; the home of starlette
server       the process; the home of uvicorn
"""
