"""Names of code addresses of a running process."""

import re
import shutil
import subprocess


class Symbols:
    """Of one process; must be made while it runs."""

    def __init__(self, pid):
        self._maps = []
        with open(f"/proc/{pid}/maps") as maps:
            bases = {}
            for line in maps:
                found = re.match(r"([0-9a-f]+)-([0-9a-f]+) \S+ ([0-9a-f]+) \S+ \S+\s+(/.*)", line)
                if found:
                    begin, end, offset = (int(found.group(i), 16) for i in (1, 2, 3))
                    # As the linker lays programs and libraries out, an address is its distance from the first page.
                    base = bases.setdefault(found.group(4), begin - offset)
                    self._maps.append((begin, end, base, found.group(4)))

    def names(self, addresses):
        """{address: [(function, "file:line"), what it is inlined into, ...]}, without templates' and functions'
        arguments."""
        by_file = {}
        for address in set(addresses):
            for begin, end, base, path in self._maps:
                if begin <= address < end:
                    by_file.setdefault(path, []).append((address, address - base))
        names = {}
        symbolizer = shutil.which("llvm-symbolizer-16") or "llvm-symbolizer"
        for path, found in by_file.items():
            names.update(self._each(symbolizer, path, found))
        return names

    @staticmethod
    def _each(symbolizer, path, found):
        done = subprocess.run([symbolizer, f"--obj={path}", "--demangle", "--functions=linkage"],
                              input="".join(f"{offset:#x}\n" for _, offset in found), capture_output=True, text=True,
                              check=True)
        # A block of name and place for each address, the inlined ones first, and an empty line.
        for (address, _), block in zip(found, done.stdout.split("\n\n")):
            lines = block.strip("\n").split("\n")
            # "/path/file.cc:12:34"
            yield address, [(short(name), place.rsplit("/", 1)[-1].rsplit(":", 1)[0])
                            for name, place in zip(lines[::2], lines[1::2])]


def short(name):
    """A function's name without arguments of templates and functions, and without what coroutines add."""
    name = re.sub(r"\s*\[clone .*\]|\s*\(\.(resume|destroy|cleanup)\)", "", name)
    name = name.replace("(anonymous namespace)::", "").replace("operator<<", "operator shl").replace("operator<", "operator lt")
    out, depth = [], 0
    for character in name:
        if character in "<({":
            depth += 1
        elif character in ">)}":
            depth -= 1
        elif depth == 0:
            out.append(character)
    result = "".join(out).strip()
    for ending in (" const", " &&", " noexcept"):
        result = result.removesuffix(ending)
    # A function's result stands before its name.
    return result.split(" ")[-1] if " operator " not in result else result
