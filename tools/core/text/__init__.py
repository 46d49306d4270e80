"""Text that people read: cleaned, laid out, without secrets.

secrets       secrets in text, replaced before they are written
render        rows in, text out; hostile text made visible
shell         hints as lines for a shell
json_pointer  where in a JSON text a pointer's value lies
"""
