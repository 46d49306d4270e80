"""A clone that comes to a bus that is there already.

newcomer  a clone that did not know that its bus moved
join      a clone joins the bus of its branch
belong    the bus of a clone is joined before anything is written
"""
