"""What the pages link to has to be in the repository, not only on one machine."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCAL_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def _tracked() -> set[str]:
    if shutil.which("git") is None:
        pytest.skip("no git")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a checkout")
    return {name for name in listed.stdout.split("\0") if name}


def test_every_link_of_a_page_leads_to_a_file_that_is_kept() -> None:
    tracked = _tracked()
    pages = [ROOT / name for name in tracked if name.endswith(".md")]
    links = [
        (page, (page.parent / link).resolve().relative_to(ROOT))
        for page in pages
        for link in LOCAL_LINK.findall(page.read_text("utf-8"))
    ]

    folders = {str(parent) for name in tracked for parent in Path(name).parents}
    lost = [f"{page.name}: {link}" for page, link in links if str(link) not in tracked | folders]

    assert links, "the pattern should find some"
    assert not lost
