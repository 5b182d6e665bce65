"""Which sightings are new, and how old is each?"""
