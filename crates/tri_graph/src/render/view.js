// Moves, zooms, opens and closes. Boxes and rows are in `graph`; places are found as in place.rs.
(function () {
  "use strict";
  const svg = document.currentScript.closest("svg");
  const part = (id) => svg.getElementById(id);
  const isOpen = graph.nodes.map((node) => node[3] === 1);
  const links = {};
  for (const id of Object.keys(graph.groups)) links[id] = linksOf(graph.groups[id]);

  function linksOf(group) {
    const found = new Map();
    const beside = (item) => {
      if (!found.has(item)) found.set(item, [[], []]);
      return found.get(item);
    };
    for (const [from, to, bends] of group.edges) {
      const chain = [from, ...bends, to];
      for (let i = 1; i < chain.length; i++) {
        beside(chain[i])[0].push(chain[i - 1]);
        beside(chain[i - 1])[1].push(chain[i]);
      }
    }
    return found;
  }

  // Boxes make a straight line, and edges that pass go around them.
  const pull = (item) => (item >= 0 ? 1 : 0.02);

  // Moves the boxes of a row towards their neighbours on one side, without changing their order.
  function follow(row, side, neighbours, width, centres) {
    const blocks = [];
    const offsets = [];
    row.forEach((item, at) => {
      offsets.push(at === 0 ? 0 : offsets[at - 1] + (width(row[at - 1]) + width(item)) / 2 + graph.gapX);
      const beside = neighbours.has(item) ? neighbours.get(item)[side] : [];
      let wanted = centres.get(item);
      let weight = 0.01;
      if (beside.length > 0) {
        const all = beside.reduce((sum, it) => sum + pull(it), 0);
        wanted = beside.reduce((sum, it) => sum + pull(it) * centres.get(it), 0) / all;
        weight = pull(item);
      }
      blocks.push([wanted - offsets[at], weight, 1]);
      while (blocks.length > 1 && blocks[blocks.length - 2][0] > blocks[blocks.length - 1][0]) {
        const [b, wb, nb] = blocks.pop();
        const [a, wa, na] = blocks.pop();
        blocks.push([(a * wa + b * wb) / (wa + wb), wa + wb, na + nb]);
      }
    });
    let at = 0;
    for (const [first, , count] of blocks) {
      for (let i = 0; i < count; i++, at++) centres.set(row[at], first + offsets[at]);
    }
  }

  // The size of a node as it is, after what is inside has been put in its place.
  function place(id) {
    const [headWidth, headHeight] = graph.nodes[id];
    if (!isOpen[id] || !graph.groups[id]) return show(id, headWidth, headHeight);
    const { rows, edges } = graph.groups[id];
    const sizes = new Map();
    for (const item of rows.flat()) sizes.set(item, item < 0 ? [graph.lane, 0] : place(item));
    const width = (item) => (item < 0 ? graph.lane : Math.max(sizes.get(item)[0], graph.nodes[item][2]));
    const centres = new Map();
    for (const row of rows) {
      let x = 0;
      for (const item of row) {
        centres.set(item, x + width(item) / 2);
        x += width(item) + graph.gapX;
      }
    }
    const rounds = 6;
    for (let round = 0; round < rounds; round++) {
      const isDown = round % 2 === 1 || round === rounds - 1;
      for (let step = 0; step < rows.length; step++) {
        const row = rows[isDown ? step : rows.length - 1 - step];
        follow(row, isDown ? 0 : 1, links[id], width, centres);
      }
    }
    let [left, right, y] = [Infinity, -Infinity, 0];
    for (const [item, x] of centres) {
      left = Math.min(left, x - width(item) / 2);
      right = Math.max(right, x + width(item) / 2);
    }
    const tops = new Map();
    for (const row of rows) {
      const height = row.reduce((most, item) => Math.max(most, sizes.get(item)[1]), 0);
      for (const item of row) tops.set(item, [centres.get(item) - left, y, height]);
      y += height + graph.gapY;
    }
    const inner = [right - left, y - graph.gapY];
    const own = [Math.max(headWidth, inner[0] + 2 * graph.padding), headHeight + inner[1] + 2 * graph.padding];
    move(part("i" + id), (own[0] - inner[0]) / 2, headHeight + graph.padding);
    for (const [item, [x, top]] of tops) {
      if (item >= 0) move(part("n" + item), x - sizes.get(item)[0] / 2, top);
    }
    edges.forEach((edge, at) => draw(id, at, edge, tops, sizes));
    return show(id, own[0], own[1]);
  }

  function show(id, width, height) {
    const box = part("b" + id);
    box.setAttribute("width", width);
    box.setAttribute("height", height);
    const inside = part("i" + id);
    if (inside && isOpen[id]) inside.removeAttribute("display");
    else if (inside) inside.setAttribute("display", "none");
    const sign = part("t" + id);
    if (sign) {
      move(sign, width - 21, 7);
      sign.lastElementChild.textContent = isOpen[id] ? "−" : "+";
    }
    return [width, height];
  }

  function draw(id, at, [from, to, bends], tops, sizes) {
    const [x, top] = tops.get(from);
    const points = [[x, top + sizes.get(from)[1]]];
    for (const bend of bends) {
      const [bx, by, height] = tops.get(bend);
      points.push([bx, by], [bx, by + height]);
    }
    points.push(tops.get(to));
    let path = `M${points[0][0]} ${points[0][1]}`;
    for (let i = 1; i < points.length; i++) {
      const [a, b] = [points[i - 1], points[i]];
      const middle = (a[1] + b[1]) / 2;
      path += i % 2 === 0 ? `L${b[0]} ${b[1]}` : `C${a[0]} ${middle} ${b[0]} ${middle} ${b[0]} ${b[1]}`;
    }
    part(`e${id}-${at}`).setAttribute("d", path);
    const label = part(`l${id}-${at}`);
    if (label) {
      label.setAttribute("x", points[0][0] + 6);
      label.setAttribute("y", points[0][1] + 13 + 11 * label.dataset.line);
    }
  }

  function move(element, x, y) {
    element.setAttribute("transform", `translate(${x} ${y})`);
  }

  let size = [0, 0];
  let view = svg.getAttribute("viewBox").split(" ").map(Number);
  function look() {
    svg.setAttribute("viewBox", view.join(" "));
  }
  function fit() {
    const margin = graph.margin;
    view = [-margin, -margin, size[0] + 2 * margin, size[1] + 2 * margin];
    look();
  }
  // At first text has its usual size, with the upper end of what is higher than the window.
  function begin() {
    fit();
    const { width, height } = svg.getBoundingClientRect();
    const scale = Math.min(width / view[2], height / view[3]);
    if (width === 0 || scale >= 0.8) return;
    view = [size[0] / 2 - width / 2, -graph.margin, width, height];
    look();
  }
  function update() {
    size = place(0);
  }

  // Where a point of the window is in the picture.
  function pointAt(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [point.x, point.y];
  }
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y] = pointAt(event);
    const by = Math.exp(Math.max(-60, Math.min(60, event.deltaY)) * 0.004);
    view = [x - (x - view[0]) * by, y - (y - view[1]) * by, view[2] * by, view[3] * by];
    look();
  }, { passive: false });

  let grip = null;
  let moved = false;
  svg.addEventListener("pointerdown", (event) => {
    grip = pointAt(event);
    moved = false;
  });
  svg.addEventListener("pointermove", (event) => {
    if (!grip || event.buttons === 0) return;
    const [x, y] = pointAt(event);
    const scale = svg.getScreenCTM().a;
    if (Math.hypot(x - grip[0], y - grip[1]) * scale < 3 && !moved) return;
    moved = true;
    view = [view[0] + grip[0] - x, view[1] + grip[1] - y, view[2], view[3]];
    look();
  });
  svg.addEventListener("pointerup", () => (grip = null));

  // The node whose box, text or sign was clicked. Where it is on the screen stays.
  svg.addEventListener("click", (event) => {
    if (moved) return;
    const node = event.target.closest("g[id^=n]");
    const id = node ? Number(node.id.slice(1)) : 0;
    if (id === 0 || !graph.groups[id]) return;
    const before = node.getBoundingClientRect();
    isOpen[id] = !isOpen[id];
    update();
    const after = node.getBoundingClientRect();
    const scale = svg.getScreenCTM().a;
    view[0] += (after.left - before.left) / scale;
    view[1] += (after.top - before.top) / scale;
    look();
  });
  const actions = {
    open: () => isOpen.fill(true),
    close: () => isOpen.forEach((_, id) => (isOpen[id] = id === 0)),
    fit: () => {},
  };
  document.querySelectorAll("[data-do]").forEach((button) =>
    button.addEventListener("click", () => {
      actions[button.dataset.do]();
      update();
      fit();
    }));

  update();
  begin();
  // Within a page the size of the window is known once all of it is there.
  if (document.readyState !== "complete") window.addEventListener("load", begin);
})();
