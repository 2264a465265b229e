"""A flame graph: boxes as wide as their share of the samples, callers below what they call."""

from html import escape

WIDTH, ROW, HEAD, LETTER = 1400, 17, 36, 6.6
SMALLEST = 0.5  # pixels; what is narrower is not drawn


def flame_svg(title, stacks):
    """stacks: {names from the outside: samples}. Hovering over a box tells its name and share."""
    root = [0, {}]
    for stack, count in stacks.items():
        node = root
        node[0] += count
        for name in stack:
            node = node[1].setdefault(name, [0, {}])
            node[0] += count
    total = root[0]
    boxes = []

    def draw(node, name, left, depth):
        width = WIDTH * node[0] / total
        if width < SMALLEST:
            return
        boxes.append((left, depth, width, name, node[0]))
        for child, below in sorted(node[1].items()):
            draw(below, child, left, depth + 1)
            left += WIDTH * below[0] / total
    draw(root, "all", 0, 0)
    deepest = max(depth for _, depth, *_ in boxes)
    height = HEAD + (deepest + 1) * ROW
    lines = []
    for left, depth, width, name, count in boxes:
        y = height - (depth + 1) * ROW
        room = int((width - 4) / LETTER)
        text = name if len(name) <= room else name[:room - 1] + "…" if room > 3 else ""
        lines.append(f'<g><title>{escape(name)}: {count / total:.2%}</title><rect x="{left:.1f}" y="{y}" width="{width:.1f}" '
                     f'height="{ROW - 1}" fill="{color(name)}"/>'
                     + (f'<text x="{left + 3:.1f}" y="{y + 12}">{escape(text)}</text>' if text else "") + "</g>")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">\n'
            "<style>text{font:11px monospace;fill:#111}.title{font:bold 15px sans-serif}</style>\n"
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/><text x="8" y="22" class="title">{escape(title)}</text>\n'
            + "\n".join(lines) + "\n</svg>\n")


def color(name):
    """Kernel blue, Portico orange, nghttp2 and gRPC green, the rest yellow; shades by the name."""
    shade = sum(name.encode()) % 40
    if name.endswith("_[k]"):
        return f"rgb({120 + shade},{165 + shade},225)"
    if name.startswith("portico::"):
        return f"rgb({225 + shade // 2},{120 + shade},60)"
    if name.startswith(("nghttp2", "grpc")):
        return f"rgb({110 + shade},{190 + shade},110)"
    return f"rgb({225 + shade // 2},{190 + shade},{80 + shade})"
