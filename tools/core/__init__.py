"""What the commands share: a package imports only those listed before it, a module only those its package lists before it.

Ground       plain plain_json problem hint errors versions clock token_shapes ids hashing gitdir bus_place workspace which_bus templates text fs git
Data         models store
The nouns    receipts seats context bus plans backlog consensus
The work     sync relocation board reports checks integrations setup session trackers
The shell    cli demo
The screens  served terminal
"""
