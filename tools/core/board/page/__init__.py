"""The view as HTML; its templates, style sheet and scripts are in the folder beside.

charts  charts as numbers
words   the words and colours of a page
names   the names that templates use
engine  rendering a template
html    the documents and the sections
"""
