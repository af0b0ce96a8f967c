"""Makes the models of this folder's parent from labelled passages. Not needed to use the tool."""
