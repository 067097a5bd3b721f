"""How a browser, a phone or a program reaches the use cases."""
