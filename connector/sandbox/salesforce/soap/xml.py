"""XML of SOAP calls: read without entities or document types, and written with everything escaped."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from xml.parsers import expat
from xml.sax.saxutils import escape


@dataclass(slots=True)
class Node:
    """One element by its local name."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""
    children: list[Node] = field(default_factory=list)

    def find(self, name: str) -> Node | None:
        """Find the first element of a name, at any depth."""
        for child in self.children:
            if child.name == name:
                return child
            if (found := child.find(name)) is not None:
                return found
        return None

    def get(self, name: str, default: str = "") -> str:
        """Give the text of a child."""
        return next((child.text for child in self.children if child.name == name), default)

    def all(self, name: str) -> list[Node]:
        """Give the children of a name."""
        return [child for child in self.children if child.name == name]


def parse(raw: bytes) -> Node:
    """Read a document; ValueError when it is none, or has a document type."""
    root = Node("")
    stack = [root]

    def begin(name: str, attributes: dict[str, str]) -> None:
        node = Node(local(name), {local(key): value for key, value in attributes.items()})
        stack[-1].children.append(node)
        stack.append(node)

    def refuse(*_args: object) -> None:
        raise ValueError("a document type is not taken")

    reader = expat.ParserCreate()
    reader.buffer_text = True
    reader.StartElementHandler = begin
    reader.EndElementHandler = lambda _name: stack.pop()
    reader.CharacterDataHandler = lambda text: _add(stack[-1], text)
    reader.StartDoctypeDeclHandler = refuse
    try:
        reader.ParseFile(BytesIO(raw))
    except expat.ExpatError as error:
        raise ValueError(f"no XML: {error}") from error
    return root.children[0]


def _add(node: Node, text: str) -> None:
    node.text += text


def local(name: str) -> str:
    """Give a name without its namespace prefix."""
    return name.rpartition(":")[2]


def element(name: str, content: object) -> str:
    """Write an element, its name with attributes; a list of pairs is its children, None an empty element."""
    if content is None:
        return f"<{name}/>"
    if isinstance(content, list):
        inner = "".join(element(key, value) for key, value in content)
    else:
        inner = escape(str(content).lower() if isinstance(content, bool) else str(content))
    return f"<{name}>{inner}</{name.split(' ', maxsplit=1)[0]}>"
