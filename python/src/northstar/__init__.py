"""The companion of the northstar dbt package.

The command line (`cli`) is a thin shell: `warehouse` alone touches dbt and reads the
marts, `periods` gives what was read its types, and `render` turns that into text.
"""

__version__ = "0.1.0"
