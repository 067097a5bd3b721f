"""Applications: the case files of labs that want a place on the list, from draft to the end."""
