'use strict';
// Draws every figure of the report as SVG: a legend that shows the values under the pointer and hides lines on click, buttons for
// logarithmic axes and for files, drag to zoom, double-click to reset. CSS variables follow the light or dark theme.
(function () {
  const symbol = (shape, size) => d3.svg.symbol().type(shape).size(size)();
  const paint = s => s.mark ? 'var(--mark)' : `var(--c${s.colour})`;
  const thickness = s => s.mark || s.thin ? 1 : s.label ? 1.3 : 2;
  // "#2 lstm (run)": the name with its label, unless it contains that.
  const named = s => !s.label || s.name.includes(s.label) ? s.name : s.label + ' ' + s.name;
  const several = spec => new Set(spec.series.filter(s => !s.mark).map(s => s.group)).size > 1;

  function icon(s, markers) {
    const dash = s.mark ? '3 3' : s.dash.join(' '), colour = paint(s);
    const line = s.dots ? '' : `<line x1="0" x2="26" y1="5" y2="5" style="stroke:${colour}" stroke-width="${thickness(s)}" stroke-dasharray="${dash || 'none'}"/>`;
    const shape = s.mark || !markers && !s.dots && !s.beads ? '' :
      `<path transform="translate(13 5)" d="${symbol(markers ? s.marker : 'circle', s.dots ? 64 : s.beads ? 26 : 40)}" style="fill:${colour}"/>`;
    return `<svg width="26" height="10" viewBox="0 0 26 10">${line}${shape}</svg>`;
  }

  // The range of the lines, and of the bands as far as they do not compress the lines: one row that spreads over a hundred
  // decades must not hide the others. Diverged runs do not count, unless there is nothing else.
  function range(spec, log) {
    const of = entries => entries.filter(v => v !== null && (!log || v > 0))
      .reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
    const chosen = inside => spec.rows.flatMap(row => row.slice(1).filter((e, k) => !inside || !spec.series[k].outside));
    const all = isFinite(of(chosen(true).map(e => e[1]))[0]) ? chosen(true) : chosen(false);
    const line = of(all.map(e => e[1])), band = of(all.flatMap(e => e.slice(0, 3)));
    if (!isFinite(line[0])) return line;
    if (spec.wholeBands || !log && spec.series.filter(s => !s.mark).length === 1) return band;   // or there are no others to hide
    const room = log ? Math.pow(10, .15 * (Math.log10(line[1]) - Math.log10(line[0]))) : .15 * (line[1] - line[0]);
    return log ? [Math.max(band[0], line[0] / room), Math.min(band[1], line[1] * room)]
      : [Math.max(band[0], line[0] - room), Math.min(band[1], line[1] + room)];
  }
  function widened([low, high], log) {
    if (!isFinite(low)) return log ? [1, 10] : [0, 1];
    if (!log) { const pad = (high - low || Math.abs(high) || 1) * .05; return [low >= 0 ? Math.max(0, low - pad) : low - pad, high + pad]; }
    const least = Math.max(low, 1e-300), most = Math.max(high, least), pad = Math.pow(10, .04 * (Math.log10(most) - Math.log10(least))) * 1.02;
    return [least / pad, most * pad];
  }

  // One unit has the same length along both axes: the range of one of them is widened about its middle.
  function equalise(x, y) {
    const unit = scale => Math.abs((scale.range()[1] - scale.range()[0]) / (scale.domain()[1] - scale.domain()[0]));
    const [wider, by] = unit(x) > unit(y) ? [x, unit(x) / unit(y)] : [y, unit(y) / unit(x)];
    const [low, high] = wider.domain(), middle = (low + high) / 2;
    wider.domain([middle - by * (middle - low), middle + by * (high - middle)]);
  }

  let clips = 0;
  class LinePlot {
    constructor(figure, spec) {
      this.figure = figure;
      this.spec = spec;
      this.plot = figure.querySelector('.plot');
      this.legend = figure.querySelector('.legend');
      this.visible = spec.series.map(() => true);
      this.logX = spec.logX;
      this.logY = spec.logY;
      this.markers = several(spec);
      this.points = spec.series.map((s, k) => spec.rows.filter(row => row[k + 1][1] !== null || row[k + 1][3])
        .map(row => ({x: row[0], low: row[k + 1][0], y: row[k + 1][1], high: row[k + 1][2]})));
      this.keys();
    }
    domain(axis) {
      if (this.zoom) return this.zoom[axis];
      const {spec, logX, logY} = this;
      if (axis === 'y') return widened(logY === spec.logY && this.shared || range(spec, logY), logY);
      let [low, high] = d3.extent(spec.rows.filter(row => !logX || row[0] > 0), row => row[0]);
      if (low === undefined) return logX ? [1, 10] : [0, 1];
      if (low === high) [low, high] = logX ? [low / 2, 2 * high] : [low - 1, high + 1];
      return [low, high];
    }
    draw() {
      const {spec, plot} = this, [across, height] = Drawing.size(plot), width = Math.max(240, across);
      const svg = this.svg = Drawing.svgIn(plot, width, height);
      svg.append('title').text(spec.title);
      this.hover = svg.append('g');
      const own = d3.range(spec.series.length).filter(k => !spec.series[k].mark);
      if (own.length && !own.some(k => this.points[k].some(p => this.okX(p) && this.ok(p.y))))
        return Drawing.sentence(svg, width, height, spec.nothing || 'Nothing to draw: no value is above zero, as a logarithmic axis needs.');
      const x = this.x = (this.logX ? d3.scale.log() : d3.scale.linear()).domain(this.domain('x'));
      const y = this.y = (this.logY ? d3.scale.log() : d3.scale.linear()).domain(this.domain('y'));
      const box = this.box = {top: 8, bottom: height - 46, right: width - 10};
      const labels = spec.series.filter((s, k) => s.label && !s.dots && this.shown(k)).map(s => s.label);
      if (labels.length && spec.labels === 'ends') box.right -= Drawing.widest(svg, labels) + 4;
      y.ticks = Drawing.ticks(y, this.logY, box.bottom - box.top, 45);
      box.left = Drawing.widest(svg, y.ticks.map(Drawing.axisText)) + 32;
      x.range([box.left, box.right]);
      y.range([box.bottom, box.top]);
      if (spec.equal && !this.logX && !this.logY) {
        equalise(x, y);
        y.ticks = Drawing.ticks(y, false, box.bottom - box.top, 45);
      }
      x.ticks = Drawing.ticks(x, this.logX, box.right - box.left, 60);
      Drawing.axes(svg, box, x, y, spec);
      const clip = `clip${++clips}`;
      svg.append('clipPath').attr('id', clip).append('rect')
        .attr({x: box.left, y: box.top - 2, width: box.right - box.left + 3, height: box.bottom - box.top + 4});
      const inside = svg.append('g').attr('clip-path', `url(#${clip})`);
      const order = d3.range(spec.series.length).sort((a, b) => this.depth(a) - this.depth(b));
      for (const k of order) if (this.shown(k)) this.band(inside, k);
      const points = svg.append('g');   // not clipped: a point on the edge is drawn whole
      for (const k of order) if (this.shown(k)) this.line(inside, points, k);
      if (spec.labels !== 'none') this.labels(svg);
      this.hover = svg.append('g').attr('class', 'hover');
      this.catchPointer(svg, box);
    }
    depth(k) { const s = this.spec.series[k]; return s.mark ? 0 : s.thin ? 1 : s.dots ? 3 : 2; }
    // A thin line belongs to the line of its group, any other to the first one of its name.
    main(k) {
      const {series} = this.spec, s = series[k];
      if (s.mark) return series.findIndex(t => t.mark && t.name === s.name);
      return series.findIndex(t => !t.thin && !t.mark && t.group === s.group && (s.thin || t.name === s.name));
    }
    shown(k) { const main = this.main(k); return this.visible[main < 0 ? k : main]; }
    ok(v) { return v !== null && (!this.logY || v > 0); }
    okX(p) { return !this.logX || p.x > 0; }
    band(g, k) {
      const s = this.spec.series[k], floor = this.y.domain()[0];
      if (s.mark || s.thin || s.dots || this.points[k].every(p => p.low === p.high)) return;
      const low = p => this.logY ? Math.max(p.low, floor * 1e-6) : p.low;
      const area = d3.svg.area().defined(p => this.okX(p) && p.low !== null && this.ok(p.high))
        .x(p => this.x(p.x)).y0(p => this.y(low(p))).y1(p => this.y(p.high));
      g.append('path').attr('d', area(this.points[k])).style('fill', paint(s)).attr('fill-opacity', s.dashed ? .07 : .14);
    }
    line(g, over, k) {
      const s = this.spec.series[k], colour = paint(s), {x, y, box} = this, margin = 1;
      const within = (at, low, high) => at >= low - margin && at <= high + margin;
      const here = this.points[k].filter(p => this.okX(p) && this.ok(p.y) && within(x(p.x), box.left, box.right) && within(y(p.y), box.top, box.bottom));
      if (!s.dots) {
        const path = d3.svg.line().defined(p => this.ok(p.y) && this.okX(p)).x(p => x(p.x)).y(p => y(p.y));
        g.append('path').attr({d: path(this.points[k]), fill: 'none', 'stroke-width': thickness(s), 'stroke-linejoin': 'round'})
          .attr('stroke-dasharray', s.mark ? '3 3' : s.dash.join(' ') || null).attr('stroke-opacity', s.thin ? .45 : null).style('stroke', colour);
      }
      if (s.mark || s.thin) return;
      const each = (list, shape, size) => list.forEach(p => over.append('path')
        .attr({d: symbol(shape, size), transform: `translate(${x(p.x).toFixed(1)} ${y(p.y).toFixed(1)})`}).style('fill', colour));
      if (s.dots) each(here, this.markers ? s.marker : 'circle', here.length > 150 ? 20 : 70);   // a cloud of states
      else if (s.beads && here.length < 80) each(here, this.markers ? s.marker : 'circle', 20);
      else if (this.markers) each(this.sparse(here, k), s.marker, 46);
    }
    // The labels of lines that look alike, at the place that the figure names (place_of_labels): moved apart, those at ends each
    // with a stroke to its line.
    labels(svg) {
      const {box, x, y, spec} = this, gap = 12, all = [];
      spec.series.forEach((s, k) => {
        if (!s.label || s.dots || !this.shown(k)) return;
        const inside = this.points[k].filter(p => this.okX(p) && this.ok(p.y) && x(p.x) >= box.left - 1 && x(p.x) <= box.right + 1);
        if (!inside.length) return;
        const last = inside[inside.length - 1], at = Math.min(box.bottom, Math.max(box.top, y(last.y)));
        const peak = inside.reduce((a, b) => b.y > a.y ? b : a);
        all.push({label: s.label, peak, colour: paint(s), x: x(last.x), at, to: at});
      });
      const g = svg.append('g'), placed = [];
      const beside = (at, height, label) => {   // inside the plot, below those that are there
        let to = Math.max(box.top + 10, height - 4);
        while (placed.some(p => Math.abs(p[0] - at) < 52 && Math.abs(p[1] - to) < gap)) to += gap;
        placed.push([at, to]);
        g.append('text').attr({class: 'tick', x: at + 4, y: to}).text(label);
      };
      if (spec.labels === 'peaks') {
        for (const e of all) beside(x(e.peak.x), y(e.peak.y), e.label);
        return;
      }
      all.sort((a, b) => a.at - b.at);
      all.forEach((e, k) => { if (k) e.to = Math.max(e.to, all[k - 1].to + gap); });
      for (let k = all.length - 1, most = box.bottom; k >= 0; --k, most -= gap) {
        if (all[k].to <= most) break;
        all[k].to = most;
      }
      for (const e of all) {
        if (box.right - e.x > 30) {   // a line that ends inside the plot
          beside(e.x, e.at, e.label);
          continue;
        }
        g.append('path').attr({d: `M${e.x.toFixed(1)},${e.at.toFixed(1)}L${box.right + 6},${e.to.toFixed(1)}`, fill: 'none', 'stroke-width': .8, 'stroke-opacity': .6})
          .style('stroke', e.colour);
        g.append('text').attr({class: 'tick', x: box.right + 8, y: e.to + 4}).text(e.label);
      }
    }
    // A few points of a line, about 110 pixels apart and at other places than those of its neighbours.
    sparse(points, k) {
      const found = [], gap = 110;
      let next = this.box.left + gap * ((.35 + .38 * k) % 1);
      for (const p of points) {
        const at = this.x(p.x);
        if (at < next) continue;
        found.push(p);
        next = at + gap;
      }
      return found.length || !points.length ? found : [points[Math.floor(points.length / 2)]];
    }
    catchPointer(svg, box) {
      const self = this, clamp = ([a, b]) => [Math.min(box.right, Math.max(box.left, a)), Math.min(box.bottom, Math.max(box.top, b))];
      const area = svg.append('rect').attr({class: 'catch', x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top});
      let from = null, drag = null;
      area.on('mousemove', function () { if (!from) self.values(...d3.mouse(this)); })
        .on('mouseleave', () => this.values(null))
        .on('dblclick', () => { this.zoom = null; this.draw(); })
        .on('mousedown', function () {
          d3.event.preventDefault();
          from = clamp(d3.mouse(this));
          drag = svg.append('rect').attr('class', 'drag hover');
          d3.select(window).on('mousemove.zoom', () => {
            const [a, b] = self.dragged(from, clamp(d3.mouse(area.node())));
            drag.attr({x: a[0], y: b[0], width: a[1] - a[0], height: b[1] - b[0]});
          }).on('mouseup.zoom', () => {
            d3.select(window).on('mousemove.zoom', null).on('mouseup.zoom', null);
            const to = clamp(d3.mouse(area.node())), moved = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])) > 5;
            const [a, b] = self.dragged(from, to);
            from = null;
            drag.remove();
            if (!moved) return;
            self.zoom = {x: a.map(self.x.invert), y: [self.y.invert(b[1]), self.y.invert(b[0])]};
            self.draw();
          });
        });
    }
    // The rectangle that is zoomed into: along one axis only if the pointer hardly moved along the other.
    dragged(from, to) {
      const {box} = this, flat = Math.abs(to[1] - from[1]) < 12, upright = Math.abs(to[0] - from[0]) < 12;
      const sorted = k => [Math.min(from[k], to[k]), Math.max(from[k], to[k])];
      return [upright && !flat ? [box.left, box.right] : sorted(0), flat ? [box.top, box.bottom] : sorted(1)];
    }
    values(pixel, height) {
      this.fields.forEach(f => { if (f) { f.textContent = ''; f.parentNode.classList.remove('near'); } });
      this.hover.selectAll('*').remove();
      if (pixel === null) return;
      const near = this.points.map(list => {
        const usable = list.filter(p => this.okX(p) && this.ok(p.y));
        const at = d3.bisector(p => p.x).left(usable, this.x.invert(pixel));
        const best = [usable[at - 1], usable[at]].filter(p => p).sort((a, b) => Math.abs(this.x(a.x) - pixel) - Math.abs(this.x(b.x) - pixel))[0];
        return best && Math.abs(this.x(best.x) - pixel) < 30 ? best : null;
      });
      const lines = near.filter((p, k) => p && !this.spec.series[k].mark && this.shown(k));
      if (!lines.length) return;
      const x = lines.sort((a, b) => Math.abs(this.x(a.x) - pixel) - Math.abs(this.x(b.x) - pixel))[0].x;
      this.hover.append('text').attr({x: this.box.right, y: this.box.top + 12, 'text-anchor': 'end'}).text(`${this.spec.x} ${Drawing.axisText(x)}`);
      const distance = k => Math.hypot(this.spec.series[k].dots ? this.x(near[k].x) - pixel : 0, this.y(near[k].y) - height);
      const pointed = d3.range(near.length).filter(k => near[k] && this.spec.series[k].label && this.fields[k] && this.shown(k))
        .sort((a, b) => distance(a) - distance(b))[0];   // the one of lines that look alike which the pointer is at
      if (pointed !== undefined && distance(pointed) < 40) {
        const s = this.spec.series[pointed], left = this.x(near[pointed].x) > (this.box.left + this.box.right) / 2;
        this.fields[pointed].parentNode.classList.add('near');
        this.hover.append('text').attr({x: this.x(near[pointed].x) + (left ? -8 : 8), y: Math.max(this.box.top + 26, this.y(near[pointed].y) - 8), 'text-anchor': left ? 'end' : 'start'})
          .style('fill', 'var(--ink)').text(s.label);
      }
      near.forEach((p, k) => {
        if (!p || !this.fields[k] || this.spec.series[k].mark || !this.shown(k)) return;
        this.fields[k].textContent = Drawing.text(p.y);
        const at = this.y(p.y);
        if (at >= this.box.top && at <= this.box.bottom)
          this.hover.append('circle').attr({cx: this.x(p.x), cy: at, r: 4}).style('fill', paint(this.spec.series[k]));
      });
      this.legend.style.minHeight = this.legend.offsetHeight + 'px';   // so that the plot does not move again under the pointer
    }
    keys() {
      this.legend.innerHTML = '';
      this.fields = this.spec.series.map((s, k) => {
        if (this.main(k) !== k) return null;
        const key = document.createElement('button');
        key.innerHTML = icon(s, this.markers) + '<span></span><b></b>';
        key.querySelector('span').textContent = named(s);
        key.title = 'hide or show';
        key.onclick = () => {
          this.visible[k] = !this.visible[k];
          key.className = this.visible[k] ? '' : 'off';
          this.draw();
        };
        this.legend.append(key);
        return key.querySelector('b');
      });
      const buttons = Drawing.buttons(this.figure, this.spec);
      for (const [name, is] of [['x', 'logX'], ['y', 'logY']]) {
        const label = () => `${name}: ${this[is] ? 'log' : 'linear'}`;
        buttons.add(label(), 'logarithmic or linear axis', e => {
          this[is] = !this[is];
          this.zoom = null;
          e.target.textContent = label();
          this.draw();
        });
      }
      buttons.more();
      this.legend.append(buttons.bar);
    }
  }

  for (const path of document.querySelectorAll('[data-marker]')) path.setAttribute('d', symbol(path.dataset.marker, 40));
  const figures = [];
  for (const row of document.querySelectorAll('.plots')) {
    const own = [...row.querySelectorAll('figure')].map(f => {
      const spec = JSON.parse(f.querySelector('script').textContent);
      return spec.kind === 'heat' ? new HeatMap(f, spec) : spec.kind === 'parallel' ? new ParallelPlot(f, spec) : new LinePlot(f, spec);
    });
    const lines = own.filter(f => f.spec.kind === 'lines');
    if (lines.length > 1 && lines.every(f => f.spec.y === lines[0].spec.y && f.spec.logY === lines[0].spec.logY)) {
      const ranges = lines.map(f => range(f.spec, f.logY)), at = v => lines[0].logY ? Math.log(v) : v;
      const shared = [Math.min(...ranges.map(r => r[0])), Math.max(...ranges.map(r => r[1]))];
      const share = ([low, high]) => (at(high) - at(low)) / (at(shared[1]) - at(shared[0]));
      if (ranges.every(r => !(share(r) < .2))) lines.forEach(f => f.shared = shared);   // or one would be squeezed to a line
    }
    figures.push(...own);
  }
  const drawAll = () => figures.forEach(f => f.draw());
  let width = innerWidth;
  addEventListener('resize', () => {
    if (innerWidth === width) return;
    width = innerWidth;
    drawAll();
  });
  Drawing.printing(drawAll);
  drawAll();
})();
