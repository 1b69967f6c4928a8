"""The shown page as UiAutomator's hierarchy, from one walk over its DOM.

Shaped like what Chrome on Android publishes: the accessible name is in `text`, `content-desc` is empty, and
`resource-id` is the bare DOM id.
"""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

# Returns nested {c: class, i: id, t: text, b: [l,t,r,b], f: flags, k: children}; flags are a string of letters.
WALK = r"""(() => {
  const W = innerWidth, H = innerHeight;
  const CLASSES = {BUTTON:'android.widget.Button', TEXTAREA:'android.widget.EditText', SELECT:'android.widget.Spinner',
    PROGRESS:'android.widget.ProgressBar', METER:'android.widget.ProgressBar', IMG:'android.widget.Image',
    UL:'android.widget.ListView', OL:'android.widget.ListView', SUMMARY:'android.widget.Button'};
  const ROLES = {button:'android.widget.Button', slider:'android.widget.SeekBar', checkbox:'android.widget.CheckBox',
    switch:'android.widget.CheckBox', progressbar:'android.widget.ProgressBar', img:'android.widget.Image',
    list:'android.widget.ListView', textbox:'android.widget.EditText', radio:'android.widget.RadioButton',
    tab:'android.widget.Button', menuitem:'android.widget.Button'};
  const INPUTS = {range:'android.widget.SeekBar', checkbox:'android.widget.CheckBox',
    radio:'android.widget.RadioButton', button:'android.widget.Button', submit:'android.widget.Button',
    reset:'android.widget.Button', image:'android.widget.Button'};
  const modals = [...document.querySelectorAll('dialog')].filter(d => d.matches(':modal'));
  const modal = modals[modals.length - 1];
  const clean = s => (s || '').replace(/\s+/g, ' ').trim();
  const labelled = e => clean((e.getAttribute('aria-labelledby') || '').split(/\s+/)
    .map(i => i && document.getElementById(i)?.innerText || '').join(' '));
  const label = e => labelled(e) || clean(e.getAttribute('aria-label')) || clean(e.labels?.[0]?.innerText)
    || clean(e.getAttribute('alt'));
  const box = r => [Math.max(0, Math.round(r.left)), Math.max(0, Math.round(r.top)),
    Math.min(W, Math.round(r.right)), Math.min(H, Math.round(r.bottom))];
  const real = b => b[2] > b[0] && b[3] > b[1];
  const kind = e => {
    const role = e.getAttribute('role');
    if (role && ROLES[role]) return ROLES[role];
    if (e.tagName === 'INPUT') return INPUTS[e.type] || 'android.widget.EditText';
    if (e.isContentEditable && !e.parentElement?.isContentEditable) return 'android.widget.EditText';
    return CLASSES[e.tagName] || 'android.view.View';
  };
  const walk = e => {
    if (['SCRIPT','STYLE','TEMPLATE','NOSCRIPT','HEAD'].includes(e.tagName)) return [];
    if (e.getAttribute('aria-hidden') === 'true') return [];
    if (modal && !modal.contains(e) && !e.contains(modal)) return [];
    const style = getComputedStyle(e);
    if (style.display === 'none') return [];
    let cls = kind(e);
    const b = box(e.getBoundingClientRect());
    const seen = real(b) && style.visibility === 'visible';
    const leaf = cls !== 'android.view.View' && cls !== 'android.widget.ListView';
    let kids = [], text = '';
    if (!leaf) {
      for (const c of (e.shadowRoot || e).childNodes) {
        if (c.nodeType === 1) kids.push(...walk(c));
        else if (c.nodeType === 3 && seen && clean(c.data)) {
          const range = document.createRange(); range.selectNodeContents(c);
          const tb = box(range.getBoundingClientRect());
          if (real(tb)) kids.push({c:'android.widget.TextView', i:'', t:clean(c.data), b:tb, f:'e', k:[]});
        }
      }
      text = label(e);
      if (cls === 'android.view.View' && e.tagName !== 'VIDEO' && kids.length && !text
          && kids.every(k => k.c === 'android.widget.TextView' && !k.i)) {
        text = clean(e.innerText) || kids.map(k => k.t).join(' '); kids = []; cls = 'android.widget.TextView';
      }
    } else if (e.tagName === 'SELECT') text = clean(e.selectedOptions[0]?.label) || label(e);
    else if (cls.endsWith('ProgressBar')) text = clean(e.getAttribute('aria-valuetext')) || label(e)
      || String(e.value ?? e.getAttribute('aria-valuenow') ?? '');
    else if (cls.endsWith('SeekBar')) text = clean(e.getAttribute('aria-valuetext'))
      || String(e.value ?? e.getAttribute('aria-valuenow') ?? '');
    else if (cls.endsWith('EditText')) text = (e.value ?? e.innerText) || '';
    else text = label(e) || clean(e.innerText) || clean(e.value) || clean(e.title);
    if (!seen) return kids;
    const off = e.disabled || e.getAttribute('aria-disabled') === 'true';
    const active = (e.getRootNode().activeElement ?? document.activeElement) === e;
    const click = (leaf && !cls.endsWith('Image') && !cls.endsWith('ProgressBar')) || e.tagName === 'A'
      || e.hasAttribute('onclick') || e.tabIndex >= 0;
    const on = e.checked === true || e.getAttribute('aria-checked') === 'true';
    const pick = e.getAttribute('aria-selected') === 'true' || e.getAttribute('aria-pressed') === 'true'
      || (e.hasAttribute('aria-current') && e.getAttribute('aria-current') !== 'false');
    const rolls = e.scrollHeight > e.clientHeight + 1 && ['auto', 'scroll'].includes(style.overflowY);
    const f = (off ? '' : 'e') + (click ? 'c' : '') + (active && e !== document.body ? 'f' : '') + (on ? 'x' : '')
      + (pick ? 's' : '') + (rolls ? 'r' : '') + (e.type === 'password' ? 'p' : '') + (e.tabIndex >= 0 ? 'o' : '')
      + (/CheckBox|RadioButton/.test(cls) ? 'k' : '');
    return [{c:cls, i:e.id || '', t:text.slice(0, 2000), b, f, k:kids}];
  };
  const page = document.scrollingElement;
  const rolls = page && page.scrollHeight > H + 1;
  return {t:document.title, w:W, h:H, r:!!rolls, k:document.body ? walk(document.body) : []};
})()"""

