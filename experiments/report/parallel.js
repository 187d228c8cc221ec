'use strict';
// Parallel axes: a line for each row, coloured by its value on the last axis. Drag along an axis to select rows there, click the axis
// to select all again; the row under the pointer is named.
class ParallelPlot {
  constructor(figure, spec) {
    this.figure = figure;
    this.spec = spec;
    this.plot = figure.querySelector('.plot');
    this.legend = figure.querySelector('.legend');
    this.chosen = spec.axes.map(() => null);   // an interval of heights, in shares of the axis, where rows are selected
    const buttons = Drawing.buttons(figure, spec);
    this.value = document.createElement('b');
    buttons.more();
    this.legend.append(this.value, buttons.bar);
  }
  text(axis, v) { return v === null ? '–' : axis.words.length ? axis.words[v] : Drawing.axisText(+v.toPrecision(4)); }
  // From 0 at the lower end of an axis to 1 at the upper one; null for a value that is missing.
  share(axis, v) {
    if (v === null) return null;
    if (axis.low === axis.high) return .5;
    return axis.log ? Math.log(v / axis.low) / Math.log(axis.high / axis.low) : (v - axis.low) / (axis.high - axis.low);
  }
  selected(row) {
    return this.chosen.every((range, k) => {
      const at = this.share(this.spec.axes[k], row.values[k]);
      return !range || at !== null && at >= range[0] && at <= range[1];
    });
  }
  draw() {
    const {spec, plot} = this, [across, height] = Drawing.size(plot), width = Math.max(260, across);
    const svg = this.svg = Drawing.svgIn(plot, width, height), n = spec.axes.length;
    svg.append('title').text(spec.title);
    if (spec.nothing) return Drawing.sentence(svg, width, height, spec.nothing);
    const last = spec.axes[n - 1], right = Math.min(110, Drawing.widest(svg, this.labels(last).map(l => l[1])) + 12);
    const crowded = (width - right - 24) / (n - 1) < 90;   // names stand in two rows then
    const box = {left: 14, right: width - right, top: crowded ? 46 : 30, bottom: height - 14};
    this.x = d3.scale.linear().domain([0, n - 1]).range([box.left, box.right]);
    this.y = d3.scale.linear().range([box.bottom, box.top]);
    const colour = d3.scale.linear().domain(d3.range(spec.scale.length).map(k => k / (spec.scale.length - 1))).range(spec.scale).clamp(true);
    const path = d3.svg.line().defined(p => p[1] !== null).x(p => this.x(p[0])).y(p => this.y(p[1]));
    this.points = spec.rows.map(row => row.values.map((v, k) => [k, this.share(spec.axes[k], v)]));
    const order = d3.range(spec.rows.length).filter(k => k !== spec.best);
    if (spec.best !== null) order.push(spec.best);   // on top
    const lines = svg.append('g').attr('fill', 'none');
    for (const k of order) {
      const at = this.points[k][n - 1][1], on = this.selected(spec.rows[k]), best = k === spec.best;
      // The ends of the scale are cut: on a white or a dark page they could hardly be seen.
      const line = lines.append('path').attr({d: path(this.points[k]), 'stroke-linejoin': 'round', 'stroke-width': best ? 3 : 1.4, 'stroke-opacity': on ? best ? 1 : .75 : .08});
      line.style('stroke', best ? 'var(--ink)' : at === null ? 'var(--mark)' : colour(.12 + .72 * at));
    }
    spec.axes.forEach((axis, k) => this.axis(svg, axis, k, box, crowded));
    this.hover = svg.append('g').attr('class', 'hover').attr('fill', 'none');
    this.catchPointer(svg, box, path);
  }
  // Places on an axis with their labels.
  labels(axis) {
    if (axis.words.length) return axis.words.map((word, k) => [this.share(axis, k), word]);
    if (axis.low === axis.high) return [[.5, this.text(axis, axis.low)]];
    const scale = (axis.log ? d3.scale.log() : d3.scale.linear()).domain([axis.low, axis.high]);
    const inside = Drawing.ticks(scale, axis.log, 260, 45).filter(t => this.share(axis, t) > .07 && this.share(axis, t) < .93);
    return [axis.low, ...inside, axis.high].map(t => [this.share(axis, t), this.text(axis, t)]);
  }
  axis(svg, axis, k, box, crowded) {
    const at = this.x(k), g = svg.append('g').attr('class', 'axes'), last = k === this.spec.axes.length - 1;
    g.append('path').attr({class: 'axis', d: `M${at},${box.top}V${box.bottom}`});
    const name = g.append('text').attr({class: 'label', y: box.top - (crowded && k % 2 ? 28 : 12)}).text(axis.name);
    const wide = name.node().getComputedTextLength(), width = +svg.attr('viewBox').split(' ')[2];
    name.attr('x', Math.max(0, Math.min(width - wide, at - (k === 0 ? box.left : last ? wide - (width - box.right) : wide / 2))));
    for (const [share, text] of this.labels(axis)) {
      const y = this.y(share);
      g.append('path').attr({class: 'axis', d: `M${at - 3},${y}H${at + 3}`});
      for (const halo of [true, false]) {   // so that lines do not cross out the label
        const label = g.append('text').attr({class: 'tick', x: at + 6, y: y + 4}).text(text);
        if (halo) label.style({stroke: 'var(--paper)', 'stroke-width': 4, 'stroke-linejoin': 'round', fill: 'var(--paper)'});
      }
    }
    const range = this.chosen[k];
    if (range) g.append('rect').attr({class: 'drag', x: at - 7, width: 14, y: this.y(range[1]), height: this.y(range[0]) - this.y(range[1])});
  }
  catchPointer(svg, box, path) {
    const self = this, area = svg.append('rect').attr({class: 'catch', x: 0, y: box.top - 8, width: +svg.attr('viewBox').split(' ')[2], height: box.bottom - box.top + 16});
    const axisAt = x => Math.round(Math.max(0, Math.min(self.spec.axes.length - 1, self.x.invert(x))));
    const shareAt = y => Math.max(0, Math.min(1, self.y.invert(y)));
    let from = null;
    area.on('mousemove', function () { if (!from) self.point(d3.mouse(this), path); })
      .on('mouseleave', () => this.point(null, path))
      .on('mousedown', function () {
        d3.event.preventDefault();
        const [x, y] = d3.mouse(this);
        from = {axis: axisAt(x), share: shareAt(y)};
        d3.select(window).on('mouseup.parallel', () => {
          d3.select(window).on('mouseup.parallel', null);
          const to = shareAt(d3.mouse(area.node())[1]), moved = Math.abs(to - from.share) > .02;
          self.chosen[from.axis] = moved ? [Math.min(from.share, to), Math.max(from.share, to)] : null;
          from = null;
          self.draw();
        });
      });
  }
  // Names the selected row whose line is nearest to the pointer.
  point(at, path) {
    this.hover.selectAll('*').remove();
    this.value.textContent = '';
    if (!at) return;
    const {spec} = this, left = Math.max(0, Math.min(spec.axes.length - 2, Math.floor(this.x.invert(at[0])))), part = this.x.invert(at[0]) - left;
    const distance = k => {
      const a = this.points[k][left][1], b = this.points[k][left + 1][1];
      return a === null || b === null ? Infinity : Math.abs(this.y(a + part * (b - a)) - at[1]);
    };
    const near = d3.range(spec.rows.length).filter(k => this.selected(spec.rows[k])).sort((a, b) => distance(a) - distance(b))[0];
    if (near === undefined || distance(near) > 20) return;
    this.hover.append('path').attr({d: path(this.points[near]), 'stroke-width': 3}).style('stroke', 'var(--accent)');
    this.value.textContent = spec.rows[near].values.map((v, k) => `${spec.axes[k].name} ${this.text(spec.axes[k], v)}`).join(', ');
  }
}
