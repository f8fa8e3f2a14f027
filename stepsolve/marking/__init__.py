"""Hand calculations: which line is right, right to the digits shown, carried forward, or wrong."""
