"""How a result looks where there is no script: the card as HTML, and plain text."""
