"""Do the links in Markdown files lead somewhere?

Links to files and folders of the repository, and to headings in them, are checked; addresses of
other sites are not, because a test must not depend on a network.
"""

import posixpath
import re
import urllib.parse

_FENCE = re.compile(r"^\s*(```|~~~)")
_CODE_SPAN = re.compile(r"(`+).*?\1")
_INLINE = re.compile(r'\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)')
_REFERENCE = re.compile(r"^\s*\[[^\]^]+\]:\s+<?(\S+?)>?(?:\s|$)")
_HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$")
_ANCHOR = re.compile(r'<a\s+(?:id|name)="([^"]+)"')
_OTHER_SITE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def _prose(text):
    """(line number, line) outside fenced code."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        found = _FENCE.match(line)
        if found and fence in (None, found.group(1)):
            fence = None if fence else found.group(1)
        elif not fence:
            yield number, line


def links_of(text):
    """(line number, target) of each link outside code."""
    for number, line in _prose(text):
        line = _CODE_SPAN.sub("", line)
        for found in _INLINE.finditer(line):
            yield number, found.group(1)
        found = _REFERENCE.match(line)
        if found:
            yield number, found.group(1)


def anchors_of(text):
    """The anchors that GitHub makes for the headings of a text, and explicit ones."""
    anchors = set()
    for _, line in _prose(text):
        anchors.update(_ANCHOR.findall(line))
        found = _HEADING.match(line)
        if found:
            title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", found.group(1))
            slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            repeats = 0
            while (slug if not repeats else f"{slug}-{repeats}") in anchors:
                repeats += 1
            anchors.add(slug if not repeats else f"{slug}-{repeats}")
    return anchors


def _resolve(path, target):
    """The path in the repository that a link in `path` leads to."""
    if target.startswith("/"):
        return posixpath.normpath(target.lstrip("/") or ".")
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), target))


def check(texts, paths):
    """(path, line, message) of each link that leads nowhere.

    `texts` maps paths to texts; `paths` holds all files and folders of the repository.
    """
    for path, text in texts.items():
        if not path.endswith(".md"):
            continue
        for number, link in links_of(text):
            if _OTHER_SITE.match(link):
                continue
            target, _, anchor = urllib.parse.unquote(link).partition("#")
            resolved = _resolve(path, target) if target else path
            if resolved not in paths:
                yield path, number, f"the link {link} leads to nothing"
            elif anchor and resolved.endswith(".md") and resolved in texts:
                if anchor.lower() not in anchors_of(texts[resolved]):
                    yield path, number, f"{resolved} has no heading #{anchor}"
