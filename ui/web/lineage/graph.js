// Draws the graph that the page has laid out, and follows ways in it. All names are foreign text: they become
// text nodes and attributes, never markup.

const HEAD = -1
const LEGEND = [
  ['direct', 'Data flows', () => true],
  ['direct ln-personal', 'Personal data', edge => edge.personal],
  ['direct ln-masked', 'Masked', edge => edge.masked && edge.direct],
  ['indirect', 'Decides (join, filter, …)', edge => !edge.direct],
  ['direct ln-added', 'New', edge => edge.mark === 'added'],
  ['direct ln-removed', 'Gone', edge => edge.mark === 'removed'],
]
const views = new WeakMap()

class View extends Sight {
  constructor(parent) {
    super(parent)
    this.canvas.setAttribute('role', 'group')
    this.canvas.tabIndex = -1
    this.canvas.setAttribute('aria-label', 'Lineage graph: arrow keys move along it, Enter tells more')
    this.lines = draw('svg', { class: 'ln-edges', width: 1, height: 1 }, this.world)
    this.legend = make('div', 'ln-legend', this.canvas)
    this.told = make('div', 'ln-told', this.canvas)
    this.told.setAttribute('role', 'status')
    this.tools()
    make('div', 'ln-wait', this.canvas)
    this.cards = new Map()
    this.canvas.addEventListener('keydown', event => this.key(event))
  }

  update({ data, setTriggerValue }) {
    const before = this.data
    this.data = data
    this.tell = did => {
      this.canvas.classList.add('ln-busy')
      setTriggerValue('did', did)
    }
    this.canvas.classList.remove('ln-busy')
    const spot = () => data.acted && this.cards.get(JSON.stringify(data.acted))?.spot
    const kept = spot()
    this.chosen = data.chosen
    this.drawCards()
    this.drawEdges()
    this.drawLegend()
    const [first, ...more] = data.told
    this.told.replaceChildren()
    make('b', '', this.told, first)
    for (const line of more) make('div', '', this.told, line)
    this.trace()
    // The card that somebody is at stays where it is; a new question is looked at from its start.
    const now = spot()
    if (kept && now) this.move(this.at.x + (kept.x - now.x) * this.at.k, this.at.y + (kept.y - now.y) * this.at.k)
    else if (before?.question !== data.question) this.home()
    this.canvas.dataset.drawn = data.version
    this.canvas.dataset.turn = data.turn
  }

  // What is drawn

  drawCards() {
    const held = document.activeElement?.dataset?.stop
    const wanted = new Set(this.data.cards.map(card => JSON.stringify(card.key)))
    for (const [key, { box }] of this.cards) if (!wanted.has(key)) { box.remove(); this.cards.delete(key) }
    this.stops = new Map()
    this.data.cards.forEach((card, number) => {
      const key = JSON.stringify(card.key)
      if (!this.cards.has(key)) this.cards.set(key, { box: make('div', '', this.world) })
      const drawn = this.cards.get(key)
      drawn.spot = { x: card.x, y: card.y }
      const { box } = drawn
      box.className = 'ln-card' + (card.start ? ' ln-start' : '') + (card.further ? ' ln-further' : '') +
        (card.collapsed ? ' ln-closed' : '')
      box.style.transform = `translate(${card.x}px, ${card.y}px)`
      box.style.height = `${card.height}px`
      box.dataset.key = key
      const search = box.querySelector('input')
      const parts = [this.head(card, number), ...card.rows.map((row, place) => this.row(card, row, number, place))]
      // The field that somebody types into stays the same one.
      const foot = card.foot && (search && search === document.activeElement ? search.parentElement : null)
      for (const old of [...box.children]) if (old !== foot) old.remove()
      box.prepend(...parts)
      if (card.foot) this.foot(card, foot || make('div', 'ln-foot', box))
    })
    this.comeBack(held)
  }

  head(card, number) {
    const head = make('div', 'ln-head')
    const fold = make('button', 'ln-fold', head)
    fold.setAttribute('aria-expanded', String(!card.collapsed))
    fold.setAttribute('aria-label', `${card.collapsed ? 'Expand' : 'Collapse'} ${card.title}`)
    fold.tabIndex = -1
    fold.onclick = () => this.tell({ do: 'fold', card: card.key })
    const title = make('button', 'ln-title', head)
    make('b', '', title, card.title)
    make('small', '', title, card.collapsed ? card.involved : card.sub)
    title.title = card.full || card.title
    title.setAttribute('aria-label', `${card.further ? '' : 'Table '}${card.title}, ${card.involved}`)
    title.onclick = () => card.further ? this.tell({ do: 'fold', card: card.key }) : this.choose([...card.key, '*'])
    this.stop(title, number, HEAD, card.points)
    this.badges(head, card)
    return head
  }

