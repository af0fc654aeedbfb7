// Where one looks: the canvas with what stands on it, dragged, zoomed and fitted.

const LEAST = 0.12, MOST = 2, READABLE = 0.75, LEGIBLE = 0.6
const CARD = 248

class Sight {
  constructor(parent) {
    this.canvas = make('div', 'ln-canvas', parent)
    this.world = make('div', 'ln-world', this.canvas)
    this.at = { x: 0, y: 0, k: 1 }
    this.listen()
    new ResizeObserver(() => this.resized()).observe(this.canvas)
  }

  move(x, y, k = this.at.k) {
    this.at = { x, y, k }
    this.world.style.transform = `translate(${x}px, ${y}px) scale(${k})`
    this.canvas.style.backgroundPosition = `${x}px ${y}px`
  }

  zoom(by, x = this.canvas.clientWidth / 2, y = this.canvas.clientHeight / 2) {
    const k = Math.min(MOST, Math.max(LEAST, this.at.k * by))
    this.move(x - (x - this.at.x) * k / this.at.k, y - (y - this.at.y) * k / this.at.k, k)
  }

  room() { return [this.canvas.clientWidth, this.canvas.clientHeight, 36, 52] }

  fit() {
    const [width, height, aside, above] = this.room()
    const k = Math.min(1, Math.max(LEAST, Math.min((width - 2 * aside) / this.data.width, (height - 2 * above) / this.data.height)))
    this.move((width - this.data.width * k) / 2, (height - this.data.height * k) / 2, k)
    this.fitted = true
  }

  home() {
    this.fit()
    if (this.at.k >= READABLE) return
    // Too much to be read at once: the start, at a size that can be.
    const [width, height, aside, above] = this.room()
    const start = this.data.cards.find(card => card.start) ?? this.data.cards[0]
    if (!start) return
    // All that lies to the left of the start is shown with it, somewhat smaller if need be.
    const upToStart = (width - 2 * aside) / (start.x + CARD)
    const k = Math.max(LEGIBLE, Math.min(READABLE, upToStart))
    // As near to the middle as leaves no room empty.
    const along = (room, edge, size, wanted) => size * k < room - 2 * edge
      ? (room - size * k) / 2 : Math.min(edge, Math.max(room - edge - size * k, room / 2 - wanted * k))
    const x = k <= upToStart && this.data.width * k >= width - 2 * aside
      ? aside : along(width, aside, this.data.width, start.x + CARD / 2)
    const y = along(height, above, this.data.height, start.y + Math.min(start.height, 300) / 2)
    this.move(x, y, k)
    this.fitted = false
  }

  resized() {
    const size = [this.canvas.clientWidth, this.canvas.clientHeight]
    if (this.data && this.size && this.size[0] !== size[0]) {
      if (this.fitted) this.home()
      else this.move(this.at.x + (size[0] - this.size[0]) / 2, this.at.y)
      const chosen = this.canvas.querySelector('.ln-chosen.ln-row, .ln-chosen.ln-title, .ln-chosen .ln-line')
      if (chosen) this.reveal(chosen)
    }
    this.size = size
  }

  reveal(element) {
    const one = element.getBoundingClientRect(), all = this.canvas.getBoundingClientRect()
    const over = (low, high, least, most) => low < least + 40 ? least + 40 - low : high > most - 40 ? most - 40 - high : 0
    const x = over(one.left, one.right, all.left, all.right), y = over(one.top, one.bottom, all.top, all.bottom)
    if (x || y) this.move(this.at.x + x, this.at.y + y)
  }

  listen() {
    let held = null
    this.canvas.addEventListener('pointerdown', event => {
      if (event.button || event.target.closest('.ln-card, .ln-tools, .ln-legend, .ln-told')) return
      held = { x: event.clientX, y: event.clientY, at: this.at, moved: false, edge: event.target.closest('.ln-hit') }
      if (!held.edge) this.canvas.setPointerCapture(event.pointerId)
    })
    this.canvas.addEventListener('pointermove', event => {
      if (!held) return
      const [x, y] = [event.clientX - held.x, event.clientY - held.y]
      if (!held.moved && Math.hypot(x, y) < 4) return
      held.moved = true
      this.fitted = false
      this.canvas.classList.add('ln-held')
      this.move(held.at.x + x, held.at.y + y)
    })
    const leave = () => {
      if (held && !held.moved && !held.edge) this.clear()
      held = null
      this.canvas.classList.remove('ln-held')
    }
    this.canvas.addEventListener('pointerup', leave)
    this.canvas.addEventListener('pointercancel', () => { held = null })
    this.canvas.addEventListener('wheel', event => {
      event.preventDefault()
      this.fitted = false
      const box = this.canvas.getBoundingClientRect()
      if (event.ctrlKey || event.metaKey) {
        this.zoom(Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top)
      } else {
        const [x, y] = event.shiftKey ? [event.deltaY, 0] : [event.deltaX, event.deltaY]
        this.move(this.at.x - x, this.at.y - y)
      }
    }, { passive: false })
    // A focused card out of sight would scroll the canvas behind the back of `move`.
    this.canvas.addEventListener('scroll', () => this.canvas.scrollTo(0, 0))
  }
}
