"""How widgets look, and the names that assistive technology reads out for them."""

import html
import json
from collections.abc import Mapping
from types import MappingProxyType

CSS = """
.ck-card { border: 1px solid var(--jp-border-color2, #ddd); border-radius: 10px; padding: 14px 16px;
  max-width: 1060px; background: var(--jp-layout-color1, #fff); overflow: visible; }
.ck-card .widget-html { margin: 0; height: auto; }
.ck-card .widget-html-content { line-height: 1.45; height: auto;
  font-size: var(--jp-content-font-size1, 14px); color: var(--jp-content-font-color1, #1f2933); }
.ck-title { font-weight: 650; font-size: 1.15em; margin: 0 0 2px; }
.ck-question { margin: 0 0 8px; color: var(--jp-content-font-color1, #333); max-width: 78ch; }
.ck-row { gap: 20px; align-items: flex-start; overflow: visible; }
.ck-picture { flex: 1 1 0; min-width: 0; overflow: visible; }
.ck-knobs { width: 250px; flex: none; overflow: visible; gap: 2px; }
.ck-group { overflow: visible; gap: 2px; }
.ck-heading { font-weight: 600; margin: 8px 0 0; padding-top: 4px;
  border-top: 1px solid var(--jp-border-color2, #ddd); }
.ck-knobs .widget-inline-hbox { width: 100%; height: auto; min-height: 28px; margin: 4px 0 0;
  align-items: center; }
.ck-knobs .widget-label { flex: 1 1 0; min-width: 0; text-align: left; color: inherit;
  font-size: 13px; overflow: visible; height: auto; line-height: 1.25; white-space: normal; }
.ck-knobs .widget-inline-hbox input[type=number] { flex: 0 0 82px; width: 82px; text-align: right;
  font-variant-numeric: tabular-nums; border-radius: 5px; }
.ck-knobs .widget-dropdown select { flex: 0 0 130px; height: 28px; border-radius: 5px; }
.ck-knobs .widget-slider { margin: 0; padding: 0 8px; box-sizing: border-box; width: 100%; }
.ck-card .noUi-connect { background: #0072B2; }
.ck-card .noUi-handle { background: #fff; border: 2px solid #0072B2; cursor: pointer; }
.ck-card .noUi-handle:focus-visible, .ck-card button:focus-visible, .ck-card input:focus-visible,
.ck-card select:focus-visible { outline: 3px solid #DD6E00 !important; outline-offset: 2px; }
.ck-buttons { flex-wrap: wrap; gap: 6px; overflow: visible; margin: 8px 0 4px; }
.ck-buttons .jupyter-button { width: auto; border-radius: 999px; padding: 0 12px; margin: 0;
  border: 1px solid #0072B2; background: transparent; box-shadow: none;
  color: var(--jp-content-font-color1, #1f2933); }
.ck-buttons .jupyter-button:hover { background: rgba(0, 114, 178, .12); box-shadow: none; }
.ck-buttons .ck-plain.jupyter-button { border-color: var(--jp-border-color1, #bbb); }
.ck-buttons .ck-main.jupyter-button { background: #0072B2; color: #fff; }
.ck-code input { font-family: var(--jp-code-font-family, monospace); border-radius: 5px; }
.ck-knobs .ck-code .widget-label { flex: 0 0 44px; }
.ck-knobs .ck-code input { flex: 1 1 auto; width: auto; text-align: left; }
.ck-knobs .ck-typed, .ck-knobs :has(> .ck-typed) { overflow: visible; }
.ck-knobs .ck-typed .widget-label { flex: 0 0 44px; }
.ck-knobs .ck-typed input { flex: 1 1 auto; width: auto; text-align: left; border-radius: 5px; }
.ck-shelf { overflow: visible; gap: 8px; }
.ck-shelf .ck-place { overflow: visible; }
.ck-shelf .ck-wide { width: 100%; max-width: 460px; }
.ck-status { color: var(--jp-content-font-color2, #666); font-size: 13px; min-height: 22px; }
.ck-alert { border-left: 4px solid #B00020; padding: 4px 10px; margin: 4px 0; }
.ck-card table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin-top: 8px; }
.ck-card th, .ck-card td { padding: 3px 14px 3px 0; text-align: left;
  border-bottom: 1px solid var(--jp-border-color2, #ddd); }
.ck-card caption { caption-side: top; text-align: left; font-weight: 600; padding: 6px 0 2px; }
.ck-card .ck-scale { width: 100%; max-width: 460px; gap: 2px; overflow: visible; }
.ck-scale .widget-radio-box { width: auto; }
"""

