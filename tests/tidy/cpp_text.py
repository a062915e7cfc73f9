"""What of a C++ source is code? Comments and literals are not, and may name what is banned."""

import re

# In this order: a comment hides a literal, and a number's digit separators are no quotation marks.
_NOT_CODE = re.compile(
    r"""
    (?P<comment> //(?:\\\n|[^\n])* | /\*.*?\*/ )
  | (?P<raw> R"(?P<mark>[^()\s\\"]{0,16})\(.*?\)(?P=mark)" )
  | (?P<number> \b\d(?:[\w.]|'(?=\w))* )
  | (?P<string> "(?:\\.|[^"\\\n])*" )
  | (?P<character> '(?:\\.|[^'\\\n])+' )
    """,
    re.DOTALL | re.VERBOSE,
)


def _blank(found):
    if found.lastgroup == "number" or found.group("number"):
        return found.group()
    return re.sub(r"[^\n]", " ", found.group())


def code_only(text):
    """The text with comments and literals blanked; lines and columns keep their places."""
    return _NOT_CODE.sub(_blank, text)
