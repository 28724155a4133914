"""The board: pages made on the node, for any browser, without scripts.

Rules: loopback names only; a page has at most 30 kB; what was typed is never lost; a page
never claims more than is proven (P6). It talks to the node and to nothing else.
"""

from lumbre.board.app import make_app

__all__ = ["make_app"]
