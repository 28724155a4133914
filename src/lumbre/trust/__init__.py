"""Acts of trust folded into who may write what. Pure."""
