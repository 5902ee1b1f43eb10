"""The checked model: names resolved, shapes known, formulas substituted."""
