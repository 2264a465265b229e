"""Bar charts as SVG."""

from html import escape

COLORS = ("#1b6ef3", "#7fb0ff", "#e07b1a", "#c9a227", "#3c9a4b", "#8a8f98", "#b04fc4", "#d1495b")
WIDTH, LABEL, VALUE, BAR, GAP, HEAD = 860, 210, 70, 15, 16, 44


def bars(title, groups, names):
    """groups: [(label, [(name, value)])]; a name has one color throughout, by its place in names. Each group has a
    scale of its own, because a body of 100 kB would leave nothing to see of the others."""
    drawn, y = [], HEAD
    for label, entries in groups:
        most = max(value for _, value in entries) or 1
        drawn.append(f'<text x="8" y="{y + 12}" class="group">{escape(label)}</text>')
        y += BAR + 4
        for name, value in entries:
            width = max(1, (WIDTH - LABEL - VALUE) * value / most)
            color = COLORS[names.index(name) % len(COLORS)]
            drawn.append(f'<text x="{LABEL - 8}" y="{y + 11}" class="name">{escape(name)}</text>'
                         f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR - 2}" fill="{color}"/>'
                         f'<text x="{LABEL + width + 5:.1f}" y="{y + 11}">{value:,.{digits(value)}f}</text>')
            y += BAR
        y += GAP
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img">\n'
            f"<title>{escape(title)}</title>\n"
            "<style>text{font:12px sans-serif;fill:#222}.title{font-size:16px;font-weight:bold}.group{font-weight:bold}"
            ".name{text-anchor:end;fill:#555}rect.page{fill:#fff}</style>\n"
            f'<rect class="page" width="{WIDTH}" height="{y}"/>\n<text x="8" y="24" class="title">{escape(title)}</text>\n'
            + "\n".join(drawn) + "\n</svg>\n")


def digits(value):
    return 0 if value >= 100 else 1 if value >= 10 else 2
