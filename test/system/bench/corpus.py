"""The cases of test/scripts (its README.md describes the format)."""

import re
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "scripts"
TITLE = re.compile(r"== (.*) \(([a-z]+)(?:: (.*))?\)$")


@dataclass
class Case:
    """One case; texts are bytes as they are served."""

    name: str
    mark: str
    reason: str
    script: bytes = b""
    files: dict = field(default_factory=dict)
    prints: str = ""
    status: str = "ok"

    def settings(self):
        """Names of the settings that the case may leave behind."""
        text = b"\n".join([self.script, *self.files.values()]).decode(errors="replace")
        return sorted(set(re.findall(r"\b(?:set|inc|clear) ([a-z0-9./-]+)", text)))


def _unescape(text):
    text = re.sub(r"\\\n", "", text)
    text = re.sub(r"\\x(..)", lambda m: chr(int(m[1], 16)), text)
    return re.sub(r"\\(.)", lambda m: {"r": "\r", "n": "\n", "t": "\t"}.get(m[1], m[1]), text)


def _finish(case, parts, escapes):
    for name, lines in parts.items():
        text = "".join(line + "\n" for line in lines).rstrip("\n") + "\n" if lines else ""
        data = (_unescape(text) if escapes and name != "prints" else text)
        if name == "prints":
            case.prints = data
        elif name == "script":
            case.script = data.encode()
        else:
            case.files[name] = data.encode()


def _read(path):
    case, parts, part, escapes = None, {}, None, False
    for line in path.read_text().splitlines():
        title = TITLE.match(line)
        if title:
            if case:
                _finish(case, parts, escapes)
            case = Case(f"{path.stem}: {title[1]}", title[2], title[3] or "")
            parts, part, escapes = {"script": []}, "script", False
            yield case
        elif line.startswith("-- "):
            what, _, argument = line[3:].partition(" ")
            escapes = escapes or what == "escapes"
            if what == "status":
                case.status = argument
            elif what in ("prints", "file"):
                part = argument or what
                parts[part] = []
            else:
                part = "script"
        elif line.startswith("\t"):
            parts[part].append(line[1:])
        elif case and not line:
            parts[part].append("")
    if case:
        _finish(case, parts, escapes)


def cases():
    """All cases, in the order of the files."""
    return [case for path in sorted(FOLDER.glob("*.txt")) for case in list(_read(path))]
