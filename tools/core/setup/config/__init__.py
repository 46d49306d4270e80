"""Other people's config files: changed where we have something to say, byte for byte the same elsewhere.

document   a text with its encoding, line ends and mark, and back
edit_text  a block between two markers
edit_json  values and items in strict JSON, the rest untouched
edit_toml  values and items in TOML, comments and order kept
merge      entries put into a file of any form, and taken out again
targets    files that belong to others: read, replaced whole with their mode, removed
"""
