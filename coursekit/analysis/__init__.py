"""Numbers one asks of a trained model, and the intervals around them."""
