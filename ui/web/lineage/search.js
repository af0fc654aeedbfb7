// A field that offers what may be meant while somebody types. Names are foreign text: they become text nodes only.

const PAUSE = 160
const GLASS = 'M7.5 2a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Zm4 9.5 4 4'
const fields = new WeakMap()

class Field {
  constructor(parent) {
    const box = document.createElement('div')
    box.className = 'ls-box'
    const glass = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
    const line = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    for (const [name, value] of [['width', 18], ['height', 18], ['aria-hidden', true]]) glass.setAttribute(name, value)
    for (const [name, value] of [['d', GLASS], ['fill', 'none'], ['stroke', 'currentColor'], ['stroke-width', 1.6]]) {
      line.setAttribute(name, value)
    }
    glass.append(line)
    this.input = document.createElement('input')
    this.list = document.createElement('ul')
    this.list.className = 'ls-list'
    this.list.id = 'ls-found'
    this.list.setAttribute('role', 'listbox')
    this.list.hidden = true
    const input = this.input
    for (const [name, value] of Object.entries({
      role: 'combobox', autocomplete: 'off', spellcheck: 'false', 'aria-autocomplete': 'list', 'aria-expanded': 'false',
      'aria-controls': this.list.id, 'aria-label': 'Search a column or table', placeholder: 'Search a column or table',
    })) input.setAttribute(name, value)
    box.append(input, glass, this.list)
    parent.append(box)
    this.place = -1
    input.addEventListener('input', () => this.ask())
    input.addEventListener('focus', () => input.select())
    input.addEventListener('keydown', event => this.key(event))
    input.addEventListener('blur', () => this.close())
    this.list.addEventListener('pointerdown', event => event.preventDefault())
  }

  update({ data, setTriggerValue }) {
    this.tell = setTriggerValue
    if (data.name !== this.name) {
      this.name = data.name
      this.input.value = data.name
      this.close()
    }
    this.found = data.found
    if (data.asked && data.asked === this.input.value.trim() && document.activeElement === this.input) this.show(data)
  }

  ask() {
    clearTimeout(this.typing)
    const text = this.input.value.trim()
    if (!text) { this.close(); return }
    this.typing = setTimeout(() => this.tell('sought', text), PAUSE)
  }

  show({ found, more }) {
    this.list.replaceChildren(...found.map((one, number) => this.option(one, number)))
    const note = !found.length ? 'Nothing is called so in the lineage.' : more ? 'There is more: type on.' : ''
    if (note) {
      const line = document.createElement('li')
      line.className = 'ls-note'
      line.textContent = note
      this.list.append(line)
    }
    this.list.hidden = false
    this.input.setAttribute('aria-expanded', 'true')
    this.point(found.length ? 0 : -1)
  }

  option({ name, place, node }, number) {
    const line = document.createElement('li')
    const what = document.createElement('b'), where = document.createElement('small')
    what.textContent = name
    where.textContent = place
    line.title = `${name}\n${place}`
    line.id = `ls-found-${number}`
    line.setAttribute('role', 'option')
    line.append(what, where)
    line.onclick = () => this.take(node)
    line.onmousemove = () => this.point(number)
    return line
  }

  point(place) {
    this.place = place
    const options = this.list.querySelectorAll('[role=option]')
    options.forEach((one, number) => one.setAttribute('aria-selected', String(number === place)))
    if (place >= 0) this.input.setAttribute('aria-activedescendant', `ls-found-${place}`)
    options[place]?.scrollIntoView({ block: 'nearest' })
  }

  key(event) {
    const many = this.list.hidden ? 0 : this.found.length
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step && many) { this.point((this.place + step + many) % many); event.preventDefault() }
    else if (event.key === 'Enter' && many && this.place >= 0) this.take(this.found[this.place].node)
    else if (event.key === 'Enter') this.ask()
    else if (event.key === 'Escape') { this.input.value = this.name; this.close() }
  }

  take(node) {
    clearTimeout(this.typing)
    this.close()
    this.input.blur()
    this.tell('chosen', node)
  }

  close() {
    this.list.hidden = true
    this.input.setAttribute('aria-expanded', 'false')
    this.input.removeAttribute('aria-activedescendant')
  }
}

export default function ({ parentElement, data, setTriggerValue }) {
  if (!fields.has(parentElement)) fields.set(parentElement, new Field(parentElement))
  fields.get(parentElement).update({ data, setTriggerValue })
}
