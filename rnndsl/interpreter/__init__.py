"""The meaning of the language: memoised evaluation of a checked model, one example at a time.

It shares nothing with the compiler but the checked model, so that whatever the two agree on
was worked out twice. It is written to be plainly right, not to be fast, and it checks no data:
that is the task of the runtime.
"""
