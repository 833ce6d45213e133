"""Edited text as one would write it, and which line of the original a line of it is."""

from __future__ import annotations

import ast
import difflib
import re


def tidied(text: str, original: str) -> str:
    """Return a text without brackets of ours that mean nothing, with the quotes of the original."""
    doubled = len(_IN_DOUBLE.findall(original)) > len(_IN_SINGLE.findall(original))
    wanted = ast.dump(ast.parse(text))
    known = set(original.splitlines())
    lines = text.splitlines(keepends=True)
    for k, line in enumerate(lines):
        if line.rstrip("\n") in known:
            continue
        at = line.find("(")
        while at >= 0:
            depth = 0
            for end in range(at, len(line)):
                depth += (line[end] == "(") - (line[end] == ")")
                if depth == 0:
                    break
            else:
                break
            if "," in line[at + 1 : end] and line[at - 1 : at] not in ("(", " "):
                at = line.find("(", at + 1)
                continue
            shorter = line[:at] + line[at + 1 : end] + line[end + 1 :]
            try:
                same = ast.dump(ast.parse("".join([*lines[:k], shorter, *lines[k + 1 :]])))
            except SyntaxError:
                same = ""
            if same == wanted:
                lines[k] = line = shorter
                at -= 1
            at = line.find("(", at + 1)
        line = plainer(line)
        lines[k] = _IN_SINGLE.sub(r'"\1"', line) if doubled and 'f"' not in line else line
    return "".join(lines)


def plainer(line: str) -> str:
    """Return a line with sums of numbers and slices as one would write them.

    Examples
    --------
    >>> plainer("for t in range(T - 2 + 1, -1, -1): np.add.at(d, i[slice(None), t + 1 - 1], x)")
    'for t in range(T - 1, -1, -1): np.add.at(d, i[:, t], x)'
    """

    def summed(match: re.Match[str]) -> str:
        total = int(match[1].replace(" ", "")) + int(match[2].replace(" ", ""))
        return f" {'+' if total > 0 else '-'} {abs(total)}" if total else ""

    line = _WHOLE_SLICE.sub(r"\1:", line)
    return _TWO_NUMBERS.sub(summed, line)


_IN_SINGLE, _IN_DOUBLE = re.compile(r"'(\w+)'"), re.compile(r'"(\w+)"')  # such as names of weights
_WHOLE_SLICE = re.compile(r"((?<=\w)\[(?:[^][]*, )?)slice\(None\)")
# Only where an index or a bound ends: these are whole numbers.
_TWO_NUMBERS = re.compile(r"(?<=[\w)\]]) ([+-] \d+) ([+-] \d+)(?=[],)])")


def original_line(original: str, text: str, line: int) -> int:
    """Return the line of the original that a line of an edited text comes from."""
    before, after = original.splitlines(), text.splitlines()
    for tag, a, b, c, d in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if c < line <= d:
            return min(a + (line - c), max(b, a + 1)) if tag == "equal" or b > a else a
    return line