  row(card, row, number, place) {
    const one = make('button', 'ln-row' + (row.start ? ' ln-first' : ''))
    const name = make('span', 'ln-name', one, row.name)
    name.title = row.name
    if (row.type && !row.personal && !row.failing) make('span', 'ln-type', one, row.type)
    this.badges(one, row)
    one.onclick = () => card.further ? this.tell({ do: 'open', card: card.key, table: row.key }) : this.choose(row.key)
    one.ondblclick = () => card.further || this.tell({ do: 'start', node: row.key })
    one.onmouseenter = () => this.hint(number, place, true)
    one.onmouseleave = () => this.hint(number, place, false)
    if (row.beyond) {
      const more = make('span', `ln-beyond ln-${row.beyond}`, one, '+')
      more.title = row.beyond === 'up' ? 'There is more above: one step further' : 'There is more below: one step further'
      more.onclick = event => { event.stopPropagation(); this.tell({ do: 'deeper', side: row.beyond, card: card.key }) }
    }
    this.stop(one, number, place, row.points)
    return one
  }

  badges(parent, { personal, failing }) {
    if (personal) make('span', 'ln-badge ln-pii', parent, 'PII').title = 'Personal data'
    if (failing) {
      make('span', 'ln-badge ln-bad', parent, `✗ ${failing}`).title =
        `${failing} ${failing === 1 ? 'rule fails' : 'rules fail'} in the latest result`
    }
  }

  foot(card, foot) {
    const { text, filter, page, before, after, out } = card.foot
    let search = foot.querySelector('input')
    if (!search) {
      search = make('input', '', foot)
      search.placeholder = 'Filter'
      search.value = filter
    }
    search.setAttribute('aria-label', `Filter ${card.title}`)
    search.oninput = () => {
      clearTimeout(this.typing)
      this.typing = setTimeout(() => this.tell({ do: 'filter', card: card.key, text: search.value }), 200)
    }
    for (const old of [...foot.children]) if (old !== search) old.remove()
    make('span', '', foot, text)
    const turn = (sign, label, usable, to) => {
      const button = make('button', '', foot, sign)
      button.setAttribute('aria-label', `${label} of ${card.title}`)
      button.title = label
      button.disabled = !usable
      button.onclick = () => this.tell({ do: 'page', card: card.key, page: to })
    }
    turn('‹', 'Previous', before, page - 1)
    turn('›', 'Next', after, page + 1)
    const whole = make('button', '', foot, out ? '⤒' : '⤓')
    whole.title = out ? 'Show fewer' : 'Show up to 200'
    whole.setAttribute('aria-label', `${whole.title} of ${card.title}`)
    whole.onclick = () => this.tell({ do: 'out', card: card.key })
  }

  drawEdges() {
    this.lines.replaceChildren()
    this.edges = this.data.edges.map(edge => {
      const line = draw('g', { class: `ln-edge ${this.look(edge)}` }, this.lines)
      draw('title', {}, line).textContent = edge.title
      draw('path', { class: 'ln-line', d: edge.d }, line)
      const [x, y] = edge.d.split(' ').slice(-2).map(Number)
      draw('path', { class: 'ln-tip', d: `M${x - 7} ${y - 3.5}L${x} ${y}L${x - 7} ${y + 3.5}Z` }, line)
      const hit = draw('path', { class: 'ln-hit', d: edge.d }, line)
      hit.onclick = () => this.chooseEdge(edge)
      return { ...edge, line }
    })
  }

  look(edge) {
    return [edge.direct ? 'ln-direct' : 'ln-indirect', edge.steps.length > 1 && 'ln-many', edge.masked && 'ln-masked',
      edge.personal && 'ln-personal', edge.mark && `ln-${edge.mark}`].filter(Boolean).join(' ')
  }

  drawLegend() {
    this.legend.replaceChildren()
    for (const [look, text, there] of LEGEND) {
      if (!this.data.edges.some(there)) continue
      const one = make('span', '', this.legend)
      const line = draw('g', { class: `ln-edge ln-${look}` }, draw('svg', {}, one))
      draw('path', { class: 'ln-line', d: 'M0 3H26' }, line)
      one.append(text)
    }
    this.legend.hidden = !this.data.edges.length
  }

  // Ways

  choose(key) {
    this.chosen = { node: key }
    this.trace()
    this.tell({ do: 'node', node: key })
  }

  chooseEdge(edge) {
    this.chosen = { edge: edge.id }
    this.trace()
    this.tell({ do: 'edge', edge: edge.id, version: this.data.version })
  }

  clear() {
    if (!this.chosen) return
    this.chosen = null
    this.trace()
    this.tell({ do: 'clear' })
  }

