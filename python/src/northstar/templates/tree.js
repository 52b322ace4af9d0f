// The tree in the page is whole without this script; it adds what moves: keys, folding,
// filters, the panel. It makes no markup of texts.
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const byId = (id) => document.getElementById(id);
  const items = all("[role=treeitem]");
  const definitions = byId("definitions");
  const groupOf = (item) => item.querySelector(":scope > [role=group]");
  const above = (item) => item.parentElement.closest("[role=treeitem]");
  const isShown = (item) => item.offsetParent !== null;
  const FOLD_FROM = 60;

  // ------------------------------------------------------------------- folding
  const fold = (item, expanded) => {
    if (groupOf(item)) item.setAttribute("aria-expanded", String(expanded));
  };
  const foldAll = (depth) => {
    for (const item of items) fold(item, Number(item.getAttribute("aria-level")) < depth);
  };

  // --------------------------------------------------------------------- focus
  let current = null;
  const focusOn = (item) => {
    if (current) current.tabIndex = -1;
    current = item;
    item.tabIndex = 0;
    item.focus({ preventScroll: true });
    item.firstElementChild.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const reveal = (item) => {
    for (let parent = above(item); parent; parent = above(parent)) fold(parent, true);
  };

  // --------------------------------------------------------------------- panel
  let opened = null;
  const close = (andFocus) => {
    if (!opened) return;
    definitions.hidden = true;
    byId("d-" + opened.dataset.node).hidden = true;
    opened.setAttribute("aria-selected", "false");
    const item = opened;
    opened = null;
    if (andFocus) focusOn(item);
  };
  const open = (item, focusHeading) => {
    if (item.dataset.goto) {
      const place = items.find((other) => other.dataset.node === item.dataset.goto);
      if (place) show(place, focusHeading);
      return;
    }
    close(false);
    opened = item;
    item.setAttribute("aria-selected", "true");
    const article = byId("d-" + item.dataset.node);
    article.hidden = false;
    definitions.hidden = false;
    definitions.scrollTop = 0;
    if (focusHeading) article.querySelector("h3").focus();
  };
  const show = (item, focusHeading) => {
    if (item.hidden) clearFilters();
    reveal(item);
    focusOn(item);
    open(item, focusHeading);
  };

  document.addEventListener("click", (event) => {
    const knob = event.target.closest(".knob");
    if (knob) {
      const item = knob.closest("[role=treeitem]");
      fold(item, item.getAttribute("aria-expanded") !== "true");
      focusOn(item);
      return;
    }
    if (event.target.closest(".close")) return close(true);
    const link = event.target.closest("a[data-node]");
    if (link) {
      event.preventDefault();
      const place = items.find((item) => item.dataset.node === link.dataset.node);
      if (place) show(place, true);
      return;
    }
    const card = event.target.closest(".card");
    if (card) {
      focusOn(card.parentElement);
      open(card.parentElement, false);
    }
  });

  // ---------------------------------------------------------------------- keys
  const step = (item, by) => {
    const shown = items.filter(isShown);
    return shown[shown.indexOf(item) + by];
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && opened) {
      event.preventDefault();
      return close(true);
    }
    const item = event.target.closest("[role=treeitem]");
    if (!item || event.target !== item || event.ctrlKey || event.metaKey || event.altKey) return;
    const group = groupOf(item);
    const expanded = item.getAttribute("aria-expanded") === "true";
    let next = null;
    switch (event.key) {
      case "ArrowDown": next = step(item, 1); break;
      case "ArrowUp": next = step(item, -1); break;
      case "Home": next = items.find(isShown); break;
      case "End": next = items.filter(isShown).pop(); break;
      case "ArrowRight":
        if (group && !expanded) fold(item, true);
        else if (group) next = all(":scope > [role=treeitem]", group).find(isShown);
        break;
      case "ArrowLeft":
        if (group && expanded) fold(item, false);
        else next = above(item);
        break;
      case "Enter":
      case " ": open(item, true); break;
      default: return;
    }
    event.preventDefault();
    if (next) focusOn(next);
  });

  // ------------------------------------------------------------------- filters
  const search = byId("search");
  const owner = byId("owner");
  const segment = byId("segment");
  const nodes = items.filter((item) => item.dataset.node);
  const texts = new Map(nodes.map((item) => {
    const article = byId("d-" + item.dataset.node);
    const parts = all("h3, p, dd:not(.others), pre:not(.query)", article);
    return [item, parts.map((part) => part.textContent).join(" ").toLocaleLowerCase()];
  }));
  const has = (item, key, wanted) =>
    JSON.parse(item.dataset[key]).includes(wanted);
  const matches = (item) => {
    const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    if (!words.every((word) => texts.get(item).includes(word))) return false;
    if (owner.value && !has(item, "owners", owner.value)) return false;
    // A metric that names no segment matters for all of them.
    return !segment.value || item.dataset.segments === "[]" || has(item, "segments", segment.value);
  };
  const markLast = () => {
    for (const group of all("[role=group]")) {
      const shown = all(":scope > [role=treeitem]", group).filter((item) => !item.hidden);
      group.hidden = shown.length === 0;
      shown.forEach((item, place) => item.classList.toggle("last", place === shown.length - 1));
    }
  };
  const filter = () => {
    const isOn = Boolean(search.value.trim() || owner.value || segment.value);
    const found = new Set(isOn ? nodes.filter(matches) : nodes);
    const kept = new Set(found);
    if (isOn) {
      for (const item of found)
        for (let parent = above(item); parent && !kept.has(parent); parent = above(parent))
          kept.add(parent);
    }
    for (const item of items) {
      item.hidden = isOn && !kept.has(item);
      item.classList.toggle("aside", isOn && !found.has(item));
      if (isOn && kept.has(item)) fold(item, true);
    }
    for (const lane of all(".lane")) {
      const isEmpty = all(":scope > [role=treeitem]", lane).every((item) => item.hidden);
      lane.hidden = isEmpty;
      if (lane.previousElementSibling?.tagName === "H2") lane.previousElementSibling.hidden = isEmpty;
    }
    markLast();
    byId("found").textContent = isOn
      ? `${found.size} of ${nodes.length}`
      : `${nodes.length} in all`;
    byId("nothing").hidden = found.size > 0;
    if (current && current.hidden) {
      current.tabIndex = -1;
      current = items.find((item) => !item.hidden) || current;
      current.tabIndex = 0;
    }
  };
  const clearFilters = () => {
    search.value = owner.value = segment.value = "";
    filter();
  };
  let timer = 0;
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(filter, nodes.length > 200 ? 120 : 0);
  });
  owner.addEventListener("change", filter);
  segment.addEventListener("change", filter);
  byId("expand").addEventListener("click", () => foldAll(Infinity));
  byId("collapse").addEventListener("click", () => {
    foldAll(2);
    if (current && !isShown(current)) {
      current.tabIndex = -1;
      current = items.find(isShown);
      current.tabIndex = 0;
    }
  });

  // --------------------------------------------------------------------- theme
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = byId("theme");
  const isDark = () => (document.documentElement.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  dark.addEventListener("change", nameTheme);

  // --------------------------------------------------------------------- start
  document.body.classList.add("js");
  definitions.hidden = true;
  for (const article of all("article", definitions)) article.hidden = true;
  for (const item of items) item.tabIndex = -1;
  if (items.length) {
    current = items[0];
    current.tabIndex = 0;
  }
  if (nodes.length > FOLD_FROM) foldAll(3);
  nameTheme();
  filter();
  const wanted = items.find((item) => item.dataset.node && "#" + item.id === location.hash);
  if (wanted) show(wanted, false);
})();
