"""What axe-core finds in the output areas of a page, whatever stands in them."""

from axe_playwright_python.sync_playwright import Axe

# What the course makes: outputs, without JupyterLab's own prompts beside them.
OURS = {"include": [[".jp-OutputArea-output"]], "exclude": [[".jp-OutputPrompt"]]}
COUNTS = ("serious", "critical")
SETTLE = 700  # milliseconds: the new layout, and wide outputs get their stop for Tab

# axe-core judges the colours of what it sees. JupyterLab clips its page to a body of height 0 and
# scrolls in a panel, so the window is made as high as the notebook.
IN_VIEW = """() => {
  document.body.style.height = '100vh';
  const panel = document.querySelector('.jp-Notebook .jp-WindowedPanel-outer');
  if (!panel) return document.documentElement.scrollHeight;
  const all = document.createElement('style');
  all.textContent = '* { content-visibility: visible !important; }';
  document.head.append(all);
  return panel.scrollHeight + 200;
}"""
TO_TOP = """() => {
  const panel = document.querySelector('.jp-Notebook .jp-WindowedPanel-outer');
  (panel || window).scrollTo(0, 0);
}"""


def violations(page, context=OURS):
    """All violations, as axe-core gives them."""
    size = page.viewport_size
    page.set_viewport_size({**size, "height": page.evaluate(IN_VIEW)})
    page.evaluate(TO_TOP)
    page.wait_for_timeout(SETTLE)
    broken = Axe().run(page, context=context).response["violations"]
    page.set_viewport_size(size)
    return broken


def serious(page, context=OURS):
    """Violations of impact serious or critical: a line for each element, with rule and reason."""
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]} — {node['failureSummary']}"
        for one in violations(page, context)
        if one["impact"] in COUNTS
        for node in one["nodes"]
    ]