_FORBIDDEN = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")  # not in XML 1.0

_FLAGS = (
    ("checkable", "k"),
    ("checked", "x"),
    ("clickable", "c"),
    ("enabled", "e"),
    ("focusable", "o"),
    ("focused", "f"),
    ("scrollable", "r"),
    ("password", "p"),
    ("selected", "s"),
)


def hierarchy(walked: dict[str, Any], package: str, size: tuple[int, int], rotation: int) -> etree._Element:
    """The hierarchy element of what `WALK` returned: FrameLayout, WebView, then the page's nodes."""
    root = etree.Element("hierarchy", rotation=str(rotation), width=str(size[0]), height=str(size[1]))
    whole = [0, 0, size[0], size[1]]
    frame = _node(root, {"c": "android.widget.FrameLayout", "i": "", "t": "", "b": whole, "f": "e"}, package)
    flags = "efo" + ("r" if walked.get("r") else "")
    view = {"c": "android.webkit.WebView", "i": "", "t": walked.get("t", ""), "b": whole, "f": flags}
    web = _node(frame, view, package)
    for one in walked.get("k", ()):
        _add(web, one, package)
    return root


def _add(parent: etree._Element, walked: dict[str, Any], package: str) -> None:
    node = _node(parent, walked, package)
    for child in walked["k"]:
        _add(node, child, package)


def _node(parent: etree._Element, walked: dict[str, Any], package: str) -> etree._Element:
    left, top, right, bottom = walked["b"]
    node = etree.SubElement(parent, "node", index=str(len(parent)))
    node.set("text", _printable(walked["t"]))
    node.set("resource-id", _printable(walked["i"]))
    node.set("class", walked["c"])
    node.set("package", package)
    node.set("content-desc", "")
    for name, letter in _FLAGS:
        node.set(name, str(letter in walked["f"]).lower())
    node.set("long-clickable", "false")
    node.set("displayed", "true")
    node.set("bounds", f"[{left},{top}][{right},{bottom}]")
    return node


def _printable(text: str) -> str:
    """`text` without the characters that XML cannot hold, as Android's dumper does it."""
    return _FORBIDDEN.sub(".", text)