# JupyterLab takes arrow keys in what is no text field and moves to another cell; not with this.
OWN_ARROWS: Mapping[str, str] = MappingProxyType({"data-lm-suppress-shortcuts": "true"})

# A stock slider's handle has role=slider and no name, and no trait of ipywidgets can give it one.
# The style's own load event does it: it waits until the views stand in the page (each is drawn on
# its own promise) and sets the attributes. It also rounds the spoken value, which a stock slider
# gives as 0.7999999999999998, and takes a disabled slider's handle out of Tab's way. Where a front
# end drops scripts, the number field beside each slider still has its label.
_HOOK = """(function go(left) {
  const wanted = %s; let missing = false;
  for (const selector in wanted) {
    const found = document.querySelectorAll(selector);
    if (!found.length) missing = true;
    found.forEach(e => {
      Object.entries(wanted[selector]).forEach(([k, v]) => e.setAttribute(k, v));
      if (!e.dataset.decimals || e.dataset.watched) return;
      e.dataset.watched = "yes";
      const round = () => {
        const said = e.getAttribute("aria-valuetext");
        const text = parseFloat(said).toFixed(e.dataset.decimals);
        if (said !== text) e.setAttribute("aria-valuetext", text);
      };
      new MutationObserver(round).observe(e, {attributeFilter: ["aria-valuetext"]});
      round();
      const slider = e.closest(".noUi-target");
      const able = () => {
        const off = slider.hasAttribute("disabled");
        e.setAttribute("aria-disabled", off);
        e.tabIndex = off ? -1 : 0;
      };
      new MutationObserver(able).observe(slider, {attributeFilter: ["disabled"]});
      able();
    });
  }
  if (missing && left) setTimeout(go, 100, left - 1);
})(100)"""

# An output wider than its cell scrolls sideways, and JupyterLab takes the arrow keys there too.
# Looked for whenever the page has grown; the first style sheet of a page sees to it.
_WIDE = """document.querySelectorAll(".jp-WindowedPanel-inner, #rendered_cells").forEach(page => {
  if (page.dataset.wide) return;
  page.dataset.wide = "watched";
  let due = 0;
  const look = () => page.querySelectorAll(".jp-OutputArea-output").forEach(e => {
    if (e.scrollWidth <= e.clientWidth + 1 || e.hasAttribute("tabindex")) return;
    e.tabIndex = 0;
    e.dataset.lmSuppressShortcuts = "true";
    e.setAttribute("role", "group");
    e.setAttribute("aria-label", "wide output, scrolls sideways");
  });
  new ResizeObserver(() => { clearTimeout(due); due = setTimeout(look, 300); }).observe(page);
});"""


def style_with_names(attributes: Mapping[str, Mapping[str, str]]) -> str:
    """The style sheet; once it is in the page it sets ``attributes`` (selector → name → value)."""
    hook = html.escape(_WIDE + _HOOK % json.dumps(attributes))
    return f'<style onload="{hook}">{CSS}</style>'


def paragraph(text: str, css_class: str) -> str:
    """``text`` as a paragraph; empty text gives nothing."""
    return f'<p class="{css_class}">{html.escape(text)}</p>' if text else ""


def alert(sentence: str) -> str:
    """A sentence that is read out at once; empty when there is nothing to say."""
    if not sentence:
        return ""
    return f'<div role="alert" class="ck-alert">{html.escape(sentence)}</div>'
