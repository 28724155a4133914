"""One module for each part of the board; each page is a function from a visit to a response."""