  trace() {
    const edge = this.chosen?.edge === undefined ? null : this.edges[this.chosen.edge]
    const from = edge ? edge.steps.map(step => this.data.pairs[step]) : []
    const points = this.chosen?.node ? this.pointsOf(this.chosen.node) : []
    const up = reached(this.data.pairs, edge ? from.map(pair => pair[0]) : points, 1)
    const down = reached(this.data.pairs, edge ? from.map(pair => pair[1]) : points, 0)
    const lit = step => up.has(this.data.pairs[step][1]) || down.has(this.data.pairs[step][0])
    const on = Boolean(edge || points.length)
    this.canvas.classList.toggle('ln-traced', on)
    for (const one of this.edges ?? []) {
      one.line.classList.toggle('ln-lit', on && (one === edge || one.steps.some(lit)))
      one.line.classList.toggle('ln-chosen', one === edge)
    }
    for (const { element, points: own, box } of this.stops.values()) {
      const here = on && own.some(point => up.has(point) || down.has(point))
      const chosen = Boolean(this.chosen?.node) && same(element.dataset.node, JSON.stringify(this.chosen.node))
      element.classList.toggle('ln-lit', here)
      element.classList.toggle('ln-chosen', chosen)
      element.setAttribute('aria-pressed', String(chosen))
      if (element.classList.contains('ln-title')) box.classList.remove('ln-lit')
      if (here || chosen) box.classList.add('ln-lit')
    }
    for (const one of this.edges ?? []) {
      if (!one.line.classList.contains('ln-lit')) continue
      for (const [card] of [one.source, one.target]) this.boxOf(card).classList.add('ln-lit')
    }
  }

  pointsOf(key) {
    const stop = [...this.stops.values()].find(({ element }) => element.dataset.node === JSON.stringify(key))
    return stop ? stop.points : []
  }

  hint(card, row, on) {
    for (const one of this.edges) {
      if (same(one.source, [card, row]) || same(one.target, [card, row])) one.line.classList.toggle('ln-near', on)
    }
  }

  // By keyboard: one stop for the tabulator, arrows lead from there

  stop(element, card, row, points) {
    const data = this.data.cards[card]
    element.tabIndex = -1
    element.dataset.stop = `${JSON.stringify(data.key)} ${row === HEAD ? '*' : JSON.stringify(data.rows[row].key)}`
    element.dataset.node = JSON.stringify(row === HEAD ? [...data.key, '*'] : data.rows[row].key)
    const box = this.cards.get(JSON.stringify(data.key)).box
    this.stops.set(`${card} ${row}`, { element, points, card, row, box })
    element.onfocus = () => this.meet(element)
  }

  meet(element) {
    for (const { element: other } of this.stops.values()) other.tabIndex = other === element ? 0 : -1
    if (element.matches(':focus-visible')) this.reveal(element)
  }

  comeBack(held) {
    const all = [...this.stops.values()]
    const start = this.data.cards.findIndex(card => card.start)
    const row = this.data.cards[start]?.rows.findIndex(one => one.start) ?? -1
    const first = this.stops.get(`${start} ${row}`) ?? all[0]
    const before = all.find(({ element }) => element.dataset.stop === held)
    const here = before ?? first
    if (here) here.element.tabIndex = 0
    if (before) before.element.focus({ preventScroll: true })
  }

  key(event) {
    const here = [...this.stops.values()].find(({ element }) => element === event.target)
    if (event.key === 'Escape') { this.clear(); return }
    if (!here) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const other = step ? this.below(here, step)
      : event.key === 'ArrowRight' ? this.along(here, 'source', 'target')
      : event.key === 'ArrowLeft' ? this.along(here, 'target', 'source') : null
    if (event.key === ' ') this.tell({ do: 'fold', card: this.data.cards[here.card].key })
    if (!other && !step && ![' ', 'ArrowLeft', 'ArrowRight'].includes(event.key)) return
    event.preventDefault()
    event.stopPropagation()
    other?.element.focus({ preventScroll: true })
  }

  below(here, step) {
    const inside = this.stops.get(`${here.card} ${here.row + step}`)
    if (inside) return inside
    const { x, y } = this.data.cards[here.card]
    const beside = this.data.cards.map((card, number) => ({ ...card, number }))
      .filter(card => card.x === x && (card.y - y) * step > 0).sort((a, b) => (a.y - b.y) * step)
    if (!beside.length) return null
    return this.stops.get(`${beside[0].number} ${step > 0 ? HEAD : beside[0].rows.length - 1}`)
  }

  along(here, from, to) {
    const found = this.edges.find(edge => same(edge[from], [here.card, here.row]))
      ?? this.edges.find(edge => edge[from][0] === here.card)
    return found && (this.stops.get(found[to].join(' ')) ?? this.stops.get(`${found[to][0]} ${HEAD}`))
  }

  boxOf(number) { return this.cards.get(JSON.stringify(this.data.cards[number].key)).box }

  tools() {
    const bar = make('div', 'ln-tools', this.canvas)
    const tool = (sign, label, work) => {
      const one = make('button', '', bar, sign)
      one.title = label
      one.setAttribute('aria-label', label)
      one.onclick = work
    }
    tool('−', 'Zoom out', () => this.zoom(1 / 1.25))
    tool('+', 'Zoom in', () => this.zoom(1.25))
    tool('Fit', 'Fit everything into view', () => this.fit())
    tool('Start', 'Back to the start', () => this.home())
    tool('Collapse', 'Collapse all tables', () => this.tell({ do: 'collapse' }))
    tool('Expand', 'Expand all tables', () => this.tell({ do: 'expand' }))
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  if (!views.has(parentElement)) views.set(parentElement, new View(parentElement))
  const view = views.get(parentElement)
  view.update({ data, setTriggerValue })
}
