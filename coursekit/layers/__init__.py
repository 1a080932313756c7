"""Parts of networks: blocks, norms, tokens, initialisation."""
