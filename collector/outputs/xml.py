"""XML documents put together: an element is written as it will stand there."""

from xml.etree import ElementTree
from xml.etree.ElementTree import Element

Content = Element | str | None

XSI_TYPE = "xsi:type"
XSI = {"xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance"}


def element(tag: str, *content: Content, **attributes: str) -> Element:
    """What is None is left out. The prefix in `tag` is declared by the root; texts have been cleaned."""
    made = Element(tag, attributes)
    for one in content:
        if isinstance(one, str):
            made.text = (made.text or "") + one
        elif one is not None:
            made.append(one)
    return made


def typed(tag: str, xsi_type: str, *content: Content, **attributes: str) -> Element:
    """An element whose type the document names itself."""
    made = element(tag, *content, **attributes)
    made.set(XSI_TYPE, xsi_type)
    return made


def document(root: Element, namespaces: dict[str, str]) -> bytes:
    """The root with its `namespaces` ("xmlns" or "xmlns:prefix" to URI), in UTF-8."""
    root.attrib.update(namespaces)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
