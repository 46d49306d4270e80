"""Text that people read: cleaned, laid out, without secrets.

secrets       secrets in text, replaced before they are written
terminal      rows in, text out; hostile text made visible
markdown      the same in Markdown, with markup escaped
shell         hints as lines for a shell
json_pointer  where in a JSON text the value of a pointer is
"""
