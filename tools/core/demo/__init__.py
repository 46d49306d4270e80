"""The demonstration: walkthroughs in Markdown beside these modules.

walkthrough  scenes read from Markdown, and an output compared with what is expected
player       real commands played as scenes
"""
