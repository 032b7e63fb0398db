"""Looking after a store: what is damaged, what is left over, what can be mended or thrown away."""
