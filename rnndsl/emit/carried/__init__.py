"""Functions that generated modules carry along, copied as they stand here.

Of `entries`, `components`, `products`, `tokens`, `positions`, `ends`, `flow` and `chance` a
module carries what it calls; `clipping`, `running`, `starts`, `reading` and `checking` it
carries whole. They see NumPy, the tables of the module and each other, and nothing of this
package. Shapes: `live`, which examples have which positions, is (T, B) or, within a step, (B,);
values are (T, B, ...) or (B, ...).
"""
