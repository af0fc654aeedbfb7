// Small helpers of the graph: elements, and the ways that lead to and from some points.

const SVG = 'http://www.w3.org/2000/svg'

function make(tag, name, parent, text) {
  const one = document.createElement(tag)
  one.className = name
  if (text !== undefined) one.textContent = text
  if (tag === 'button') one.type = 'button'
  parent?.append(one)
  return one
}

function draw(tag, attributes, parent) {
  const one = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value)
  parent.append(one)
  return one
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)

// All points that some points are made of (side 1: against the pairs), or that are made of them (side 0).
function reached(pairs, points, side) {
  const next = new Map()
  for (const pair of pairs) {
    const here = pair[side]
    if (next.has(here)) next.get(here).push(pair[1 - side])
    else next.set(here, [pair[1 - side]])
  }
  const met = new Set(points), open = [...met]
  while (open.length) {
    for (const other of next.get(open.pop()) ?? []) if (!met.has(other)) { met.add(other); open.push(other) }
  }
  return met
}
